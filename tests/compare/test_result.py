from msgspec import json

from probe.compare.result import Comparison
from tests.compare.fleet import compare, steady


def test_a_cell_is_found_by_its_region_and_step() -> None:
    comparison = compare(steady("eu", tls=1), steady("us", tls=1))
    assert comparison.cell("us", "pay") is comparison.cells[1]
    assert comparison.cell("us", "browse") is None


def test_a_comparison_survives_json() -> None:
    comparison = compare(steady("eu", tls=300), steady("us", tls=1))
    assert json.decode(json.encode(comparison), type=Comparison) == comparison
