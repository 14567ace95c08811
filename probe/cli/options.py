"""Options that several commands share, and what their values turn into."""

import os
import socket
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from probe.cli.parsing import parse_files, parse_time, parse_variables
from probe.cli.state import state_option
from probe.errors import ExitCode, UsageError
from probe.model.result import Trigger
from probe.safety.secrets import Secrets, Sources
from probe.settings import Settings


class Chosen(Struct, frozen=True):
    """What the options of `journey_options` were given."""

    files: tuple[Path, ...]
    values: dict[str, str]
    region: str
    tags: tuple[str, ...]
    fail_fast: bool
    timeout_ns: int | None
    allow_writes: bool
    state: Path
    secrets: Path | None
    json_path: Path | None
    junit_path: Path | None
    quiet: bool
    verbose: bool

    def settings(self, trigger: Trigger) -> Settings:
        return Settings(
            trigger=trigger,
            region=self.region,
            agent=socket.gethostname(),
            environ=os.environ,
            secrets=Secrets(os.environ, Sources(self.secrets)),
            timeout_ns=self.timeout_ns,
            writes_allowed=self.allow_writes,
        )


def secrets_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--secrets",
        metavar="DIR",
        type=click.Path(path_type=Path),
        envvar="PROBE_SECRETS",
        help="Folder with a file for each secret, named as its variable; before the environment.",
    )(command)


def journey_options(command: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
    """Which journeys to run, with what, for how long, and where the reports go; the command gets them as Chosen."""
    path = click.Path(path_type=Path)
    options = (
        click.argument("files", metavar="FILE|DIR…", nargs=-1, callback=parse_files),
        click.option(
            "--var", "values", metavar="NAME=VALUE", multiple=True, callback=parse_variables, help="Set a variable."
        ),
        click.option("--region", default="local", envvar="PROBE_REGION", show_default=True, help="Region to record."),
        click.option("--tag", "tags", multiple=True, help="Only journeys with this tag; several mean any of them."),
        click.option("--fail-fast", is_flag=True, help="Start no further run once one did not pass."),
        click.option(
            "--timeout", "timeout_ns", metavar="TIME", callback=parse_time, help="The longest a run's steps may take."
        ),
        click.option("--allow-writes", is_flag=True, help="Let steps with effect: write go beyond this machine."),
        state_option,
        secrets_option,
        click.option(
            "--json",
            "json_path",
            metavar="PATH|-",
            type=path,
            help="Write the Run records, one to a line; - is stdout.",
        ),
        click.option("--junit", "junit_path", metavar="PATH", type=path, help="Write JUnit XML, a case for each step."),
        click.option("-q", "--quiet", is_flag=True, help="Show failures and a summary only."),
        click.option("-v", "--verbose", is_flag=True, help="Show exchanges, checks and captures too."),
    )

    @wraps(command)
    def gathered(**given: Any) -> Any:
        chosen = Chosen(**{name: given.pop(name) for name in Chosen.__struct_fields__})
        if not chosen.files:
            raise UsageError("name at least one journey file or folder, for example journeys/")
        return command(chosen, **given)

    decorated: Callable[..., Any] = gathered
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
