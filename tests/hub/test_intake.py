from pathlib import Path

import pytest

from probe.hub.admission import LONGEST_NAME, span
from probe.hub.database import Database
from probe.hub.facts import Appended
from probe.hub.intake import RELEASED_AT_ONCE, Intake
from probe.model.instant import datetime_of
from probe.model.record import encode_record
from probe.model.slot import Slot
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


def test_what_cannot_be_kept_leaves_quarantine_is_told_and_holds_nobody_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database.open(tmp_path)
    unfit = encode_record(run_record("unfit", NOW - 1000, slot=Slot(0, 2**64 - 1, datetime_of(NOW))))
    bodies = {"unfit": unfit, "torn": b"{", "good": encode_record(run_record("good"))}
    with database.transaction() as connection:
        for key, body in bodies.items():
            connection.execute("INSERT INTO quarantine VALUES (?, ?, ?, ?)", (key, NOW, NOW, body))
        Intake(connection, span(NOW, DAY), NOW).release()
        kept = connection.execute("SELECT run_id FROM record").fetchall()
        figures = connection.execute("SELECT run_id, s.id FROM run JOIN series s ON s.id = series").fetchall()
    left = _waiting(database)
    database.close()
    assert (kept, figures, left) == ([("good",)], [("good", 1)], 0)
    assert [record.getMessage().partition(":")[2][:8] for record in caplog.records] == [" 'unfit'", " 'torn':"]


def _waiting(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM quarantine").fetchone()[0])
