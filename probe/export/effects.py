"""What writes left behind, for a terminal."""

from collections.abc import Iterator, Sequence

from probe.export.text import printable
from probe.model.instant import datetime_of
from probe.model.result import EffectState
from probe.safety.journal import Entry

_MEANING = {
    EffectState.OPEN: "to be undone",
    EffectState.UNKNOWN: "sent, perhaps; to be undone",
    EffectState.UNDONE: "undone",
    EffectState.LEAKED: "LEAKED: could not be undone, somebody must look at it",
}


def effect_lines(entries: Sequence[Entry]) -> Iterator[str]:
    if not entries:
        yield "Nothing is left behind."
    for entry in entries:
        amount = f", {entry.amount}" if entry.amount else ""
        meaning = _MEANING[entry.state] if entry.undoable else "nothing says how to undo it"
        yield printable(f"{entry.step} of {entry.journey}{amount}: {meaning}")
        opened = datetime_of(entry.opened_ns)
        sent = f"{opened:%Y-%m-%d %H:%M:%S} UTC from {entry.region} ({entry.agent})"
        yield printable(f"    sent {sent}, run {entry.run_id}")
        yield printable(f"    key {entry.key}, {entry.file}")
        if entry.tries:
            tries = "1 try" if entry.tries == 1 else f"{entry.tries} tries"
            yield printable(f"    {tries} to undo it; the last one: {entry.note}")
        elif entry.note:
            yield printable(f"    {entry.note}")
