from typing import get_type_hints

import pytest
from msgspec import Meta
from msgspec.structs import fields

from probe.model.journey import Amount, Journey, Latency, Poll, Schedule, Secret, Slo, Step

FILLED_BY_ITS_READER = {"kind", "action", "place", "file", "definition"}


@pytest.mark.parametrize("struct", [Journey, Step, Poll, Amount, Secret, Schedule, Latency, Slo])
def test_every_key_of_a_journey_is_explained_in_one_line(struct: type) -> None:
    hints = get_type_hints(struct, include_extras=True)
    for field in fields(struct):
        metas = [meta for meta in getattr(hints[field.name], "__metadata__", ()) if isinstance(meta, Meta)]
        descriptions = [meta.description or "" for meta in metas]
        assert field.name in FILLED_BY_ITS_READER or descriptions[0].endswith(".")
        assert all("\n" not in description for description in descriptions)
