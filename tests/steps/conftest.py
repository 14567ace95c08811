from collections.abc import AsyncIterator

import pytest

from probe.steps import http
from probe.wire.client import Client
from tests.steps.asking import OPTIONS


@pytest.fixture
async def session() -> AsyncIterator[Client]:
    async with http.open_session(OPTIONS) as session:
        yield session
