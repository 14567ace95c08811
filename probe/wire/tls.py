"""TLS in the same transport: two memory buffers between ssl and the socket."""

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Any

from probe.wire.tickets import Tickets
from probe.wire.tls_records import Records
from probe.wire.transport import READ_BYTES, Octets, StampedTransport, Witness

_AGAIN = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class TlsTransport(StampedTransport):
    """The client's end. Its protocol hears of the connection when the handshake is done."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        protocol: Witness,
        context: ssl.SSLContext,
        server_hostname: str | None,
        bytes_read: int = 0,
        tickets: Tickets | None = None,
    ) -> None:
        self._plain = bytearray()
        """What was written and is not encrypted yet: TLS 1.2 may want to negotiate anew first."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._records = Records()
        super().__init__(loop, sock, protocol, bytes_read)
        self._shaken: asyncio.Future[None] = loop.create_future()
        self._tickets = tickets
        self._known_by = context, server_hostname or "", sock.getpeername()[1] if tickets else 0
        session = tickets.take(*self._known_by) if tickets else None
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname, session=session)
        self._facts |= {"sslcontext": context, "ssl_object": self._tls}

    async def handshake(self) -> None:
        """Raises what keeps it from succeeding; then, and when it is cancelled, the socket is closed."""
        try:
            self._shake()
            self._watch()
            await self._shaken
        except BaseException:
            self.abort()
            raise

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        match name:  # asked for seldom, and dear
            case "peercert":
                return self._tls.getpeercert() if self._connected else default
            case "cipher":
                return self._tls.cipher() or default
            case "compression":
                return self._tls.compression() or default
        return super().get_extra_info(name, default)

    def close(self) -> None:
        """Says goodbye and waits for no answer to it (RFC 8446 §6.1 lets it)."""
        if self._connected and not self._closing:
            with suppress(ssl.SSLError):  # it wants the peer's, always
                self._tls.unwrap()
            self._flush()
        super().close()

    def can_write_eof(self) -> bool:
        return False

    def write_eof(self) -> None:
        raise NotImplementedError("TLS has no half-closed connections")

    def get_write_buffer_size(self) -> int:
        return len(self._plain) + len(self._buffer)

    def _shake(self) -> None:
        try:
            self._tls.do_handshake()
        except _AGAIN:
            self._flush()
        except ssl.SSLError as error:
            self._say_alert()
            self._lose(error)
        else:
            self._announce()  # first: the handshake ended with what came, and not with the answer to it
            self._flush()
            if not self._shaken.done():
                self._shaken.set_result(None)

    def _take(self, data: bytes) -> None:
        shaken, belonging = self._connected, self._records.follow(data)
        if shaken:
            self._decrypt(data, belonging)
            return
        self._incoming.write(data)
        self._shake()
        if self._incoming.pending and self._connected and not self._lost:
            self._decrypt(b"", 0)

    def _decrypt(self, data: bytes, belonging: int) -> None:
        """So many bytes of the data complete the record that had begun before."""
        plain = bytearray()
        error, ended = None, False
        try:
            if belonging:
                ended = self._read(data[:belonging], plain)
                if not plain and (belonging < len(data) or not self._records.open):
                    self._protocol.void()
            ended = ended or self._read(data[belonging:], plain)
        except ssl.SSLError as broken:
            error = broken
        self._deliver(bytes(plain), begun=self._records.open and belonging < len(data))
        if error is not None:
            self._say_alert()
            self._lose(error)
        elif not self._closing:
            self._encrypt()
            if ended:
                self._take_end()

    def _read(self, data: bytes, plain: bytearray) -> bool:
        """Adds what can be decrypted now; whether the peer said goodbye."""
        self._incoming.write(data)
        with suppress(*_AGAIN):
            while self._incoming.pending or self._tls.pending():
                chunk = self._tls.read(READ_BYTES)
                if not chunk:
                    return True
                plain += chunk
        return False

    def _deliver(self, plain: bytes, *, begun: bool) -> None:
        if plain:
            self._protocol.data_received(plain)
        elif begun:
            self._protocol.begun()
        elif not self._records.open:
            self._protocol.quiet()

    def _take_end(self) -> None:
        """Many servers end without TLS's goodbye; whether an answer is whole is for HTTP to say."""
        if not self._connected:
            self._lose(ConnectionResetError())
            return
        super()._take_end()
        self.close()

    def _put(self, data: Octets) -> None:
        self._plain += data
        self._encrypt()

    def _encrypt(self) -> None:
        try:
            while self._plain:
                del self._plain[: self._tls.write(self._plain)]
        except _AGAIN:
            pass
        except ssl.SSLError as error:
            self._lose(error)
            return
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._lost:
            super()._put(self._outgoing.read())

    def _say_alert(self) -> None:
        """As far as the kernel takes it at once: the connection is over."""
        if not self._lost and not self._buffer:
            with suppress(OSError):
                self._sock.send(self._outgoing.read())

    def _lose(self, error: Exception | None) -> None:
        if error is None and not self._lost:
            with suppress(OSError):  # a kernel that closes with unread bytes, such as tickets, sends a reset instead
                self._sock.recv(READ_BYTES)
        if self._tickets is not None and self._connected and error is None and not self._lost:
            self._tickets.keep(*self._known_by, self._tls.session)
        super()._lose(error)
        self._plain.clear()
        if not self._shaken.done():
            self._shaken.set_exception(error or ConnectionAbortedError())
            self._shaken.exception()  # whoever waits is told; when nobody does, it is no news
