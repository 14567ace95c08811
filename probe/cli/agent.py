import asyncio
import os
from pathlib import Path

import click

from probe.agent.load import Loaded, load_agent, unready
from probe.agent.planned import Planned
from probe.errors import ExitCode, SpecError
from probe.model.duration import format_duration
from probe.safety.secrets import Secrets


@click.command("agent")
@click.argument("config", metavar="CONFIG", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Say what it would do, try state folder, token and hub; run nothing.")
def command(config: Path, check: bool) -> ExitCode:
    """Run journeys at their slots, around the clock, and deliver the results.

    CONFIG is this region's file, for example deploy/regions/eu-west-1.yaml. SIGHUP reloads it, SIGTERM ends the agent:
    running journeys finish, their cleanup runs, results that cannot be delivered wait on disk for the next start.
    """
    loaded = load_agent(config)
    if check:
        _tell(config, loaded)
        _try_out(loaded)
        return ExitCode.PASSED
    secrets = _secrets(loaded)
    if missing := unready(loaded, os.environ, secrets):
        raise SpecError(missing)
    _serve(config, loaded, secrets)
    return ExitCode.PASSED


def _secrets(loaded: Loaded) -> Secrets:
    secrets = Secrets(os.environ, loaded.secret_sources)
    if loaded.config.secrets.commands:
        asyncio.run(secrets.refresh())
    return secrets


def _serve(config: Path, loaded: Loaded, secrets: Secrets) -> None:
    from probe.agent.logs import start_logging
    from probe.agent.service import serve
    from probe.cli.loop import loop_factory

    start_logging(loaded.config.logging)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(config, loaded, os.environ, secrets))


def _tell(config: Path, loaded: Loaded) -> None:
    """What the configuration means. What only this machine lacks is said, and is no mistake of the file."""
    from probe.export.text import mistake_lines

    own = loaded.config
    click.echo(f"{config}: ok (region {own.region}, {own.env}, agent {own.agent})")
    for planned in loaded.planned:
        click.echo(f"  {planned.journey.name}: {_when(planned)}")
    for name in loaded.disabled:
        click.echo(f"  {name}: disabled")
    click.echo(
        f"  exporters: {', '.join(export.exporter for export in own.export) or 'none; results stay at /metrics'}"
    )
    for mistake in unready(loaded, os.environ, _secrets(loaded)):
        click.echo("not ready on this machine: " + "\n".join(mistake_lines(mistake)), err=True)


def _try_out(loaded: Loaded) -> None:
    """What stands in the way here is said, and is no mistake of the file either."""
    from probe.agent.tryout import try_out
    from probe.export.text import printable

    for trial in asyncio.run(try_out(loaded, os.environ)):
        click.echo(f"  {'✓' if trial.works else '✗'} {trial.what}: {printable(trial.words)}", err=not trial.works)


def _when(planned: Planned) -> str:
    grid = planned.grid
    into = format_duration(grid.offset_ns % grid.every_ns)
    takes_turns = not all(map(planned.writes_in, range(planned.turns)))
    turn = f", writes in every {_ordinal(planned.turns)} slot" if takes_turns else ""
    return f"every {format_duration(grid.every_ns)}, {into} into it ({planned.placement}{turn})"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
