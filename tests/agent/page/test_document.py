import re

import pytest
from msgspec.structs import replace
from playwright.async_api import ConsoleMessage, async_playwright

from probe.agent.listen import listen
from probe.agent.page.document import document, policy, read_style
from probe.model.status import AgentStatus
from tests.agent.page.test_markup import Read
from tests.metrics.sample import AGENT, WELL
from tests.metrics.test_collector import named
from tests.programs import require_program

SCRIPT = "<script>document.title = 'owned'</script>\"'>" + "x" * 150 + "\u202e"
CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def text(agent: AgentStatus) -> str:
    return Read(document(agent, "", live=False)).text


def test_what_is_wrong_stands_at_the_top() -> None:
    page = text(AGENT)
    assert page.index("✗checkout failed in pay (check)") < page.index("Journeys")


def test_where_nothing_is_wrong_the_page_says_so() -> None:
    assert "✓All is well: 1 journey passed." in text(WELL)
    assert "✓All is well: no run has ended yet." in text(replace(WELL, journeys=()))


def test_it_refreshes_only_when_asked_to() -> None:
    refresh = '<meta http-equiv="refresh" content="5">'
    assert [refresh in document(AGENT, "", live=live) for live in (False, True)] == [False, True]


def test_the_page_asks_for_nothing_else_and_links_to_where_it_is() -> None:
    page = document(AGENT, read_style(), live=False)
    assert re.findall(r"(?:src|srcset|url)\s*[=(]|@import|<(?:script|link|img|iframe)", page) == []
    assert all(not link.startswith(("/", "http")) for link in re.findall(r'href="([^"]*)"', page)), (
        "or no proxy can move it"
    )


def test_names_are_no_markup() -> None:
    assert "<script" not in document(named(SCRIPT), "", live=False)


def test_the_policy_allows_the_style_by_its_digest() -> None:
    """The digest of nothing, as `printf '' | openssl dgst -sha256 -binary | base64` gives it."""
    assert "style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='" in policy("")
    assert policy("").startswith("default-src 'none'; ")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("agent", [AGENT, named(SCRIPT)], ids=["usual", "hostile"])
async def test_a_browser_shows_it_whole_and_finds_no_fault(agent: AgentStatus, width: int) -> None:
    chromium = require_program("chromium")
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    async with listen("127.0.0.1:0", lambda: _now(agent), _nothing) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM.split())
        page = await browser.new_page(viewport={"width": width, "height": 800})
        page.on("console", hear)
        await page.goto(url)
        styled = await page.evaluate("getComputedStyle(document.querySelector('summary.row')).display")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        title = await page.title()
        await browser.close()
    assert (styled, wide, said) == ("grid", width, [])
    assert title.endswith(" · probe agent")


async def _now(agent: AgentStatus) -> AgentStatus:
    return agent


async def _nothing() -> None:
    return None
