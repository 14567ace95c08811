from probe.export.effects import effect_lines
from probe.model.result import EffectState
from tests.safety.test_journal import entry


def test_nothing_is_said_to_be_nothing() -> None:
    assert list(effect_lines([])) == ["Nothing is left behind."]


def test_an_effect_says_what_it_is_who_made_it_and_what_was_tried() -> None:
    leaked = entry(state=EffectState.LEAKED, amount="19.90 EUR", tries=7, note="status: expected 2xx, got 503\x1b[2J")
    assert list(effect_lines([leaked, entry(undoable=False)])) == [
        "pay of checkout, 19.90 EUR: LEAKED: could not be undone, somebody must look at it",
        "    sent 2027-01-15 08:00:00 UTC from here (me), run r1",
        "    key k1, /c.yaml",
        "    7 tries to undo it; the last one: status: expected 2xx, got 503\\x1b[2J",
        "pay of checkout: nothing says how to undo it",
        "    sent 2027-01-15 08:00:00 UTC from here (me), run r1",
        "    key k1, /c.yaml",
    ]
