"""Every metric once: name, type, unit, labels, what it is read from and what it means. `docs/metrics.md` shows it."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar

from msgspec import Struct

from probe.metrics import readings
from probe.metrics.readings import Reading, once, per_exporter, process, when
from probe.model.result import Run
from probe.model.status import AgentStatus

T = TypeVar("T")

CONSTANT = ("region", "agent", "env")
"""The labels that every series has, before its own."""


class Kind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    INFO = "info"


GAUGE, COUNTER, INFO = Kind


class Metric(Struct, Generic[T], frozen=True):
    """`labels` are its own ones; their values come from the configuration or from a fixed set, never from a target."""

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    read: Callable[[T], Iterable[Reading]]
    help: str


class Topic(Struct, frozen=True):
    title: str
    text: str
    metrics: tuple[Metric[Any], ...]


_RUN = ("journey", "trigger")
_TIMED = ("verdict", "suspect")

OF_RUN: tuple[Metric[Run], ...] = (
    Metric("probe_run_success", GAUGE, "", _RUN, readings.success,
           "1 if the run passed, 0 if it failed; absent if it errored or was skipped."),
    Metric("probe_run_errored", GAUGE, "", _RUN, readings.errored,
           "1 if the run errored: the agent, the journey's file, a browser or the agent's own network is the problem."),
    Metric("probe_run_suspect", GAUGE, "", _RUN, readings.suspect,
           "1 if the agent may have disturbed the run's timing."),
    Metric("probe_run_effects_open", GAUGE, "", _RUN, readings.effects_open,
           "Writes of the run that should have been undone and were not."),
    Metric("probe_run_timestamp_seconds", GAUGE, "seconds", _RUN, readings.began,
           "When the run began (Unix time)."),
    Metric("probe_run_duration_seconds", GAUGE, "seconds", (*_RUN, *_TIMED), readings.run_duration,
           "How long the run took; verdict is the run's."),
    Metric("probe_step_duration_seconds", GAUGE, "seconds", (*_RUN, "step", *_TIMED), readings.step_durations,
           "How long the step's last attempt took; verdict is the step's. A skipped step is absent."),
    Metric("probe_phase_duration_seconds", GAUGE, "seconds", (*_RUN, "step", "phase", *_TIMED),
           readings.phase_durations,
           "How long a phase of that attempt took; absent if it was not reached. other is the agent's own time."),
    Metric("probe_ssl_earliest_cert_expiry", GAUGE, "", (*_RUN, "step"), readings.certificate_expiry,
           "When the first certificate expires of the chains that servers showed to the step's last attempt (Unix "
           "time; blackbox_exporter's name for it). Absent for a step that made no TLS connection."),
)  # fmt: skip

COUNTS: tuple[Metric[AgentStatus], ...] = (
    Metric("probe_runs_total", COUNTER, "", ("journey", "verdict", "cause", "trigger"), readings.runs,
           "Finished runs since the agent started. cause is empty when they passed."),
)  # fmt: skip

SLOTS: tuple[Metric[AgentStatus], ...] = (
    Metric("probe_slots_expected_total", COUNTER, "", ("journey",), readings.slots_expected,
           "Slots that were due, over the ledger's life."),
    Metric("probe_slots_total", COUNTER, "", ("journey", "state", "reason"), readings.slots,
           "What became of slots, over the ledger's life: ran, skipped or missed, and the reason where there is one."),
    Metric("probe_slots_running", GAUGE, "", ("journey",), readings.slots_running,
           "Slots whose run is under way."),
    Metric("probe_slots_interval_seconds", GAUGE, "seconds", ("journey",), readings.interval,
           "The distance of two slots."),
)  # fmt: skip

EFFECTS: tuple[Metric[AgentStatus], ...] = (
    Metric("probe_effects_open", GAUGE, "", (), once(lambda it: it.effects_open),
           "Writes that are to be undone and are not yet."),
    Metric("probe_effects_leaked", GAUGE, "", (), once(lambda it: it.effects_leaked),
           "Writes that could not be undone: a person must look at them (probe journal lists them)."),
    Metric("probe_writes_stopped", GAUGE, "", (), once(lambda it: bool(it.writes_stopped)),
           "1 while the kill switch stops all writes."),
)  # fmt: skip

SPOOL: tuple[Metric[AgentStatus], ...] = (
    Metric("probe_spool_records", GAUGE, "", (), once(lambda it: it.spool_records),
           "Records that at least one exporter has not delivered."),
    Metric("probe_spool_bytes", GAUGE, "bytes", (), once(lambda it: it.spool_bytes),
           "The size of these records."),
    Metric("probe_spool_limit_bytes", GAUGE, "bytes", (), once(lambda it: it.spool_limit_bytes),
           "The size at which the oldest records are dropped."),
    Metric("probe_spool_unwritten_records", GAUGE, "", (), once(lambda it: it.unwritten),
           "Finished records that wait in memory because the disk did not take them."),
    Metric("probe_export_state", GAUGE, "", ("exporter", "state"), readings.export_states,
           "1 for the state the exporter is in, 0 for the others."),
    Metric("probe_export_backlog_records", GAUGE, "", ("exporter",), per_exporter(lambda it: it.records),
           "Records that wait for this exporter."),
    Metric("probe_export_backlog_bytes", GAUGE, "bytes", ("exporter",), per_exporter(lambda it: it.bytes),
           "The size of these records."),
    Metric("probe_export_backlog_oldest_timestamp_seconds", GAUGE, "seconds", ("exporter",),
           per_exporter(lambda it: it.oldest),
           "When the oldest of these records was made (Unix time); absent when none waits."),
    Metric("probe_export_delivered_total", COUNTER, "", ("exporter",), per_exporter(lambda it: it.delivered),
           "Records that were delivered, since the agent started."),
    Metric("probe_export_delivery_timestamp_seconds", GAUGE, "seconds", ("exporter",),
           per_exporter(lambda it: it.delivered_at),
           "When some were last delivered (Unix time); absent before the first."),
    Metric("probe_export_retries_total", COUNTER, "", ("exporter",), per_exporter(lambda it: it.retries),
           "Batches that had to be sent again, since the agent started."),
    Metric("probe_export_dropped_total", COUNTER, "", ("exporter", "reason"), readings.dropped,
           "Records lost before they were delivered, over the spool's life: for size, age, rejected or disk."),
)  # fmt: skip

AGENT: tuple[Metric[AgentStatus], ...] = (
    Metric("probe_build_info", INFO, "", ("version", "python"), readings.build,
           "The versions of probe and Python; always 1."),
    Metric("probe_agent_heartbeat_timestamp_seconds", GAUGE, "seconds", (), when(lambda it: it.now),
           "The agent's clock when it was asked (Unix time): the agent lives."),
    Metric("probe_agent_ready", GAUGE, "", (), once(lambda it: it.ready),
           "1 if the agent runs its journeys, 0 while it starts, stops or cannot."),
    Metric("probe_agent_notices", GAUGE, "", (), once(lambda it: len(it.notices)),
           "Things a person should look at; /status says what they are."),
    Metric("probe_agent_controls_sound", GAUGE, "", (), readings.controls_sound,
           "1 if at least one control target can be reached, 0 if none: the agent's own network is the problem."),
    Metric("probe_agent_control_sound", GAUGE, "", ("target",), readings.controls,
           "1 if this control target can be reached."),
    Metric("probe_agent_loop_delay_max_seconds", GAUGE, "seconds", (), once(lambda it: it.loop_delay_ns / 1e9),
           "The event loop's worst delay within the last minute, while runs went on: they may have been as late."),
    Metric("probe_agent_loop_delay_seconds_total", COUNTER, "seconds", (), once(lambda it: it.loop_delay_seconds_total),
           "All delays of the event loop together while runs went on, since the agent started."),
    Metric("probe_agent_gc_pause_max_seconds", GAUGE, "seconds", (), once(lambda it: it.gc_worst_ns / 1e9),
           "The longest garbage collection within the last minute; 0 when it took less than a millisecond."),
    Metric("probe_agent_gc_pause_seconds_total", COUNTER, "seconds", (), once(lambda it: it.gc_seconds_total),
           "All garbage collections together, since the agent started."),
    Metric("probe_agent_throttled_seconds_total", COUNTER, "seconds", (), readings.throttled,
           "How long the agent's control group was held back for its CPU limit, over all processors, since it was "
           "made; absent where nothing tells."),
    Metric("probe_agent_clock_synchronised", GAUGE, "", (), readings.kept(lambda it: it.synchronised),
           "1 if something keeps the machine's clock right, 0 if nothing does: its slots drift from the other "
           "regions'. Absent where the kernel does not say, as the two below."),
    Metric("probe_agent_clock_offset_seconds", GAUGE, "seconds", (), readings.kept(lambda it: it.offset_ns / 1e9),
           "What the kernel has still to put right about the clock."),
    Metric("probe_agent_clock_error_max_seconds", GAUGE, "seconds", (), readings.kept(lambda it: it.error_ns / 1e9),
           "By how much the clock may be wrong at most, as the kernel estimates; 16 when it does not know."),
    Metric("probe_agent_suspect_runs_total", COUNTER, "", (), once(lambda it: it.suspect_runs),
           "Runs whose timing the agent may have disturbed, since it started."),
    Metric("probe_agent_runs_in_flight", GAUGE, "", (), once(lambda it: it.in_flight),
           "Runs under way."),
    Metric("probe_agent_runs_limit", GAUGE, "", (), once(lambda it: it.concurrency),
           "The most runs at once (concurrency: in the configuration)."),
    Metric("probe_agent_runs_queued", GAUGE, "", (), once(lambda it: it.queued),
           "Runs that wait for a place."),
    Metric("probe_agent_queue_wait_seconds_total", COUNTER, "seconds", (), once(lambda it: it.queue_seconds_total),
           "The time all runs together waited for a place, since the agent started."),
    Metric("probe_agent_reloads_total", COUNTER, "", ("outcome",), readings.reloads,
           "Reloads of the configuration since the agent started: ok, or failed, which keeps the one before."),
    Metric("probe_agent_reload_timestamp_seconds", GAUGE, "seconds", (), when(lambda it: it.reloaded_at),
           "When the last good reload was (Unix time); absent before the first."),
)  # fmt: skip

PROCESS: tuple[Metric[Mapping[str, float]], ...] = (
    Metric("process_cpu_seconds_total", COUNTER, "seconds", (), process("process_cpu_seconds_total"),
           "Processor time spent, in user and system mode."),
    Metric("process_resident_memory_bytes", GAUGE, "bytes", (), process("process_resident_memory_bytes"),
           "Memory in use."),
    Metric("process_virtual_memory_bytes", GAUGE, "bytes", (), process("process_virtual_memory_bytes"),
           "Address space in use."),
    Metric("process_open_fds", GAUGE, "", (), process("process_open_fds"),
           "Open file descriptors."),
    Metric("process_max_fds", GAUGE, "", (), process("process_max_fds"),
           "The most file descriptors that may be open."),
    Metric("process_start_time_seconds", GAUGE, "seconds", (), process("process_start_time_seconds"),
           "When the process started (Unix time)."),
)  # fmt: skip

TOPICS = (
    Topic(
        "Runs",
        "The latest run of each journey, and counts. Runs that the agent may have disturbed, and steps that did not "
        "pass, keep their durations: `suspect` and `verdict` are labels of theirs, so that a query can leave them out.",
        (*OF_RUN, *COUNTS),
    ),
    Topic("Slots", "Every slot is accounted for, at any time: expected = ran + skipped + missed + running.", SLOTS),
    Topic("Delivery", "What waits in the spool, and what each exporter has delivered of it.", SPOOL),
    Topic("Effects", "What writes left behind. An alert on probe_effects_leaked > 0 wakes a person.", EFFECTS),
    Topic("Agent", "Whether the agent is well, and how far what it says can be trusted.", AGENT),
    Topic("Process", "What the agent costs its machine (on Linux).", PROCESS),
)

OF_AGENT = (*COUNTS, *SLOTS, *SPOOL, *EFFECTS, *AGENT)
CATALOG: tuple[Metric[Any], ...] = tuple(metric for topic in TOPICS for metric in topic.metrics)
