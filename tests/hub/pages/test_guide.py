import re
from pathlib import Path

import pytest

from probe.hub.pages.guide import FILE, guide
from probe.model.result import Cause
from probe.model.timing import Phase

ROOT = Path(__file__).parents[3]


def test_the_docs_have_the_same_text() -> None:
    assert (ROOT / "docs" / FILE).read_text() == (ROOT / "probe/hub/pages" / FILE).read_text(), "make docs copies it"


@pytest.mark.parametrize("word", [*Cause, *Phase])
def test_every_cause_and_phase_is_explained(word: str) -> None:
    assert f"<code>{word}</code>" in guide()


def test_the_guide_is_html_whose_tables_can_be_scrolled() -> None:
    made = guide()
    assert made.startswith("<h1>At three in the morning</h1>")
    assert made.count('<div class="scroll" tabindex="0"><table class="list">') == made.count("</table></div>") == 3


def test_every_page_leads_to_the_guide() -> None:
    assert re.search(r'<footer><a href="/help">', (ROOT / "probe/hub/pages/templates/base.html").read_text())
