"""A Journey becomes a Run."""

import asyncio
import random
from contextlib import AsyncExitStack
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from probe import __version__
from probe.evaluate.scope import Scope
from probe.evaluate.template import RenderError, names_in, render_value
from probe.evaluate.value import MISSING
from probe.interrupt import Interrupt
from probe.model.duration import format_duration
from probe.model.instant import nanoseconds_of
from probe.model.journey import IDEMPOTENCY_KEY, TARGET, EffectKind, Find, Journey, Step, Undo
from probe.model.network import overlay
from probe.model.progress import Progress, Watch
from probe.model.result import (
    SCHEMA,
    Cause,
    Failure,
    Run,
    Section,
    StepResult,
    Verdict,
)
from probe.model.template import Text
from probe.model.timing import Phase
from probe.perform import Outcome, Stage, perform_step
from probe.safety.hosts import host_of
from probe.safety.marker import KEY, Marker
from probe.safety.redaction import SHORTEST, Redactor
from probe.safety.secrets import SecretError
from probe.settings import NAMESERVERS, Clocks, Settings
from probe.steps import KINDS
from probe.steps.base import Options
from probe.writes import Writes

# one for all runs: making one takes as long as some checks
_CHANCE = random.Random()  # noqa: S311 - test data, not keys
_HELD_BACK = "stopped before the first write"


def unwatched(progress: Progress) -> None:
    """Nobody looks on."""


async def run_journey(
    journey: Journey,
    settings: Settings,
    *,
    clocks: Clocks | None = None,
    watch: Watch = unwatched,
    interrupt: Interrupt | None = None,
) -> Run:
    """Runs the journey once. Whatever happens becomes the Run; secrets are out of it when it is returned."""
    run = Running(journey, settings, clocks or Clocks(), watch, interrupt or Interrupt())
    async with AsyncExitStack() as sessions:
        run.sessions = sessions
        await run.go()
        await run.close()
    return run.record()


