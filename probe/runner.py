"""A Journey becomes a Run."""

import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4, uuid5

from probe import __version__
from probe.evaluate.scope import Scope
from probe.evaluate.template import RenderError, names_in, render_value
from probe.evaluate.value import MISSING
from probe.interrupt import Interrupt
from probe.model.duration import format_duration
from probe.model.journey import EffectKind, Journey, Step
from probe.model.progress import Progress, Watch
from probe.model.result import (
    SCHEMA,
    Cause,
    Effect,
    EffectState,
    Failure,
    Run,
    Section,
    StepResult,
    Verdict,
)
from probe.model.template import Text
from probe.perform import Outcome, Stage, perform_step
from probe.safety.redaction import Redactor
from probe.settings import NAMESERVERS, Clocks, Settings
from probe.steps import KINDS
from probe.steps.base import Options

_HELD_BACK = "stopped before the first write"


def _unwatched(progress: Progress) -> None:
    pass


async def run_journey(
    journey: Journey,
    settings: Settings,
    *,
    clocks: Clocks | None = None,
    watch: Watch = _unwatched,
    interrupt: Interrupt | None = None,
) -> Run:
    """Runs the journey once. Whatever happens becomes the Run; secrets are out of it when it is returned."""
    run = _Running(journey, settings, clocks or Clocks(), watch, interrupt or Interrupt())
    async with AsyncExitStack() as sessions:
        run.sessions = sessions
        await run.go()
        await run.close()
    return run.record()


