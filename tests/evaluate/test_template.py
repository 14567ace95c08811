import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.evaluate.functions import FUNCTIONS
from probe.evaluate.template import (
    RenderError,
    TemplateError,
    names_in,
    parse_filters,
    parse_text,
    render_text,
    render_value,
)
from probe.model.journey import Check, Predicate, Query
from probe.model.template import Call, Expression, FilterCall, Literal, Name
from tests.evaluate.observed import AT, scope, text

_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in FUNCTIONS)
_LITERALS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]))
    | st.integers(-(10**20), 10**20)
    | st.booleans()
    | st.none()
    | st.decimals(-1000, 1000, places=3, allow_nan=False).map(float)
)
_FILTERS = st.lists(
    st.sampled_from([FilterCall("trim"), FilterCall("nth", (0,)), FilterCall("replace", ("a", "b"))])
    | _LITERALS.map(lambda value: FilterCall("default", (value,)))
).map(tuple)
_EXPRESSIONS = st.builds(Expression, _NAMES.map(Name) | st.just(Call("env", ("HOME",))), _FILTERS)
_PIECES = st.lists(st.text(st.characters(exclude_characters="$", exclude_categories=["Cs"]), min_size=1) | _EXPRESSIONS)


def _write(piece: str | Expression) -> str:
    if isinstance(piece, str):
        return piece.replace("${", "$${")
    head = piece.head.name if isinstance(piece.head, Name) else _call(piece.head.function, piece.head.arguments)
    return f"${{{' | '.join([head, *(_call(each.name, each.arguments) for each in piece.filters)])}}}"


def _call(name: str, arguments: tuple[Literal, ...]) -> str:
    shown = [f"{each:.3f}" if isinstance(each, float) else json.dumps(each, ensure_ascii=False) for each in arguments]
    return f"{name}({', '.join(shown)})" if shown else name


@given(_PIECES)
def test_what_is_written_out_parses_to_what_it_was(pieces: list[str | Expression]) -> None:
    parsed = parse_text("".join(map(_write, pieces)), AT)
    merged: list[str | Expression] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    assert parsed.parts == tuple(merged)


@given(st.lists(st.sampled_from(["${", "}", "|", "(", ")", "a", "nth", "1", "'", '"', " ", "$", ","])).map("".join))
def test_any_text_parses_or_is_refused_with_a_place_in_it(source: str) -> None:
    error = _refused(source)
    assert error is None or (0 <= error.offset < len(source) and error.length >= 1)


def _refused(source: str) -> TemplateError | None:
    try:
        parse_text(source, AT)
    except TemplateError as error:
        return error
    return None


@given(st.text())
def test_an_escaped_text_renders_as_itself(source: str) -> None:
    assert render_text(text(source.replace("${", "$${")), scope()) == source


@pytest.mark.parametrize(
    ("source", "rendered"),
    [
        ("", ""),
        ("no template", "no template"),
        ("${shop}/cart", "http://x/cart"),
        ("$${shop}", "${shop}"),
        ("$$${shop}", "$${shop}"),
        ("${shop}$${shop}${shop}", "http://x${shop}http://x"),
        ("costs $5 {a} }", "costs $5 {a} }"),
        ("${ shop | upper }", "HTTP://X"),
        ("${n} ${yes} ${f}", "3 true 1.5"),
        ("${items}", '[1, {"a": "ü"}]'),
        ("${env('HOME')}", "/root"),
        ('${env("NO") | default("x}y")}', "x}y"),
        ("${missing | default('say \"hi\"')}", 'say "hi"'),
        (r'${missing | default("a\"b\\c\n")}', 'a"b\\c\n'),
        ("${missing | default(-1.50)}", "-1.5"),
        ("${missing | default(true)}", "true"),
        ("${now()}", "2026-01-31T12:00:05Z"),
    ],
)
def test_a_text_renders_with_its_values_in_it(source: str, rendered: str) -> None:
    values = scope(shop="http://x", n=3, yes=True, f=1.5, items=[1, {"a": "ü"}])
    assert render_text(text(source), values) == rendered


