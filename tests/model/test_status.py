import msgspec

from probe.model.status import AgentStatus
from tests.metrics.sample import AGENT


def test_a_status_can_be_told_as_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(AGENT), type=AgentStatus) == AGENT
