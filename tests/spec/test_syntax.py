import pytest

from tests.spec.reading import wrong


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a: "b\nc: d', '1:4 ": this quote is never closed'),
        ("a: 'b\n\n# end\n", "1:4 ': this quote is never closed"),
        ("a: [b\n", "1:4 [: this bracket is never closed"),
        ("a: {b: [c}", "1:10 }: expected a comma or a closing ]"),
        ("a: [b}", "1:6 }: expected a comma or a closing ]"),
        ("a: b]\nc: ]", "2:4 ]: this bracket closes nothing"),
        ("a: b: c", "1:5 :: a second ': ' cannot stand in this value"),
        ("a: b\n  c: d", "2:4 :: a key cannot stand here: there is a value above it"),
        ("a:\n\tb: c", "2:1 \t: a tab cannot indent YAML"),
        ("a: {b: ${c}}", "1:8 $: a template in a flow mapping or list needs quotes"),
        ("a: [x, ${c}]", "1:8 $: a template in a flow mapping or list needs quotes"),
        ("a: {b: x[0]}", "1:9 [: [ cannot stand in a value without quotes here"),
        ('a: "\\d"', "1:5 \\: not an escape that double quotes know"),
        ("a: @b", "1:4 @: a value cannot begin with @"),
        ("a: `b`", "1:4 `: a value cannot begin with `"),
        ("a: %b", "1:4 %: a value cannot begin with %"),
        ("- a\nb: c", "2:1 b: expected a list item ('- …') here: the indentation is off"),
        ("%YAML 3.0\n---\na: b", "1:1 %: found incompatible YAML document"),
        ("a: b\x00", "1:5 \x00: a control character cannot stand in YAML"),
        ("a: \x7f\nb: \x07", "1:4 \x7f: a control character cannot stand in YAML"),
        ("a: \ufffe", "1:4 \ufffe: a control character cannot stand in YAML"),
    ],
)
def test_a_mistake_of_yaml_is_told_in_plain_words_where_it_is(text: str, told: str) -> None:
    assert wrong(text) == [told]
