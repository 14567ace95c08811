from pathlib import Path

from probe.hub.admission import LONGEST_NAME, span
from probe.hub.database import Database
from probe.hub.facts import Appended
from probe.hub.intake import RELEASED_AT_ONCE, Intake
from tests.hub.records import DAY, HOUR, NOW, beat, run_record


def test_quarantine_is_emptied_in_bounded_pieces(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    early = [run_record(f"run-{n}", NOW + HOUR + n * 1000) for n in range(RELEASED_AT_ONCE + 5)]
    with database.transaction() as connection:
        Intake(connection, span(NOW, DAY), NOW).take(early)
    left = []
    for _ in range(3):
        left.append(_waiting(database))
        with database.transaction() as connection:
            Intake(connection, span(NOW + DAY, DAY), NOW + DAY).release()
    database.close()
    assert left == [RELEASED_AT_ONCE + 5, 5, 0]


def test_a_name_that_is_too_long_is_not_even_noted_as_heard(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    with database.transaction() as connection:
        told = Intake(connection, span(NOW, DAY), NOW).take([beat(region="x" * (LONGEST_NAME + 1))])
        heard = connection.execute("SELECT count(*) FROM agent").fetchone()[0]
    database.close()
    assert (told, heard) == (Appended(refused=(("beat-1", "region is longer than 1000 characters"),)), 0)


def _waiting(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM quarantine").fetchone()[0])
