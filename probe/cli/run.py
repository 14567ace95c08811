import os
from contextlib import ExitStack
from pathlib import Path

import click

from probe.cli.launch import Plan, agent_name, exit_code, launch, require_variables, select, settings_for
from probe.cli.options import journey_options
from probe.cli.reports import Reports
from probe.errors import ExitCode, UsageError
from probe.model.journey import Journey
from probe.model.result import Trigger
from probe.settings import Settings
from probe.spec.load import load_journeys


@click.command("run")
@journey_options
@click.option("--repeat", metavar="N", type=click.IntRange(1, 10_000), default=1, help="Run each journey N times.")
@click.option("--demo", is_flag=True, help="Start the demo shop and point the journeys at it.")
def command(
    files: tuple[Path, ...],
    values: dict[str, str],
    region: str,
    tags: tuple[str, ...],
    fail_fast: bool,
    timeout_ns: int | None,
    allow_writes: bool,
    json_path: Path | None,
    junit_path: Path | None,
    quiet: bool,
    verbose: bool,
    repeat: int,
    demo: bool,
) -> ExitCode:
    """Run journeys now, side by side, and show what happened.

    FILE is a journey; a DIR stands for all journeys (*.yaml, *.yml) in it.
    """
    if not files:
        raise UsageError("name at least one journey file or folder: probe run journeys/")
    reports = Reports(json_path=json_path, junit_path=junit_path, quiet=quiet, verbose=verbose)
    journeys = select(load_journeys(files), tags)
    with ExitStack() as stack:
        if demo:
            values = {**values, "shop": _start_shop(journeys, values, stack)}
        require_variables(journeys, values)
        settings = Settings(
            trigger=Trigger.MANUAL,
            region=region,
            agent=agent_name(),
            environ=os.environ,
            timeout_ns=timeout_ns,
            writes_allowed=allow_writes,
        )
        work = [(journey, [settings_for(journey, settings, values)] * repeat) for journey in journeys]
        runs = launch(Plan(work, fail_fast), quiet=quiet)
    reports.write(runs)
    return exit_code(runs)


def _start_shop(journeys: list[Journey], values: dict[str, str], stack: ExitStack) -> str:
    from probe.cli.demo_shop import demo_shop

    if "shop" in values:
        raise UsageError("--demo sets the variable shop itself: leave --var shop=… out")
    without = [journey.file for journey in journeys if "shop" not in journey.variables]
    if without:
        raise UsageError(f"{without[0]} has no variable shop for --demo to set")
    return stack.enter_context(demo_shop())
