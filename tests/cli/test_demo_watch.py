import time

import msgspec
import pytest
from msgspec.structs import replace

from probe.cli.demo_fleet import Fleet
from probe.cli.demo_watch import Watch
from probe.compare.result import Comparison, Finding
from probe.errors import ExitCode, ProbeError
from probe.model.timing import Phase
from tests.cli.answering import answering

QUIET = Comparison(
    journey="browse", since_ns=0, until_ns=0, headline="All is well.", findings=(), regions=(), steps=(), cells=()
)
FOUND = replace(QUIET, findings=(Finding("eu is slower.", region="eu", step="landing", phase=Phase.TLS),))


def test_what_is_found_is_told_once_and_the_comparison_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, msgspec.json.encode(FOUND)) as hub:
        watch = Watch(Fleet(hub.url, ()))
        watch.follow(time.monotonic() + 1.5)
    code = watch.conclude()
    told = [line for line in capsys.readouterr().out.splitlines() if "eu is slower." in line]
    assert (code, told[:3]) == (
        ExitCode.PASSED,
        [f"{journey:9} ▲ eu is slower." for journey in ("browse", "search", "checkout")],
    )
    assert told[3:] == ["  • eu is slower."]


def test_what_was_told_of_few_slots_is_told_again_when_there_are_enough(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(Fleet("", ()))
    for early in (True, True, False, False, True):
        finding = replace(FOUND.findings[0], sentence=f"early: {early}", early=early)
        watch.take("browse", replace(FOUND, findings=(finding,)))
    assert capsys.readouterr().out.splitlines() == ["browse    ▲ early: True", "browse    ▲ early: False"]


def test_usual_distance_is_not_told_as_news(capsys: pytest.CaptureFixture[str]) -> None:
    Watch(Fleet("", ())).take("browse", replace(FOUND, findings=(replace(FOUND.findings[0], usual=True),)))
    assert capsys.readouterr().out == ""


def test_a_finding_without_a_phase_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    silent = replace(QUIET, findings=(Finding("eu is silent.", region="eu"),))
    with (
        answering(200, msgspec.json.encode(silent)) as hub,
        pytest.raises(ProbeError, match="no region is slower for certain as yet: it takes 30 runs in each region"),
    ):
        _follow_to_the_end(hub.url)


def test_before_a_run_has_arrived_there_is_nothing_to_compare() -> None:
    with (
        answering(404, b'{"error": "there is no journey browse here"}') as hub,
        pytest.raises(ProbeError, match="as yet: no run has arrived; try --for 2m"),
    ):
        _follow_to_the_end(hub.url)


def test_a_hub_that_cannot_answer_ends_the_demo() -> None:
    with (
        answering(503, b'{"error": "its disk is full"}') as hub,
        pytest.raises(ProbeError, match="its disk is full"),
    ):
        _follow_to_the_end(hub.url)


def _follow_to_the_end(url: str) -> None:
    watch = Watch(Fleet(url, ()))
    watch.follow(time.monotonic() + 0.1)
    watch.conclude()
