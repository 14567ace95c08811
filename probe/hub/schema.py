"""The tables of `hub.db`. A run is a row of figures, close to its neighbours in time, and its whole record elsewhere:
a window over a journey reads the figures only.
"""

from sqlite3 import Connection

from probe.durable.folder import make_tables

VERSION = 2

_TABLES = """
CREATE TABLE series (
  id INTEGER PRIMARY KEY, env TEXT NOT NULL, journey TEXT NOT NULL, region TEXT NOT NULL, agent TEXT NOT NULL,
  UNIQUE (env, journey, region, agent)
) STRICT;

-- `steps` is MessagePack, for the comparison. `record` is where the whole Run is.
CREATE TABLE run (
  series INTEGER NOT NULL, at_ns INTEGER NOT NULL, record INTEGER NOT NULL, run_id TEXT NOT NULL,
  slot INTEGER, every_ns INTEGER, trigger TEXT NOT NULL, verdict TEXT NOT NULL, cause TEXT NOT NULL,
  failed_step TEXT NOT NULL, definition TEXT NOT NULL, duration_ns INTEGER NOT NULL, suspect INTEGER NOT NULL,
  steps BLOB NOT NULL, reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (series, at_ns, record)
) STRICT, WITHOUT ROWID;
-- The Run as JSON, compressed (zlib).
CREATE TABLE record (id INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;

-- `since_ns` and `until_ns` are when the first and the last of the slots were due, or of the lost records began.
CREATE TABLE slots (
  key TEXT PRIMARY KEY, series INTEGER NOT NULL, since_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX slots_due ON slots (series, until_ns);
CREATE TABLE gap (
  key TEXT PRIMARY KEY, since_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;

-- Records from the future, until their time has come.
CREATE TABLE quarantine (
  key TEXT PRIMARY KEY, at_ns INTEGER NOT NULL, received_ns INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE INDEX quarantine_at ON quarantine (at_ns);

CREATE TABLE agent (
  region TEXT NOT NULL, agent TEXT NOT NULL, env TEXT NOT NULL, heard_ns INTEGER NOT NULL,
  beat_ns INTEGER NOT NULL DEFAULT 0, beat BLOB, PRIMARY KEY (region, agent, env)
) STRICT;
"""


def create(connection: Connection) -> None:
    make_tables(connection, _TABLES)


def upgrade(connection: Connection) -> None:
    """From version 1, which knew no reasons."""
    connection.execute("ALTER TABLE run ADD COLUMN reason TEXT NOT NULL DEFAULT ''")
