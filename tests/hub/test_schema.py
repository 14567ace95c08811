import sqlite3

from probe.hub.schema import create, upgrade


def test_the_tables_are_made() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create(connection)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    connection.close()
    assert tables == {"series", "run", "record", "slots", "gap", "quarantine", "agent"}


def test_the_tables_of_the_version_before_become_those_of_this_one() -> None:
    old, new = (sqlite3.connect(":memory:", isolation_level=None) for _ in "ab")
    create(new)
    create(old)
    old.execute("ALTER TABLE run DROP COLUMN reason")
    upgrade(old)
    columns = [{row[1] for row in each.execute("PRAGMA table_info(run)")} for each in (old, new)]
    for connection in (old, new):
        connection.close()
    assert columns[0] == columns[1]
