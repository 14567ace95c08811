import pytest
from msgspec import Struct
from msgspec.structs import replace

from probe.model import result
from probe.model.result import Cause, Effect, EffectState, Exchange, Verdict
from probe.model.timing import Phase

OURS = {Cause.BLOCKED, Cause.SCRIPT, Cause.BROWSER, Cause.AGENT}


@pytest.mark.parametrize("cause", Cause)
def test_a_cause_blames_the_target_or_us(cause: Cause) -> None:
    assert cause.verdict is (Verdict.ERRORED if cause in OURS else Verdict.FAILED)


@pytest.mark.parametrize(
    ("state", "undoable", "needs"),
    [
        (EffectState.OPEN, True, True),
        (EffectState.UNKNOWN, True, True),
        (EffectState.LEAKED, True, True),
        (EffectState.UNDONE, True, False),
        (EffectState.OPEN, False, False),
    ],
)
def test_what_could_be_undone_and_is_not_needs_attention(state: EffectState, undoable: bool, needs: bool) -> None:
    assert Effect("pay", state, undoable).needs_attention is needs


def test_nothing_of_a_record_can_be_changed() -> None:
    structs = [each for each in vars(result).values() if isinstance(each, type) and issubclass(each, Struct)]
    assert [each.__name__ for each in structs if each is not Struct and not each.__struct_config__.frozen] == []


def test_a_run_shows_only_the_effects_that_need_attention() -> None:
    from tests.model.test_codec import RUN

    done, left = Effect("a", EffectState.UNDONE, True), Effect("b", EffectState.OPEN, True)
    assert replace(RUN, effects=(done, left)).effects_open == (left,)


@pytest.mark.parametrize(
    ("processing", "rtt", "min_rtt", "server"),
    [(100, 50, 30, 70), (100, 50, None, 50), (100, None, None, None), (None, 50, 30, None), (20, 50, 30, 0)],
)
def test_the_servers_time_is_what_processing_has_beyond_a_round_trip(
    processing: int | None, rtt: int | None, min_rtt: int | None, server: int | None
) -> None:
    phases = {} if processing is None else {Phase.PROCESSING: processing}
    assert Exchange("GET", "http://x/", 0, 1, phases, rtt_ns=rtt, min_rtt_ns=min_rtt).server_ns == server
