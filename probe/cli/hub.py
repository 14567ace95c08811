import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec import Struct

from probe.errors import ExitCode, ProbeError, UsageError
from probe.model.address import Address, parse_address
from probe.model.duration import NANOSECONDS, parse_duration
from probe.model.instant import datetime_of
from probe.safety import switch

if TYPE_CHECKING:
    from probe.hub.facts import Token
    from probe.hub.tokens import TokenFile

SHORTEST_RETENTION_NS = NANOSECONDS["h"]


class Serving(Struct, frozen=True):
    folder: Path
    address: Address
    retention_ns: int
    stop_with_stdin: bool


def default_folder() -> Path:
    """Does not depend on where a command is given: `probe hub` and `probe hub token` must mean the same."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "probe-hub"


def parse_listen(context: click.Context, parameter: click.Parameter, value: str) -> Address:
    try:
        return parse_address(value)
    except ValueError as error:
        raise click.BadParameter(f"{value[:200]} is no address: expected {error}") from None


def parse_retention(context: click.Context, parameter: click.Parameter, value: str) -> int:
    try:
        retention_ns = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(f"expected {error}, got {value[:200]!r}") from None
    if retention_ns < SHORTEST_RETENTION_NS:
        raise click.BadParameter("expected at least 1h")
    return retention_ns


def parse_folder(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    """The folder where it is named last, after the command it is for: it holds in place of the group's."""
    if value is not None:
        context.obj = value


_in_folder = click.option(
    "--data",
    metavar="DIR",
    type=click.Path(path_type=Path),
    expose_value=False,
    callback=parse_folder,
    help="Folder of the results and tokens, as `probe hub --data` has it.",
)


@click.group("hub", invoke_without_command=True)
@click.option(
    "--data",
    "folder",
    metavar="DIR",
    envvar="PROBE_HUB_DATA",
    type=click.Path(path_type=Path),
    default=default_folder,
    show_default="$PROBE_HUB_DATA, or ~/.local/state/probe-hub",
    help="Folder of the results and tokens.",
)
@click.option(
    "--listen",
    "address",
    metavar="HOST:PORT",
    default="127.0.0.1:8320",
    show_default=True,
    callback=parse_listen,
    help="Where to listen; port 0 takes a free one.",
)
@click.option(
    "--retention",
    "retention_ns",
    metavar="TIME",
    default="30d",
    show_default=True,
    callback=parse_retention,
    help="How long runs are kept.",
)
@click.option("--stop-with-stdin", is_flag=True, help="Stop when standard input ends; say where as a line of JSON.")
@click.pass_context
def command(
    context: click.Context, folder: Path, address: Address, retention_ns: int, stop_with_stdin: bool
) -> ExitCode:
    """Take in the results of all regions, keep and compare them, and show them on a page.

    On a loopback address it needs no tokens: whoever is on this machine may send and look. Beyond, it wants one for
    every agent and one for readers, in front of it something that speaks TLS, and refuses to start without tokens.
    """
    context.obj = folder
    if context.invoked_subcommand is None:
        _serve(Serving(folder, address, retention_ns, stop_with_stdin))
    return ExitCode.PASSED


@command.group("token")
def token() -> None:
    """Make, list and revoke credentials. The hub may be running; a change holds at once."""


@token.command("add")
@_in_folder
@click.option("--region", metavar="REGION", default="", help="Whose records the token may send.")
@click.option("--agent", metavar="AGENT", default="", help="Its agent, as `agent:` in its file; the host's name else.")
@click.option("--read", is_flag=True, help="A token to look with, instead of one to send with.")
@click.pass_obj
def add(folder: Path, region: str, agent: str, read: bool) -> ExitCode:
    """Make a token and print it: once, for only its digest is kept.

    A region may have several: add the new one, give it to the agent, revoke the old one. A browser asks for the token
    of a reader as a password, with any user name.
    """
    from probe.hub.facts import Scope
    from probe.hub.tokens import digest_of, new_token

    if read == bool(region or agent) or bool(region) != bool(agent):
        raise UsageError("say whose token it is: --region REGION --agent AGENT to send with, or --read to look with")
    made = new_token()
    scope = Scope.READ if read else Scope.INGEST
    kept = _tokens(folder).add(scope, region, agent, digest_of(made), now_ns=time.time_ns())
    click.echo(made)
    click.echo(f"token {kept.id} in {folder}: {_meaning(kept)}; it is not shown again", err=True)
    return ExitCode.PASSED


@token.command("list")
@_in_folder
@click.pass_obj
def list_all(folder: Path) -> ExitCode:
    """Show what tokens there are, not themselves."""
    for each in _tokens(folder).all():
        used = f"used {datetime_of(each.used_ns):%Y-%m-%d %H}h UTC" if each.used_ns else "never used"
        click.echo(f"{each.id:4}  made {datetime_of(each.created_ns):%Y-%m-%d}  {used}  {_meaning(each)}")
    return ExitCode.PASSED


@token.command("revoke")
@_in_folder
@click.argument("token_id", metavar="ID", type=int)
@click.pass_obj
def revoke(folder: Path, token_id: int) -> ExitCode:
    """Make a token worthless. `probe hub token list` shows the IDs."""
    if not _tokens(folder).revoke(token_id):
        raise UsageError(f"there is no token {token_id} in {folder}: `probe hub token list` shows those there are")
    return ExitCode.PASSED


@command.command("stop-writes")
@_in_folder
@click.argument("reason", metavar="REASON")
@click.pass_obj
def stop_writes(folder: Path, reason: str) -> ExitCode:
    """Stop all writes of all agents: each obeys with its next heartbeat. Reads and undos go on.

    It holds until `probe hub allow-writes`, over restarts of the hub and of agents too.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no hub at {folder}; --data names its folder")
    switch.stop(folder / switch.FILE, reason)
    click.echo(f"writes are stopped: {reason}; agents obey with their next heartbeat")
    return ExitCode.PASSED


@command.command("allow-writes")
@_in_folder
@click.pass_obj
def allow_writes(folder: Path) -> ExitCode:
    """Let agents write again."""
    if not folder.is_dir():
        raise UsageError(f"there is no hub at {folder}; --data names its folder")
    switch.allow(folder / switch.FILE)
    click.echo("agents may write again from their next heartbeat on")
    return ExitCode.PASSED


def _tokens(folder: Path) -> "TokenFile":
    from probe.hub.tokens import TokenFile

    return TokenFile(folder)


def _meaning(token: "Token") -> str:
    return f"sends as {token.agent} of {token.region}" if token.region else "reads"


def _serve(serving: Serving) -> None:
    from probe.agent.config import Logging
    from probe.agent.logs import start_logging
    from probe.cli.loop import loop_factory

    start_logging(Logging())
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_open_until_told(serving))
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("probe"):
            raise
        raise ProbeError(f"the hub needs the package {missing.name}: pip install 'probe[hub]'") from None


async def _open_until_told(serving: Serving) -> None:
    from probe.cli.stop import stop_request
    from probe.hub.app import Hub

    stop = stop_request(with_stdin=serving.stop_with_stdin)
    async with Hub(
        serving.folder, host=serving.address.host, port=serving.address.port, retention_ns=serving.retention_ns
    ) as hub:
        where = (
            msgspec.json.encode({"url": hub.url}).decode() if serving.stop_with_stdin else f"The hub is at {hub.url}"
        )
        click.echo(where)
        click.echo(f"its data is in {serving.folder}; Ctrl-C ends it", err=True)
        await stop.wait()
