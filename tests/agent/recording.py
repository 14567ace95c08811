"""Records and configurations for tests."""

from datetime import UTC, datetime
from uuid import uuid4

from probe.agent.config import AgentConfig
from probe.model.journey import Label
from probe.model.place import Place
from probe.model.record import Heartbeat

NOW = datetime(2026, 11, 2, tzinfo=UTC)
PLACE = Place("agent.yaml", 1, 1, 2)


def config(**more: object) -> AgentConfig:
    return AgentConfig(**{"region": Label("here"), "journeys": (), "place": PLACE, "agent": Label("me"), **more})  # type: ignore[arg-type]


def heartbeat() -> Heartbeat:
    return Heartbeat(str(uuid4()), "here", "me", "production", NOW, 10**10, "0", NOW)
