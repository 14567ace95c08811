from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from probe.hub.app import Hub
from probe.hub.facts import Scope
from probe.hub.ingest import Limits
from probe.hub.tokens import digest_of, new_token
from tests.hub.records import NOW

SMALL = Limits(received=50_000, unpacked=100_000, records=50, line=40_000, at_once=3, patience_ns=10**9)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """On loopback, with small limits and a clock that stands at `NOW`."""
    async with Hub(tmp_path / "hub", limits=SMALL, now_ns=lambda: NOW) as hub:
        yield hub


@pytest.fixture
async def client(hub: Hub) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(hub.url) as session:
        yield session


@pytest.fixture
def ingest_token(hub: Hub) -> str:
    """For eu-west-1 and agent-1."""
    token = new_token()
    hub.store.add_token(Scope.INGEST, "eu-west-1", "agent-1", digest_of(token), now_ns=NOW)
    return token


@pytest.fixture
def read_token(hub: Hub) -> str:
    token = new_token()
    hub.store.add_token(Scope.READ, "", "", digest_of(token), now_ns=NOW)
    return token
