from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from selectolax.lexbor import LexborHTMLParser

from probe.hub.app import Hub
from probe.hub.pages.paths import journey_path, run_path
from probe.hub.pages.window import DEFAULT, WINDOWS
from tests.hub.pages.seed import FAILED_RUN, HOSTILE, HOSTILE_STEP, ODD_RUN, fill
from tests.hub.records import NOW, run_record

CHECKOUT = journey_path("prod", "checkout", DEFAULT)


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub(tmp_path / "hub", now_ns=lambda: NOW) as hub:
        yield hub


@pytest.fixture
async def hub(empty: Hub) -> Hub:
    fill(empty.store)
    return empty


class Shown:
    """A page as its reader gets it."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.html = LexborHTMLParser(text)
        self.title = self.text("head title")
        self.headline = self.text("h1")

    def text(self, selector: str) -> str:
        return " ".join(self.texts(selector))

    def texts(self, selector: str) -> list[str]:
        return [" ".join(node.text(separator=" ").split()) for node in self.html.css(selector)]

    def rows(self, selector: str) -> list[list[str]]:
        """The cells of a table, row by row."""
        return [
            [" ".join(cell.text(separator=" ").split()) for cell in row.css("th, td")]
            for row in self.html.css(f"{selector} tbody tr")
        ]

    def links(self) -> list[str]:
        return [str(node.attributes["href"]) for node in self.html.css("a[href]")]


async def show(hub: Hub, path: str) -> Shown:
    async with ClientSession(hub.url) as session, session.get(path) as answer:
        return Shown(answer.status, await answer.text())


# --- the overview


async def test_the_overview_says_the_worst_first_and_never_shows_a_silent_agent_green(hub: Hub) -> None:
    page = await show(hub, "/")
    assert (page.title, page.headline) == (
        "– 6 to look at · probe",
        "– The shop works in 4 of 5 regions; sa-east-1 is silent since 07:40 UTC; it is neither up nor down.",
    )
    assert page.texts("td.silent .verdict") == ["– silent"] * 2


async def test_the_overview_tells_which_step_and_which_phase_since_when(hub: Hub) -> None:
    page = await show(hub, "/")
    slower = [text for text in page.texts(".problems li") if text.startswith("▲ checkout") and "eu-west-1 is" in text]
    assert [("slower" in text, "browse" in text, "tls" in text, "since 07:3" in text) for text in slower] == [
        (True,) * 4
    ]


async def test_the_overview_shows_what_is_missing(hub: Hub) -> None:
    page = await show(hub, "/")
    assert page.texts(".grid .missing") == ["7 unaccounted"] * 2
    assert page.rows("section:has(#gaps)") == [
        ["ap-southeast-1", "agent-1", "size", "37 for hub", "07:10:00", "07:16:00"],
    ]


async def test_the_agents_are_listed_with_their_ledgers(hub: Hub) -> None:
    rows = {row[0]: row for row in (await show(hub, "/")).rows("section:has(#agents)")}
    assert rows["us-east-1"] == [
        "us-east-1",
        "agent-1 prod",
        "✓ heard the wall clock was set forward by 2 s",
        "9 s ago",
        "0.2.0",
        "✓ sound",
        "empty",
        "3.00 ms",
        "118 = 106 + 0 + 12 + 0 ✓",
    ]
    assert (rows["sa-east-1"][2], rows["ap-southeast-1"][6]) == ("– silent", "12, 0.0 MB 37 dropped")


async def test_the_window_is_chosen_by_links_that_keep_the_page(hub: Hub) -> None:
    page = await show(hub, "/?window=6h")
    assert page.texts(".choice a") == list(WINDOWS)
    assert page.texts(".choice [aria-current]") == ["6h"]
    assert "/journey?name=checkout&env=prod&window=6h" in page.links()


async def test_an_unknown_window_is_the_usual_one_and_says_so(hub: Hub) -> None:
    assert (await show(hub, "/?window=<b>")).texts(".choice [aria-current]") == ["1h"]


async def test_before_the_first_agent_the_page_says_what_to_do(empty: Hub) -> None:
    page = await show(empty, "/")
    assert (page.status, page.headline) == (200, "Nothing has been heard yet")
    assert f'export: - hub: {{url: "{empty.url}"}}' in page.text("pre")


# --- a journey


async def test_a_journeys_page_has_its_steps_by_regions(hub: Hub) -> None:
    page = await show(hub, CHECKOUT)
    assert (page.title, page.headline.startswith("– checkout works in 3 of 4 regions, 1 is silent")) == (
        "– checkout · probe",
        True,
    )
    assert [row[0] for row in page.rows(".heat")] == [
        "state", "availability", "whole journey", "browse", "add to cart", "pay", "confirmed",
    ]  # fmt: skip
    slow = page.html.css("td.slow-3")[0]
    assert ("▲ +" in slow.text(), str(slow.attributes["title"]).startswith("95 % CI +")) == (True, True)


async def test_every_region_has_its_bars_and_its_trend(hub: Hub) -> None:
    page = await show(hub, CHECKOUT)
    regions = ["ap-southeast-1", "eu-west-1", "sa-east-1", "us-east-1"]
    assert page.texts("figure.trend figcaption") == regions
    assert page.texts(".bars figure:first-child .who") == [*regions, ""]
    assert len(page.html.css("figure.trend .hole")) == 3
    assert [str(node.attributes["href"]) for node in page.html.css("figure.trend svg a")] == [run_path(FAILED_RUN)]


async def test_the_slots_are_accounted_for(hub: Hub) -> None:
    page = await show(hub, f"{CHECKOUT}#slots")
    assert page.rows("section:has(#slots)")[0] == [
        "ap-southeast-1", "agent-1", "1 min", "59", "52", "0", "0", "0", "! 7",
    ]  # fmt: skip
    assert page.rows("section:has(#missing)") == [
        ["07:24:00 – 07:29:00", "us-east-1", "agent-1", "6", "missed", "down"]
    ]


async def test_the_runs_that_did_not_pass_lead_to_their_pages(hub: Hub) -> None:
    page = await show(hub, CHECKOUT)
    assert page.rows("section:has(#bad)") == [
        [
            "07:48:00",
            "✗ failed ~ suspect",
            "eu-west-1",
            "1.60 s",
            'pay: jsonpath $.status: expected equals "paid"',
            "schedule",
        ]
    ]
    assert run_path(FAILED_RUN) in page.links()


async def test_an_unknown_journey_says_what_to_do(hub: Hub) -> None:
    page = await show(hub, journey_path("prod", "chekout", DEFAULT))
    assert (page.status, page.headline) == (404, "There is no journey chekout in the environment prod")
    assert "/?window=1h" in page.links()


# --- a run


async def test_a_runs_page_leads_to_the_runs_before_and_after(hub: Hub) -> None:
    page = await show(hub, run_path(FAILED_RUN))
    before, after = page.texts("nav.beside a")
    assert (before.startswith("← 07:47:"), after.startswith("07:49:")) == (True, True)


async def test_a_runs_page_shows_what_broke_where(hub: Hub) -> None:
    page = await show(hub, run_path(FAILED_RUN))
    assert (page.title, page.headline) == ("✗ checkout in eu-west-1 · probe", "✗ checkout failed in eu-west-1")
    assert page.texts(".broken .excerpt")[0].startswith("--> journeys/checkout.yaml:49:30 49 | - {jsonpath:")
    assert page.texts(".broken dd")[:2] == ['equals "paid"', '"declined"']
    assert "unknown: look for it by its key" in page.text("section:has(#effects)")
    assert page.rows("section:has(#checks)")[0][2] == "✗ did not hold"


async def test_an_unknown_run_says_what_to_do(hub: Hub) -> None:
    page = await show(hub, "/runs/nothing")
    assert (page.status, page.headline, "spool" in page.text("main")) == (404, "There is no run nothing", True)


# --- names


async def test_every_link_of_every_page_leads_somewhere(hub: Hub) -> None:
    seen, left = set[str](), ["/", run_path(ODD_RUN)]
    while left and len(seen) < 120:
        path = left.pop(0)  # breadth first: every run leads to the one before it
        if path in seen or path.startswith("#"):
            continue
        seen.add(path)
        page = await show(hub, path)
        assert page.status == 200, path
        left += page.links()
    assert journey_path("<b>stage</b>", HOSTILE, DEFAULT) in seen


@pytest.mark.parametrize("path", ["/", journey_path("<b>stage</b>", HOSTILE, DEFAULT), run_path(ODD_RUN)])
async def test_a_hostile_name_is_text_and_steers_nothing(hub: Hub, path: str) -> None:
    page = await show(hub, path)
    scripts = [str(node.attributes.get("src")) for node in page.html.css("script")]
    assert all(src.startswith("/static/live.js?v=") for src in scripts)
    assert [node.html for node in page.html.css("img:not([src^='/static/']), b, [onerror], [style]")] == []
    assert "\u202e" not in page.html.text()


async def test_a_hostile_name_is_shown_whole_as_a_title(hub: Hub) -> None:
    page = await show(hub, run_path(ODD_RUN))
    titles = [str(node.attributes["title"]) for node in page.html.css("bdi[title]")]
    assert HOSTILE_STEP.replace("\u202e", "\\u202e") in titles


async def test_a_name_may_be_anything_in_an_address(empty: Hub) -> None:
    names = ("..", ".", "a/b", "?", "#x", "100%", "%2e", "a&b=c", "+", " ")
    empty.store.append([run_record(f"run {name}", journey=name, env=name) for name in names], now_ns=NOW)
    paths = [path for name in names for path in (journey_path(name, name, DEFAULT), run_path(f"run {name}"))]
    assert {path: (await show(empty, path)).status for path in paths} == dict.fromkeys(paths, 200)


# --- how it is served


async def test_nothing_but_our_own_may_run_and_nobody_keeps_a_page(hub: Hub) -> None:
    async with ClientSession(hub.url) as session, session.get("/") as answer:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert answer.headers["Cache-Control"] == "no-store"


async def test_an_asset_that_is_not_there_is_not_found(hub: Hub) -> None:
    assert (await show(hub, "/static/..%2f..%2froutes.py")).status == 404


async def test_a_page_is_compressed_for_who_takes_it(hub: Hub) -> None:
    async with ClientSession(hub.url, auto_decompress=False) as session:
        async with session.get(CHECKOUT, headers={"Accept-Encoding": "gzip"}) as small:
            packed = await small.read()
        async with session.get(CHECKOUT, headers={"Accept-Encoding": "identity"}) as large:
            assert len(packed) * 4 < len(await large.read())
