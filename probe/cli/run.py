from contextlib import ExitStack

import click

from probe.cli.launch import Plan, exit_code, launch, require_bounds, require_variables, select, settings_for
from probe.cli.options import Chosen, journey_options
from probe.cli.reports import Reports
from probe.errors import ExitCode, UsageError
from probe.model.journey import Journey
from probe.model.result import Trigger
from probe.spec.load import load_journeys


@click.command("run")
@journey_options
@click.option("--repeat", metavar="N", type=click.IntRange(1, 10_000), default=1, help="Run each journey N times.")
@click.option("--demo", is_flag=True, help="Start the demo shop and point the journeys at it.")
def command(chosen: Chosen, repeat: int, demo: bool) -> ExitCode:
    """Run journeys now, side by side, and show what happened.

    FILE is a journey; a DIR stands for all journeys (*.yaml, *.yml) in it.
    """
    reports = Reports(
        json_path=chosen.json_path, junit_path=chosen.junit_path, quiet=chosen.quiet, verbose=chosen.verbose
    )
    journeys = select(load_journeys(chosen.files), chosen.tags)
    values = chosen.values
    with ExitStack() as stack:
        if demo:
            values = {**values, "shop": _start_shop(journeys, values, stack)}
        require_variables(journeys, values)
        if chosen.allow_writes:
            require_bounds(journeys)
        settings = chosen.settings(Trigger.MANUAL)
        work = [(journey, [settings_for(journey, settings, values)] * repeat) for journey in journeys]
        runs = launch(Plan(work, chosen.state, chosen.fail_fast), quiet=chosen.quiet)
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
