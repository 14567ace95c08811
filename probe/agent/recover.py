"""What the agent before this one left unfinished."""

from collections.abc import Iterable
from sqlite3 import Connection

from probe.agent.config import AgentConfig
from probe.agent.grid import Grid
from probe.agent.records import slot_of, unfinished_run
from probe.model.record import RunRecord
from probe.model.slot import Reason, SlotState
from probe.spool import ledger, queue

_KILLED = "the agent ended while this ran (killed, or the machine went down); what it had done is not known"


def account_for_killed(connection: Connection, config: AgentConfig) -> list[ledger.InFlight]:
    """Every run that was under way when the agent died is in the ledger as such, and gets its record."""
    killed = ledger.in_flight(connection)
    for run in killed:
        ledger.end(connection, run.run_id, SlotState.RAN, Reason.KILLED)
    queue.append(connection, _records(config, killed))
    return killed


def _records(config: AgentConfig, killed: Iterable[ledger.InFlight]) -> Iterable[RunRecord]:
    for run in killed:
        slot = slot_of(Grid(run.every_ns, run.offset_ns), run.index)
        yield RunRecord(unfinished_run(config, run.journey, run.run_id, slot, run.at_ns, _KILLED))
