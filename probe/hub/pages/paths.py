"""Where the pages are. Names go into queries, not into paths: a browser would follow a journey called `..` upwards."""

from urllib.parse import quote, urlencode

from probe.hub.pages.window import Window


def overview_path(window: Window) -> str:
    return f"/?{urlencode({'window': window.name})}"


def journey_path(env: str, journey: str, window: Window) -> str:
    asked = {"name": journey, "env": env, "window": window.name}
    return f"/journey?{urlencode({key: value for key, value in asked.items() if value}, quote_via=quote)}"


def run_path(run_id: str) -> str:
    return f"/runs/{quote(run_id, safe='')}"
