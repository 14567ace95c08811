import pytest
from msgspec.structs import replace

from probe.compare.result import RegionFacts, RegionVerdict, Sample
from probe.compare.verdict import Standing, stand
from tests.compare.fleet import MINUTE, SINCE, sample, step

NOW = SINCE + 60 * MINUTE
BOTH = {"browse": step(), "pay": step()}
OUTCOMES = {"p": ("", ""), "f": ("status", "failed"), "e": ("agent", "errored"), "b": ("blocked", "errored")}


def runs(outcomes: str) -> tuple[Sample, ...]:
    """The latest one at the end, a slot before now."""
    first = 60 - len(outcomes)
    return tuple(
        sample(
            first + place,
            BOTH if one == "p" else {"browse": step()},
            cause=OUTCOMES[one][0],
            verdict=OUTCOMES[one][1],
            failed="" if one == "p" else "pay",
        )
        for place, one in enumerate(outcomes)
    )


def judged(samples: tuple[Sample, ...], *, heard: float | None = 59, controls: bool | None = True) -> Standing:
    heard_ns = None if heard is None else SINCE + round(heard * MINUTE)
    facts = RegionFacts("eu-west-1", samples, heard_ns, 30 * 10**9, controls)
    return stand(facts, "checkout", until_ns=NOW, now_ns=NOW)


@pytest.mark.parametrize(
    ("outcomes", "verdict", "why"),
    [
        ("ppppp", "up", ""),
        ("pp", "up", ""),
        ("pf", "up", ""),
        ("ppffp", "up", ""),
        ("fffffffffffppp", "up", ""),  # only the last five count
        ("ppfff", "down", "3 of its last 5 runs failed (status on *pay*), since 13:57 UTC"),
        ("pppff", "down", "2 of its last 5 runs failed (status on *pay*), since 13:58 UTC"),
        ("fffpf", "down", "4 of its last 5 runs failed (status on *pay*), since 13:59 UTC"),
        ("ff", "down", "2 of its last 2 runs failed (status on *pay*)"),
        ("pffee", "down", "2 of its last 5 runs failed (status on *pay*), since 13:56 UTC"),
        ("eeepp", "agent", "3 of its last 5 runs errored (agent on *pay*)"),
        ("fbbbp", "agent", "3 of its last 5 runs errored (blocked on *pay*)"),
        ("", "unknown", "no runs yet"),
        ("f", "unknown", "1 run yet"),
    ],
)
def test_the_latest_runs_decide(outcomes: str, verdict: str, why: str) -> None:
    found = judged(runs(outcomes))
    assert (found.verdict, found.why) == (verdict, why)


def test_controls_that_fail_matter_where_the_latest_run_reached_nothing() -> None:
    """A run that passed or that the shop failed has proved the agent's network."""
    assert judged(runs("fffee"), controls=False).sentence == (
        "The agent in eu-west-1 is the problem: its control targets fail too."
    )
    assert judged((), controls=False).why == "its control targets fail"
    assert judged(runs("ppppp"), controls=False).verdict is RegionVerdict.UP
    assert [judged(runs("fffff"), controls=sound).verdict for sound in (None, False)] == [RegionVerdict.DOWN] * 2


@pytest.mark.parametrize("outcomes", ["ppppp", "fffff", "eeeee", ""])
def test_silence_outranks_all(outcomes: str) -> None:
    assert judged(runs(outcomes), heard=58.4, controls=False) == Standing(
        RegionVerdict.SILENT,
        "since 13:58 UTC",
        sentence="eu-west-1 is silent since 13:58 UTC; it is neither up nor down.",
    )
    assert judged(runs(outcomes), heard=None).sentence == (
        "eu-west-1 is silent from the start; it is neither up nor down."
    )


def test_one_is_silent_after_three_intervals_or_a_minute() -> None:
    assert judged(runs("pp"), heard=58.5).verdict is RegionVerdict.UP  # three times 30 s
    often = RegionFacts("eu-west-1", runs("pp"), NOW - 59 * 10**9, 10**9, True)
    assert stand(often, "checkout", until_ns=NOW, now_ns=NOW).verdict is RegionVerdict.UP


def test_a_journey_that_does_not_run_any_more_is_not_up_though_its_agent_lives() -> None:
    stopped = tuple(one for one in runs("p" * 60) if one.slot < 57)
    assert judged(stopped) == Standing(
        RegionVerdict.UNKNOWN,
        "no run since 13:56 UTC",
        sentence="eu-west-1 has not run checkout since 13:56 UTC, though its agent is heard of; "
        "it is neither up nor down.",
    )


def test_an_old_window_is_judged_by_its_own_end() -> None:
    facts = RegionFacts("eu-west-1", runs("ppp"), NOW + 99 * MINUTE, MINUTE, True)
    assert stand(facts, "checkout", until_ns=NOW, now_ns=NOW + 99 * MINUTE).verdict is RegionVerdict.UP


def test_the_step_is_named_where_one_failed() -> None:
    first = tuple(sample(slot, {}, cause="tls", failed="browse") for slot in (58, 59))
    none = tuple(sample(slot, {}, cause="agent", verdict="failed") for slot in (58, 59))
    assert [(one.reason, one.step) for one in map(judged, (first, none))] == [("tls", "browse"), ("agent", "")]


def test_the_most_frequent_reason_is_told() -> None:
    many = tuple(
        sample(57 + place, {}, cause=cause, failed="browse")
        for place, cause in enumerate(("tls", "connect", "connect"))
    )
    found = judged(many)
    assert (found.reason, found.step) == ("connect", "browse")


def test_a_reason_is_told_in_plain_words_where_the_centre_has_them() -> None:
    said = tuple(replace(run, reason="HTTP 500") for run in runs("ff"))
    assert judged(said).why == "2 of its last 2 runs failed (HTTP 500 on *pay*)"


def test_asterisks_in_a_reason_set_nothing_off() -> None:
    said = tuple(replace(run, reason="body: expected matches a*b*") for run in runs("ff"))
    assert judged(said).reason == "body: expected matches a∗b∗"
