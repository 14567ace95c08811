"""The seam under aiohttp: a connector whose connections tell their instants.

The only module that touches aiohttp's internals: `_wrap_create_connection`, `_resolve_host`, `_resolver`, `_factory`,
`_release` and what the protocol is told by its transport. aiohttp's own tracing has no signal for TLS, and reads its
clock when Python gets round to it, where the transports under this connector read the kernel's stamps.
"""

import asyncio
import functools
import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientPayloadError,
    TCPConnector,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.helpers import is_ip_address

from probe.model.timing import Clock, Phase
from probe.wire.dialling import Attempts, MakeSocket, dial, plain_socket, require_family, unreached_proxy
from probe.wire.marks import Marks, address_of
from probe.wire.resolver import Resolver
from probe.wire.route import DIRECT, Peer, Route
from probe.wire.stamps import kernel_stamps
from probe.wire.tickets import TICKETS
from probe.wire.tls import TlsTransport
from probe.wire.transport import StampedTransport, Traffic
from probe.wire.tunnel import open_tunnel

current_marks: ContextVar[Marks] = ContextVar("current_marks")
"""The exchange that the task is making; aiohttp resolves names in tasks of its own, which inherit it."""


class MarkedTransport:
    """A transport that tells when bytes are handed to the kernel."""

    def __init__(self, transport: asyncio.Transport, handler: "MarkedHandler") -> None:
        self._transport = transport
        self._handler = handler
        self._written = 0

    def traffic(self) -> Traffic:
        return Traffic(self._written)

    def write(self, data: Any) -> None:
        self._written += len(data)
        self._handler.marks.sending()
        self._transport.write(data)
        self._handler.marks.sent_some()

    def writelines(self, parts: Any) -> None:
        self._written += sum(map(len, parts))
        self._handler.marks.sending()
        self._transport.writelines(parts)
        self._handler.marks.sent_some()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class MarkedHandler(ResponseHandler):
    """A connection's protocol that tells when bytes arrive, and when the last ones that waited have left."""

    marks: Marks
    used = False
    idle = False
    """Whether it is kept and nobody waits for an answer."""
    head_due = False
    """Whether the head of an answer is what comes next."""

    def connection_made(self, transport: Any) -> None:
        if isinstance(transport, StampedTransport):
            self.marks.ask_kernel = transport.tcp_info
            self.marks.answered()
        transport.set_write_buffer_limits(high=0)  # a pause is to mean: something is not in the kernel's hands yet
        if not isinstance(transport, StampedTransport):
            transport = MarkedTransport(transport, self)
        super().connection_made(transport)

    def arrived(self, stamp_ns: int | None, count: int) -> None:
        self.marks.arrived(stamp_ns, count)

    def begun(self) -> None:
        if self.used:
            self.marks.begun()

    def void(self) -> None:
        if self.used:
            self.marks.void()

    def quiet(self) -> None:
        if self.used:
            self.marks.quiet()

    def sending(self) -> None:
        if self.used:
            self.marks.sending()
        elif self.transport is None:
            self.marks.handing_over()

    def sent_some(self) -> None:
        if self.used:
            self.marks.sent_some()
        elif self.transport is None:
            self.marks.handed_over()

    def pause_writing(self) -> None:
        if self.used:
            self.marks.holding = True
        super().pause_writing()

    def resume_writing(self) -> None:
        if self.used:
            self.marks.holding = False
        if not isinstance(self.transport, StampedTransport):
            self.sent_some()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """aiohttp would take what comes unasked for the answer to the next request.

        And it would drop an answer for what follows it in the same segment: its head is given to it first.
        """
        if self.idle and data:
            self.close()
            return
        if data and self.used:
            self.marks.received(len(data))
        if self.head_due and (end := data.find(b"\r\n\r\n") + 4) > 3:
            self.head_due = False
            super().data_received(data[:end])
            data = data[end:]
            if not data:
                return
        super().data_received(data)

    def close(self) -> None:
        """At once: asyncio would wait until the peer took what is left of a request, and answered TLS's goodbye."""
        self.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """aiohttp takes a body without a length for complete, however its connection ends; a reset cuts it off.

        And it tells of a body that is not HTTP only that it was cut off.
        """
        broken = exc or self.exception()
        if broken is not None and self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(ClientPayloadError(str(broken)), broken)
            self._payload = None
        super().connection_lost(exc)


