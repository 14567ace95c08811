"""The folder where commands keep what must outlive them: the journal of effects."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import click

from probe.durable.folder import FolderError, hold_folder
from probe.durable.transactions import Transactions
from probe.safety.journal import open_journal


def default_state() -> Path:
    """`$XDG_STATE_HOME/probe` (XDG Base Directory Specification), or ~/.local/state/probe."""
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "probe"


def state_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--state",
        metavar="DIR",
        type=click.Path(path_type=Path),
        envvar="PROBE_STATE",
        default=default_state,
        show_default="~/.local/state/probe",
        help="Folder of the journal of effects.",
    )(command)


@asynccontextmanager
async def shared_journal(
    folder: Path, notice: Callable[[str], None], *, needed: bool
) -> AsyncIterator[Transactions | None]:
    """The folder's journal, together with other runs and against `probe reap`; None when it is no use, nor needed.

    `notice` tells a person that there is none.
    """
    async with AsyncExitStack() as closing:
        try:
            journal = await _opened(folder, closing, shared=True)
        except FolderError as error:
            if needed:
                raise
            notice(f"without a journal: {error}; a killed run's writes on this machine are not remembered")
            journal = None
        yield journal


@asynccontextmanager
async def own_journal(folder: Path) -> AsyncIterator[Transactions]:
    """The folder's journal while nobody else writes. FolderError when somebody does."""
    async with AsyncExitStack() as closing:
        yield await _opened(folder, closing, shared=False)


async def _opened(folder: Path, closing: AsyncExitStack, *, shared: bool) -> Transactions:
    hint = "wait for it, or name another folder with --state"
    lock = hold_folder(folder, "an agent or a probe reap" if shared else "a run or an agent", hint, shared=shared)
    closing.callback(os.close, lock)
    journal = await open_journal(folder)
    closing.push_async_callback(journal.close)
    return journal
