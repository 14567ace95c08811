import pytest

from probe.model.place import Place
from probe.model.template import Expression, Name, Text

AT = Place("a.yaml", 1, 1, 2)
SHOP = Expression(Name("shop"))


@pytest.mark.parametrize(
    ("parts", "literal"),
    [((), ""), (("a",), "a"), ((SHOP,), None), (("a", SHOP), None), ((SHOP, "a"), None)],
)
def test_a_text_is_literal_when_nothing_in_it_is_rendered(
    parts: tuple[str | Expression, ...], literal: str | None
) -> None:
    assert Text(parts, AT).literal == literal
