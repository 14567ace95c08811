"""Values to HTML. Everything that came from outside is escaped, and nothing in a page runs but our own script."""

from collections.abc import Mapping

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from probe.export.text import NAMED, printable, quoted
from probe.hub.pages.assets import Asset
from probe.hub.pages.paths import journey_path, overview_path, run_path

_LARGE = 16 * 1024


def environment(assets: Mapping[str, Asset]) -> Environment:
    made = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(printable=printable, quoted=lambda text: quoted(printable(text)), sentence=_sentence)
    made.globals.update(
        asset=lambda name: assets[name].path,
        journey_path=journey_path,
        overview_path=overview_path,
        run_path=run_path,
    )
    return made


def _sentence(text: str, goes_on: bool = False) -> Markup:
    """A comparison's sentence, with the names of steps set off; `goes_on` after another one."""
    shown = printable(text)
    if goes_on and shown.startswith("The "):
        shown = f"t{shown[1:]}"
    return Markup(NAMED.sub(r"<em>\1</em>", str(escape(shown))))  # noqa: S704 - escaped before it is marked up


def html_response(text: str, status: int = 200) -> web.Response:
    response = web.Response(text=text, status=status, content_type="text/html", zlib_executor_size=_LARGE)
    response.enable_compression()
    return response
