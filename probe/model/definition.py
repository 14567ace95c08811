"""What makes two journeys the same for a comparison: all that is done and checked, and no values of variables."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from probe.model.duration import Duration
from probe.model.journey import Journey
from probe.model.place import Place

LENGTH = 16


def definition_of(journey: Journey) -> str:
    """A digest of the journey's name, network, steps and cleanup. Comments, places, schedules, values do not count."""
    names = sorted(journey.variables), sorted(journey.secrets)
    parts = (journey.name, *names, journey.network, journey.steps, journey.always)
    plain = msgspec.json.encode(_plain(parts), order="deterministic")
    return hashlib.sha256(plain).hexdigest()[:LENGTH]


def _plain(part: Any) -> Any:
    """Without places; a struct's type is part of what it says."""
    match part:
        case Struct():
            fields = {name: getattr(part, name) for name in part.__struct_fields__}
            return [
                type(part).__name__,
                {name: _plain(value) for name, value in fields.items() if not isinstance(value, Place)},
            ]
        case Mapping():
            return [[key, _plain(value)] for key, value in part.items()]
        case tuple() | list():
            return [_plain(item) for item in part]
        case Decimal():
            return str(part)
        case Duration():
            return int(part)
    return part
