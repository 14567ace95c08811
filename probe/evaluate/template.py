"""`${…}`: parsed when a journey is loaded, rendered when a step needs the text.

expr = (name | fn "(" args ")") ("|" filter ["(" args ")"])*
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from probe.evaluate.filters import FILTERS, FilterError, apply_filters
from probe.evaluate.functions import FUNCTIONS
from probe.evaluate.scope import Scope
from probe.evaluate.value import MISSING, type_name
from probe.model.place import Place
from probe.model.template import Call, Expression, FilterCall, Literal, Name, Text, Value

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>-?[0-9]{1,300}(?:\.[0-9]{1,300})?)"""
    r"""|(?P<text>"(?:[^"\\]|\\.)*"|'[^']*')|(?P<mark>[|(),]))"""
)
_SHAPE = "a template reads ${name | filter(argument)}"
_FILTERS_SHAPE = "filters read: nth(0) | to_int"
_LITERAL = 'a literal "${" is written "$${"'
_WORDS: dict[str, Literal] = {"true": True, "false": False, "null": None}


class TemplateError(Exception):
    """`offset` is where in the text the mistake stands; `length` how much of it."""

    def __init__(self, message: str, offset: int, hint: str = "", length: int = 1) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length
        self.hint = hint


class RenderError(Exception):
    """A template has no value at run time: the journey asks for something that is not there."""

    def __init__(self, message: str, place: Place, hint: str = "") -> None:
        super().__init__(message)
        self.place = place
        self.hint = hint


def parse_text(text: str, place: Place) -> Text:
    """The pieces of a scalar. `$${` is a literal `${`."""
    parts: list[str | Expression] = []
    literal, position = "", 0
    while (dollar := text.find("${", position)) >= 0:
        if dollar > position and text[dollar - 1] == "$":
            literal += f"{text[position : dollar - 1]}${{"
            position = dollar + 2
            continue
        literal += text[position:dollar]
        expression, position = _ExpressionParser(text, dollar).parse()
        parts += [literal, expression] if literal else [expression]
        literal = ""
    literal += text[position:]
    return Text((*parts, literal) if literal else tuple(parts), place)


def parse_filters(text: str) -> tuple[FilterCall, ...]:
    """The filters of a check or capture: `nth(0) | to_int`."""
    return _ExpressionParser(text, -2).parse_filters_only()


