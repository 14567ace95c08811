"""Journeys that pass, beside what the terminal shows for them; and the ones that are shipped.

What differs from run to run is masked: durations, with the bar and the share of the slowest phase behind them, the
number of a poll's attempts, the run's id, the shop's port.
PROBE_UPDATE_GOLDENS=1 writes the outputs anew.
"""

import os
import re
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from probe.demo.shop import Faults, Shop
from probe.evaluate.filters import FILTERS
from probe.evaluate.functions import FUNCTIONS
from probe.evaluate.predicates import PREDICATES
from probe.evaluate.queries import QUERIES
from probe.export.console import View, report
from probe.model.journey import Predicate, Query, Step
from probe.model.result import Trigger, Verdict
from probe.model.template import Call, FilterCall
from probe.runner import run_journey
from probe.settings import Settings
from probe.spec.load import load_journey
from probe.steps import KINDS
from tests.wire.names import name_server

HERE = Path(__file__).parent
PASSING = sorted((HERE / "journeys" / "passing").glob("*.yaml"))
SHIPPED = sorted((HERE.parent / "journeys").glob("*.yaml"))

_MASKS = (
    (re.compile(r"\n +about .+ of processing is the round trip, .+ the server"), ""),  # said of slow steps only
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "RUN"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d+ attempts"), "# attempts"),
    (re.compile(r" *\d+(\.\d+)? (µs|ms|s)\b( +[rctspx·]* *[a-z]+ \d+ %)?"), " #"),
)


def settings_for(shop: Shop, **environ: str) -> Settings:
    trust = ssl.create_default_context(cadata=shop.ca_pem.decode()) if shop.ca_pem else None
    said = {"SHOP_URL": shop.url, "SHOP_HTTPS": shop.https_url or "", **environ}
    return Settings(trigger=Trigger.MANUAL, region="here", agent="me", environ=said, tls=trust)


def masked(text: str) -> str:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def golden(path: Path, out: str) -> str:
    """What is to come out; it becomes what came out when that is asked for."""
    file = path.with_suffix(".out")
    if "PROBE_UPDATE_GOLDENS" in os.environ:
        file.write_text(out)
    return file.read_text()


@pytest.mark.parametrize("path", PASSING, ids=lambda path: path.stem)
async def test_a_passing_journey_passes_and_looks_as_it_always_did(path: Path) -> None:
    journey = replace(load_journey(path), file=path.name)
    async with Shop(tls=True) as shop:
        shop.faults = Faults(confirm_after=1)  # so that a poll has to ask more than once
        with name_server({"shop.test": ("127.0.0.1",)}) as names:
            run = await run_journey(journey, settings_for(shop, NAMES=names.address))
    out = masked("\n".join(report([run], View(width=100))))
    assert (run.verdict, out) == (Verdict.PASSED, golden(path, out))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
async def test_a_shipped_journey_passes_against_the_demo_shop(shop: Shop, path: Path) -> None:
    run = await run_journey(load_journey(path), settings_for(shop))
    assert (run.verdict, run.failure, run.effects_open) == (Verdict.PASSED, None, ())
    assert shop.state["open_orders"] == 0


def test_the_passing_journeys_use_the_whole_language() -> None:
    used = {word for path in PASSING for word in _words(load_journey(path))}
    tables: dict[type, Iterable[str]] = {
        Query: QUERIES,
        Predicate: PREDICATES,
        FilterCall: FILTERS,
        Call: FUNCTIONS,
        Step: KINDS,
    }
    unused = [name for kind, table in tables.items() for name in table if (kind, name) not in used]
    assert unused == []


def _words(part: Any) -> Iterator[tuple[type, str]]:
    """Every entry of a table that a part of a journey uses."""
    match part:
        case Step():
            yield Step, part.kind
        case Call():
            yield Call, part.function
        case Query() | Predicate() | FilterCall():
            yield type(part), part.name
    yield from (word for inner in _parts(part) for word in _words(inner))


def _parts(part: Any) -> Iterator[Any]:
    match part:
        case Struct():
            yield from (getattr(part, name) for name in part.__struct_fields__)
        case dict():
            yield from part.values()
        case tuple():
            yield from part
