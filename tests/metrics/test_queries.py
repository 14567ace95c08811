"""Each query of the docs, asked of series whose answer is known, by Prometheus' own engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from probe.metrics.queries import QUERIES
from tests.metrics.promtool import promtool

AT = "2h"
REGIONS = ("ap", "eu", "us")
Series = dict[str, str]
Answer = dict[str, float]


def labels(region: str, **more: str) -> str:
    """As an agent's: with what Prometheus adds to whatever it scrapes."""
    all_labels = {"region": region, "agent": f"{region}-1", "env": "prod", "instance": region, "job": "probe", **more}
    return "{" + ", ".join(f'{name}="{value}"' for name, value in all_labels.items()) + "}"


def run(region: str, **more: str) -> str:
    return labels(region, journey="checkout", trigger="schedule", **more)


def timed(region: str, verdict: str = "passed", suspect: str = "false", **more: str) -> str:
    return run(region, step="pay", verdict=verdict, suspect=suspect, **more)


def per_minute(value: float) -> str:
    return f"{value}x120"


SLOWER: Series = {f"probe_step_duration_seconds{timed(region)}": per_minute(0.25) for region in ("ap", "us")} | {
    f"probe_step_duration_seconds{timed('eu')}": per_minute(0.5),
    f"probe_step_duration_seconds{timed('ap', suspect='true')}": per_minute(9),
    f"probe_step_duration_seconds{timed('us', verdict='failed')}": per_minute(9),
}
PHASES: Series = {
    f"probe_phase_duration_seconds{timed(region, phase='tls')}": per_minute(0.125) for region in ("ap", "us")
} | {
    f"probe_phase_duration_seconds{timed('eu', phase='tls')}": per_minute(0.375),
    **{f"probe_phase_duration_seconds{timed(region, phase='send')}": per_minute(0.125) for region in REGIONS},
}
AVAILABLE: Series = {
    f"probe_runs_total{run('eu', verdict='passed')}": "0+3x120",
    f"probe_runs_total{run('eu', verdict='failed', cause='status')}": "0+1x120",
    f"probe_runs_total{run('eu', verdict='errored', cause='agent')}": "0+9x120",
}
DOWN: Series = {
    f"probe_run_success{run('ap')}": per_minute(0),
    f"probe_run_success{run('eu')}": per_minute(0),
    f"probe_run_success{run('us')}": per_minute(1),
}
DOWN_IN_ONE: Series = {**DOWN, f"probe_run_success{run('ap')}": per_minute(1)}
OURS: Series = {
    f"probe_agent_controls_sound{labels('eu')}": per_minute(0),
    f"probe_agent_controls_sound{labels('us')}": per_minute(1),
    f"probe_run_errored{run('us')}": per_minute(0),
    f"probe_run_errored{run('ap')}": per_minute(1),
}
GONE: Series = {
    f"probe_agent_heartbeat_timestamp_seconds{labels('eu')}": "0+60x60",
    f"probe_agent_heartbeat_timestamp_seconds{labels('us')}": "0+60x120",
}
SILENT: Series = {
    f"probe_run_timestamp_seconds{run('eu')}": per_minute(3600),
    f"probe_run_timestamp_seconds{run('us')}": "0+60x120",
    **{f"probe_slots_interval_seconds{labels(region, journey='checkout')}": per_minute(300) for region in ("eu", "us")},
}
LEDGER: Series = {
    f"probe_slots_expected_total{labels(region, journey='checkout')}": per_minute(100) for region in ("eu", "us")
} | {
    f"probe_slots_running{labels('eu', journey='checkout')}": per_minute(1),
    f"probe_slots_running{labels('us', journey='checkout')}": per_minute(1),
    f"probe_slots_total{labels('eu', journey='checkout', state='ran')}": per_minute(96),
    f"probe_slots_total{labels('eu', journey='checkout', state='missed', reason='down')}": per_minute(3),
    f"probe_slots_total{labels('us', journey='checkout', state='ran')}": per_minute(97),
}
WAITING: Series = {
    f"probe_export_backlog_oldest_timestamp_seconds{labels('eu', exporter='hub')}": per_minute(6000),
    f"probe_export_backlog_oldest_timestamp_seconds{labels('us', exporter='hub')}": per_minute(7000),
}
LOST: Series = {
    f"probe_export_dropped_total{labels('eu', exporter='hub', reason='age')}": "0x59 0+1x60",
    f"probe_export_dropped_total{labels('eu', exporter='hub', reason='size')}": "7x120",
}

