import re

from probe.metrics.catalog import CATALOG, Kind


def test_no_metric_is_there_twice_in_either_format() -> None:
    """In OpenMetrics a counter is called by its name without `_total`."""
    families = [metric.name.removesuffix("_total").removesuffix("_info") for metric in CATALOG]
    assert sorted(set(families)) == sorted(families)


def test_names_say_what_they_count_and_in_which_unit() -> None:
    for metric in CATALOG:
        bare = metric.name.removesuffix("_total")
        assert re.fullmatch(r"(probe|process)(_[a-z]+)+", metric.name), metric.name
        assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER), metric.name
        assert metric.name.endswith("_info") is (metric.kind is Kind.INFO), metric.name
        assert re.search(r"_(seconds|bytes)$", bare) is None or bare.endswith(f"_{metric.unit}"), metric.name


def test_every_metric_has_a_sentence() -> None:
    assert [metric.name for metric in CATALOG if not re.fullmatch(r"[A-Z1].*\.", metric.help)] == []