class Running:
    """A run while it goes on: what its steps need, and what has come of them."""

    sessions: AsyncExitStack

    def __init__(
        self, journey: Journey, settings: Settings, clocks: Clocks, watch: Watch, interrupt: Interrupt
    ) -> None:
        self.journey = journey
        self.settings = settings
        self.watch = watch
        self.interrupt = interrupt
        self.run_id = UUID(settings.run_id) if settings.run_id else uuid4()
        self.now = clocks.now
        self.started_at = clocks.now()
        self.monotonic_ns = clocks.monotonic_ns
        self.origin_ns = clocks.monotonic_ns()
        self.scope = Scope(settings.environ, clocks.now, _CHANCE)
        self.source = settings.environ if settings.secrets is None else settings.secrets
        self.bound: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.marker_key = ""
        self.opened: dict[str, Any] = {}
        self.results: list[StepResult] = []
        self.begun: list[tuple[str, int]] = []
        """The steps so far, and when each began."""
        self.failure: Failure | None = None
        self.held_back = ""
        """Why the run stopped before a write, when it did."""
        self.duration_ns = 0
        self.redactor = Redactor({})
        self.writes = Writes(journey, settings, self.run_id, self.scope, self.redactor, clocks.now)

    def clock(self) -> int:
        """Nanoseconds since the run began."""
        return self.monotonic_ns() - self.origin_ns

    async def go(self) -> None:
        self.failure = self.fill_scope()
        stage = self.stage()
        self.failure = self.failure or await self.open_sessions(stage)
        self.origin_ns = self.monotonic_ns()  # opening sessions is not part of what is measured
        if self.failure is None:
            await self._steps(stage)
            self._skip_rest(Section.STEPS, self._why_stopped())
            await self._cleanup(stage)
            self._skip_rest(Section.ALWAYS, "the cleanup's time ran out before it")
        else:
            for section in (Section.STEPS, Section.ALWAYS):
                self._skip_rest(section, "the run could not start")
        self.duration_ns = self.clock()

    def fill_scope(self) -> Failure | None:
        """Secrets first, then variables in their order; the Failure names what has no value."""
        try:
            return self._fill_secrets() or self._fill_variables()
        except SecretError as error:
            return Failure(Cause.AGENT, str(error), self.journey.place)

    def _fill_secrets(self) -> Failure | None:
        self.marker_key = self.source.get(KEY, "")
        self.redactor.add(KEY, self.marker_key)
        for name, secret in self.journey.secrets.items():
            default = secret.default if self.settings.secret_defaults else None
            value = self.source.get(secret.env, default)
            if value is None:
                message = f"the secret {name} has no value: the environment variable {secret.env} is not set"
                return Failure(Cause.SCRIPT, message, self.journey.place, hint=f"export {secret.env}=…")
            self.scope.set(name, value, secret=True)
            self._guard(name, value)
        self.scope.derived = self._guard
        return None

    def _guard(self, name: str, value: str) -> None:
        """A secret, or what a filter made of it, is redacted, and goes to the secret's hosts only."""
        self.redactor.add(name, value)
        secret = self.journey.secrets.get(name)
        if secret is not None and secret.hosts and (value, secret.hosts) not in self.bound.values():
            label = next(each for n in count(1) if (each := name if n == 1 else f"{name} {n}") not in self.bound)
            self.bound[label] = (value, secret.hosts)

    def _fill_variables(self) -> Failure | None:
        for name, written in self.journey.variables.items():
            try:
                given = self.settings.variables.get(name)
                self.scope.set(name, render_value(written, self.scope) if given is None else given)
            except RenderError as error:
                return Failure(Cause.SCRIPT, f"the variable {name}: {error}", error.place, hint=error.hint)
        return None

    def stage(self) -> Stage:
        options = Options(
            clock=self.clock,
            instants=self.settings.instants,
            user_agent=f"probe/{__version__} (synthetic)",
            marker=self._marker(),
            tls=self.settings.tls,
            network=overlay(self.settings.network, self.journey.network),
            writes_allowed=self.settings.writes_allowed,
            journalled=self.settings.journal is not None,
            secret_hosts=self.bound,
            taints=self.writes.taints,
            short_secrets={
                name: secret.hosts
                for name, secret in self.journey.secrets.items()
                if secret.hosts and len(str(self.scope.find(name))) < SHORTEST
            },
            tokens=self.settings.tokens,
            now=self.now,
            nameservers=tuple(self.settings.environ.get(NAMESERVERS, "").replace(",", " ").split()),
        )
        return Stage(
            scope=self.scope,
            options=options,
            redactor=self.redactor,
            session=lambda kind: self._session(kind, options),
            write_key=self.writes.key,
            before_write=self.writes.before,
            cut=self._cut,
            done=self._done,
        )

    def _marker(self) -> Marker:
        """Marks for the shop's own hosts: that of the variable `shop`, and those the journey names."""
        shop = host_of(str(self.scope.find(TARGET)))
        return Marker(self.run_id, (*self.journey.synthetic.hosts, *([shop] if shop else [])), self.marker_key)

    async def open_sessions(self, stage: Stage) -> Failure | None:
        """Opens those of the steps; the Failure names a kind that cannot be performed here."""
        for kind in dict.fromkeys(step.kind for step in (*self.journey.steps, *self.journey.always)):
            try:
                await stage.session(kind)
            except Exception as error:  # noqa: BLE001 - whatever keeps a kind from starting is ours, and recorded
                return Failure(Cause.AGENT, f"{kind} steps cannot be performed here: {error}", self.journey.place)
        return None

    async def _session(self, kind: str, options: Options) -> Any:
        if kind not in self.opened:
            self.opened[kind] = await self.sessions.enter_async_context(KINDS[kind].open_session(options))
        return self.opened[kind]

    async def close(self) -> None:
        """A session that cannot be closed does not take the run with it."""
        try:
            await self.sessions.aclose()
        except Exception as error:  # noqa: BLE001 - as above
            failure = Failure(Cause.AGENT, f"a session could not be closed: {error}", self.journey.place)
            self.failure = self.failure or failure
        self.opened.clear()  # sessions know the run's clock: without these circles the run is freed when it is over
        self.scope.derived = lambda name, value: None

    def _cut(self, phase: Phase | None) -> Failure:
        """Where the time limit struck, and which step before that had taken most of it."""
        if self.interrupt.requested:
            return Failure(Cause.AGENT, "interrupted")
        starts = [began for _, began in self.begun]
        took = [end - start for start, end in zip(starts, [*starts[1:], self.clock()], strict=True)]
        limit = format_duration(self.settings.timeout_ns or 0)
        message = f"the run's time limit of {limit} ran out {format_duration(took[-1])} into {self.begun[-1][0]}"
        if phase is not None:
            message += f", in {phase}"
        longest = max(range(len(took)), key=took.__getitem__)
        if longest != len(took) - 1:
            message += f"; {self.begun[longest][0]} had taken {format_duration(took[longest])} of it"
        return Failure(Cause.TIMEOUT, message)

    async def _steps(self, stage: Stage) -> None:
        limit = None if self.settings.timeout_ns is None else self.settings.timeout_ns / 1e9
        try:
            async with asyncio.timeout(limit) as section:
                with self.interrupt.cuts(section):
                    for step in self.journey.steps:
                        if why := self._held_back(step):
                            self.held_back = why
                            return
                        if not await self._step(step, stage, Section.STEPS):
                            return
        except TimeoutError:
            pass  # the step that was cut has its result, with the reason

    async def _step(self, step: Step, stage: Stage, section: Section) -> bool:
        """Whether the step passed."""
        outcome = await self.perform(step, stage, section)
        if step.effect is EffectKind.WRITE:
            await self.writes.learn()
        return outcome.result.verdict is Verdict.PASSED

    async def perform(self, step: Step, stage: Stage, section: Section) -> Outcome:
        self.begun.append((step.name, self.clock()))
        self.watch(Progress(self.journey.name, step.name, section))
        return await perform_step(step, stage, section)

    def _done(self, step: Step, outcome: Outcome) -> None:
        result = outcome.result
        self.results.append(result)
        self.writes.note(step, outcome)
        if self.failure is None and result.section is not Section.UNDO:
            self.failure = result.failure
        self.watch(Progress(self.journey.name, step.name, result.section, result.verdict, result.duration_ns))

    async def _cleanup(self, stage: Stage) -> None:
        """Undo the writes, the last one first, then `always`: each in a time of its own, whatever happened before."""
        if not self.writes.begun and not self.journey.always:
            return
        limit = self.journey.cleanup_timeout
        stage.cut = lambda _: Failure(Cause.AGENT, f"the cleanup's time of {format_duration(limit)} ran out")
        for part in (self._undo_all, self._always):
            try:
                async with asyncio.timeout(limit / 1e9):
                    await part(stage)
            except TimeoutError:
                pass  # as above

    async def _undo_all(self, stage: Stage) -> None:
        await self.writes.learn()
        for index in reversed(range(len(self.writes.effects))):
            await self._undo(index, stage)

    async def _always(self, stage: Stage) -> None:
        for step in self.journey.always:
            if why := self._held_back(step):
                self._skip(step, Section.ALWAYS, why)
            elif not self._skip_unready(step, Section.ALWAYS):
                await self._step(step, stage, Section.ALWAYS)

    async def _undo(self, index: int, stage: Stage) -> None:
        step, effect = self.writes.effects[index]
        if step.undo is not None:
            self.scope.set(IDEMPOTENCY_KEY, effect.key)
            written_ns = self.writes.believed_from(step)
            await self.writes.settle(index, await self.take_back(step.undo, stage, written_ns))

    async def take_back(self, undo: Undo, stage: Stage, written_ns: int | None) -> str:
        """Why the write could not be undone; empty when it was, or when it made nothing.

        `written_ns` is when it was sent, by the wall clock; None when the shop itself said that it did nothing.
        """
        if undo.find is not None and self._missing(undo):
            found = await self.perform(undo.find, stage, Section.UNDO)
            if found.absent:
                why = self._too_early(undo.find, written_ns)
                self._skip(undo, Section.UNDO, why or "the write made nothing")
                return why
            if found.result.failure is not None:
                self._skip(undo, Section.UNDO, "what the write made was not found")
                return found.result.failure.message
        if missing := self._missing(undo):
            self._skip(undo, Section.UNDO, missing)
            return missing
        failure = (await self.perform(undo, stage, Section.UNDO)).result.failure
        return "" if failure is None else failure.message

    def _too_early(self, find: Find, written_ns: int | None) -> str:
        """Why it is not believed yet that a write made nothing; empty when it is."""
        if written_ns is None:
            return ""
        age_ns = nanoseconds_of(self.now()) - written_ns
        if age_ns >= find.after:
            return ""
        return f"nothing is to be found {format_duration(max(age_ns, 0))} after the write, which may still be under way"

    def _held_back(self, step: Step) -> str:
        """Why the step is not to be performed in this run; empty when it is."""
        if step.effect is not EffectKind.WRITE:
            return ""
        return self.settings.writes_stopped() or (_HELD_BACK if self.settings.stop_before_writes else "")

    def _skip_unready(self, step: Step, section: Section) -> bool:
        """Whether the step needs something that was never captured; then it is recorded as skipped."""
        missing = self._missing(step)
        if missing:
            self._skip(step, section, missing)
        return bool(missing)

    def _missing(self, step: Step) -> str:
        """Which names of the step have no value, in words; empty when all have one."""
        own = {capture.name for capture in step.captures}
        parts = (step.action, step.checks, step.captures, step.poll)
        unknown = [(text, name) for text, name in names_in(parts) if self.scope.find(name) is MISSING]
        missing = {name for text, name in unknown if not _has_value(text, self.scope)} - own
        return f"{', '.join(sorted(missing))} was never captured" if missing else ""

    def _skip(self, step: Step, section: Section, why: str) -> None:
        self.results.append(
            StepResult(step.name, step.kind, Verdict.SKIPPED, step.place, section, self.clock(), skipped=why)
        )

    def _skip_rest(self, section: Section, why: str) -> None:
        """Every step has a result: what was not performed says why."""
        done = {result.name for result in self.results if result.section is section}
        for step in self.journey.steps if section is Section.STEPS else self.journey.always:
            if step.name not in done:
                self._skip(step, section, why)

    def _why_stopped(self) -> str:
        if self.interrupt.requested:
            return "interrupted before it"
        return "a step before it did not pass" if self.failure else self.held_back

    def record(self) -> Run:
        failure = self.failure
        performed = any(result.verdict is not Verdict.SKIPPED for result in self.results)
        verdict = failure.cause.verdict if failure else Verdict.PASSED if performed else Verdict.SKIPPED
        run = Run(
            run_id=str(self.run_id),
            journey=self.journey.name,
            file=self.journey.file,
            region=self.settings.region,
            agent=self.settings.agent,
            trigger=self.settings.trigger,
            started_at=self.started_at,
            duration_ns=self.duration_ns,
            verdict=verdict,
            steps=tuple(self.results),
            probe=__version__,
            schema=SCHEMA,
            description=self.journey.description,
            tags=self.journey.tags,
            variables={
                name: self.scope.find(name) for name in self.journey.variables if self.scope.find(name) is not MISSING
            },
            effects=tuple(effect for _, effect in self.writes.effects),
            failure=failure,
            interrupted=self.interrupt.requested,
            flaky=any(result.flaky for result in self.results),
            env=self.settings.env,
            slot=self.settings.slot,
            definition=self.journey.definition,
        )
        return self.redactor.record(run)


def _has_value(text: Text, scope: Scope) -> bool:
    """Whether the text can be rendered, perhaps with a default."""
    try:
        render_value(text, scope)
    except RenderError:
        return False
    return True