class _Running:
    """One run while it goes on."""

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
        self.scope = Scope(settings.environ, clocks.now, random.Random())  # noqa: S311 - test data, not keys
        self.secrets: dict[str, str] = {}
        self.opened: dict[str, Any] = {}
        self.effects: list[tuple[Step, Effect]] = []
        self.results: list[StepResult] = []
        self.failure: Failure | None = None
        self.duration_ns = 0
        self.redactor = Redactor({})

    def clock(self) -> int:
        """Nanoseconds since the run began."""
        return self.monotonic_ns() - self.origin_ns

    async def go(self) -> None:
        self.failure = self._fill_scope()
        stage = self._stage()
        self.failure = self.failure or await self._open_sessions(stage)
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

    def _fill_scope(self) -> Failure | None:
        """Secrets first, then variables in their order; the Failure names what has no value."""
        for name, secret in self.journey.secrets.items():
            default = secret.default if self.settings.secret_defaults else None
            value = self.settings.environ.get(secret.env, default)
            if value is None:
                message = f"the secret {name} has no value: the environment variable {secret.env} is not set"
                return Failure(Cause.SCRIPT, message, self.journey.place, hint=f"export {secret.env}=…")
            self.secrets[name] = value
            self.scope.set(name, value, secret=True)
        self.redactor = Redactor(self.secrets)
        self.scope.derived = self.redactor.add
        for name, written in self.journey.variables.items():
            try:
                given = self.settings.variables.get(name)
                self.scope.set(name, render_value(written, self.scope) if given is None else given)
            except RenderError as error:
                return Failure(Cause.SCRIPT, f"the variable {name}: {error}", error.place, hint=error.hint)
        return None

    def _stage(self) -> Stage:
        bound = {
            name: (self.secrets[name], s.hosts)
            for name, s in self.journey.secrets.items()
            if s.hosts and name in self.secrets
        }
        options = Options(
            clock=self.clock,
            instants=self.settings.instants,
            user_agent=f"probe/{__version__}",
            tls=self.settings.tls,
            writes_allowed=self.settings.writes_allowed,
            secret_hosts=bound,
            now=self.now,
            nameservers=tuple(self.settings.environ.get(NAMESERVERS, "").replace(",", " ").split()),
        )
        return Stage(
            scope=self.scope,
            options=options,
            redactor=self.redactor,
            session=lambda kind: self._session(kind, options),
            write_key=self._write_key,
            cut=self._cut,
            done=self._done,
        )

    def _write_key(self, step: str) -> str:
        return str(uuid5(self.run_id, step))

    async def _open_sessions(self, stage: Stage) -> Failure | None:
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

    def _cut(self) -> Failure:
        if self.interrupt.requested:
            return Failure(Cause.AGENT, "interrupted")
        limit = format_duration(self.settings.timeout_ns or 0)
        return Failure(Cause.TIMEOUT, f"the run's time limit of {limit} ran out in this step")

    async def _steps(self, stage: Stage) -> None:
        limit = None if self.settings.timeout_ns is None else self.settings.timeout_ns / 1e9
        try:
            async with asyncio.timeout(limit) as section:
                with self.interrupt.cuts(section):
                    for step in self.journey.steps:
                        if self._held_back(step):
                            return
                        if not await self._step(step, stage, Section.STEPS):
                            return
        except TimeoutError:
            pass  # the step that was cut has its result, with the reason

    async def _step(self, step: Step, stage: Stage, section: Section) -> bool:
        """Whether the step passed."""
        self.watch(Progress(self.journey.name, step.name, section))
        result = await perform_step(step, stage, section)
        return result.verdict is Verdict.PASSED

    def _done(self, step: Step, outcome: Outcome) -> None:
        result = outcome.result
        self.results.append(result)
        self._note_effect(step, outcome)
        if self.failure is None and result.section is not Section.UNDO:
            self.failure = result.failure
        self.watch(Progress(self.journey.name, step.name, result.section, result.verdict, result.duration_ns))

    def _note_effect(self, step: Step, outcome: Outcome) -> None:
        """A write that may have been sent leaves something behind, unless it was refused."""
        if step.effect is not EffectKind.WRITE or not outcome.sent or _refused(outcome.status):
            return
        known = outcome.result.verdict is Verdict.PASSED
        state = EffectState.OPEN if known else EffectState.UNKNOWN
        self.effects.append((step, Effect(step.name, state, step.undo is not None, self._write_key(step.name))))

    async def _cleanup(self, stage: Stage) -> None:
        """Undo the writes, the last one first, then `always`: within their own time, whatever happened before."""
        stage.cut = lambda: Failure(
            Cause.AGENT, f"the cleanup's time of {format_duration(self.journey.cleanup_timeout)} ran out"
        )
        try:
            async with asyncio.timeout(self.journey.cleanup_timeout / 1e9):
                for index in reversed(range(len(self.effects))):
                    await self._undo(index, stage)
                for step in self.journey.always:
                    if self._held_back(step):
                        self._skip(step, Section.ALWAYS, _HELD_BACK)
                    elif not self._skip_unready(step, Section.ALWAYS):
                        await self._step(step, stage, Section.ALWAYS)
        except TimeoutError:
            pass  # as above

    async def _undo(self, index: int, stage: Stage) -> None:
        step, effect = self.effects[index]
        if step.undo is None or self._skip_unready(step.undo, Section.UNDO):
            return
        if await self._step(step.undo, stage, Section.UNDO):
            self.effects[index] = (step, Effect(effect.step, EffectState.UNDONE, effect.undoable, effect.key))

    def _held_back(self, step: Step) -> bool:
        return self.settings.stop_before_writes and step.effect is EffectKind.WRITE

    def _skip_unready(self, step: Step, section: Section) -> bool:
        """Whether the step needs something that was never captured; then it is recorded as skipped."""
        own = {capture.name for capture in step.captures}
        parts = (step.action, step.checks, step.captures, step.poll)
        unknown = [(text, name) for text, name in names_in(parts) if self.scope.find(name) is MISSING]
        missing = {name for text, name in unknown if not _has_value(text, self.scope)} - own
        if missing:
            self._skip(step, section, f"{', '.join(sorted(missing))} was never captured")
        return bool(missing)

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
        return _HELD_BACK if self.failure is None else "a step before it did not pass"

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
            effects=tuple(effect for _, effect in self.effects),
            failure=failure,
            interrupted=self.interrupt.requested,
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


def _refused(status: int | None) -> bool:
    """Whether the target said that it did not do what was asked (RFC 9110 §15.5); 408 leaves it open."""
    return status is not None and 400 <= status < 500 and status != 408
