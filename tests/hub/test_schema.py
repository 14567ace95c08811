import sqlite3

from probe.hub.schema import create


def test_the_tables_are_made() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create(connection)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    connection.close()
    assert tables == {"series", "run", "record", "slots", "gap", "quarantine", "agent"}
