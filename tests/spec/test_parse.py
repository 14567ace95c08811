import pytest

from probe.model.place import Mistake
from probe.spec.nodes import Mapping, Scalar, Sequence
from probe.spec.parse import MAX_DEPTH, MAX_NODES, parse
from tests.spec.reading import node, source, spelled


def _wrong(text: str) -> list[str]:
    mistakes: list[Mistake] = []
    parse(source(text), mistakes)
    return [spelled(mistake) for mistake in mistakes]


def _plain(text: str) -> object:
    def plain(each: object) -> object:
        match each:
            case Mapping():
                return {key.text: plain(item) for key, item in each.pairs}
            case Sequence():
                return [plain(item) for item in each.items]
            case Scalar():
                return each.value
        raise AssertionError(each)

    return plain(node(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, {y: null}]\n", {"a": 1, "b": ["x", {"y": None}]}),
        ("a: &x [1, 2]\nb: *x\nc: *x", {"a": [1, 2], "b": [1, 2], "c": [1, 2]}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("--- # comment\na: 1\n...\n", {"a": 1}),
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
        ("- - - a", [[["a"]]]),
        ("? a\n: b", {"a": "b"}),
        ("{a, b: }", {"a": None, "b": None}),
        ("'<<': 1", {"<<": 1}),
        ("url: http://x:80/", {"url": "http://x:80/"}),
        ("{'a:b': , \"c:d\": ~, e:f: ~}", {"a:b": None, "c:d": None, "e:f": None}),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, None),
    ],
)
def test_yaml_is_read_into_nodes(text: str, value: object) -> None:
    assert _plain(text) == value or value is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[" * 100, "1:65 [: nested deeper than 64 levels"),
        ("[" * 200_000, "1:1001 : nested far deeper than anybody could read"),
        ("- " * 200_000, "1:129 -: nested deeper than 64 levels"),
        ("a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a", "2:34 *a: nested deeper than 64 levels"),
        (f"[{'x, ' * MAX_NODES}]", "1:1 [: more than 10,000 nodes, aliases counted in full"),
        (f"a: &a [{'x, ' * 4999}]\nb: [*a, *a]", "2:4 [: more than 10,000 nodes, aliases counted in full"),
    ],
    ids=["brackets", "brackets without end", "dashes", "depth by alias", "nodes", "nodes by alias"],
)
def test_size_and_depth_have_a_limit(text: str, wrong: str) -> None:
    assert _wrong(text) == [wrong]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a: 1\na: 2\na: 3", ["2:1 a: the key a stands twice", "3:1 a: the key a stands twice"]),
        ("x: {<<: {a: 1}, b: 2}", ["1:5 <<: merge keys (<<) are not read"]),
        (
            "a: !!int '1'\nb: !x [1]",
            ["1:4 !!int '1': the tag !!int means nothing here", "2:4 !x [: the tag !x means nothing here"],
        ),
        ("a: *a", ["1:4 *a: the alias *a has no anchor"]),
        ("a: &a {b: *a}", ["1:11 *a: the alias *a stands within its own anchor"]),
        ("{a: 1}: 2", ["1:1 {: expected a name as key, got a mapping"]),
        ("? [a]\n: 2", ["1:3 [: expected a name as key, got a list"]),
        ("'': 2", ["1:1 '': expected a name as key, got \"\""]),
        ("a: 1\n---\nb: 2", ["2:1 ---: expected one document, got a second one"]),
        ("", ["1:1 : expected a journey, got an empty file"]),
        ("\n# no\n", ["1:1 : expected a journey, got a file of comments"]),
        ("{a:1, b: }", ['1:2 a:1: expected a key and a value, got "a:1"']),
    ],
)
def test_what_a_journey_does_not_have_is_refused_where_it_stands(text: str, wrong: list[str]) -> None:
    assert _wrong(text) == wrong


def test_a_missing_space_is_read_as_it_was_meant_so_that_nothing_else_is_wrong() -> None:
    mistakes: list[Mistake] = []
    pairs = parse(source("{status:200, get:http://x}"), mistakes)
    assert isinstance(pairs, Mapping)
    assert [(key.text, item.value) for key, item in pairs.pairs if isinstance(item, Scalar)] == [
        ("status", 200),
        ("get", "http://x"),
    ]
    assert [mistake.hint for mistake in mistakes] == [
        "put a space after the colon: status: 200",
        "put a space after the colon: get: http://x",
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a: bcd", ["1:1-2", "1:4-7"]),
        ("a: 'b'", ["1:1-2", "1:4-7"]),
        ("é: 😀x", ["1:1-2", "1:4-6"]),
        ("a: b", ["1:1-2", "1:4-5"]),
        ("a:", ["1:1-2", "1:2-3"]),
        ("a:  # none\nb: c", ["1:1-2", "1:2-3", "2:1-2", "2:4-5"]),
        ("a: 'b\n  c'", ["1:1-2", "1:4-5"]),
        ("a: |\n  b\n", ["1:1-2", "1:4-5"]),
        ('x: "\u2028"\r\ny: z', ["1:1-2", "1:4-7", "2:1-2", "2:4-5"]),
    ],
)
def test_each_scalar_knows_where_it_stands(text: str, places: list[str]) -> None:
    pairs = node(text)
    assert isinstance(pairs, Mapping)
    scalars = [each for pair in pairs.pairs for each in pair]
    assert [f"{each.place.line}:{each.place.column}-{each.place.end_column}" for each in scalars] == places
