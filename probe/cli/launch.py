"""Runs journeys side by side, for the commands that do: with progress, Ctrl-C and the reports that were asked for."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from probe.cli.loop import loop_factory
from probe.cli.state import shared_journal
from probe.durable.transactions import Transactions
from probe.errors import ExitCode, SpecError, UsageError
from probe.evaluate.suggest import did_you_mean
from probe.export.progress import Shown, show_progress
from probe.interrupt import Interrupt
from probe.model.duration import format_duration
from probe.model.journey import EffectKind, Journey
from probe.model.result import Run, Verdict
from probe.runner import run_journey
from probe.safety import budget, switch
from probe.safety.accounts import Accounts
from probe.safety.bounds import unbounded
from probe.safety.switch import stopped_by
from probe.settings import Settings

SIDE_BY_SIDE = 10
"""How many journeys run at once: enough for a folder of them, too few to disturb each other's timing much."""

_SHOW_CURSOR = "\x1b[?25h"


class Plan(Struct, frozen=True):
    """Journeys, each with the settings of its runs in a row."""

    work: Sequence[tuple[Journey, Sequence[Settings]]]
    state: Path
    """Where the writes are journalled."""
    fail_fast: bool = False

    @property
    def writes(self) -> bool:
        return any(writes(journey) for journey, _ in self.work)

    @property
    def may_write_anywhere(self) -> bool:
        return any(settings.writes_allowed for _, row in self.work for settings in row)


def launch(plan: Plan, *, quiet: bool) -> list[Run]:
    """The runs that took place, in the order of the plan."""
    with show_progress(sys.stderr, quiet=quiet) as shown, asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_launch(plan, shown))


async def _launch(plan: Plan, shown: Shown) -> list[Run]:
    if not plan.writes:
        return await _run_all(plan, shown, None)
    async with shared_journal(plan.state, shown.notice, needed=plan.may_write_anywhere) as journal:
        return await _run_all(plan, shown, journal)


async def _run_all(plan: Plan, shown: Shown, journal: Transactions | None) -> list[Run]:
    interrupt = Interrupt()
    places = asyncio.Semaphore(SIDE_BY_SIDE)
    accounts = Accounts()
    done: dict[int, list[Run]] = {index: [] for index in range(len(plan.work))}
    stop = _Stop()

    async def run_in_row(index: int, journey: Journey, row: Sequence[Settings]) -> None:
        for settings in row:
            async with accounts.of(journey.accounts), places:
                if interrupt.requested or stop.requested:
                    return
                own = await _bounded(journey, settings, plan, journal)
                run = await run_journey(journey, own, watch=shown.watch, interrupt=interrupt)
            done[index].append(run)
            stop.requested = plan.fail_fast and run.verdict is not Verdict.PASSED

    with _interruptible(interrupt, plan, shown):
        async with asyncio.TaskGroup() as group:
            for index, (journey, row) in enumerate(plan.work):
                group.create_task(run_in_row(index, journey, row))
    return [run for index in sorted(done) for run in done[index]]


async def _bounded(journey: Journey, settings: Settings, plan: Plan, journal: Transactions | None) -> Settings:
    """With what the run may write taken out of the journey's budget, and the reason when it may write nothing."""
    own = replace(settings, journal=journal, run_id=str(uuid4()))
    why = ""
    if settings.writes_allowed and journal is not None and journey.budget is not None and not own.stop_before_writes:
        allowed = journey.budget
        why = await journal.run(lambda it: budget.reserve(it, journey, own.run_id, allowed, budget.now()))
    over = f"over its budget: {why}" if why else ""
    return replace(own, writes_stopped=lambda: over or stopped_by(plan.state / switch.FILE))


class _Stop:
    requested = False


@contextmanager
def _interruptible(interrupt: Interrupt, plan: Plan, shown: Shown) -> Iterator[None]:
    """The first Ctrl-C cuts the steps and leaves the cleanup its time; the second ends the program at once.

    So do SIGTERM, and a terminal that is closed.
    """
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if interrupt.requested:
            sys.stderr.write(
                f"{_SHOW_CURSOR if sys.stderr.isatty() else ''}\nstopped at once; cleanup may be unfinished\n"
            )
            sys.stderr.flush()
            os._exit(ExitCode.INTERRUPTED)
        interrupt.request()
        budget = 2 * max((journey.cleanup_timeout for journey, _ in plan.work), default=0)  # for undos, and for always
        limit = format_duration(budget)
        shown.notice(f"interrupted: cleaning up for at most {limit}; Ctrl-C again stops at once")

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: it goes on when the terminal is gone
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def select(journeys: list[Journey], tags: tuple[str, ...]) -> list[Journey]:
    """The journeys with one of the tags; UsageError when there is none, for nothing run is no success."""
    selected = [journey for journey in journeys if not tags or set(tags) & set(journey.tags)]
    if not selected:
        known = sorted({tag for journey in journeys for tag in journey.tags})
        raise UsageError(f"no journey has the tag {' or '.join(tags)}; known tags: {', '.join(known) or 'none'}")
    return selected


def require_variables(journeys: Sequence[Journey], values: Mapping[str, str]) -> None:
    """UsageError unless every value has a variable to go to, in some journey; a secret never comes this way."""
    known = {name for journey in journeys for name in journey.variables}
    secrets = {name: secret.env for journey in journeys for name, secret in journey.secrets.items()}
    for name in values:
        if name in secrets:
            raise UsageError(f"{name} is a secret, and others can read command lines: set {secrets[name]} instead")
        if name not in known:
            raise UsageError(f"no journey has a variable {name}; {did_you_mean(name, known)}")


def require_bounds(journeys: Sequence[Journey]) -> None:
    """SpecError unless every journey that writes is bounded: `--allow-writes` lets it leave this machine."""
    mistakes = [mistake for journey in journeys if writes(journey) for mistake in unbounded(journey, journey.budget)]
    if mistakes:
        raise SpecError(mistakes)


def writes(journey: Journey) -> bool:
    return any(step.effect is EffectKind.WRITE for step in (*journey.steps, *journey.always))


def settings_for(journey: Journey, settings: Settings, values: Mapping[str, str]) -> Settings:
    return replace(settings, variables={name: value for name, value in values.items() if name in journey.variables})


def exit_code(runs: Sequence[Run]) -> ExitCode:
    """What the runs say together. A side effect left behind outranks the rest: nobody else will look for it."""
    if any(run.interrupted for run in runs):
        return ExitCode.INTERRUPTED
    if any(run.effects_open for run in runs):
        return ExitCode.EFFECTS_OPEN
    verdicts = {run.verdict for run in runs}
    if Verdict.FAILED in verdicts:
        return ExitCode.FAILED
    if verdicts == {Verdict.PASSED}:
        return ExitCode.PASSED
    return ExitCode.ERRORED
