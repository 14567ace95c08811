"""Benjamini & Hochberg (1995): of all that is called significant, on average at most `rate` is so by chance."""

from collections.abc import Sequence


def certain(p_values: Sequence[float], rate: float) -> list[bool]:
    """Which of the hypotheses stay certain although there are so many of them."""
    threshold = max(
        (p for rank, p in enumerate(sorted(p_values), 1) if p <= rate * rank / len(p_values)),
        default=-1.0,
    )
    return [p <= threshold for p in p_values]
