import pytest
from msgspec.structs import fields

from probe.agent.config import AgentConfig, Logging, Override, SpoolBounds
from probe.export.base import Token
from probe.export.exporters import EXPORTERS
from probe.spec.keys import keys_of

FILLED_BY_ITS_READER = {"place"}


@pytest.mark.parametrize(
    "struct",
    [AgentConfig, Override, Logging, SpoolBounds, Token, *(module.Config for module in EXPORTERS.values())],
    ids=lambda struct: f"{struct.__module__}.{struct.__name__}",
)
def test_every_key_of_a_configuration_is_explained_in_one_line(struct: type) -> None:
    explained = {key.field: key.description for key in keys_of(struct).values()}
    assert explained.keys() == {field.name for field in fields(struct)} - FILLED_BY_ITS_READER
    assert [text for text in explained.values() if "\n" in text or not text.endswith((".", ")"))] == []


def test_only_region_and_journeys_are_needed() -> None:
    assert [key.name for key in keys_of(AgentConfig).values() if key.required] == ["region", "journeys"]
