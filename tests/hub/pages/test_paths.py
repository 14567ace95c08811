from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from probe.hub.pages.paths import journey_path, overview_path, run_path
from probe.hub.pages.window import WINDOWS
from tests.hub.pages.seed import HOSTILE

NAMES = ("checkout", "..", "a/b", "?", "#x", "100%", "a&name=b", "%2e%2e", "“ألف”", "<script>", " ", HOSTILE)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_comes_back_from_a_journeys_address(name: str) -> None:
    parts = urlsplit(journey_path(name, name, WINDOWS["6h"]))
    assert (parts.path, parts.fragment) == ("/journey", "")
    assert parse_qs(parts.query, strict_parsing=True) == {"name": [name], "env": [name], "window": ["6h"]}


@pytest.mark.parametrize("name", NAMES)
def test_any_run_is_one_segment_of_an_address(name: str) -> None:
    parts = urlsplit(run_path(name))
    assert (parts.query, parts.fragment, parts.path.count("/")) == ("", "", 2)
    assert unquote(parts.path.removeprefix("/runs/")) == name


def test_the_overview_keeps_the_window() -> None:
    assert overview_path(WINDOWS["24h"]) == "/?window=24h"