DAY = 86_400
ENDING: Series = {
    f"probe_ssl_earliest_cert_expiry{run('eu', step='pay')}": per_minute(7200 + 13 * DAY),
    f"probe_ssl_earliest_cert_expiry{run('us', step='pay')}": per_minute(7200 + 60 * DAY),
    f"probe_ssl_earliest_cert_expiry{run('us', step='browse')}": per_minute(7200 + 14 * DAY),
}
DRIFTING: Series = {
    f"probe_agent_clock_synchronised{labels('eu')}": per_minute(0),
    f"probe_agent_clock_synchronised{labels('us')}": per_minute(1),
}

AGENT_OF_EU = '{agent="eu-1", env="prod", region="eu"}'
CASES: list[tuple[str, Series, Answer]] = [
    (
        "Which region is slower, on which step?",
        SLOWER,
        {timed("ap"): 0.0, timed("eu"): 0.25, timed("us"): 0.0},
    ),
    (
        "In which phase?",
        PHASES,
        {
            **{timed(region, phase="tls"): 0.0 for region in ("ap", "us")},
            timed("eu", phase="tls"): 0.25,
            **{timed(region, phase="send"): 0.0 for region in REGIONS},
        },
    ),
    (
        "How available is the shop, as each region sees it?",
        AVAILABLE,
        {'{env="prod", journey="checkout", region="eu"}': 0.75},
    ),
    ("Is it down everywhere?", DOWN, {'{env="prod", journey="checkout"}': 2}),
    ("Is it down everywhere?", DOWN_IN_ONE, {}),
    ("Is it us?", OURS, {AGENT_OF_EU: 0, '{agent="ap-1", env="prod", region="ap"}': 1}),
    ("Which agent is gone?", GONE, {AGENT_OF_EU: 1}),
    (
        "Which journey is silent, though its agent lives?",
        SILENT,
        {'{agent="eu-1", env="prod", journey="checkout", region="eu"}': 3600},
    ),
    ("Does the ledger add up?", LEDGER, {'{agent="us-1", env="prod", journey="checkout", region="us"}': 2}),
    ("Do results arrive?", WAITING, {labels("eu", exporter="hub"): 1200}),
    (
        "Was anything lost?",
        LOST,
        {'{agent="eu-1", env="prod", exporter="hub", reason="age", region="eu"}': 60},
    ),
    ("Which certificate ends soon?", ENDING, {'{env="prod", journey="checkout", step="pay"}': 13}),
    ("Whose clock cannot be trusted?", DRIFTING, {f"probe_agent_clock_synchronised{labels('eu')}": 0}),
]


def test_every_query_is_asked() -> None:
    assert {question for question, _, _ in CASES} == {query.question for query in QUERIES}


@pytest.mark.parametrize(("question", "series", "answer"), CASES)
async def test_the_query_answers_its_question(tmp_path: Path, question: str, series: Series, answer: Answer) -> None:
    promql = next(query.promql for query in QUERIES if query.question == question)
    file = tmp_path / "asked.yaml"
    file.write_text(json.dumps(asked(promql, series, answer)))
    ended = await promtool("test", "rules", file)
    assert ended.code == 0, ended.said


def asked(promql: str, series: Series, answer: Answer) -> dict[str, Any]:
    """https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/"""
    expected = [{"labels": labels, "value": value} for labels, value in answer.items()]
    return {
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [{"expr": promql, "eval_time": AT, "exp_samples": expected}],
            }
        ]
    }
