from probe.model.batch import ACKED, Outcome, Result


def test_what_is_acked_needs_no_reason_and_no_pause() -> None:
    assert Outcome(Result.ACKED, reason="", after_ns=None) == ACKED
