"""`PROBE_UPDATE_GOLDENS=1` writes `agent.prom` anew: read every line of the difference."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from probe.metrics.catalog import CATALOG
from probe.metrics.collector import expose
from probe.model.result import StepResult
from probe.model.status import AgentStatus, ControlStatus, ExporterStatus, JourneyStatus
from tests.metrics.promtool import promtool
from tests.metrics.sample import AGENT, CHECKOUT, account

GOLDEN = Path(__file__).with_name("agent.prom")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
Parse = Callable[[str], Iterable[Family]]
FORMATS: list[tuple[str, Parse]] = [("", text_string_to_metric_families), (OPENMETRICS, openmetrics_families)]

HOSTILE = [
    'a "quoted" name',
    "two\nlines",
    "back\\slash\\n and \\",
    "} 1\nprobe_run_success 1",
    "ש" * 100 + "\u202etfel ot thgir",
    "x" * 300,
    "# EOF",
]


def text(agent: AgentStatus, accept: str = "") -> str:
    return expose(agent, accept).body.decode()


def named(name: str) -> AgentStatus:
    """An agent in which everything that has a name has this one."""
    step = StepResult(name, "http", CHECKOUT.steps[0].verdict, CHECKOUT.steps[0].place)
    run = replace(CHECKOUT, journey=name, region=name, agent=name, env=name, steps=(step,))
    return replace(
        AGENT,
        region=name,
        agent=name,
        env=name,
        journeys=(JourneyStatus(name, account(name), last=run),),
        exporters=(ExporterStatus(name, "waiting"),),
        controls=(ControlStatus(name, sound=True),),
    )


def test_the_exposition_is_as_written_beside_this() -> None:
    shown = "".join(line for line in text(AGENT).splitlines(keepends=True) if "process_" not in line)
    shown = re.sub(r'python="[^"]*"', 'python="3"', shown)
    if "PROBE_UPDATE_GOLDENS" in os.environ:
        GOLDEN.write_text(shown)
    assert shown == GOLDEN.read_text()


@pytest.mark.parametrize(("accept", "parse"), FORMATS)
def test_all_of_the_catalogue_is_shown_and_nothing_else(accept: str, parse: Parse) -> None:
    shown = [sample.name for family in parse(text(AGENT, accept)) for sample in family.samples]
    assert list(dict.fromkeys(shown)) == [metric.name for metric in CATALOG]


@pytest.mark.parametrize(("accept", "parse"), FORMATS)
def test_every_series_has_the_labels_of_the_catalogue(accept: str, parse: Parse) -> None:
    labels = {metric.name: {"region", "agent", "env", *metric.labels} for metric in CATALOG}
    for family in parse(text(AGENT, accept)):
        for sample in family.samples:
            assert set(sample.labels) == labels[sample.name], sample.name


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("accept", "parse"), FORMATS)
def test_a_hostile_name_comes_back_as_it_was(accept: str, parse: Parse, name: str) -> None:
    found = {
        (label, value)
        for family in parse(text(named(name), accept))
        for sample in family.samples
        for label, value in sample.labels.items()
        if label in ("region", "agent", "env", "journey", "step", "exporter", "target")
    }
    assert found == {(label, name) for label in ("region", "agent", "env", "journey", "step", "exporter", "target")}


def test_an_agent_that_has_just_begun_shows_no_runs() -> None:
    young = replace(AGENT, journeys=(JourneyStatus("checkout", account("checkout")),), exporters=())
    shown = {family.name for family in text_string_to_metric_families(text(young))}
    assert not [
        name for name in shown if name.startswith(("probe_run_", "probe_step_", "probe_phase_", "probe_export_"))
    ]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("text/html,application/xhtml+xml", PLAIN),
        ("text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.1", PLAIN),
        ("Application/OpenMetrics-Text", f"{OPENMETRICS}; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            f"{OPENMETRICS}; charset=utf-8",
        ),
        ("application/openmetrics-text; version=99.é\udcff", f"{OPENMETRICS}; charset=utf-8"),
        ("application/openmetrics-text; version=abc; escaping=values", f"{OPENMETRICS}; charset=utf-8"),
        (",;,=;q", PLAIN),
    ],
)
def test_the_format_is_the_one_that_was_asked_for(accept: str, content_type: str) -> None:
    shown = expose(AGENT, accept)
    assert (shown.content_type, shown.body.endswith(b"# EOF\n")) == (content_type, "openmetrics" in content_type)


@pytest.mark.parametrize("agent", [AGENT, *map(named, HOSTILE)])
async def test_promtool_finds_nothing_wrong_with_the_text_format(agent: AgentStatus) -> None:
    ended = await promtool("check", "metrics", stdin=text(agent).encode())
    assert (ended.code, ended.said) == (0, "")


@pytest.mark.parametrize("agent", [AGENT, *map(named, HOSTILE)])
async def test_prometheus_reads_the_openmetrics_format(agent: AgentStatus, tmp_path: Path) -> None:
    """`check metrics` knows no OpenMetrics; the importer does, of samples with a time."""
    lines = [line if line.startswith("#") else f"{line} 1769861100" for line in text(agent, OPENMETRICS).splitlines()]
    file = tmp_path / "agent.om"
    file.write_text("\n".join(lines) + "\n")
    ended = await promtool("tsdb", "create-blocks-from", "openmetrics", file, tmp_path / "blocks")
    assert ended.code == 0, ended.said
