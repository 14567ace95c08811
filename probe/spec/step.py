"""The reader of a step: the keys all steps share, and the one block named after its kind."""

from typing import Any

from probe.evaluate.suggest import did_you_mean
from probe.model.duration import NANOSECONDS
from probe.model.journey import EffectKind, Step
from probe.spec.decode import BAD, Decoder
from probe.spec.keys import keys_of
from probe.spec.nodes import Mapping, Node, Scalar, shorten
from probe.steps import KINDS

SHORTEST_PAUSE = 100 * NANOSECONDS["ms"]


def read_step(decoder: Decoder, node: Node) -> Any:
    if not isinstance(node, Mapping):
        return decoder.expected("a step: a mapping with a name and an action", node, "- {name: browse, http: {get: …}}")
    return _read(decoder, node, node, "")


def _read(decoder: Decoder, node: Mapping, own: Mapping, undo_of: str) -> Any:
    """`own` are the pairs that are keys of the step itself; an undo may leave its name to the step it belongs to."""
    found = [(key, item) for key, item in own.pairs if key.text in KINDS]
    rest = [(key, item) for key, item in own.pairs if key.text not in KINDS and key.text != "undo"]
    known = _refuse_unknown(decoder, rest)
    if not found:
        return _no_action(decoder, node, rest) if known else BAD
    if len(found) > 1:
        hint = "make two steps of them"
        return decoder.mistake(
            found[1][0].place, f"expected one action, got {found[0][0].text} and {found[1][0].text}", hint
        )
    key, item = found[0]
    kind = KINDS[key.text]
    action = decoder.read(kind.Action, item)
    outer, decoder.has_response = decoder.has_response, kind.ANSWERS
    if undo_of and not any(key.text == "name" for key, _ in rest):
        rest = [(Scalar("name", True, node.place), Scalar(f"undo {undo_of}", False, node.place)), *rest]
    step = decoder.read_struct(Step, Mapping(rest, node.place), kind=key.text, action=action, place=key.place)
    decoder.has_response = outer
    undo = _read_undo(decoder, own, step)
    if BAD in (step, undo) or not known:
        return BAD
    return _ruled(decoder, own, _with(step, undo))


def _refuse_unknown(decoder: Decoder, pairs: list[tuple[Scalar, Node]]) -> bool:
    keys = [*KINDS, *keys_of(Step)]
    unknown = [key for key, _ in pairs if key.text not in keys]
    for key in unknown:
        decoder.mistake(key.place, f"unknown key {shorten(key.text)} in a step", did_you_mean(key.text, keys))
    pairs[:] = [(key, item) for key, item in pairs if key not in unknown]
    return not unknown


def _no_action(decoder: Decoder, node: Mapping, rest: list[tuple[Scalar, Node]]) -> Any:
    named = next((item.text for key, item in rest if key.text == "name" and isinstance(item, Scalar)), "")
    which = f'the step "{shorten(named)}"' if named else "the step"
    return decoder.mistake(
        node.place, f"{which} has no action", f"add one of: {', '.join(f'{kind}: …' for kind in KINDS)}"
    )


def _read_undo(decoder: Decoder, own: Mapping, step: Any) -> Any:
    node = own.get("undo")
    if node is None:
        return None
    if not isinstance(node, Mapping):
        return decoder.expected("an action that undoes the step", node, "undo: {http: {delete: …}}")
    return _read(decoder, node, node, "the step" if step is BAD else step.name)


def _with(step: Step, undo: Step | None) -> Step:
    from msgspec.structs import replace

    return step if undo is None else replace(step, undo=undo)


def _ruled(decoder: Decoder, own: Mapping, step: Step) -> Any:
    """The step, unless its keys contradict each other."""
    at = {key.text: key.place for key, _ in own.pairs}
    writes = step.effect is EffectKind.WRITE
    if step.poll is not None and writes:
        return decoder.mistake(
            at["poll"], "a step with effect: write is sent once and cannot poll", "poll in a step of its own"
        )
    if step.poll is not None and step.poll.every < SHORTEST_PAUSE:
        return decoder.mistake(at["poll"], "a poll pauses at least 100ms between attempts", "every: 1s")
    if step.undo is not None and not writes:
        return decoder.mistake(
            at["undo"], "undo belongs to a step with effect: write", "add effect: write, or move it to always:"
        )
    if step.amount is not None and not writes:
        return decoder.mistake(at["amount"], "amount belongs to a step with effect: write", "add effect: write")
    if step.timeout is not None and step.timeout == 0:
        return decoder.mistake(at["timeout"], "a time-out of nothing lets no step pass", "leave it out for 30s")
    return step