class _ExpressionParser:
    """One pass over the tokens between `${` and `}`."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = max(start, 0)
        self.position = start + 2

    def parse(self) -> tuple[Expression, int]:
        head = self._head()
        filters = self._filters() if self._skip("|") else ()
        if not self._skip("}"):
            if not self._more():
                raise self._error("this ${ has no closing }", self.start, _LITERAL, len(self.text) - self.start)
            raise self._error("expected a closing } or | and a filter", self._next(), _SHAPE)
        return Expression(head, filters), self.position

    def parse_filters_only(self) -> tuple[FilterCall, ...]:
        filters = self._filters()
        if self._more():
            raise self._error("expected | and another filter", self._next(), _FILTERS_SHAPE)
        return filters

    def _head(self) -> Name | Call:
        name, at = self._name("a name or a function", f"{_SHAPE}; {_LITERAL}")
        if not self._skip("("):
            return Name(name)
        if name not in FUNCTIONS:
            raise self._unknown("function", name, at, FUNCTIONS)
        arguments = self._arguments()
        self._fit(name, at, arguments, FUNCTIONS[name].arguments)
        return Call(name, arguments)

    def _filters(self) -> tuple[FilterCall, ...]:
        calls = []
        while True:
            name, at = self._name("a filter", _FILTERS_SHAPE)
            if name not in FILTERS:
                raise self._unknown("filter", name, at, FILTERS)
            arguments = self._arguments() if self._skip("(") else ()
            self._fit(name, at, arguments, FILTERS[name].arguments)
            calls.append(FilterCall(name, arguments))
            if not self._skip("|"):
                return tuple(calls)

    def _arguments(self) -> tuple[Literal, ...]:
        arguments: list[Literal] = []
        if self._skip(")"):
            return ()
        while True:
            arguments.append(self._literal())
            if self._skip(")"):
                return tuple(arguments)
            if not self._skip(","):
                raise self._error("expected , or ) after an argument", self._next())

    def _literal(self) -> Literal:
        token = _TOKEN.match(self.text, self.position)
        if token is not None and token["text"]:
            self.position = token.end()
            return _unquote(token["text"])
        if token is not None and token["number"]:
            self.position = token.end()
            return float(token["number"]) if "." in token["number"] else int(token["number"])
        if token is not None and token["name"] in _WORDS:
            self.position = token.end()
            return _WORDS[token["name"]]
        hint = f"text needs quotes: '{token['name']}'" if token is not None and token["name"] else ""
        raise self._error("expected a text or a number as argument", self._next(), hint)

    def _name(self, expected: str, hint: str) -> tuple[str, int]:
        token = _TOKEN.match(self.text, self.position)
        if token is None or not token["name"]:
            raise self._error(f"expected {expected}", self._next(), hint)
        self.position = token.end()
        return token["name"], token.start("name")

    def _skip(self, mark: str) -> bool:
        rest = self._next()
        if not self.text.startswith(mark, rest):
            return False
        self.position = rest + 1
        return True

    def _next(self) -> int:
        """Where the next character stands that is no blank."""
        rest = self.position
        while rest < len(self.text) and self.text[rest].isspace():
            rest += 1
        return rest

    def _more(self) -> bool:
        return self._next() < len(self.text)

    def _fit(self, name: str, at: int, given: tuple[Literal, ...], wanted: tuple[type, ...]) -> None:
        pairs = zip(given, wanted, strict=False)
        fits = len(given) == len(wanted) and all(
            isinstance(a, kind) and not (kind is int and isinstance(a, bool)) for a, kind in pairs
        )
        if not fits:
            kinds = {int: "a whole number", str: "a text", object: "a value"}
            expected = " and ".join(kinds[kind] for kind in wanted) or "no argument"
            got = ", ".join(json.dumps(a, ensure_ascii=False) for a in given) or "none"
            raise self._error(f"{name} takes {expected}, got {got}", at, length=len(name))

    def _unknown(self, what: str, name: str, at: int, known: dict[str, Any]) -> TemplateError:
        from probe.evaluate.suggest import did_you_mean

        return self._error(f"there is no {what} {name}", at, did_you_mean(name, known), len(name))

    def _error(self, message: str, offset: int, hint: str = "", length: int = 1) -> TemplateError:
        return TemplateError(message, min(offset, max(len(self.text) - 1, 0)), hint, length)


def _unquote(token: str) -> str:
    if token[0] == "'":
        return token[1:-1]
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), token[1:-1])


def names_in(part: Any) -> Iterator[tuple[Text, str]]:
    """Every name the templates in a part of a journey use, with the text it stands in."""
    match part:
        case Text():
            for piece in part.parts:
                if isinstance(piece, Expression) and isinstance(piece.head, Name):
                    yield part, piece.head.name
        case Struct():
            for field in part.__struct_fields__:
                yield from names_in(getattr(part, field))
        case Mapping():
            for value in part.values():
                yield from names_in(value)
        case tuple():
            for item in part:
                yield from names_in(item)


def render_text(text: Text, scope: Scope) -> str:
    """The text with every expression's value in it; RenderError when one has none."""
    return "".join([part if isinstance(part, str) else _as_text(part, text.place, scope) for part in text.parts])


def render_value(value: Value, scope: Scope) -> Any:
    """The value with all its texts rendered; a scalar that is one whole `${…}` keeps its type."""
    if isinstance(value, Text):
        if len(value.parts) == 1 and isinstance(value.parts[0], Expression):
            return _evaluate(value.parts[0], value.place, scope)
        return render_text(value, scope)
    if isinstance(value, tuple):
        return [render_value(item, scope) for item in value]
    if isinstance(value, dict):
        return {key: render_value(item, scope) for key, item in value.items()}
    return value


def _as_text(expression: Expression, place: Place, scope: Scope) -> str:
    value = _evaluate(expression, place, scope)
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case None:
            raise RenderError(f"{_spell(expression)} is null and cannot stand in a text", place, 'add: | default("")')
    if type_name(value) in ("list", "object"):
        return json.dumps(value, ensure_ascii=False)
    raise AssertionError


def _evaluate(expression: Expression, place: Place, scope: Scope) -> Any:
    head = expression.head
    value = scope.find(head.name) if isinstance(head, Name) else FUNCTIONS[head.function].call(scope, *head.arguments)
    try:
        value = apply_filters(value, expression.filters)
    except FilterError as error:
        raise RenderError(f"{_spell(expression)}: {error}", place) from None
    if value is MISSING:
        raise RenderError(f"{_spell(expression)} has no value", place, _absence(expression, scope))
    if isinstance(head, Name) and expression.filters and isinstance(value, str) and scope.is_secret(head.name):
        scope.derived(head.name, value)
    return value


def _absence(expression: Expression, scope: Scope) -> str:
    match expression.head:
        case Call(function="env", arguments=(str() as variable,)):
            return f'set the environment variable {variable}, or add: | default("…")'
        case Name(name) if scope.find(name) is not MISSING:
            return "its filters leave nothing of it"
        case Name(name):
            return f"no step before this one captured {name}"
    return ""


def _spell(expression: Expression) -> str:
    head = expression.head
    inner = head.name if isinstance(head, Name) else f"{head.function}({', '.join(map(json.dumps, head.arguments))})"
    return f"${{{inner}}}"