class MarkedConnector(TCPConnector):
    def __init__(
        self, instants: Clock = Clock.KERNEL, route: Route = DIRECT, *, single_use: bool = False, **kwargs: Any
    ) -> None:
        """`instants`: whose clock to read them from. It is the user's where the kernel has no stamps.

        `single_use`: each connection is closed after an exchange, as by force_close, which would write a header too.
        """
        super().__init__(use_dns_cache=False, family=socket.AddressFamily(route.family), **kwargs)
        self._route = route
        self._factory = functools.partial(MarkedHandler, loop=self._loop)  # type: ignore[assignment]
        self._single_use = single_use
        self._stamped = instants is Clock.KERNEL and kernel_stamps()

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:
        connection = await super().connect(req, traces, timeout)
        handler, transport = connection.protocol, connection.transport
        assert isinstance(handler, MarkedHandler)
        marks = handler.marks = current_marks.get()
        marks.reused, handler.used = handler.used, True
        handler.idle, handler.head_due = False, True
        if self._single_use:
            handler.force_close()
        if isinstance(transport, StampedTransport):
            marks.ask_kernel, marks.lost_by = transport.tcp_info, transport.lost_by
        if isinstance(transport, StampedTransport | MarkedTransport):
            marks.count(transport.traffic)
        if transport and not marks.reused:
            marks.tls = transport.get_extra_info("ssl_object")
        peer = transport.get_extra_info("peername") if transport else None
        if isinstance(peer, tuple):
            marks.remote = address_of(peer[0], peer[1])
        elif self._route.unix_socket:
            marks.remote = f"unix:{self._route.unix_socket}"
        return connection

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        protocol.idle = True
        super()._release(key, protocol, should_close=should_close)

    async def addresses(self, host: str, port: int) -> Any:
        """All that a name resolves to now, by this route."""
        return await self._resolve_host(host, port)

    async def _resolve_host(self, host: str, port: int, traces: Any = None) -> Any:
        marks, hop = current_marks.get(), self._route.first_hop(host, port)
        if self._route.unix_socket:
            marks.towards = f"unix:{self._route.unix_socket}"
            return await super()._resolve_host("127.0.0.1", port, traces)  # an address must be given; none is used
        if hop != (host, port):
            marks.towards = address_of(*hop)
        if is_ip_address(hop[0]):
            require_family(self._route, hop[0])
            return await super()._resolve_host(*hop, traces)
        if isinstance(self._resolver, Resolver):
            self._resolver.prepare()
        marks.begin(Phase.RESOLVE)
        try:
            addresses = await super()._resolve_host(*hop, traces)
        except OSError as error:
            marks.resolver = getattr(error, "asked", "")
            if self._route.proxy is not None:
                raise unreached_proxy(self._route.proxy.name, error) from error
            raise
        marks.end(getattr(addresses, "answered_ns", None), getattr(addresses, "asked_ns", None))
        marks.resolver = getattr(addresses, "source", "")
        return addresses

    async def _wrap_create_connection(  # type: ignore[override]
        self,
        factory: Any,
        *,
        addr_infos: Any,
        req: Any,
        timeout: Any,
        client_error: type[ClientConnectorError] = ClientConnectorError,
        **kwargs: Any,
    ) -> Any:
        make = self._make_stamped if self._stamped else self._make
        target = self._route.towards(req.url.raw_host, req.port)
        try:
            return await make(factory, addr_infos, target, current_marks.get(), **kwargs)
        except ssl.SSLCertVerificationError as error:
            raise ClientConnectorCertificateError(req.connection_key, error) from error
        except ssl.SSLError as error:
            raise ClientConnectorSSLError(req.connection_key, error) from error
        except OSError as error:
            raise client_error(req.connection_key, error) from error

    async def _make_stamped(
        self,
        factory: Callable[[], MarkedHandler],
        addr_infos: Any,
        target: Peer,
        marks: Marks,
        *,
        ssl: ssl.SSLContext | None,
        server_hostname: str | None,
    ) -> tuple[StampedTransport, MarkedHandler]:
        attempts = Attempts(marks)
        sock = await self._connect_socket(addr_infos, attempts)
        try:
            attempts.won(sock)
            read = await self._tunnel(sock, target, marks)
            handler = factory()
            handler.marks = marks
            if ssl is None:
                transport = StampedTransport(self._loop, sock, handler, read)
                transport.start()
                return transport, handler
            tickets = TICKETS if self._route.resume else None
            secured = TlsTransport(self._loop, sock, handler, ssl, server_hostname, read, tickets)
            marks.count(secured.traffic)
            marks.tls = secured.get_extra_info("ssl_object")  # a certificate that is refused is worth a look
            await secured.handshake()
            return secured, handler
        except BaseException:
            sock.close()
            raise

    async def _make(self, factory: Any, addr_infos: Any, target: Peer, marks: Marks, **kwargs: Any) -> Any:
        marks.begin(Phase.CONNECT)
        sock = await self._connect_socket(addr_infos, plain_socket)
        marks.end()
        try:
            await self._tunnel(sock, target, marks)
        except BaseException:
            sock.close()
            raise
        if kwargs.get("ssl"):
            marks.begin(Phase.TLS)
        made = await self._loop.create_connection(factory, **kwargs, sock=sock)
        marks.end()
        return made

    async def _connect_socket(self, addr_infos: Any, make: MakeSocket) -> socket.socket:
        return await dial(
            self._route,
            addr_infos,
            make,
            happy_eyeballs_delay=self._happy_eyeballs_delay,
            interleave=self._interleave,
            loop=self._loop,
        )

    async def _tunnel(self, sock: socket.socket, target: Peer, marks: Marks) -> int:
        """Through the proxy, if there is one; how many bytes that took from the socket."""
        return 0 if self._route.proxy is None else await open_tunnel(sock, self._route.proxy, target, marks)
