import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from probe.errors import ProbeError, UsageError
from probe.hub.app import Hub
from probe.hub.facts import Scope
from tests.hub.records import DAY, NOW, a_run, run_record


async def test_it_has_a_page_of_its_own(client: aiohttp.ClientSession) -> None:
    async with client.get("/") as page:
        assert (page.status, page.content_type) == (200, "text/html")


async def test_what_is_older_than_the_retention_is_forgotten_by_itself(tmp_path: Path) -> None:
    async with Hub(tmp_path, now_ns=lambda: NOW) as first:
        first.store.append([run_record(), run_record("run-2", NOW - 2 * DAY)], now_ns=NOW)
    async with Hub(tmp_path, retention_ns=DAY, now_ns=lambda: NOW) as second:
        async with asyncio.timeout(10):
            while second.store.run("run-2") is not None:
                await asyncio.sleep(0.01)
        assert second.store.run("run-1") == a_run()


@pytest.mark.parametrize("scope", [None, Scope.INGEST, Scope.READ])
async def test_beyond_this_machine_it_does_not_start_without_both_kinds_of_token(
    tmp_path: Path, scope: Scope | None
) -> None:
    async with Hub(tmp_path) as hub:
        if scope:
            hub.store.add_token(scope, "", "", b"d" * 32, now_ns=NOW)
    missing = {
        Scope.INGEST: f"\n  probe hub --data {tmp_path} token add --region REGION --agent AGENT",
        Scope.READ: f"\n  probe hub --data {tmp_path} token add --read",
    }
    commands = "".join(command for each, command in missing.items() if each is not scope)
    with pytest.raises(UsageError) as refused:
        async with Hub(tmp_path, host="0.0.0.0"):
            pass
    assert str(refused.value) == f"beyond this machine the hub needs tokens; make them first:{commands}"


async def test_an_address_in_use_is_a_clear_error_and_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ProbeError, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"):
            async with Hub(tmp_path, port=port):
                pass
    async with Hub(tmp_path) as hub:
        assert hub.url.startswith("http://127.0.0.1:")


async def test_it_listens_on_ipv6_too(tmp_path: Path) -> None:
    async with Hub(tmp_path, host="::1") as hub, aiohttp.request("GET", f"{hub.url}/-/healthy") as response:
        assert (hub.url.startswith("http://[::1]:"), response.status) == (True, 200)
