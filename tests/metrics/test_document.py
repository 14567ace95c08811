import re

from probe.metrics.catalog import CATALOG
from probe.metrics.document import document
from probe.metrics.queries import QUERIES


def test_every_metric_has_its_row_and_every_row_its_metric() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", document(), re.MULTILINE)
    assert rows == [(metric.name, metric.kind) for metric in CATALOG]


def test_no_meaning_breaks_its_table() -> None:
    tables = [line for line in document().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {5}


def test_every_question_is_answered_in_promql() -> None:
    blocks = re.findall(r"^### ([^\n]*)$.*?```promql\n(.*?)\n```", document(), re.MULTILINE | re.DOTALL)
    assert blocks == [(query.question, query.promql) for query in QUERIES]
