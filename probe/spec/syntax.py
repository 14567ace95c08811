"""What the YAML parser could not read, said so that a person knows what to do."""

import re

import yaml

from probe.model.place import Mistake
from probe.spec.source import Source

_BARE_TEMPLATE = re.compile(r"[\[{,:]\s*\$\{")


def syntax_mistake(source: Source, error: yaml.YAMLError) -> Mistake:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return _unprintable(source, error)
    line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
    place = source.place(line, column)
    before = place.text[: column - 1]
    problem = error.problem or "the YAML cannot be read"
    if bare := _BARE_TEMPLATE.search(place.text):
        dollar = bare.end() - 1
        return source.mistake(line, dollar, "a template in a flow mapping or list needs quotes", 'write "${…}"')
    if "\t" in before[: len(before) - len(before.lstrip())] or place.text[column - 1 : column] == "\t":
        return Mistake(place, "a tab cannot indent YAML", "use spaces")
    opened = f" (opened at line {error.context_mark.line + 1})" if error.context_mark else ""
    return Mistake(place, _plainly(problem), _hint(problem, error.context or "", opened))


def _plainly(problem: str) -> str:
    return {
        "mapping values are not allowed in this context": "a second ': ' cannot stand in this value",
        "could not find expected ':'": "expected a key with a colon here or on the line above",
        "did not find expected key": "expected a key here: the indentation or a quote is off",
        "did not find expected '-' indicator": "expected a list item ('- …') here: the indentation is off",
    }.get(problem, problem)


def _hint(problem: str, context: str, opened: str) -> str:
    if "mapping values" in problem:
        return "quote the whole value, or check the indentation"
    if "quoted scalar" in context:
        return f"close the quote{opened}"
    if "flow mapping" in context or "flow sequence" in context:
        return f"close the bracket{opened}, or put a comma between its items"
    if "incompatible" in problem:
        return "write %YAML 1.2, or leave the line out"
    if "cannot start any token" in problem:
        return "quote the value"
    return "check the indentation of this line and the one above"


def _unprintable(source: Source, error: yaml.YAMLError) -> Mistake:
    position = getattr(error, "position", 0) or 0
    bad = next((i for i, c in enumerate(source.text) if not _allowed(c)), min(position, len(source.text)))
    before = source.text[:bad]
    line, column = before.count("\n") + 1, bad - before.rfind("\n")
    return source.mistake(
        line, column, "a control character cannot stand in YAML", r'remove it, or write it escaped: "\x07"'
    )


def _allowed(character: str) -> bool:
    return (
        character in "\t\n\r\x85"
        or " " <= character <= "~"
        or "\xa0" <= character <= "\ufffd"
        or character >= "\U00010000"
    )
