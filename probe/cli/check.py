from pathlib import Path

import click

from probe.cli.parsing import parse_files
from probe.errors import ExitCode, UsageError
from probe.spec.load import load_journeys


@click.command("check")
@click.argument("files", metavar="FILE|DIR…", nargs=-1, callback=parse_files)
def command(files: tuple[Path, ...]) -> ExitCode:
    """Validate journey files without running them: every mistake at once, each with its place and what to do."""
    if not files:
        raise UsageError("name at least one journey file or folder: probe check journeys/")
    for journey in load_journeys(files):
        count = len(journey.steps)
        click.echo(f"{journey.file}: ok ({journey.name}, {count} step{'' if count == 1 else 's'})")
    return ExitCode.PASSED