@pytest.mark.parametrize("value", [3, 1.5, True, None, [1], {"a": 1}, "text"])
def test_a_scalar_that_is_one_whole_template_keeps_its_type(value: Any) -> None:
    names = scope(value=value)
    rendered = render_value({"a": (text("${value}"), text("literal"), 7)}, names)
    assert rendered == {"a": [value, "literal", 7]}
    assert type(rendered["a"][0]) is type(value)


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("${order}", "${order} has no value", "no step before this one captured order"),
        (
            "a${env('NO')}",
            '${env("NO")} has no value',
            'set the environment variable NO, or add: | default("…")',
        ),
        ("a${null}", "${null} is null and cannot stand in a text", 'add: | default("")'),
        ("${items | upper}", "${items}: upper: expected text, got list [1]", ""),
        ("${items | nth(1)}", "${items} has no value", "its filters leave nothing of it"),
    ],
)
def test_a_template_without_a_value_says_what_to_do(source: str, message: str, hint: str) -> None:
    with pytest.raises(RenderError) as caught:
        render_text(text(source), scope(null=None, items=[1]))
    assert (str(caught.value), caught.value.hint, caught.value.place) == (message, hint, AT)


@pytest.mark.parametrize(
    ("source", "message", "marked"),
    [
        ("a ${", "expected a name or a function", "{"),
        ("a ${}", "expected a name or a function", "}"),
        ("a ${ }", "expected a name or a function", "}"),
        ("a ${shop", "this ${ has no closing }", "${shop"),
        ("a ${shop | upper ", "this ${ has no closing }", "${shop | upper "),
        ("${shop.url}", "expected a closing } or | and a filter", "."),
        ("${shop |}", "expected a filter", "}"),
        ("${shop | uper}", "there is no filter uper", "uper"),
        ("${rand()}", "there is no function rand", "rand"),
        ("${env()}", "env takes a text, got none", "env"),
        ("${env(HOME)}", "expected a text or a number as argument", "H"),
        ("${env('HOME}", "expected a text or a number as argument", "'"),
        ("${now(1)}", "now takes no argument, got 1", "now"),
        ("${random_int(1, 2.5)}", "random_int takes a whole number and a whole number, got 1, 2.5", "random_int"),
        ("${random_int(1, false)}", "random_int takes a whole number and a whole number, got 1, false", "random_int"),
        ("${random_int(1 2)}", "expected , or ) after an argument", "2"),
        ("${x | nth(" + "9" * 5000 + ")}", "expected , or ) after an argument", "9"),
    ],
)
def test_a_mistake_in_a_template_is_marked_where_it_is(source: str, message: str, marked: str) -> None:
    with pytest.raises(TemplateError) as caught:
        text(source)
    error = caught.value
    assert (str(error), source[error.offset : error.offset + error.length]) == (message, marked)


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("trim", (FilterCall("trim"),)),
        ("nth(-1)|to_int", (FilterCall("nth", (-1,)), FilterCall("to_int"))),
        (' replace( "," , "" ) ', (FilterCall("replace", (",", "")),)),
        ("default(null)", (FilterCall("default", (None,)),)),
        ("trim()", (FilterCall("trim"),)),
    ],
)
def test_filters_stand_alone_in_a_check(source: str, calls: tuple[FilterCall, ...]) -> None:
    assert parse_filters(source) == calls


@pytest.mark.parametrize("source", ["", " ", "|", "trim |", "trim lower", "trim}", "nth", "1", "${trim}"])
def test_what_is_no_list_of_filters_is_refused(source: str) -> None:
    with pytest.raises(TemplateError):
        parse_filters(source)


def test_names_are_found_wherever_texts_are() -> None:
    query = Query("css", text("a[${x}]"), None, AT)
    check = Check(query, (), (Predicate("equals", (text("${y} ${x}"), {"k": text("${z}")}), AT),), AT)
    assert [name for _, name in names_in((check, {"k": text("${env('HOME')}${w}")}))] == ["x", "y", "x", "z", "w"]
