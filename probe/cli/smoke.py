"""The functional half of the release gate: every journey passes against the new build, or the gate is not green."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click
from msgspec.structs import replace

from probe.cli.launch import Plan, exit_code, launch, require_bounds, require_variables, select, settings_for
from probe.cli.options import Chosen, journey_options
from probe.cli.reports import Reports
from probe.errors import ExitCode, UsageError
from probe.model.journey import EffectKind, Journey
from probe.model.result import Exchange, Run, Trigger, Verdict
from probe.settings import Settings
from probe.spec.load import load_journeys


def parse_target(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise click.BadParameter("expected a URL such as https://new.example.com")
    if parts.query or parts.fragment or parts.username is not None:
        raise click.BadParameter("a target is scheme, host and path: no user, query or fragment")
    return value.rstrip("/")


@click.command("smoke")
@journey_options
@click.option(
    "--target", metavar="URL", required=True, callback=parse_target, help="The build to judge: the variable shop."
)
@click.option(
    "--runs", metavar="N", type=click.IntRange(1, 1000), default=1, help="Runs per journey; only the first one writes."
)
@click.option(
    "--markdown", "markdown_path", metavar="PATH", type=click.Path(path_type=Path), help="Write a Markdown summary."
)
def command(chosen: Chosen, target: str, runs: int, markdown_path: Path | None) -> ExitCode:
    """Decide on a release: every journey must pass against --target.

    Fails closed: nothing matched, nothing run, or a report that could not be written never ends in 0. Secrets come from
    the environment; defaults in journey files are refused. With --runs N, steps from the first write on happen once.
    A Markdown summary also goes to $GITHUB_STEP_SUMMARY when that is set.
    """
    reports = Reports(
        json_path=chosen.json_path,
        junit_path=chosen.junit_path,
        markdown_path=markdown_path,
        summary_path=os.environ.get("GITHUB_STEP_SUMMARY"),
        quiet=chosen.quiet,
        verbose=chosen.verbose,
    )
    journeys = select(load_journeys(chosen.files), chosen.tags)
    settings = replace(chosen.settings(Trigger.SMOKE), secret_defaults=False)
    _require_target_and_secrets(journeys, chosen.values, settings.secrets or os.environ)
    values = {**chosen.values, "shop": target}
    require_variables(journeys, values)
    if chosen.allow_writes:
        require_bounds(journeys)
    work = [_row(journey, settings, values, runs) for journey in journeys]
    done = launch(Plan(work, chosen.state, chosen.fail_fast), quiet=chosen.quiet)
    code = decide(journeys, done, target)
    reports.write(done, title=_title(code, strangers(journeys, done, target), held_back(journeys, done), target))
    return code


def _title(code: ExitCode, strangers: Sequence[str], held_back: Sequence[str], target: str) -> str:
    verdict = "passed" if code is ExitCode.PASSED else "not passed"
    why = ""
    if code is ExitCode.ERRORED and strangers:
        why = f" · never reached by {', '.join(strangers)}"
    elif code is ExitCode.ERRORED and held_back:
        why = f" · never written to by {', '.join(held_back)}"
    return f"Release gate: {verdict} · {target}{why}"


def decide(journeys: Sequence[Journey], runs: Sequence[Run], target: str) -> ExitCode:
    """0 only when every journey has run whole, has reached the target, and every run has passed."""
    code = exit_code(runs)
    unknown = strangers(journeys, runs, target) or held_back(journeys, runs)
    return ExitCode.ERRORED if code is ExitCode.PASSED and unknown else code


def held_back(journeys: Sequence[Journey], runs: Sequence[Run]) -> list[str]:
    """The journeys whose writes no run performed, the kill switch being on: they say nothing of those."""
    written = {(run.journey, step.name) for run in runs for step in run.steps if step.verdict is not Verdict.SKIPPED}
    return [
        journey.name
        for journey in journeys
        if any(step.effect is EffectKind.WRITE and (journey.name, step.name) not in written for step in journey.steps)
    ]


def strangers(journeys: Sequence[Journey], runs: Sequence[Run], target: str) -> list[str]:
    """The journeys that never exchanged a word with the target: they say nothing of it."""
    reached = {
        run.journey
        for run in runs
        for step in run.steps
        for attempt in step.attempts
        for exchange in attempt.exchanges
        if _reached(target, exchange)
    }
    return [journey.name for journey in journeys if journey.name not in reached]


def _reached(target: str, exchange: Exchange) -> bool:
    """Whether the target answered; to a connection alone it does by taking it."""
    to, wanted = urlsplit(exchange.url), urlsplit(target)
    if to.scheme in ("tcp", "tls"):
        port = wanted.port or (443 if wanted.scheme == "https" else 80)
        return (to.hostname, to.port) == (wanted.hostname, port) and exchange.failure is None
    return to[:2] == wanted[:2] and exchange.status is not None


def _row(
    journey: Journey, settings: Settings, values: Mapping[str, str], runs: int
) -> tuple[Journey, Sequence[Settings]]:
    """The first run is whole; the ones after it leave the writes out, and do not take place when nothing is left."""
    first = settings_for(journey, settings, values)
    writes = [step.effect is EffectKind.WRITE for step in journey.steps]
    if not any(writes):
        return journey, [first] * runs
    reads_only = [replace(first, stop_before_writes=True)] * (runs - 1)
    return journey, [first, *([] if writes[0] else reads_only)]


def _require_target_and_secrets(
    journeys: Sequence[Journey], values: Mapping[str, str], secrets: Mapping[str, str]
) -> None:
    """UsageError when the target would not reach a journey, or a secret would come from a default."""
    if "shop" in values:
        raise UsageError("--target sets the variable shop: leave --var shop=… out")
    for journey in journeys:
        if "shop" not in journey.variables:
            raise UsageError(f"{journey.file} has no variable shop, so --target would not reach it")
        for name, secret in journey.secrets.items():
            if secrets.get(secret.env) is None:
                refused = " (its default is for your own machine only)" if secret.default is not None else ""
                raise UsageError(
                    f"{journey.file}: the secret {name} needs the environment variable {secret.env}{refused}"
                )
