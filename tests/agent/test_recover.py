from pathlib import Path

from probe.agent.recover import account_for_killed
from probe.model.record import RunRecord, decode_record
from probe.model.slot import Reason
from probe.spool import ledger, queue
from probe.spool.database import Database
from tests.agent.recording import config

RUN_ID = "00000000-0000-0000-0000-000000000001"


async def test_what_was_under_way_is_told_once(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)

    def died(connection: object) -> None:
        queue.enrol(connection, ["hub"])  # type: ignore[arg-type]
        ledger.open_era(connection, "browse", 60, 5, 10)  # type: ignore[arg-type]
        ledger.begin(connection, "browse", 10, RUN_ID, 7_000)  # type: ignore[arg-type]

    await database.run(died)
    killed = await database.run(lambda connection: account_for_killed(connection, config()))
    again = await database.run(lambda connection: account_for_killed(connection, config()))
    assert ([run.run_id for run in killed], again) == ([RUN_ID], [])
    batch = await database.run(lambda connection: queue.next_batch(connection, "hub", most=9, most_bytes=10**6))
    assert batch is not None
    (record,) = map(decode_record, batch.lines)
    assert isinstance(record, RunRecord)
    assert record.run.slot is not None
    assert (record.run.run_id, record.run.region, record.run.slot.index) == (RUN_ID, "here", 10)
    assert await database.run(ledger.tallies) == [("browse", "ran", Reason.KILLED, 1)]
    await database.close()
