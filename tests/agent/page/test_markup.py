from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from probe.agent.page.markup import Html, element, foreign, joined, terms


class Read(HTMLParser):
    """What a browser finds in markup."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.values: list[str | None] = []
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_an_element_holds_markup_and_text() -> None:
    made = element("p", "1 < 2 ", element("b", "so"), class_="a", data_label='say "x"')
    assert made == '<p class="a" data-label="say &quot;x&quot;">1 &lt; 2 <b>so</b></p>'
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=50))
def test_no_text_becomes_markup(text: str) -> None:
    read = Read(element("p", text, title=text))
    assert (read.tags, read.text, read.values) == (["p"], text, [text])


def test_markup_put_into_a_text_is_text_again() -> None:
    assert joined((f"{Html('<b>')}",)) == "&lt;b&gt;"


def test_what_would_steer_the_reader_is_written_out() -> None:
    assert foreign("a\u202eb\x1b[2J") == "<bdi>a\\u202eb\\x1b[2J</bdi>"


def test_terms_go_with_what_is_said_of_them() -> None:
    assert terms([("a", "1")], "facts") == '<dl class="facts"><div><dt>a</dt><dd>1</dd></div></dl>'
