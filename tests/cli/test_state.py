from pathlib import Path

import pytest

from probe.cli.state import default_state, own_journal, shared_journal
from probe.durable.folder import FolderError


def test_the_folder_is_where_programs_keep_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    first = default_state()
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert (first, default_state()) == (Path("/var/state/probe"), Path("/home/me/.local/state/probe"))


async def test_runs_share_it_and_keep_a_reaper_out(tmp_path: Path) -> None:
    async with shared_journal(tmp_path, print, needed=True) as one, shared_journal(tmp_path, print, needed=True) as two:
        assert one is not None
        assert two is not None
        with pytest.raises(FolderError, match="a run or an agent uses the folder"):
            async with own_journal(tmp_path):
                pass
    async with own_journal(tmp_path):
        with pytest.raises(FolderError, match="an agent or a probe reap uses the folder"):
            async with shared_journal(tmp_path, print, needed=True):
                pass


async def test_without_a_folder_nothing_is_journalled_unless_it_must_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told: list[str] = []
    async with shared_journal(tmp_path / "file" / "state", told.append, needed=False) as journal:
        assert (journal, [text.startswith("without a journal: the folder") for text in told]) == (None, [True])
    with pytest.raises(FolderError, match="cannot be used"):
        async with shared_journal(tmp_path / "file" / "state", print, needed=True):
            pass
