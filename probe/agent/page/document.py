"""The agent's own page: one file without scripts or other assets, readable on a phone, light and dark."""

import base64
import hashlib
from importlib.resources import files

from probe.agent.page.figures import counted
from probe.agent.page.health import controls, delivery, health
from probe.agent.page.journeys import journeys
from probe.agent.page.markup import Html, element, foreign
from probe.agent.page.problems import Problem, problems
from probe.model.status import AgentStatus

_LINKS = ("metrics", "status.json", "-/healthy", "-/ready")
_REFRESH_S = 5
_NOTHING_ELSE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def read_style() -> str:
    return (files(__package__) / "style.css").read_text("utf-8")


def policy(style: str) -> str:
    """The Content-Security-Policy that allows this style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; {_NOTHING_ELSE}"


def document(agent: AgentStatus, style: str, *, live: bool) -> str:
    """`live` refreshes it every few seconds."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        *([element("meta", http_equiv="refresh", content=str(_REFRESH_S))] if live else []),
        element("title", f"{agent.region} · probe agent"),
        element("style", Html(style)),
    )
    body = element("body", _header(agent, live=live), _main(agent), _footer(agent))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _header(agent: AgentStatus, *, live: bool) -> Html:
    names = (foreign(agent.env), " · ", foreign(agent.agent))
    toggle = element("a", "stop refreshing" if live else "refresh by itself", href="?" if live else "?live")
    return element(
        "header",
        element("p", "probe agent", class_="quiet"),
        element("h1", foreign(agent.region)),
        element("p", *names, class_="quiet"),
        element("p", f"as of {agent.now:%Y-%m-%d %H:%M:%S} UTC · ", toggle, class_="quiet"),
    )


def _main(agent: AgentStatus) -> Html:
    return element(
        "main",
        _problems(agent),
        _section("Journeys", journeys(agent)),
        _section("Delivery", delivery(agent)),
        _section("Control targets", controls(agent)),
        _section("Agent", health(agent)),
    )


def _problems(agent: AgentStatus) -> Html:
    found = tuple(problems(agent))
    if found:
        return element("ul", *map(_problem, found), class_="problems", role="status")
    passed = sum(each.last is not None for each in agent.journeys)
    text = f"All is well: {counted(passed, 'journey')} passed." if passed else "All is well: no run has ended yet."
    mark = element("span", "✓", class_="mark", aria_hidden="true")
    return element("p", mark, text, class_="well tone-passed", role="status")


def _problem(problem: Problem) -> Html:
    mark = element("span", "✗" if problem.tone == "failed" else "!", class_="mark", aria_hidden="true")
    return element("li", mark, foreign(problem.text), class_=f"tone-{problem.tone}")


def _section(title: str, content: Html) -> Html:
    return element("section", element("h2", title), content)


def _footer(agent: AgentStatus) -> Html:
    links = [element("a", f"/{link}", href=link) for link in _LINKS]
    spaced = [part for link in links for part in (" · ", link)]
    return element("footer", f"probe {agent.probe}", *spaced)
