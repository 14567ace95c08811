"""A connected socket by a Route, and why there is none where the reason is ours."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

import aiohappyeyeballs

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Phase
from probe.wire.marks import Marks
from probe.wire.route import Route, family_of
from probe.wire.stamps import ask_for_stamps
from probe.wire.tcp_info import read_tcp_info

Address = Sequence[Any]
"""As socket.getaddrinfo() has them: family, kind, protocol, …"""
MakeSocket = Callable[[Any], socket.socket]

_FAMILIES = {int(socket.AF_INET): "IPv4", int(socket.AF_INET6): "IPv6"}


class Attempts:
    """Makes the sockets of attempts to connect, side by side perhaps, and knows when each was begun."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._begun_ns: dict[int, int] = {}

    def __call__(self, address: Address) -> socket.socket:
        sock = plain_socket(address)
        try:
            ask_for_stamps(sock)
        except OSError:
            sock.close()
            raise
        if not self._begun_ns:
            self._marks.begin(Phase.CONNECT)
        self._begun_ns[sock.fileno()] = self._marks.now()
        return sock

    def won(self, sock: socket.socket) -> None:
        self._marks.connected(self._begun_ns[sock.fileno()], read_tcp_info(sock))


def plain_socket(address: Address) -> socket.socket:
    family, kind, protocol, *_ = address
    return socket.socket(family, kind, protocol)


async def dial(route: Route, addresses: Any, make: MakeSocket, **eyeballs: Any) -> socket.socket:
    """The first connection that can be made. StepFailure where the way there is of our own choosing."""
    if route.unix_socket:
        return await _dial_unix(route.unix_socket, make)
    local = _local(route.source) if route.source else None
    try:
        return await aiohappyeyeballs.start_connection(
            addr_infos=addresses, local_addr_infos=local, socket_factory=make, **eyeballs
        )
    except OSError as error:
        if route.proxy is None:
            raise
        raise unreached_proxy(route.proxy.name, error) from error


def require_family(route: Route, address: str) -> None:
    """An address that stands in the file, or in a URL, leaves nothing to choose."""
    if route.family and route.family != family_of(address):
        message = f"{address} is no {_FAMILIES[route.family]} address, and family: or source: asks for one"
        raise StepFailure(Failure(Cause.SCRIPT, message))


def unreached_proxy(name: str, error: OSError) -> StepFailure:
    hint = "the proxy is the agent's own way out: of the target nothing is known"
    return StepFailure(Failure(Cause.AGENT, f"no connection to the proxy {name}: {reason_of(error)}", hint=hint))


def reason_of(error: OSError) -> str:
    """In the system's words; asyncio has others for a connection that failed."""
    words = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
    return words[:1].lower() + words[1:]


async def _dial_unix(path: str, make: MakeSocket) -> socket.socket:
    sock = make((socket.AF_UNIX, socket.SOCK_STREAM, 0))
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, path)
    except PermissionError:
        sock.close()
        raise StepFailure(Failure(Cause.AGENT, f"the agent may not use the unix socket {path}")) from None
    except OSError as error:
        sock.close()
        hint = "is its server running? the path is one of the agent's machine"
        message = f"no connection to the unix socket {path}: {reason_of(error)}"
        raise StepFailure(Failure(Cause.CONNECT, message, hint=hint)) from None
    except BaseException:
        sock.close()
        raise
    return sock


def _local(source: str) -> list[Any]:
    """The source as an address to bind to, once it is known to be this machine's."""
    family, address = family_of(source), (source, 0)
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.bind(address)
    except OSError as error:
        message = f"the source address {source} cannot be used: {reason_of(error)}"
        raise StepFailure(Failure(Cause.AGENT, message, hint="source: is an address of the agent's machine")) from None
    return [(family, socket.SOCK_STREAM, 0, "", address)]
