"""The reader of a step: the keys all steps share, and the one block named after its kind."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import StructMeta

from probe.evaluate.suggest import did_you_mean
from probe.model.journey import EffectKind, Find, Label, Step, Undo
from probe.model.observation import Seen
from probe.model.place import Mistake
from probe.spec import nodes
from probe.spec.decode import BAD, Decoder
from probe.spec.keys import keys_of
from probe.spec.nodes import Node, Scalar, shorten
from probe.steps import KINDS
from probe.steps.base import StepKind

NOT_IN_UNDO = {
    "undo": "an undo cannot be undone",
    "effect": "an undo is a write already",
    "amount": "an undo spends nothing",
    "poll": "an undo is sent once",
    "retry": "an undo that fails is tried again by the journal",
    "idempotent": "an undo must be harmless when it is repeated anyway",
}
"""The keys of a step that an undo does not have, and why."""

NOT_IN_FIND = dict.fromkeys(("undo", "effect", "amount"), "finding out changes nothing")
_NOT_IN_LOGIN = dict.fromkeys(("undo", "effect", "amount"), "it is performed again whenever the undo is")

Pairs = list[tuple[Scalar, Node]]


def read_step(decoder: Decoder, node: Node) -> Any:
    if not isinstance(node, nodes.Mapping):
        return decoder.expected(
            "a step: a mapping with a name and an action", node, "for example - {name: browse, http: {get: …}}"
        )
    decoder.mistakes += _contradictions(node)
    undo = node.get("undo")
    return _read(decoder, node, Step, {} if undo is None else {"undo": _read_undo(decoder, undo, node.get("name"))})


def _read_undo(decoder: Decoder, node: Node, name: Node | None) -> Any:
    """The undo of a step; it is named after the step when it has no name of its own."""
    if not isinstance(node, nodes.Mapping):
        return decoder.expected("an action that undoes the step", node, "undo: {http: {delete: …}}")
    decoder.mistakes += _not_everywhere(node, write=True)
    own = _without(decoder, node, NOT_IN_UNDO, "an undo has no")
    step = name.text if isinstance(name, Scalar) else "the step"
    filled = {} if own.get("name") else {"name": Label(f"undo {step}")}
    login, find = own.get("login"), own.get("find")
    if login is not None:
        filled["login"] = _read_login(decoder, login)
    if find is not None:
        filled["find"] = _read_find(decoder, find, step)
    return _read(decoder, own, Undo, filled)


def _read_login(decoder: Decoder, node: Node) -> Any:
    if not isinstance(node, nodes.Sequence):
        return decoder.expected("a list of steps", node, "login: [{name: log in, http: {post: …}}]")
    steps = [
        _without(decoder, item, _NOT_IN_LOGIN, "a login has no") if isinstance(item, nodes.Mapping) else item
        for item in node.items
    ]
    return decoder.read_list(Step, nodes.Sequence(steps, node.place))


def _read_find(decoder: Decoder, node: Node, step: str) -> Any:
    if not isinstance(node, nodes.Mapping):
        return decoder.expected("an action that finds what the step made", node, "find: {http: {get: …}, capture: …}")
    own = _without(decoder, node, NOT_IN_FIND, "a find has no")
    return _read(decoder, own, Find, {} if own.get("name") else {"name": Label(f"find what {step} made")})


def _without(decoder: Decoder, node: nodes.Mapping, refused: Mapping[str, str], message: str) -> nodes.Mapping:
    """The mapping without the keys it must not have, each of them a mistake."""
    for key, _ in node.pairs:
        if key.text in refused:
            decoder.mistake(key.place, f"{message} {key.text}", refused[key.text])
    return nodes.Mapping([pair for pair in node.pairs if pair[0].text not in refused], node.place)


def _read(decoder: Decoder, node: nodes.Mapping, struct: type[Step], filled: dict[str, Any]) -> Any:
    """The step of a mapping; what is `filled` in is not read from it."""
    known = _refuse_unknown(decoder, node, struct)
    actions = [(key, item) for key, item in node.pairs if key.text in KINDS]
    rest = [(key, item) for key, item in node.pairs if key.text in keys_of(struct) and key.text not in filled]
    outer, decoder.shown = decoder.shown, frozenset(Seen).intersection(*(KINDS[key.text].SHOWS for key, _ in actions))
    read = [decoder.read(KINDS[key.text].Action, item) for key, item in actions]
    kind, place = (actions[0][0].text, actions[0][0].place) if actions else ("", node.place)
    action = read[0] if len(read) == 1 else _refuse_actions(decoder, node, actions, known=known)
    own = nodes.Mapping(rest, node.place)
    step = decoder.read_struct(struct, own, kind=kind, action=action, place=place, **filled)
    decoder.shown = outer
    return step if known else BAD


def _refuse_unknown(decoder: Decoder, node: nodes.Mapping, struct: type[Step]) -> bool:
    """Whether all keys are known."""
    keys = [*KINDS, *keys_of(struct)]
    unknown = [key for key, _ in node.pairs if key.text not in keys]
    for key in unknown:
        decoder.mistake(key.place, f"unknown key {shorten(key.text)} in a step", _where_to(key.text, node, keys))
    return not unknown


def _where_to(key: str, step: nodes.Mapping, keys: Collection[str]) -> str:
    kind = next((kind for kind, each in KINDS.items() if key in _keys_of_action(each)), None)
    if kind is None:
        return did_you_mean(key, keys)
    if key == "network" and any(other.text in KINDS and other.text != kind for other, _ in step.pairs):
        return "write it at the top level of the journey: it holds for all its steps"
    return f"it belongs into {kind}: {{{key}: …}}"


def _keys_of_action(kind: StepKind) -> Collection[str]:
    return keys_of(kind.Action) if isinstance(kind.Action, StructMeta) else ()


def _refuse_actions(decoder: Decoder, node: nodes.Mapping, actions: Pairs, *, known: bool) -> Any:
    """No action, or more than one. An unknown key may have been meant to be the action, and is told already."""
    if actions:
        message = f"expected one action, got {actions[0][0].text} and {actions[1][0].text}"
        return decoder.mistake(actions[1][0].place, message, "make two steps of them")
    name = node.get("name")
    which = f'the step "{shorten(name.text)}"' if isinstance(name, Scalar) and name.text else "the step"
    hint = f"add one of: {', '.join(f'{kind}: …' for kind in KINDS)}"
    return decoder.mistake(node.place, f"{which} has no action", hint) if known else BAD


def _not_everywhere(step: nodes.Mapping, *, write: bool) -> Iterator[Mistake]:
    """What is asked at every address is asked once, and changes nothing."""
    http = step.get("http")
    pairs = http.pairs if isinstance(http, nodes.Mapping) else []
    for key in (key for key, item in pairs if key.text == "all_addresses" and getattr(item, "value", None) is True):
        if write:
            yield Mistake(key.place, "a write is sent once, to one address", "leave all_addresses out")
        elif step.get("poll") is not None:
            yield Mistake(key.place, "a poll asks one address at a time", "leave all_addresses or poll out")


def _contradictions(step: nodes.Mapping) -> Iterator[Mistake]:
    """Keys that do not go with the step's effect."""
    yield from _not_everywhere(step, write=_is_write(step.get("effect")))
    at = {key.text: key.place for key, _ in step.pairs}
    effect = step.get("effect")
    if _is_write(effect) and "poll" in at:
        message = "a step with effect: write is sent once and cannot poll"
        yield Mistake(at["poll"], message, "poll in a step of its own")
    if "retry" in at and "poll" in at:
        yield Mistake(at["retry"], "a poll asks again by itself", "leave retry or poll out")
    if "retry" in at and _is_write(effect) and not _is_true(step.get("idempotent")):
        hint = "idempotent: true says that the target does it once for one Idempotency-Key"
        yield Mistake(at["retry"], "a step with effect: write is sent once", hint)
    if "idempotent" in at and not _is_write(effect):
        yield Mistake(at["idempotent"], "idempotent belongs to a step with effect: write", "leave it out")
    if effect is None or (isinstance(effect, Scalar) and effect.text == EffectKind.READ):
        if "undo" in at:
            hint = "add effect: write, or move it to always:"
            yield Mistake(at["undo"], "undo belongs to a step with effect: write", hint)
        if "amount" in at:
            yield Mistake(at["amount"], "amount belongs to a step with effect: write", "add effect: write")


def _is_write(effect: Node | None) -> bool:
    return isinstance(effect, Scalar) and effect.text == EffectKind.WRITE


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.value is True
