import asyncio
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probe.cli.options import secrets_option
from probe.cli.parsing import parse_files, parse_time
from probe.cli.state import own_journal, state_option
from probe.errors import ExitCode, ProbeError

if TYPE_CHECKING:
    from probe.durable.transactions import Transactions
    from probe.model.journey import Journey
    from probe.safety.journal import Entry


@click.command("reap")
@click.argument("files", metavar="[FILE|DIR…]", nargs=-1, callback=parse_files)
@state_option
@secrets_option
@click.option("--dry-run", is_flag=True, help="Say what would be undone, and send nothing.")
@click.option(
    "--older-than", "older_ns", metavar="TIME", callback=parse_time, help="Only what was written at least so long ago."
)
def command(
    files: tuple[Path, ...], state: Path, secrets: Path | None, dry_run: bool, older_ns: int | None
) -> ExitCode:
    """Undo what killed runs left behind: orders that were placed and not taken back.

    The journeys are read from the files they were run from, or from FILE; secrets come from --secrets and the
    environment. What was given up (leaked) is tried once more. Ends in 5 while something is not undone.
    """
    return asyncio.run(_reap(files, state, secrets, older_ns or 0, dry_run=dry_run))


async def _reap(files: Sequence[Path], state: Path, secrets: Path | None, older_ns: int, *, dry_run: bool) -> ExitCode:
    from probe.export.effects import effect_lines
    from probe.safety import journal

    async with own_journal(state) as database:
        found = [entry for entry in await database.read(journal.entries) if entry.needs_attention]
        chosen = [entry for entry in reversed(found) if entry.opened_ns <= time.time_ns() - older_ns]
        if dry_run:
            click.echo("\n".join(effect_lines(chosen)))
        else:
            journeys = _given(files)
            for entry in chosen:
                await _undo(entry, journeys, database, secrets)
        left = [entry for entry in await database.read(journal.entries) if entry.needs_attention]
    if not dry_run and not chosen:
        click.echo("Nothing is left behind." if not left else "Nothing is old enough.")
    return ExitCode.EFFECTS_OPEN if left else ExitCode.PASSED


def _given(files: Sequence[Path]) -> "dict[str, Journey]":
    from probe.spec.load import load_journeys

    return {journey.name: journey for journey in load_journeys(files)} if files else {}


async def _undo(entry: "Entry", journeys: "dict[str, Journey]", database: "Transactions", folder: Path | None) -> None:
    from probe.export.effects import effect_lines
    from probe.model.result import Trigger
    from probe.reap import undo_later
    from probe.safety import journal
    from probe.safety.secrets import Secrets, Sources
    from probe.settings import Settings
    from probe.spec.load import load_journey

    settings = Settings(
        trigger=Trigger.MANUAL,
        region=entry.region,
        agent=socket.gethostname(),
        environ=os.environ,
        secrets=Secrets(os.environ, Sources(folder)),
        writes_allowed=True,
        env=entry.env,
        journal=database,
    )
    try:
        journey = journeys.get(entry.journey) or load_journey(Path(entry.file))
        if journey.name != entry.journey:
            raise ProbeError(f"{entry.file} holds {journey.name} now")
        _, after = await undo_later(journey, entry, settings)
    except ProbeError as error:
        why = f"the journey {entry.journey} is not to be had: {error}; name its file"
        after = journal.not_undone(entry, why, time.time_ns())
    await database.run(lambda connection: journal.put(connection, after))
    click.echo("\n".join(effect_lines([after])))
