"""What the YAML parser could not read, said so that a person knows what to do."""

import re

import yaml

from probe.model.place import Mistake, Place
from probe.spec.source import Source

_OPENED = re.compile("quoted scalar|flow mapping|flow sequence")
_BARE_TEMPLATE = re.compile(r"[\[{,:]\s*\$\{")


def syntax_mistake(source: Source, error: yaml.YAMLError) -> Mistake:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return _unprintable(source, error)
    problem, context = error.problem or "the YAML cannot be read", error.context or ""
    at = error.problem_mark.index
    opened = source.place(error.context_mark.index) if error.context_mark else None
    if opened and _OPENED.search(context) and not source.text[at:].strip():
        return Mistake(
            opened, f"this {_opened(context)} is never closed", "close it; what follows was read as part of it"
        )
    place = source.place(at)
    bare = _BARE_TEMPLATE.search(place.text)
    if bare and "flow" in context:
        begin = at - place.column + bare.end() - 1
        return source.mistake(begin, "a template in a flow mapping or list needs quotes", 'write "${…}"')
    if _is_tab(place):
        return Mistake(place, "a tab cannot indent YAML", "use spaces")
    message, hint = _plainly(problem, context, place)
    if opened and _OPENED.search(context) and not hint:
        where = f"line {opened.line}, column {opened.column}"
        hint = f"close the {_opened(context)} opened at {where}, or put a comma between its items"
    return Mistake(place, message, hint or "check the quotes and the indentation of this line and the one above")


def _is_tab(place: Place) -> bool:
    before = place.text[: place.column - 1]
    return "\t" in before[: len(before) - len(before.lstrip())] or _sign(place) == "\t"


def _sign(place: Place) -> str:
    return place.text[place.column - 1 : place.column]


def _opened(context: str) -> str:
    return "quote" if "quoted scalar" in context else "bracket"


def _plainly(problem: str, context: str, place: Place) -> tuple[str, str]:
    """What is wrong in plain words, and what to do when the parser's words tell."""
    sign, before = _sign(place), place.text[: place.column - 1]
    if "mapping values" in problem:
        if ":" in before:
            return "a second ': ' cannot stand in this value", "quote the whole value"
        return "a key cannot stand here: there is a value above it", "begin the keys of a mapping in the same column"
    if "flow" in context and sign and sign in "[{":
        return f"{sign} cannot stand in a value without quotes here", f'quote the whole value: "…{sign}…"'
    if sign and sign in "]}" and "flow" not in context:
        return "this bracket closes nothing", "take it out"
    if "unknown escape" in problem:
        return "not an escape that double quotes know", "use single quotes, where a backslash is a backslash"
    if "cannot start any token" in problem:
        return f"a value cannot begin with {sign}", "quote the value"
    if "incompatible" in problem:
        return problem, "write %YAML 1.2, or leave the line out"
    return _PLAIN.get(problem, problem), ""


_PLAIN = {
    "exceeded maximum nesting depth": "nested far deeper than anybody could read",
    "could not find expected ':'": "expected a key with a colon here or on the line above",
    "did not find expected <document start>": "expected the end of the file: a journey is one mapping",
    "did not find expected node content": "expected a value here",
    "did not find expected key": "expected a key here: the indentation or a quote is off",
    "did not find expected '-' indicator": "expected a list item ('- …') here: the indentation is off",
    "did not find expected ',' or '}'": "expected a comma or a closing }",
    "did not find expected ',' or ']'": "expected a comma or a closing ]",
}


def _unprintable(source: Source, error: yaml.YAMLError) -> Mistake:
    position = getattr(error, "position", 0) or 0
    bad = next((i for i, c in enumerate(source.text) if not _allowed(c)), position)
    message = "a control character cannot stand in YAML"
    return source.mistake(bad, message, r'remove it, or write it escaped: "\x07"')


def _allowed(character: str) -> bool:
    return (
        character in "\t\n\r\x85"
        or " " <= character <= "~"
        or "\xa0" <= character <= "\ufffd"
        or character >= "\U00010000"
    )
