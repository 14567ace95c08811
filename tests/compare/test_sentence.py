import pytest
from msgspec.structs import replace

from probe.compare.result import Contribution, Difference, Onset
from probe.compare.sentence import (
    Extent,
    counted,
    listed,
    main_phase,
    named,
    slower,
    slower_than_before,
    spell_ns,
    spell_peers,
    spell_share,
    usual,
)
from probe.model.timing import Phase
from tests.compare.fleet import MINUTE, MS, SINCE

TLS = (Contribution(Phase.TLS, 171 * MS), Contribution(Phase.CONNECT, 30 * MS), Contribution(Phase.OTHER, 10 * MS))
DIFFERENCE = Difference(
    pairs=120,
    shift_ns=212 * MS,
    low_ns=180 * MS,
    high_ns=245 * MS,
    share=0.34,
    p_value=0.001,
    significant=True,
    trimmed_ns=211 * MS,
    contributions=TLS,
    onset=Onset(SINCE + 60 * MINUTE, SINCE + 65 * MINUTE),
)


def say(difference: Difference, *steps: str) -> str:
    return slower("eu-west-1", steps or ("pay",), difference, "the other 4 regions", now_ns=SINCE + 90 * MINUTE)


def test_the_sentence_says_which_what_how_sure_and_since_when() -> None:
    assert say(DIFFERENCE) == (
        "eu-west-1 is 212 ms (95 % CI 180–245, +34 %) slower than the other 4 regions on *pay*; 81 % of it is tls; "
        "since 14:00–14:05 UTC."
    )


def test_few_slots_are_said() -> None:
    assert say(replace(DIFFERENCE, pairs=32, early=True)).endswith("; since 14:00–14:05 UTC (early: 32 slots).")


def test_what_was_there_all_along_has_no_since() -> None:
    assert say(replace(DIFFERENCE, onset=None)).endswith(" on *pay*; 81 % of it is tls.")


def test_of_a_usual_distance_that_grew_the_growth_is_told() -> None:
    grown = Contribution(Phase.TLS, 98 * MS)
    apart = replace(DIFFERENCE, contributions=(Contribution(Phase.CONNECT, 200 * MS), Contribution(Phase.TLS, 11 * MS)))
    further = replace(apart, onset=Onset(SINCE, SINCE + MINUTE, was_ns=110 * MS, grown=grown))
    from_nothing = replace(apart, onset=Onset(SINCE, SINCE + MINUTE, was_ns=19 * MS, grown=grown))
    assert say(further).endswith(" on *pay*; since 13:00–13:01 UTC, 110 ms before that: tls grew by 98 ms.")
    assert say(from_nothing).endswith(" on *pay*; 95 % of it is connect; since 13:00–13:01 UTC.")
    assert [main_phase(one) for one in (apart, further, from_nothing)] == [Phase.CONNECT, Phase.TLS, Phase.CONNECT]


def test_the_main_phase_is_one_that_makes_it_slower() -> None:
    parts = (Contribution(Phase.PROCESSING, -300.0), Contribution(Phase.TLS, 200.0))
    assert main_phase(replace(DIFFERENCE, contributions=parts, onset=None)) is Phase.TLS


def test_several_steps_for_one_reason_are_one_sentence() -> None:
    assert say(replace(DIFFERENCE, onset=None), "search", "browse", "pay") == (
        "eu-west-1 is slower than the other 4 regions on 3 steps, most on *search*: "
        "212 ms (95 % CI 180–245, +34 %); 81 % of it is tls."
    )


def test_seconds_are_told_in_seconds() -> None:
    long = replace(DIFFERENCE, shift_ns=2300 * MS, low_ns=980 * MS, high_ns=3612 * MS, share=4.1, onset=None)
    assert say(long).startswith("eu-west-1 is 2.30 s (95 % CI 0.98–3.61, +410 %) slower than")


@pytest.mark.parametrize(
    ("shifts", "text"),
    [
        ({"tls": 210.5, "other": 0.5}, "; all of it is tls."),
        ({"tls": 219, "processing": -8}, "; all of it is tls."),
        ({"tls": 260, "processing": -48, "other": -1}, "; tls is 260 ms slower, processing 48 ms faster."),
        ({"processing": 95, "tls": 80, "connect": 36}, "; 45 % of it is processing, 38 % tls."),
        ({"processing": 95, "tls": 30, "connect": 30, "send": 30, "transfer": 26}, "; 45 % of it is processing."),
        ({"other": 211}, "; all of it is other (the agent's own time)."),
    ],
)
def test_phases_are_told_as_far_as_they_explain_it(shifts: dict[str, float], text: str) -> None:
    parts = tuple(Contribution(Phase(name), ms * MS) for name, ms in shifts.items())
    assert say(replace(DIFFERENCE, onset=None, contributions=parts)).endswith(f" on *pay*{text}")


def test_no_phase_is_blamed_when_the_trimmed_pairs_disagree() -> None:
    assert say(replace(DIFFERENCE, onset=None, trimmed_ns=-1.0)).endswith(" on *pay*.")


def test_the_others_are_named_as_they_were_compared_with() -> None:
    assert spell_peers(["a", "b", "c"], 3) == "the other 3 regions"
    assert spell_peers(["a", "b"], 3) == "2 other regions"
    assert spell_peers(["us-east-1"], 3) == "us-east-1"


@pytest.mark.parametrize(
    ("names", "text"),
    [("", ""), ("a", "a"), ("ab", "a and b"), ("abcde", "a, b, c, d and e"), ("abcdefg", "a, b, c, d and 3 more")],
)
def test_lists_end(names: str, text: str) -> None:
    assert listed(list(names)) == text


def test_figures_are_for_people() -> None:
    assert [spell_ns(ms * MS, signed=True) for ms in (-0.2, 0, 12.4, -106, 1500)] == [
        "0 ms",
        "+0 ms",
        "+12 ms",
        "-106 ms",
        "+1.50 s",
    ]
    assert (spell_share(0.342, signed=True), spell_share(-0.5), spell_share(0.996)) == ("+34 %", "-50 %", "100 %")
    assert (counted(1, "run"), counted(2, "run")) == ("1 run", "2 runs")


@pytest.mark.parametrize(
    ("regions", "asked", "steps", "text"),
    [
        ("abc", 3, ["pay"], "*pay* is slower everywhere: +212 ms (+34 %) in 3 of 3 regions since"),
        ("ab", 3, ["pay"], "*pay* is slower than before in a and b: +212 ms (+34 %) since"),
        ("a", 1, ["pay", "x"], "2 steps are slower than before in a, most *pay*: +212 ms (+34 %) since"),
    ],
)
def test_what_is_slower_than_it_was_is_told_with_where(regions: str, asked: int, steps: list[str], text: str) -> None:
    extent = Extent(tuple(regions), asked, everywhere=len(regions) == asked > 1)
    told = slower_than_before(steps, DIFFERENCE, extent, now_ns=SINCE + 90 * MINUTE)
    assert told == f"{text} 14:00–14:05 UTC; 81 % of it is tls."


def test_a_usual_distance_takes_few_words() -> None:
    apart = replace(DIFFERENCE, onset=None)
    assert usual("eu-west-1", ["pay"], apart) == "eu-west-1 +212 ms (tls) on *pay*"
    assert usual("eu-west-1", ["pay", "x"], apart) == "eu-west-1 +212 ms (tls) on 2 steps"


def test_a_name_with_an_asterisk_stays_one_name() -> None:
    assert named("2 * 3") == "*2 ∗ 3*"
