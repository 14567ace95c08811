"""Names to addresses by c-ares, on the event loop.

No lookup waits for another one's thread, and NXDOMAIN, SERVFAIL, a refusal and silence are told apart, which the
system's getaddrinfo cannot. Nothing is remembered: each lookup has a channel of its own (25 µs), which reads
resolv.conf, nsswitch.conf and hosts as they are now. Not through aiodns, which starts a thread and an inotify instance
per channel; a user has 128 of them.

c-ares knows `files` and `dns` of nsswitch.conf. Where names come from elsewhere (mDNS, LDAP), "system" in place of name
servers asks the system, in threads.

The phase begins when c-ares is asked; what it takes to read those files is in it (0.1 ms). It ends when the packet that
completed the answer arrived, by the kernel's stamp, however late the loop hears of it; without one (names from hosts,
answers over TCP, no Linux) when the loop does.
"""

import asyncio
import socket
import struct
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from probe.wire.dns_records import NO_DATA, QUERY_TYPES, Records, answers_in
from probe.wire.route import SYSTEM
from probe.wire.unresolved import unresolved

if TYPE_CHECKING:
    pass

BY_TCP = " by TCP"
HOSTS = Path("/etc/hosts")

_SIOCGSTAMPNS = 0x8907
"""Linux: when the last packet that was read from a socket had arrived; the first call switches it on."""
_TIMESPEC = struct.Struct("ll")
_NO_SOCKET = -1
_Node = tuple[int, str, int]
"""Family, address, scope."""
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Addresses(list[ResolveResult]):
    """In the order of RFC 6724, as the system's; asked for then, and complete with the answer that arrived then."""

    asked_ns: int | None = None
    answered_ns: int | None = None
    source = ""
    """Who knew them: `system`, `hosts`, or the name servers, `by TCP` when a packet did not hold their answer."""


class Resolver(AbstractResolver):
    """`nameservers` are addresses, with a port or without; none are those of resolv.conf.

    `timeout_s` and `tries` are c-ares' for one server; None takes them from resolv.conf, or 2 s and 3."""

    def __init__(
        self,
        clock: Callable[[], int],
        nameservers: Sequence[str] = (),
        *,
        timeout_s: float | None = None,
        tries: int | None = None,
    ) -> None:
        self._clock = clock
        self._nameservers = list(nameservers)
        self._options: dict[str, Any] = {"timeout": timeout_s, "tries": tries, "servers": self._nameservers or None}
        self._lookups: set[_Lookup] = set()
        self._system = ThreadedResolver() if self._nameservers == [SYSTEM] else None
        self._prepared = self._system is not None
        if nameservers:
            self.prepare()

    def prepare(self) -> None:
        """Loads c-ares, which takes longer than a lookup: to be done before its phase begins."""
        if self._prepared:
            return
        try:
            _try_channel({})
        except (ImportError, OSError) as error:
            words = (
                f"c-ares cannot be used here ({error}): names are looked up in threads, where many wait for each other"
            )
            warnings.warn(words, RuntimeWarning, stacklevel=1)
            self._system = ThreadedResolver()
        else:
            if self._nameservers:
                _try_servers(self._nameservers)
        self._prepared = True

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> Addresses:
        self.prepare()
        if self._system is not None:
            addresses = Addresses(await self._system.resolve(host, port, family))
            addresses.source = SYSTEM
            return addresses
        lookup = _Lookup(self._clock, self._options)
        self._lookups.add(lookup)
        try:
            found = await lookup.addresses(host, port, family)
        finally:
            self._lookups.discard(lookup)
            lookup.close()
        return found

    async def records(self, name: str, kind: str) -> "Records":
        """What name servers say of it, whatever hosts says. An OSError says why there is nothing to be said."""
        self.prepare()
        if self._system is not None:
            raise OSError("only c-ares can ask for records, and it is not used here")
        lookup = _Lookup(self._clock, self._options)
        self._lookups.add(lookup)
        try:
            return await lookup.records(name, kind)
        finally:
            self._lookups.discard(lookup)
            lookup.close()

    async def close(self) -> None:
        for lookup in self._lookups:
            lookup.give_up()


