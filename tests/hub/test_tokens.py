import hashlib
import sqlite3
from pathlib import Path

import pytest

from probe.durable.folder import FolderError
from probe.hub.facts import Scope
from probe.hub.tokens import FILE, PREFIX, TokenFile, digest_of, new_token
from tests.hub.records import NOW


def test_a_token_is_long_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(100)}
    assert (len(tokens), {len(token) for token in tokens}) == (100, {len(PREFIX) + 43})


def test_a_digest_is_of_what_was_presented_whatever_it_is() -> None:
    assert digest_of("probe_x") == hashlib.sha256(b"probe_x").digest()
    assert len(digest_of("\udcff")) == 32


def test_the_token_itself_is_nowhere_in_the_file(tmp_path: Path) -> None:
    token = new_token()
    TokenFile(tmp_path).add(Scope.READ, "", "", digest_of(token), now_ns=NOW)
    kept = (tmp_path / FILE).read_bytes()
    assert (digest_of(token) in kept, token.encode() in kept) == (True, False)


def test_what_one_process_adds_another_knows_at_once(tmp_path: Path) -> None:
    first, second = TokenFile(tmp_path), TokenFile(tmp_path)
    added = first.add(Scope.INGEST, "eu-west-1", "agent-1", b"d" * 32, now_ns=NOW)
    assert (second.all(), second.find(b"d" * 32, now_ns=NOW)) == ([added], added)
    assert (second.revoke(added.id), first.all()) == (True, [])


def test_a_token_is_good_even_when_its_use_cannot_be_noted(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path)
    added = tokens.add(Scope.READ, "", "", b"d" * 32, now_ns=NOW)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    found = tokens.find(b"d" * 32, now_ns=NOW)
    other.close()
    assert (found, tokens.all()) == (added, [added])


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, and long enough to be looked at" * 99)
    with pytest.raises(FolderError, match=r"tokens\.db cannot be used: file is not a database"):
        TokenFile(tmp_path)
