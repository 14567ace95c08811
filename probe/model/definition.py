"""What makes two journeys the same for a comparison: all that is done and checked, and no values of variables."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from probe.model.duration import Duration
from probe.model.journey import Journey
from probe.model.place import Place

LENGTH = 16
_PERFORMED = ("name", "network", "steps", "always")


def definition_of(journey: Journey) -> str:
    """A digest of the journey's name, network, steps and cleanup. Comments, places, schedules, values do not count."""
    names = {"variables": sorted(journey.variables), "secrets": sorted(journey.secrets)}
    parts = {**names, **{name: _plain(value) for name, value in _said(journey).items() if name in _PERFORMED}}
    plain = msgspec.json.encode(parts, order="deterministic")
    return hashlib.sha256(plain).hexdigest()[:LENGTH]


def _plain(part: Any) -> Any:
    """Without places; a struct's type is part of what it says."""
    match part:
        case Struct():
            fields = {name: _plain(value) for name, value in _said(part).items() if not isinstance(value, Place)}
            return [type(part).__name__, fields]
        case Mapping():
            return [[key, _plain(value)] for key, value in part.items()]
        case tuple() | list():
            return [_plain(item) for item in part]
        case Decimal():
            return str(part)
        case Duration():
            return int(part)
    return part


def _said(struct: Struct) -> dict[str, Any]:
    """The fields that are not what they are when nothing is said: a key of tomorrow changes no digest of today."""
    defaults = _defaults(type(struct))
    values = {name: getattr(struct, name) for name in struct.__struct_fields__}
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}


@cache
def _defaults(struct: type[Struct]) -> dict[str, Any]:
    return {
        each.name: each.default if each.default is not NODEFAULT else each.default_factory()
        for each in fields(struct)
        if each.default is not NODEFAULT or each.default_factory is not NODEFAULT
    }
