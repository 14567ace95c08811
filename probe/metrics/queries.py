"""Questions and the PromQL that answers them, as `docs/metrics.md` shows them. A test asks each one."""

from msgspec import Struct


class Query(Struct, frozen=True):
    question: str
    text: str
    """What to know about the answer."""
    promql: str


CLEAN = 'verdict="passed", suspect="false", trigger="schedule"'
"""What a latency figure counts: a refused connection is fast, and a disturbed run is slow."""

QUERIES = (
    Query(
        "Which region is slower, on which step?",
        "Seconds by which a region's median of the last hour is above the regions' median. Distance is always in it: "
        "what is news is a change of it, so alert on the difference from the same query with `offset 1d`.",
        f"""\
  quantile_over_time(0.5, probe_step_duration_seconds{{{CLEAN}}}[1h])
- on (env, journey, step) group_left ()
  quantile by (env, journey, step) (0.5,
    quantile_over_time(0.5, probe_step_duration_seconds{{{CLEAN}}}[1h]))""",
    ),
    Query(
        "In which phase?",
        "The same for one journey and step, phase by phase. Medians of phases do not add up to the step's: the hub and "
        "`probe compare` attribute exactly.",
        f"""\
  quantile_over_time(0.5, probe_phase_duration_seconds{{journey="checkout", step="pay", {CLEAN}}}[1h])
- on (env, journey, step, phase) group_left ()
  quantile by (env, journey, step, phase) (0.5,
    quantile_over_time(0.5, probe_phase_duration_seconds{{journey="checkout", step="pay", {CLEAN}}}[1h]))""",
    ),
    Query(
        "How available is the shop, as each region sees it?",
        "The share of runs that passed among those that can tell: errored ones say nothing of the shop.",
        """\
  sum by (env, journey, region) (increase(probe_runs_total{verdict="passed", trigger="schedule"}[1d]))
/ sum by (env, journey, region) (increase(probe_runs_total{verdict=~"passed|failed", trigger="schedule"}[1d]))""",
    ),
    Query(
        "Is it down everywhere?",
        "Journeys that fail in at least two regions and in at least half of those that can tell. A region that is "
        "silent or has trouble of its own is not counted.",
        """\
  count by (env, journey) (avg_over_time(probe_run_success{trigger="schedule"}[5m]) < 0.5) >= 2
and
  count by (env, journey) (avg_over_time(probe_run_success{trigger="schedule"}[5m]) < 0.5)
/ count by (env, journey) (avg_over_time(probe_run_success{trigger="schedule"}[5m])) >= 0.5""",
    ),
    Query(
        "Is it us?",
        "Agents that can reach none of their control targets, or whose runs errored.",
        """\
min by (region, agent, env) (probe_agent_controls_sound) == 0
or
max by (region, agent, env) (probe_run_errored) == 1""",
    ),
    Query(
        "Which agent is gone?",
        "Agents that were there within the last day and are not now.",
        """\
max by (region, agent, env) (present_over_time(probe_agent_heartbeat_timestamp_seconds[1d]))
unless
max by (region, agent, env) (present_over_time(probe_agent_heartbeat_timestamp_seconds[5m]))""",
    ),
    Query(
        "Which journey is silent, though its agent lives?",
        "Seconds since the last run began, where that is more than three intervals.",
        """\
  time() - max by (region, agent, env, journey) (probe_run_timestamp_seconds{trigger="schedule"})
> 3 * max by (region, agent, env, journey) (probe_slots_interval_seconds)""",
    ),
    Query(
        "Does the ledger add up?",
        "Slots nobody can account for. Anything but an empty answer is a mistake of `probe`: please report it.",
        """\
  probe_slots_expected_total
- on (region, agent, env, journey) probe_slots_running
- on (region, agent, env, journey) sum by (region, agent, env, journey) (probe_slots_total)
!= 0""",
    ),
    Query(
        "Do results arrive?",
        "Exporters whose oldest record has waited for more than ten minutes, in seconds.",
        "time() - probe_export_backlog_oldest_timestamp_seconds > 600",
    ),
    Query(
        "Was anything lost?",
        "Records lost within the last hour, by exporter and reason.",
        "sum by (region, agent, env, exporter, reason) (increase(probe_export_dropped_total[1h])) > 0",
    ),
    Query(
        "Which certificate ends soon?",
        "Days until the first certificate of a chain expires, where they are fewer than 14.",
        "(min by (env, journey, step) (probe_ssl_earliest_cert_expiry) - time()) / 86400 < 14",
    ),
    Query(
        "Whose clock cannot be trusted?",
        "Agents whose machine nobody keeps on time: their slots drift away from the other regions'.",
        "probe_agent_clock_synchronised == 0",
    ),
)
