"""The writes of one run: in the journal before they leave, and what is known of them afterwards."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from msgspec.structs import replace

from probe.errors import StepFailure
from probe.evaluate.scope import Scope
from probe.model.instant import nanoseconds_of
from probe.model.journey import EffectKind, Journey, Step
from probe.model.result import Cause, Effect, EffectState, Failure, Verdict
from probe.perform import Outcome, refused
from probe.safety import journal
from probe.safety.redaction import Redactor
from probe.safety.taint import taints_of
from probe.settings import Settings

Now = Callable[[], datetime]

_PERHAPS_LATER = (202, 408)
"""Answers that leave it open what is done yet (RFC 9110 §15.3.3, §15.5.9)."""


class Writes:
    def __init__(
        self, journey: Journey, settings: Settings, run_id: UUID, scope: Scope, redactor: Redactor, now: Now
    ) -> None:
        self.effects: list[tuple[Step, Effect]] = []
        self._journey = journey
        self._settings = settings
        self._run_id = run_id
        self._scope = scope
        self.taints = taints_of(journey)
        self._redactor = redactor
        self._now = now
        self._entries: dict[str, journal.Entry] = {}
        self._sent_ns: dict[str, int] = {}
        self._answered: set[str] = set()
        """The writes the shop is through with."""

    @property
    def begun(self) -> bool:
        """Whether there may be something to settle."""
        return bool(self._entries or self.effects)

    def key(self, step: str) -> str:
        """The idempotency key of a step: the same whenever the run sends it."""
        return str(uuid5(self._run_id, step))

    async def before(self, step: Step) -> None:
        """Enters the write into the journal. StepFailure when that cannot be done: it is not sent then."""
        if (stopped := self._settings.writes_stopped()) and step.effect is EffectKind.WRITE:
            raise StepFailure(Failure(Cause.AGENT, f"the write was not sent: {stopped}", step.place))
        self._sent_ns[step.name] = nanoseconds_of(self._now())
        if self._settings.journal is None:
            return
        entry = self._entries[step.name] = self._entry(step)  # kept when this is cancelled: it is on disk then, perhaps
        try:
            await self._settings.journal.run(lambda connection: journal.put(connection, entry))
        except sqlite3.Error as error:
            message = f"the write was not sent: the journal of effects takes no entry: {error}"
            raise StepFailure(Failure(Cause.AGENT, message, step.place)) from None

    def note(self, step: Step, outcome: Outcome) -> None:
        """A write that may have been sent leaves something behind, unless it was refused.

        Some shops refuse after the deed: where a find can tell, a refusal alone is not believed.
        """
        if step.effect is not EffectKind.WRITE or not outcome.sent:
            return
        if refused(outcome.status):
            if step.undo is None or step.undo.find is None:
                return
            self._answered.add(step.name)
        elif outcome.status is not None and outcome.status < 500 and outcome.status not in _PERHAPS_LATER:
            self._answered.add(step.name)
        known = outcome.result.verdict is Verdict.PASSED
        state = EffectState.OPEN if known else EffectState.UNKNOWN
        self.effects.append((step, Effect(step.name, state, step.undo is not None, self.key(step.name))))

    def believed_from(self, step: Step) -> int | None:
        """When the write was sent, by the wall clock; None when it was answered: what is not there then never comes."""
        return None if step.name in self._answered else self._sent_ns.get(step.name, 0)

    async def learn(self) -> None:
        """Brings the journal up to what is known of every write that is in it."""
        if not self._entries or self._settings.journal is None:
            return
        effects: dict[str, Effect] = {step.name: effect for step, effect in self.effects}
        done = {name: entry for name, entry in self._entries.items() if name not in effects}
        values = self._values()
        known = [
            replace(entry, state=effects[name].state, values=values)
            for name, entry in self._entries.items()
            if name in effects
        ]

        def learned(connection: sqlite3.Connection) -> None:
            for entry in done.values():
                journal.drop(connection, entry.key)
            for entry in known:
                journal.put(connection, entry)

        with suppress(sqlite3.Error):  # then it is unknown there still, and its undo is tried
            await self._settings.journal.run(learned)
            self._entries = {entry.step: entry for entry in known}

    async def settle(self, index: int, failure: str) -> None:
        """Notes whether an effect was undone: `failure` is why not, empty when it was."""
        step, effect = self.effects[index]
        if not failure:
            self.effects[index] = (step, replace(effect, state=EffectState.UNDONE))
        entry = self._entries.pop(step.name, None)
        if entry is None or self._settings.journal is None:
            return
        note, now_ns = self._redactor.text(failure), nanoseconds_of(self._now())
        after = journal.not_undone(entry, note, now_ns) if failure else journal.undone(entry)
        with suppress(sqlite3.Error):  # an undo that is tried again is what the journal is for
            await self._settings.journal.run(lambda connection: journal.put(connection, after))

    def _entry(self, step: Step) -> journal.Entry:
        amount = step.amount
        return journal.Entry(
            key=self.key(step.name),
            run_id=str(self._run_id),
            journey=self._journey.name,
            file=str(Path(self._journey.file).absolute()),
            step=step.name,
            region=self._settings.region,
            agent=self._settings.agent,
            env=self._settings.env,
            undoable=step.undo is not None,
            opened_ns=nanoseconds_of(self._now()),
            amount=f"{amount.value} {amount.currency}" if amount else "",
            values=self._values(),
        )

    def _values(self) -> dict[str, object]:
        """What an undo in another process can be told: nothing that is a secret, or was made of one."""
        values = self._scope.open_values()
        written = {name: _written(value) for name, value in values.items() if name not in self.taints}
        return {name: json.loads(text) for name, text in written.items() if text and self._redactor.text(text) == text}


def _written(value: object) -> str:
    """The value as JSON; empty when it is not of JSON's kinds."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return ""
