from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import fields


class Key(Struct, frozen=True):
    """A key of a mapping in a file, and the field it is read into."""

    name: str
    field: str
    type: Any
    required: bool
    description: str
    least: int | None
    """The smallest value that makes sense."""


@cache
def keys_of(struct: type[Struct]) -> Mapping[str, Key]:
    """The keys of a struct: its fields that have a description. Fields without one are filled by its reader."""
    hints = get_type_hints(struct, include_extras=True)
    keys = {}
    for field in fields(struct):
        hint = hints[field.name]
        meta = (
            next((m for m in get_args(hint)[1:] if isinstance(m, Meta)), None)
            if get_origin(hint) is Annotated
            else None
        )
        if meta is not None and meta.description:
            required = field.default is NODEFAULT and field.default_factory is NODEFAULT
            least = None if meta.ge is None else int(meta.ge)
            key = Key(field.encode_name, field.name, _type_in(hint), required, meta.description, least)
            keys[key.name] = key
    return keys


def _type_in(hint: Any) -> Any:
    """The type without its Meta; what else it is annotated with tells it apart from others."""
    kind, *notes = get_args(hint)
    own = [note for note in notes if not isinstance(note, Meta)]
    return Annotated[(kind, *own)] if own else kind
