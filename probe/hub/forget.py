"""Forgets what is older than the hub keeps, a bounded number of rows at a time: nobody waits long for the writer."""

from sqlite3 import Connection

AT_ONCE = 2000

_REST = (
    (
        "DELETE FROM slots WHERE rowid IN"
        " (SELECT t.rowid FROM series s CROSS JOIN slots t ON t.series = s.id WHERE t.until_ns < ? LIMIT ?)"
    ),
    "DELETE FROM gap WHERE rowid IN (SELECT rowid FROM gap WHERE until_ns < ? LIMIT ?)",
    "DELETE FROM quarantine WHERE rowid IN (SELECT rowid FROM quarantine WHERE received_ns < ? LIMIT ?)",
    "DELETE FROM agent WHERE rowid IN (SELECT rowid FROM agent WHERE heard_ns < ? LIMIT ?)",
)


def forget(connection: Connection, before_ns: int) -> int:
    """How many runs, slots records, gaps, quarantined records and silent agents; 0 when there is no more."""
    count = 0
    for (series,) in connection.execute("SELECT id FROM series").fetchall():
        count += _forget_runs(connection, series, before_ns, AT_ONCE - count)
        if count >= AT_ONCE:
            return count
    for statement in _REST:
        count += connection.execute(statement, (before_ns, AT_ONCE - count)).rowcount
    _forget_series(connection)
    return count


def _forget_runs(connection: Connection, series: int, before_ns: int, most: int) -> int:
    old = connection.execute(
        "SELECT at_ns, record FROM run WHERE series = ? AND at_ns < ? ORDER BY at_ns, record LIMIT ?",
        (series, before_ns, most),
    ).fetchall()
    connection.executemany("DELETE FROM record WHERE id = ?", [(record,) for _, record in old])
    connection.executemany(
        "DELETE FROM run WHERE series = ? AND at_ns = ? AND record = ?", [(series, *which) for which in old]
    )
    return len(old)


def _forget_series(connection: Connection) -> None:
    """A journey that nobody runs any more goes when its last run does."""
    connection.execute(
        "DELETE FROM series WHERE id IN (SELECT id FROM series WHERE"
        " NOT EXISTS (SELECT 1 FROM run WHERE series = series.id)"
        " AND NOT EXISTS (SELECT 1 FROM slots WHERE series = series.id) LIMIT ?)",
        (AT_ONCE,),
    )
