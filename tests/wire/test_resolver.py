import asyncio
import gc
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import active_count
from time import perf_counter_ns

import pytest

from probe.wire import resolver as module
from probe.wire.resolver import Resolver
from probe.wire.unresolved import ResolveError
from tests.wire.names import (
    FORMERR,
    GARBAGE,
    NODATA,
    NOTIMP,
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    SILENCE,
    TRUNCATED,
    NameServer,
    Said,
    name_server,
)

DELAY_S = 0.4
DELAY_NS = int(DELAY_S * 1e9)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="no /proc, no stamps")


async def addresses(said: Said, name: str = "shop.test") -> list[str]:
    with name_server({name: said}) as names:
        found = await Resolver(perf_counter_ns, [names.address]).resolve(name, 80)
    assert {each["port"] for each in found} == {80}
    return [each["host"] for each in found]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (("127.0.0.2",), ["127.0.0.2"]),
        (("::1",), ["::1"]),
        (("127.0.0.2", "127.0.0.3"), ["127.0.0.2", "127.0.0.3"]),
        (TRUNCATED, ["127.0.0.9"]),
    ],
)
async def test_a_name_is_found(said: Said, found: list[str]) -> None:
    assert sorted(await addresses(said)) == found


@LINUX
@pytest.mark.parametrize(
    ("name", "said", "source"),
    [
        ("shop.test", ("127.0.0.2",), "{server}"),
        ("shop.test", TRUNCATED, "{server} by TCP"),
        ("localhost", NXDOMAIN, "hosts"),
    ],
)
async def test_it_says_who_knew_the_name(name: str, said: Said, source: str) -> None:
    with name_server({name: said}) as names:
        found = await Resolver(perf_counter_ns, [names.address]).resolve(name, 80)
        assert found.source == source.format(server=names.address)


async def test_the_system_is_said_to_have_known_the_name() -> None:
    assert (await Resolver(perf_counter_ns, ["system"]).resolve("localhost", 80)).source == "system"


async def test_both_families_come_in_the_systems_order() -> None:
    there = {entry[4][0] for entry in socket.getaddrinfo("::1", 0)} if socket.has_ipv6 else set()
    if not there or not module._has_route(socket.AF_INET6, "::1", 0):
        pytest.skip("this machine has no IPv6")
    assert await addresses(("127.0.0.2", "::1")) == ["::1", "127.0.0.2"]  # RFC 6724: ::1 has the highest precedence


def test_addresses_that_no_route_leads_to_are_left_out_when_there_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_has_route", lambda family, address, scope: family == socket.AF_INET)
    six, four = (int(socket.AF_INET6), "2001:db8::1", 0), (int(socket.AF_INET), "192.0.2.1", 0)
    assert [module._reachable(nodes) for nodes in ([six, four], [six], [four])] == [[four], [six], [four]]


@pytest.mark.parametrize(
    ("said", "words", "hint"),
    [
        (NXDOMAIN, "it does not exist (NXDOMAIN)", "a typo"),
        (NODATA, "it exists and has no address", "neither an A nor an AAAA"),
        (SERVFAIL, "the name server {} failed to find out (SERVFAIL)", "DNSSEC"),
        (REFUSED, "the name server {} refused to say (REFUSED)", "does not serve"),
        (FORMERR, "the name server {} did not answer what was asked (DNS server claims query was misformatted)", ""),
        (NOTIMP, "the name server {} did not answer what was asked (DNS server does not implement", ""),
        (GARBAGE, "the name server {} did not answer what was asked (misformatted DNS reply)", ""),
        (SILENCE, "the name server {} did not answer", "dropped"),
    ],
)
async def test_why_a_name_is_not_found_is_told_apart(said: Said, words: str, hint: str) -> None:
    with name_server({"shop.test": said}) as names, pytest.raises(ResolveError) as raised:
        await Resolver(perf_counter_ns, [names.address], timeout_s=0.25, tries=1).resolve("shop.test")
    assert raised.value.words.startswith(words.format(names.address))
    assert hint in raised.value.hint


