from pathlib import Path

import pytest

from probe.demo.markup import Html, Templates


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    (tmp_path / "page.html").write_text('<p title="$what">$what</p>')
    return Templates(tmp_path)


def test_text_is_escaped_on_its_way_into_a_template(templates: Templates) -> None:
    filled = templates.fill("page.html", what="<b>\"&'")
    assert filled == '<p title="&lt;b&gt;&quot;&amp;&#x27;">&lt;b&gt;&quot;&amp;&#x27;</p>'


def test_markup_goes_in_as_it_is(templates: Templates) -> None:
    assert templates.fill("page.html", what=Html("<b>")) == '<p title="<b>"><b></p>'


def test_what_was_filled_is_markup_and_so_are_parts_joined(templates: Templates) -> None:
    part = templates.fill("page.html", what=1)
    assert (type(part), type(Html.joined([part, part]))) == (Html, Html)


def test_a_value_that_is_missing_is_an_error(templates: Templates) -> None:
    with pytest.raises(KeyError, match="what"):
        templates.fill("page.html")
