import pytest

from probe.demo import rule


@pytest.mark.parametrize(
    ("must_be", "value"),
    [
        (rule.SECONDS, 0),
        (rule.SECONDS, 1.5),
        (rule.SHARE, 1),
        (rule.COUNT, 1),
        (rule.STATUS, 599),
        (rule.STATUS_OR_NULL, None),
        (rule.RESET, "after"),
        (rule.SWITCH, False),
        (rule.PREFIX, "/pay"),
    ],
)
def test_what_holds_passes(must_be: rule.Rule, value: object) -> None:
    must_be.check("knob", value)


@pytest.mark.parametrize(
    ("must_be", "value"),
    [
        (rule.OBJECT, []),
        (rule.SECONDS, -1),
        (rule.SECONDS, float("nan")),
        (rule.SECONDS, float("inf")),
        (rule.SECONDS, "1"),
        (rule.SECONDS, True),
        (rule.SHARE, 1.1),
        (rule.COUNT, 0),
        (rule.COUNT, 1.5),
        (rule.STATUS, 100),
        (rule.RESET, "during"),
        (rule.SWITCH, 1),
        (rule.PREFIX, "pay"),
    ],
)
def test_what_does_not_hold_is_refused_with_what_was_expected_and_what_came(must_be: rule.Rule, value: object) -> None:
    with pytest.raises(ValueError) as refusal:
        must_be.check("knob", value)
    assert str(refusal.value) == f"knob: expected {must_be.expected}, got {value!r}"
