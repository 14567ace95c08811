import re
import time

import pytest

from probe.evaluate.pattern import PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a", "missing ): (a"),
        ("[a", "missing ]: [a"),
        ("a**", "bad repetition operator: **"),
        ("(?=a)", "invalid perl operator: (?="),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a{1001}", "invalid repetition size: {1001}"),
    ],
)
def test_what_re2_does_not_know_is_refused_with_its_reason(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=f"^{re.escape(reason)}$"):
        compile_pattern(pattern)


def test_a_refused_pattern_writes_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PatternError):
        compile_pattern("(never closed")
    assert capfd.readouterr() == ("", "")


def test_time_grows_with_the_text_and_not_with_its_square() -> None:
    pattern = compile_pattern("(x+x+)+y")

    def seconds(length: int) -> float:
        started = time.perf_counter()
        assert pattern.search("x" * length) is None
        return time.perf_counter() - started

    short = min(seconds(20_000) for _ in range(5))
    assert min(seconds(200_000) for _ in range(5)) < 40 * short
