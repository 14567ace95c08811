"""Credentials, in a file of their own: `probe hub token` changes it while the hub runs. Only digests are kept."""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from probe.durable.folder import FolderError, make_folder, make_private
from probe.hub.database import told
from probe.hub.facts import Scope, StoreTrouble, Token
from probe.model.duration import NANOSECONDS

FILE = "tokens.db"
PREFIX = "probe_"
"""So that those who search for leaked credentials find them."""

_PATIENCE_S = 5
_TABLE = """
CREATE TABLE IF NOT EXISTS token (
  id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, region TEXT NOT NULL, agent TEXT NOT NULL,
  created_ns INTEGER NOT NULL, used_ns INTEGER, digest BLOB NOT NULL UNIQUE
) STRICT
"""
_COLUMNS = "id, scope, region, agent, created_ns, used_ns"


def new_token() -> str:
    """256 bits that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """Enough without salt or stretching: a token is no password, it holds 256 random bits."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


class TokenFile:
    """Opened anew for every use, as another process may change it at any time."""

    def __init__(self, folder: Path) -> None:
        """FolderError says why the folder's tokens cannot be had."""
        make_folder(folder)
        self._path = folder / FILE
        try:
            make_private(self._path)
            with self._connected() as connection:
                connection.execute(_TABLE)
        except (OSError, StoreTrouble) as error:
            raise FolderError(f"{self._path} cannot be used: {error}") from None

    def add(self, scope: Scope, region: str, agent: str, digest: bytes, *, now_ns: int) -> Token:
        with self._connected() as connection:
            added = connection.execute(
                "INSERT INTO token (scope, region, agent, created_ns, digest) VALUES (?, ?, ?, ?, ?)",
                (scope, region, agent, now_ns, digest),
            )
        assert added.lastrowid is not None
        return Token(added.lastrowid, scope, region, agent, now_ns)

    def all(self) -> list[Token]:
        with self._connected() as connection:
            return [_token(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM token ORDER BY id")]  # noqa: S608

    def find(self, digest: bytes, *, now_ns: int) -> Token | None:
        found: Token | None = None
        with self._connected() as connection:
            for *columns, kept in connection.execute(f"SELECT {_COLUMNS}, digest FROM token"):  # noqa: S608
                if hmac.compare_digest(kept, digest):  # no early end: it would tell where
                    found = _token(columns)
        if found is not None and now_ns - (found.used_ns or 0) > NANOSECONDS["h"]:
            self._note_use(found.id, now_ns)
        return found

    def revoke(self, token_id: int) -> bool:
        with self._connected() as connection:
            return connection.execute("DELETE FROM token WHERE id = ?", (token_id,)).rowcount > 0

    def _note_use(self, token_id: int, now_ns: int) -> None:
        """Where that can be done at once: a full disk must not keep readers out."""
        with suppress(StoreTrouble), self._connected(patience_s=0) as connection:
            connection.execute("UPDATE token SET used_ns = ? WHERE id = ?", (now_ns, token_id))

    @contextmanager
    def _connected(self, patience_s: float = _PATIENCE_S) -> Iterator[sqlite3.Connection]:
        with told():
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=patience_s)
            try:
                yield connection
            finally:
                connection.close()


def _token(columns: Sequence[Any]) -> Token:
    token_id, scope, region, agent, created_ns, used_ns = columns
    return Token(token_id, Scope(scope), region, agent, created_ns, used_ns)
