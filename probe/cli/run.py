import os
from contextlib import ExitStack
from pathlib import Path

import click

from probe.cli.launch import (
    Plan,
    agent_name,
    check_writable,
    exit_code,
    launch,
    make_view,
    settings_for,
    tell,
    with_variables,
    write_report,
)
from probe.errors import ExitCode, UsageError
from probe.export.junit import render_junit
from probe.model.duration import parse_duration
from probe.model.journey import Journey
from probe.model.result import Trigger
from probe.runner import Settings
from probe.spec.load import load_journeys


def parse_variables(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for name, equals, _ in pairs:
        if not equals or not name:
            raise click.BadParameter(f"expected NAME=VALUE, got {name!r}")
    return {name: value for name, _, value in pairs}


def parse_time(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else parse_duration(value) or None
    except ValueError:
        raise click.BadParameter(f"expected a duration such as 30s or 2m, got {value!r}") from None


@click.command("run")
@click.argument("files", metavar="FILE|DIR…", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--var",
    "values",
    metavar="NAME=VALUE",
    multiple=True,
    callback=parse_variables,
    help="Set a variable of the journeys.",
)
@click.option(
    "--region", default="local", envvar="PROBE_REGION", show_default=True, help="The region to name in the record."
)
@click.option("--tag", "tags", multiple=True, help="Only journeys with this tag; several mean any of them.")
@click.option(
    "--repeat", metavar="N", type=click.IntRange(1, 10_000), default=1, help="Run each journey N times in a row."
)
@click.option("--fail-fast", is_flag=True, help="Start no further run once one did not pass.")
@click.option(
    "--timeout", "timeout_ns", metavar="TIME", callback=parse_time, help="The longest a run's steps may take: 30s, 2m."
)
@click.option("--allow-writes", is_flag=True, help="Let steps with effect: write go beyond this machine.")
@click.option(
    "--json",
    "json_path",
    metavar="PATH|-",
    type=click.Path(path_type=Path),
    help="Write the Run records, one to a line; - is stdout.",
)
@click.option(
    "--junit",
    "junit_path",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Write JUnit XML, a case for each step.",
)
@click.option("--demo", is_flag=True, help="Start the demo shop and point the journeys at it.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and a summary only.")
@click.option("-v", "--verbose", is_flag=True, help="Show exchanges, checks and captures too.")
def command(
    files: tuple[Path, ...],
    values: dict[str, str],
    region: str,
    tags: tuple[str, ...],
    repeat: int,
    fail_fast: bool,
    timeout_ns: int | None,
    allow_writes: bool,
    json_path: Path | None,
    junit_path: Path | None,
    demo: bool,
    quiet: bool,
    verbose: bool,
) -> ExitCode:
    """Run journeys now, side by side, and show what happened.

    FILE is a journey; a DIR stands for all journeys (*.yaml, *.yml) in it.
    """
    if not files:
        raise UsageError("name at least one journey file or folder: probe run journeys/")
    check_writable((json_path, junit_path))
    journeys = select(load_journeys(files), tags)
    with ExitStack() as stack:
        if demo:
            values = {**values, "shop": _start_shop(journeys, values, stack)}
        with_variables(journeys, values)
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
    to_stderr = str(json_path) == "-"
    tell(runs, make_view(quiet=quiet, verbose=verbose, to_stderr=to_stderr), to_stderr=to_stderr)
    if json_path is not None:
        from probe.export.json import render_json

        write_report(json_path, render_json(runs))
    if junit_path is not None:
        write_report(junit_path, render_junit(runs))
    return exit_code(runs)


def select(journeys: list[Journey], tags: tuple[str, ...]) -> list[Journey]:
    """The journeys with one of the tags; UsageError when there is none, for nothing run is no success."""
    selected = [journey for journey in journeys if not tags or set(tags) & set(journey.tags)]
    if not selected:
        known = sorted({tag for journey in journeys for tag in journey.tags})
        raise UsageError(f"no journey has the tag {' or '.join(tags)}; known tags: {', '.join(known) or 'none'}")
    return selected


def _start_shop(journeys: list[Journey], values: dict[str, str], stack: ExitStack) -> str:
    from probe.cli.demo_shop import demo_shop

    if "shop" in values:
        raise UsageError("--demo sets the variable shop itself: leave --var shop=… out")
    without = [journey.file for journey in journeys if "shop" not in journey.variables]
    if without:
        raise UsageError(f"{without[0]} has no variable shop for --demo to set")
    return stack.enter_context(demo_shop())