async def test_a_server_that_is_not_there_is_said_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
    with pytest.raises(ResolveError) as raised:
        await Resolver(perf_counter_ns, [f"127.0.0.1:{port}"], tries=1).resolve("shop.test")
    assert raised.value.words == f"the name server 127.0.0.1:{port} cannot be reached"


async def test_the_next_server_is_asked_when_one_fails() -> None:
    with name_server({"shop.test": SERVFAIL}) as broken, name_server({"shop.test": ("127.0.0.2",)}) as sound:
        found = await Resolver(perf_counter_ns, [broken.address, sound.address]).resolve("shop.test")
    assert [each["host"] for each in found] == ["127.0.0.2"]


async def test_the_search_list_and_ndots_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"shop.inner.test": ("127.0.0.2",), "shop.api": ("127.0.0.3",), "shop.api.inner.test": ("127.0.0.4",)}
    monkeypatch.setenv("LOCALDOMAIN", "inner.test")  # as search in resolv.conf, for one process
    found = []
    with name_server(names) as server:
        for ndots in (1, 2):
            monkeypatch.setenv("RES_OPTIONS", f"ndots:{ndots}")
            resolver = Resolver(perf_counter_ns, [server.address])
            found.append([(await resolver.resolve(name))[0]["host"] for name in ("shop", "shop.api", "shop.api.")])
    assert found == [["127.0.0.2", "127.0.0.3", "127.0.0.3"], ["127.0.0.2", "127.0.0.4", "127.0.0.3"]]


async def test_a_name_that_is_none_is_a_mistake_in_the_journey() -> None:
    with pytest.raises(ValueError, match=r"a\.\.b is no name of a host"):
        await Resolver(perf_counter_ns).resolve("a..b")


async def test_localhost_and_hosts_are_known_without_a_name_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with name_server({}) as names:
        resolver = Resolver(perf_counter_ns, [names.address])
        seen = []
        for hosts in ("127.0.0.1 shop localhost # ::1\n::1 other\n", "no such line"):
            (tmp_path / "hosts").write_text(hosts)
            monkeypatch.setattr(module, "HOSTS", tmp_path / "hosts")
            seen.append([each["host"] for each in await resolver.resolve("localhost")])
        seen.append(sorted(each["host"] for each in await resolver.resolve("shop.localhost"))[:1])
    assert (seen[0], "127.0.0.1" in seen[1], seen[2], names.asked) == (["127.0.0.1"], True, ["127.0.0.1"], [])


async def test_two_hundred_lookups_at_once_take_about_one_delay_each() -> None:
    with name_server({f"shop{number}.test": ("127.0.0.2",) for number in range(200)}, DELAY_S) as names:
        resolver = Resolver(perf_counter_ns, [names.address])

        async def took(number: int) -> int:
            began = perf_counter_ns()
            found = await resolver.resolve(f"shop{number}.test")
            assert found.answered_ns
            return found.answered_ns - began

        each = sorted(await asyncio.gather(*map(took, range(200))))
    assert each[0] >= 0.95 * DELAY_NS
    assert each[100] < 2 * DELAY_NS
    assert each[-1] < 10 * DELAY_NS  # a question may be lost on a busy machine; six threads would need 13 s


@LINUX
async def test_an_answer_is_dated_when_it_came_and_not_when_the_loop_heard_of_it(names: NameServer) -> None:
    names.delay_s = 0.1
    resolver = Resolver(perf_counter_ns, [names.address])
    await resolver.resolve("shop.test")
    began = perf_counter_ns()
    async with asyncio.TaskGroup() as tasks:
        resolving = tasks.create_task(resolver.resolve("shop.test"))
        await asyncio.sleep(0.05)
        time.sleep(DELAY_S)  # noqa: ASYNC251 - the loop is held up on purpose
        heard = perf_counter_ns()
    answered = resolving.result().answered_ns
    assert answered
    assert heard - began >= DELAY_NS
    assert 0.09e9 <= answered - began < 0.5 * DELAY_NS


