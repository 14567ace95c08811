"""A Run, and the agent's status, as samples: `/metrics` shows the same ones that are pushed."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct

from probe.metrics.catalog import CONSTANT, OF_AGENT, OF_RUN, Metric
from probe.model.result import Run
from probe.model.status import AgentStatus

T = TypeVar("T")


class Sample(Struct, frozen=True, gc=False):
    """`labels` are all there are beside the metric's name; an empty one is the same as none."""

    metric: Metric[Any]
    labels: Mapping[str, str]
    value: float
    at: datetime


def samples(run: Run, metrics: Iterable[Metric[Run]] = OF_RUN) -> Iterator[Sample]:
    """What the run measured, with the instant it began at."""
    return read(metrics, run, (run.region, run.agent, run.env), run.started_at)


def agent_samples(agent: AgentStatus, metrics: Iterable[Metric[AgentStatus]] = OF_AGENT) -> Iterator[Sample]:
    return read(metrics, agent, (agent.region, agent.agent, agent.env), agent.now)


def read(metrics: Iterable[Metric[T]], subject: T, constant: tuple[str, ...], at: datetime) -> Iterator[Sample]:
    for metric in metrics:
        names = (*CONSTANT, *metric.labels)
        for values, value in metric.read(subject):
            yield Sample(metric, dict(zip(names, (*constant, *values), strict=True)), value, at)
