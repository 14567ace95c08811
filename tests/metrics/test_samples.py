from probe.metrics.samples import agent_samples, samples
from tests.metrics.sample import AGENT, CHECKOUT, NOW

REGION = {"region": "eu-west-1", "agent": "agent-1", "env": "production"}


def test_a_run_becomes_samples_at_its_own_time() -> None:
    found = [
        (s.metric.name, dict(s.labels), s.value) for s in samples(CHECKOUT) if s.labels.get("step", "pay") == "pay"
    ]
    run = {**REGION, "journey": "checkout", "trigger": "schedule"}
    step = {**run, "step": "pay", "verdict": "failed", "suspect": "false"}
    assert found == [
        ("probe_run_success", run, 0.0),
        ("probe_run_errored", run, 0.0),
        ("probe_run_suspect", run, 0.0),
        ("probe_run_effects_open", run, 1.0),
        ("probe_run_timestamp_seconds", run, 1769860800.0),
        ("probe_run_duration_seconds", {**run, "verdict": "failed", "suspect": "false"}, 1.5),
        ("probe_step_duration_seconds", step, 0.09),
        ("probe_phase_duration_seconds", {**step, "phase": "send"}, 0.001),
        ("probe_phase_duration_seconds", {**step, "phase": "processing"}, 0.06),
        ("probe_phase_duration_seconds", {**step, "phase": "transfer"}, 0.02),
        ("probe_phase_duration_seconds", {**step, "phase": "other"}, 0.009),
    ]
    assert {sample.at for sample in samples(CHECKOUT)} == {CHECKOUT.started_at}


def test_no_two_samples_are_of_one_series() -> None:
    found = [
        (sample.metric.name, *sorted(sample.labels.items())) for sample in (*samples(CHECKOUT), *agent_samples(AGENT))
    ]
    assert len(set(found)) == len(found)


def test_the_agent_speaks_for_now() -> None:
    found = list(agent_samples(AGENT))
    assert {sample.at for sample in found} == {NOW}
    assert all(sample.labels.items() >= REGION.items() for sample in found)