async def test_nothing_is_remembered(names: NameServer) -> None:
    seen = []
    for address in ("127.0.0.2", "127.0.0.3"):
        names.names["shop.test"] = (address,)
        resolver = Resolver(perf_counter_ns, [names.address])
        for _ in range(2):
            names.asked.clear()
            found = await resolver.resolve("shop.test", 80, socket.AF_UNSPEC)
            seen.append((found[0]["host"], len(names.asked)))
    assert seen == [("127.0.0.2", 2)] * 2 + [("127.0.0.3", 2)] * 2


@LINUX
@pytest.mark.parametrize("said", [("127.0.0.2",), NXDOMAIN, SILENCE, TRUNCATED])
async def test_no_descriptor_and_no_thread_is_left(said: Said) -> None:
    with name_server({"shop.test": said}) as names:
        with suppress(ResolveError):
            await Resolver(perf_counter_ns, [names.address], timeout_s=0.25, tries=1).resolve("shop.test")
        sockets, threads = _sockets(), active_count()
        for _ in range(5):
            with suppress(ResolveError):
                await Resolver(perf_counter_ns, [names.address], timeout_s=0.25, tries=1).resolve("shop.test")
        async with asyncio.timeout(5):
            while _sockets() > sockets:  # the server's half of TCP
                await asyncio.sleep(0.01)
        assert active_count() == threads


@LINUX
@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.1])
async def test_a_cancelled_lookup_is_over_at_once_and_leaves_nothing(names: NameServer, after_s: float) -> None:
    names.names["shop.test"] = SILENCE
    resolver = Resolver(perf_counter_ns, [names.address])
    before = _sockets()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(after_s):
            await resolver.resolve("shop.test")
    assert (_sockets(), resolver._lookups) == (before, set())


async def test_a_lookup_does_not_survive_its_session(names: NameServer) -> None:
    names.names["shop.test"] = SILENCE
    resolver = Resolver(perf_counter_ns, [names.address])
    resolving = asyncio.ensure_future(resolver.resolve("shop.test"))
    await asyncio.sleep(0.05)
    await resolver.close()
    with pytest.raises(OSError, match="the session was closed"):
        await resolving


async def test_finished_lookups_are_freed_without_the_garbage_collector(names: NameServer) -> None:
    def alive() -> int:
        return sum(isinstance(each, module._Lookup) for each in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = alive()
        for _ in range(20):
            await Resolver(perf_counter_ns, [names.address]).resolve("shop.test")
        async with asyncio.timeout(5):
            while alive() > before + 2:  # pycares' thread keeps the last
                await asyncio.sleep(0.01)
    finally:
        gc.enable()


@LINUX
async def test_a_process_without_descriptors_blames_itself(names: NameServer) -> None:
    resolver = Resolver(perf_counter_ns, [names.address])
    with _no_descriptors(), pytest.raises(OSError, match="Too many open files") as raised:
        await resolver.resolve("shop.test")
    assert not isinstance(raised.value, ResolveError)


@pytest.mark.parametrize("given", ["shop.example", "10.0.0.2:x", "10.0.0.256"])
async def test_name_servers_are_addresses(given: str) -> None:
    with pytest.raises(ValueError, match=r"PROBE_NAMESERVERS: expected addresses, as 10\.0\.0\.2 .* got " + given):
        Resolver(perf_counter_ns, [given])


async def test_the_system_is_asked_when_it_is_to_be() -> None:
    found = await Resolver(perf_counter_ns, ["system"]).resolve("localhost")
    assert ({each["host"] for each in found} <= {"127.0.0.1", "::1"}, found.answered_ns) == (True, None)


async def test_without_c_ares_the_system_is_asked_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycares", None)
    with pytest.warns(RuntimeWarning, match=r"c-ares cannot be used here .* looked up in threads"):
        found = await Resolver(perf_counter_ns).resolve("localhost")
    assert ({each["host"] for each in found} <= {"127.0.0.1", "::1"}, found.answered_ns) == (True, None)


@pytest.fixture
def names() -> Iterator[NameServer]:
    with name_server({"shop.test": ("127.0.0.2",)}) as server:
        yield server


def _sockets() -> int:
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(descriptor.readlink()).startswith("socket:")
    return found


@contextmanager
def _no_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
