import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from time import perf_counter_ns

import pytest
import trustme
import uvloop

from probe.wire.client import Client, open_client


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Everything on the wire has to be right on both event loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trust(authority: trustme.CA) -> ssl.SSLContext:
    """What a client trusts: the authority and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest.fixture
def identity(authority: trustme.CA) -> ssl.SSLContext:
    """What a server on localhost shows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
async def client(trust: ssl.SSLContext) -> AsyncIterator[Client]:
    async with open_client(perf_counter_ns, "test", trust) as client:
        yield client
