"""`docs/metrics.md`, from the catalogue and the queries."""

from collections.abc import Iterator

from probe.metrics.catalog import CONSTANT, TOPICS, Metric, Topic
from probe.metrics.queries import QUERIES, Query

_HEAD = f"""\
# Metrics

<!-- Written by `make docs` from probe/metrics/catalog.py and queries.py. -->

What `probe agent` shows at `/metrics` (`listen:` in its configuration), in Prometheus' text format and in OpenMetrics.

```yaml
scrape_configs:
  - job_name: probe
    honor_labels: true        # region, agent and env are the agent's own to say
    static_configs: [{{targets: ["127.0.0.1:9464"]}}]
```

Every series has the labels {", ".join(f"`{name}`" for name in CONSTANT)}; the tables show the others. Their values come
from configurations and journeys or from fixed sets, never from a target, so their number is bounded: a journey of six
steps has about 80 series, which end when it is no longer configured. Units are in the names.

`trigger` is `schedule`, `recheck`, `manual` or `smoke`; only `schedule` counts in availability and comparisons. `phase`
is `resolve`, `connect`, `tls`, `send`, `processing`, `transfer` or `other`.

A gauge of a run holds its value until the journey's next run, so that functions over a window weigh all runs alike.
Runs more frequent than scrapes are not all seen in gauges, but always in counters.
"""


def document() -> str:
    return "\n".join([_HEAD, *(line for topic in TOPICS for line in _topic(topic)), *_queries()])


def _topic(topic: Topic) -> Iterator[str]:
    yield f"## {topic.title}\n\n{topic.text}\n"
    yield "| Metric | Type | Labels | Meaning |\n| --- | --- | --- | --- |"
    yield from map(_row, topic.metrics)
    yield ""


def _row(metric: Metric[object]) -> str:
    labels = " ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"


def _queries() -> Iterator[str]:
    yield "## Questions\n"
    yield from map(_question, QUERIES)


def _question(query: Query) -> str:
    return f"### {query.question}\n\n{query.text}\n\n```promql\n{query.promql}\n```\n"
