import asyncio
import sys
from pathlib import Path

import click
import msgspec

from probe.cli.state import state_option
from probe.errors import ExitCode, UsageError


@click.command("journal")
@state_option
@click.option("--all", "everything", is_flag=True, help="Those that are undone too, and those nothing can undo.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON each.")
@click.option("--close", "close", metavar="KEY", help="Somebody has looked after the effect with this key.")
def command(state: Path, everything: bool, as_json: bool, close: str | None) -> ExitCode:
    """List what writes left behind: orders that were placed and are not taken back.

    Ends in 5 while there is something that needs to be undone or looked at.
    """
    from probe.safety.journal import FILE

    if not (state / FILE).exists():
        raise UsageError(f"{state} has no journal of effects; --state names another folder")
    return asyncio.run(_journal(state, everything=everything, as_json=as_json, close=close))


async def _journal(state: Path, *, everything: bool, as_json: bool, close: str | None) -> ExitCode:
    from probe.export.effects import effect_lines
    from probe.model.result import EffectState
    from probe.safety import journal

    database = await journal.open_journal(state)
    try:
        if close is not None:
            entry = await database.run(lambda connection: journal.find(connection, close))
            if entry is None:
                raise UsageError(f"no effect has the key {close}")
            closed = msgspec.structs.replace(entry, state=EffectState.UNDONE, note="a person looked after it")
            await database.run(lambda connection: journal.put(connection, closed))
        entries = await database.read(journal.entries)
    finally:
        await database.close()
    shown = [entry for entry in entries if everything or entry.needs_attention]
    if as_json:
        for entry in shown:
            sys.stdout.write(msgspec.json.encode(entry).decode() + "\n")
    else:
        click.echo("\n".join(effect_lines(shown)))
    return ExitCode.EFFECTS_OPEN if any(entry.needs_attention for entry in entries) else ExitCode.PASSED
