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
        return Mistake(opened, f"this {_opened(context)} is never closed", "close it; what follows was read as part of it")
    place = source.place(at)
    bare = _BARE_TEMPLATE.search(place.text)
    if bare and "flow" in context:
        begin = at - place.column + bare.end() - 1
        return source.mistake(begin, "a template in a flow mapping or list needs quotes", 'write "${…}"')
    before = place.text[: place.column - 1]
    if "\t" in before[: len(before) - len(before.lstrip())] or place.text[place.column - 1 : place.column] == "\t":
        return Mistake(place, "a tab cannot indent YAML", "use spaces")
    return Mistake(place, _plainly(problem), _hint(problem, context, opened))


def _opened(context: str) -> str:
    return "quote" if "quoted scalar" in context else "bracket"


def _plainly(problem: str) -> str:
    return {
        "mapping values are not allowed in this context": "a second ': ' cannot stand in this value",
        "could not find expected ':'": "expected a key with a colon here or on the line above",
        "did not find expected key": "expected a key here: the indentation or a quote is off",
        "did not find expected '-' indicator": "expected a list item ('- …') here: the indentation is off",
    }.get(problem, problem)


def _hint(problem: str, context: str, opened: Place | None) -> str:
    if "mapping values" in problem:
        return "quote the whole value, or check the indentation"
    if opened and _OPENED.search(context):
        where = f"line {opened.line}, column {opened.column}"
        if "quoted scalar" in context:
            return f"close the quote opened at {where}"
        return f"close the bracket opened at {where}, or put a comma between its items"
    if "incompatible" in problem:
        return "write %YAML 1.2, or leave the line out"
    if "cannot start any token" in problem:
        return "quote the value"
    return "check the indentation of this line and the one above"


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
