from collections.abc import Iterable

LONGEST_WORD = 50


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, whatever its case."""
    from difflib import get_close_matches

    names = {name.lower(): name for name in known}
    close = get_close_matches(word[:LONGEST_WORD].lower(), names, n=1, cutoff=0.61)
    return names[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known word, or all of them when none is close."""
    names = sorted(known)
    close = closest(word, names)
    if close is not None:
        return f"did you mean {close}?"
    return f"known here: {', '.join(names)}" if names else ""
