"""A way through an HTTP proxy: CONNECT (RFC 9110 §9.3.6) over a connected socket, before anything of the target's."""

import asyncio
import re
import socket

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.wire.marks import Marks, address_of
from probe.wire.route import Peer, Proxy
from probe.wire.stamps import ANCILLARY_BYTES, stamp_of

LONGEST_ANSWER = 16 * 1024

_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: ([^\r\n]*))?\r\n")
_BEYOND = (502, 503, 504)
"""What a proxy says when it is the target that cannot be reached."""


async def open_tunnel(sock: socket.socket, proxy: Proxy, target: Peer, marks: Marks) -> int:
    """Asks the proxy to connect to the target; how many bytes its answer had. StepFailure names the proxy.

    What it takes is connecting: it is in that phase, as `tunnel_ns`.
    """
    marks.tunnelling()
    try:
        await asyncio.get_running_loop().sock_sendall(sock, _request(proxy, target))
        head = await _read_head(sock, proxy, marks)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _ours(f"the proxy {proxy.name} broke the connection off instead of tunnelling: {reason}") from None
    _require_success(head, proxy, address_of(*target))
    return len(head)


def _request(proxy: Proxy, target: Peer) -> bytes:
    where = address_of(*target)
    credentials = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    return f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{credentials}\r\n".encode()


async def _read_head(sock: socket.socket, proxy: Proxy, marks: Marks) -> bytes:
    """The proxy's answer to its empty line; behind that nobody may have said anything yet."""
    head = b""
    while _END not in head:
        piece = await _receive(sock, marks)
        head += piece
        if not piece:
            raise _ours(f"the proxy {proxy.name} closed the connection without an answer to CONNECT")
        if len(head) > LONGEST_ANSWER:
            raise _ours(f"the proxy {proxy.name} answered CONNECT with more than {LONGEST_ANSWER // 1024} KiB")
    marks.answered()
    return head


async def _receive(sock: socket.socket, marks: Marks) -> bytes:
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sock.fileno(), _wake, readable)
    try:
        await readable
    finally:
        loop.remove_reader(sock.fileno())
    data, ancillary, _, _ = sock.recvmsg(LONGEST_ANSWER, ANCILLARY_BYTES)
    marks.arrived(stamp_of(ancillary))
    return data


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _require_success(head: bytes, proxy: Proxy, target: str) -> None:
    found = _STATUS.match(head)
    if found is None:
        raise _ours(f"the proxy {proxy.name} answered CONNECT with something that is not HTTP")
    status = int(found[1])
    said = f"{status} {(found[2] or b'').decode(errors='replace').strip()[:100]}".strip()
    if status == 407:
        given = "the user or password of proxy: is wrong" if proxy.authorization else "proxy: http://user:password@…"
        raise _ours(f"the proxy {proxy.name} wants to know who asks ({said})", given)
    if status in _BEYOND:
        raise StepFailure(Failure(Cause.CONNECT, f"the proxy {proxy.name} did not get to {target} ({said})"))
    if not 200 <= status < 300:
        hint = "many proxies let CONNECT through to port 443 only"
        raise _ours(f"the proxy {proxy.name} does not let a tunnel to {target} through ({said})", hint)
    if not head.endswith(_END) or head.count(_END) > 1:
        raise _ours(f"the proxy {proxy.name} sent something behind its answer to CONNECT, before it was asked anything")


def _ours(message: str, hint: str = "") -> StepFailure:
    """The way out is the agent's own network."""
    return StepFailure(Failure(Cause.AGENT, message, hint=hint))