class _Lookup:
    """One name. The loop watches c-ares' sockets and keeps its time-outs."""

    def __init__(self, clock: Callable[[], int], options: dict[str, Any]) -> None:
        import pycares

        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[tuple[Any, int | None]] = self._loop.create_future()
        self._answered_ns = 0
        self._source = "hosts"
        self._asked = False
        """Whether a name server was."""
        self._watched: dict[int, tuple[bool, bool]] = {}
        self._reading = _NO_SOCKET
        self._timer: asyncio.TimerHandle | None = None
        try:
            self._channel = pycares.Channel(sock_state_cb=self._watch, **options)
        except pycares.AresError:
            raise _our_trouble() or OSError("c-ares cannot begin a lookup") from None

    async def addresses(self, host: str, port: int, family: int) -> Addresses:
        asked_ns = self._clock()
        self._channel.getaddrinfo(
            host, port, family=socket.AddressFamily(family), type=socket.SOCK_STREAM, callback=self._answered
        )
        self._keep_time()
        result, status = await self._answer
        if status is not None or result is None:
            raise _our_trouble() or unresolved(status, host, self._channel.servers, family)
        nodes: Sequence[_Node] = [(node.family, node.addr[0].decode(), (*node.addr, 0, 0)[3]) for node in result.nodes]
        if host.rstrip(".").lower() == "localhost":
            nodes = _in_hosts(nodes)
        found = Addresses(_result(host, port, *node) for node in _reachable(nodes))
        found.asked_ns, found.answered_ns = asked_ns, max(asked_ns, self._answered_ns)
        found.source = self._source
        return found

    async def records(self, name: str, kind: str) -> Records:
        from pycares import AresError

        began_ns = self._clock()
        try:
            self._channel.query(name, QUERY_TYPES[kind], callback=self._answered)
        except AresError as error:
            raise unresolved(error.args[0], name, self._channel.servers) from None
        self._keep_time()
        result, status = await self._answer
        servers = tuple(server.removesuffix(":53") for server in self._channel.servers)
        if status == NO_DATA:
            result = None
        elif status is not None or result is None:
            raise _our_trouble() or unresolved(status, name, self._channel.servers)
        found = () if result is None else answers_in(result, kind)
        return Records(found, max(began_ns, self._answered_ns), servers)

    def give_up(self) -> None:
        if not self._answer.done():
            self._answer.set_exception(OSError("the session was closed"))

    def close(self) -> None:
        """When this returns every socket is closed; the channel's memory is freed by the one thread pycares has."""
        self._channel.cancel()
        for fd in list(self._watched):
            self._watch(fd, False, False)  # as c-ares says that it closes one
        if self._timer is not None:
            self._timer.cancel()
        self._channel.close()
        del self._channel  # it holds this lookup, by way of its callback

    def _answered(self, result: Any, status: int | None) -> None:
        if not self._answer.done():
            age_ns = _age_ns(self._reading)
            self._answered_ns = self._clock() - age_ns
            if self._asked:
                servers = ", ".join(server.removesuffix(":53") for server in self._channel.servers)
                self._source = servers if age_ns or sys.platform != "linux" else servers + BY_TCP
            self._answer.set_result((result, status))

    def _watch(self, fd: int, readable: bool, writable: bool) -> None:
        self._asked = True
        reads, writes = self._watched.pop(fd, (False, False))
        if readable and not reads:
            _age_ns(fd)  # switches the stamps on
            self._loop.add_reader(fd, self._process, fd, _NO_SOCKET)
        elif reads and not readable:
            self._loop.remove_reader(fd)
        if writable and not writes:
            self._loop.add_writer(fd, self._process, _NO_SOCKET, fd)
        elif writes and not writable:
            self._loop.remove_writer(fd)
        if readable or writable:
            self._watched[fd] = (readable, writable)

    def _process(self, readable: int, writable: int) -> None:
        self._reading = readable
        self._channel.process_fd(readable, writable)
        self._reading = _NO_SOCKET
        self._keep_time()

    def _keep_time(self) -> None:
        """At least a millisecond, which is what uvloop's clock counts in."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._answer.done():
            due_s = max(float(self._channel.timeout()), 0.001)  # type: ignore[no-untyped-call]
            self._timer = self._loop.call_later(due_s, self._process, _NO_SOCKET, _NO_SOCKET)


def _try_channel(options: Mapping[str, Any]) -> None:
    import pycares

    try:
        pycares.Channel(sock_state_cb=_ignore, **options).close()
    except pycares.AresError as error:
        raise _our_trouble() or OSError(str(error)) from None


def _try_servers(nameservers: Sequence[str]) -> None:
    try:
        _try_channel({"servers": nameservers})
    except (OSError, ValueError):
        given = ", ".join(nameservers)[:200]
        message = f"PROBE_NAMESERVERS: expected addresses, as 10.0.0.2 or 10.0.0.2:53, or {SYSTEM}; got {given}"
        raise ValueError(message) from None


def _ignore(fd: int, readable: bool, writable: bool) -> None:
    pass


def _age_ns(fd: int) -> int:
    """How long ago the last packet that was read from the socket had arrived, by the kernel's stamp; 0 is not known."""
    if fd == _NO_SOCKET or sys.platform != "linux":
        return 0
    import fcntl

    try:
        stamp = fcntl.ioctl(fd, _SIOCGSTAMPNS, bytes(_TIMESPEC.size))
    except OSError:
        return 0
    seconds: int
    nanoseconds: int
    seconds, nanoseconds = _TIMESPEC.unpack(stamp)
    return max(0, time.time_ns() - seconds * 10**9 - nanoseconds)


def _in_hosts(nodes: Sequence[_Node]) -> Sequence[_Node]:
    """c-ares knows localhost by heart: of its addresses those that hosts has, if it has any."""
    listed: set[str] = set()
    with suppress(OSError):
        for line in HOSTS.read_text(errors="replace").splitlines():
            address, *names = line.partition("#")[0].split() or [""]
            if "localhost" in names:
                listed.add(address)
    return [node for node in nodes if node[1] in listed] or nodes


def _reachable(nodes: Sequence[_Node]) -> Sequence[_Node]:
    """Without the addresses of a family that no route leads to, if there is another; the system calls it ADDRCONFIG."""
    firsts = {node[0]: node for node in reversed(nodes)}
    if len(firsts) < 2:
        return nodes
    routed = {family for family, node in firsts.items() if _has_route(*node)}
    return [node for node in nodes if node[0] in routed] or nodes


def _has_route(family: int, address: str, scope: int) -> bool:
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probing:
        probing.connect((address, 9, 0, scope) if family == socket.AF_INET6 else (address, 9))  # sends nothing
        return True
    return False


def _result(host: str, port: int, family: int, address: str, scope: int) -> ResolveResult:
    address = f"{address}%{scope}" if scope else address
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=_NUMERIC)


def _our_trouble() -> OSError | None:
    """Why this process can open no socket, which c-ares would call an unreachable server."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError as error:
        return error
    return None
