"""What a browser makes of the pages. `artifacts/screenshots/` has what it showed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from jinja2 import UndefinedError
from playwright.async_api import Browser, Page, async_playwright

from probe.hub.app import Hub
from probe.hub.pages.assets import load_assets
from probe.hub.pages.paths import journey_path, run_path
from probe.hub.pages.render import environment
from probe.hub.pages.window import DEFAULT
from tests.hub.pages.seed import FAILED_RUN, HOSTILE, ODD_RUN, fill
from tests.hub.records import NOW, run_record
from tests.programs import require_program

one_browser = pytest.mark.asyncio(loop_scope="module")
SCREENSHOTS = Path(__file__).parents[3] / "artifacts" / "screenshots"
ARGUMENTS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = {
    "overview": ("/", "sa-east-1 is silent since 07:40 UTC"),
    "journey": (journey_path("prod", "checkout", DEFAULT), "slower than"),
    "hostile": (journey_path("<b>stage</b>", HOSTILE, DEFAULT), "not enough data"),
    "run": (run_path(FAILED_RUN), 'got "declined"'),
    "odd": (run_path(ODD_RUN), "passed in eu-west-1"),
    "help": ("/help", "At three in the morning"),
    "missing": ("/runs/nothing", "There is no run nothing"),
}


@pytest_asyncio.fixture(loop_scope="module")
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub(tmp_path / "hub", now_ns=lambda: NOW) as hub:
        fill(hub.store)
        yield hub


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    program = require_program("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        await browser.close()


class Watch:
    """What a page must not do: complain, or ask anything of another host."""

    def __init__(self, page: Page, url: str) -> None:
        self.trouble: list[str] = []
        page.on("console", lambda message: self.trouble.append(message.text))
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("request", lambda request: self.trouble.extend([] if request.url.startswith(url) else [request.url]))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@one_browser
async def test_every_page_reads_well_on_every_screen(
    hub: Hub, chromium: Browser, width: int, scheme: str, script: bool
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name, (path, text) in PAGES.items():
        page = await chromium.new_page(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
        )
        watch = Watch(page, hub.url)
        await page.goto(hub.url + path)
        if script:
            await page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        shown = await page.get_by_text(text).first.is_visible()
        box = await page.locator("main").bounding_box()
        trouble = [line for line in watch.trouble if "status of 404" not in line]
        assert (shown, box and box["x"] + box["width"] <= width, trouble) == (True, True, []), name
        if script:
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
        await page.close()


@one_browser
async def test_the_page_follows_the_hub_while_somebody_looks(hub: Hub, chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.clock.install()
    watch = Watch(page, hub.url)
    await page.goto(hub.url)
    before = await page.locator(".grid tbody tr").count()
    hub.store.append([run_record("run-new", NOW - 10**9, journey="brand new")], now_ns=NOW)
    await page.wait_for_timeout(1100)  # as long as the hub keeps a page
    await page.clock.fast_forward(10_000)
    await page.get_by_text("brand new").first.wait_for()
    assert (await page.locator(".grid tbody tr").count(), watch.trouble) == (before + 1, [])


@one_browser
async def test_a_page_that_is_not_up_to_date_says_so(hub: Hub, chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.clock.install()
    await page.goto(hub.url)
    await page.route("**/*", lambda route: route.abort())
    await page.clock.fast_forward(10_000)
    await page.get_by_role("alert").wait_for()
    await page.unroute_all()
    await page.clock.fast_forward(10_000)
    await page.get_by_role("alert").wait_for(state="hidden")


@one_browser
async def test_everything_that_can_be_reached_is_reached_by_keyboard(hub: Hub, chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.goto(hub.url)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "To the content"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('h1') !== null")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_value_that_a_template_forgot_is_a_mistake_and_not_a_blank() -> None:
    with pytest.raises(UndefinedError, match="nothing"):
        environment(load_assets()).from_string("{{ nothing }}").render()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("slower on *pay*.", "slower on <em>pay</em>."),
        ("on *<script>*", "on <em>&lt;script&gt;</em>"),
        ("*\u202eevil*", "<em>\\u202eevil</em>"),
        ("5 * 3", "5 * 3"),
    ],
)
def test_a_sentence_sets_off_the_names_of_steps_and_is_otherwise_text(text: str, expected: str) -> None:
    assert environment(load_assets()).from_string("{{ text | sentence }}").render(text=text) == expected
