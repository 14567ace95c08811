"""An asyncio transport whose bytes carry the kernel's stamps."""

import asyncio
import socket
from asyncio.trsock import TransportSocket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from msgspec import Struct

from probe.wire.stamps import ANCILLARY_BYTES, stamp_of
from probe.wire.tcp_info import TcpInfo, read_tcp_info

Octets = bytes | bytearray | memoryview

READ_BYTES = 64 * 1024
_READS_AT_ONCE = 16
"""Then other connections have their turn."""
_HIGH_WATER = 64 * 1024


class Traffic(Struct, frozen=True, gc=False):
    """Bytes of a connection since it was made."""

    written: int = 0
    """What the protocol wrote."""
    sent: int | None = None
    """What TCP carried, TLS included: handed to the kernel, and read from it. None where only the loop knows."""
    received: int | None = None


class Witness(Protocol):
    """An asyncio.Protocol that is also told of what happens between this process and the kernel."""

    def sending(self) -> None:
        """Bytes are about to be handed to the kernel."""

    def sent_some(self) -> None:
        """The kernel took some of them."""

    def arrived(self, stamp_ns: int | None, count: int) -> None:
        """So many bytes were read, whose stamp that is; data_received follows, begun, quiet, or nothing."""

    def begun(self) -> None:
        """What arrived is the beginning of something that can be told only when all of it is there."""

    def void(self) -> None:
        """There was nothing for the protocol in what had begun."""

    def quiet(self) -> None:
        """There was nothing for the protocol in what arrived."""

    def connection_made(self, transport: asyncio.BaseTransport, /) -> None: ...
    def data_received(self, data: bytes, /) -> None: ...
    def eof_received(self) -> bool | None: ...
    def connection_lost(self, error: Exception | None, /) -> None: ...
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...


class StampedTransport(asyncio.Transport):
    """A connected, non-blocking TCP socket, watched by the loop's add_reader and add_writer.

    Owns the socket from the beginning and closes it the moment it is lost, before it says so.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: Witness, bytes_read: int = 0
    ) -> None:
        """`bytes_read` from the socket so far: whoever made the connection may have had to talk to somebody first."""
        super().__init__()
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._protocol = protocol
        self._connected = False
        """Whether the protocol was told of the connection, and will be told of its end."""
        self._closing = False
        self._lost = False
        self._paused = False
        self._input_ended = False
        self._output_ended = False
        self._broken: OSError | None = None
        """Why the peer takes no more, while what it said before is still being read."""
        self._bytes_read = bytes_read
        self._bytes_sent = self._bytes_written = 0
        self._buffer = bytearray()
        """What the kernel did not take yet."""
        self._protocol_paused = False
        self.set_write_buffer_limits()
        self._last_info: TcpInfo | None = None
        self._error: Exception | None = None
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._facts: dict[str, Any] = {"socket": TransportSocket(sock)}
        for name, ask in (("sockname", sock.getsockname), ("peername", sock.getpeername)):
            with suppress(OSError):  # the peer may have reset it already
                self._facts[name] = ask()

    def start(self) -> None:
        """Hands the connection to its protocol, and begins to read."""
        try:
            self._announce()
        except BaseException:
            self.abort()
            raise
        self._watch()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._facts.get(name, default)

    def tcp_info(self) -> TcpInfo | None:
        """As it stands, or as it stood when the socket was closed."""
        return self._last_info if self._lost else read_tcp_info(self._sock, self._bytes_read)

    def traffic(self) -> Traffic:
        return Traffic(self._bytes_written, self._bytes_sent, self._bytes_read)

    def lost_by(self) -> Exception | None:
        """What it was lost by, as soon as it is: its protocol hears of it a turn of the loop later."""
        return self._error

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Once the kernel has taken what was written; nothing more is read."""
        if self._closing:
            return
        self._closing = True
        self._loop.remove_reader(self._fd)
        if not self._buffer:
            self._lose(None)

    def abort(self) -> None:
        self._lose(None)

    # Reading

    def is_reading(self) -> bool:
        return not (self._paused or self._closing or self._input_ended)

    def pause_reading(self) -> None:
        if self.is_reading():
            self._loop.remove_reader(self._fd)
        self._paused = True

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            self._watch()

    def _watch(self) -> None:
        if self.is_reading():
            self._loop.add_reader(self._fd, self._read_ready)

    def _read_ready(self) -> None:
        """Reads what is there: of a socket with an error uvloop tells once, though bytes may wait before the error."""
        for _ in range(_READS_AT_ONCE):
            if not (self._receive() and self.is_reading()):
                return
        self._loop.remove_reader(self._fd)
        self._watch()

    def _receive(self) -> bool:
        """Whether something came."""
        try:
            data, ancillary, _, _ = self._sock.recvmsg(READ_BYTES, ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._lose(self._broken or error)
            return False
        if data:
            self._bytes_read += len(data)
            self._tell(self._protocol.arrived, stamp_of(ancillary), len(data))
            self._tell(self._take, data)
        elif self._broken is not None:
            self._lose(self._broken)
        else:
            self._tell(self._take_end)
        return bool(data)

    def _take(self, data: bytes) -> None:
        self._protocol.data_received(data)

    def _take_end(self) -> None:
        """The peer will send no more. The protocol may go on writing, if it says so."""
        self._input_ended = True
        self._loop.remove_reader(self._fd)
        if not self._protocol.eof_received():
            self.close()

    # Writing

    def write(self, data: Any) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data: expected bytes, bytearray or memoryview, got {type(data).__name__}")
        if self._output_ended:
            raise RuntimeError("nothing can be written after write_eof()")
        if data and not self._closing and self._broken is None:
            octets = memoryview(data).cast("B")
            self._bytes_written += len(octets)
            self._put(octets)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Ends this direction once the kernel has taken what was written."""
        if self._closing or self._output_ended:
            return
        self._output_ended = True
        if not self._buffer:
            self._end_output()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = _HIGH_WATER if low is None else 4 * low
        low = high // 4 if low is None else low
        if not high >= low >= 0:
            raise ValueError(f"expected high >= low >= 0, got high {high} and low {low}")
        self._high_water, self._low_water = high, low
        self._pause_or_resume_protocol()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low_water, self._high_water

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def _put(self, data: Octets) -> None:
        """Sends what the kernel takes at once, and keeps the rest."""
        if not self._buffer:
            sent = self._send(data)
            if sent == len(data) or self._lost or self._broken:
                return
            self._loop.add_writer(self._fd, self._write_ready)
            data = data[sent:]
        self._buffer += data
        self._pause_or_resume_protocol()

    def _write_ready(self) -> None:
        sent = self._send(self._buffer)
        if self._broken is not None:
            return
        del self._buffer[:sent]
        if not self._buffer and not self._lost:
            self._loop.remove_writer(self._fd)
        self._pause_or_resume_protocol()
        if self._lost or self._buffer:
            return
        if self._closing:
            self._lose(None)
        elif self._output_ended:
            self._end_output()

    def _send(self, data: Octets) -> int:
        """How many bytes the kernel took."""
        self._tell(self._protocol.sending)
        if self._lost:
            return 0
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._break(error)
            return 0
        self._bytes_sent += sent
        self._tell(self._protocol.sent_some)
        return sent

    def _break(self, error: OSError) -> None:
        """A peer that went away may have answered before: that is read first, up to the end, which is near."""
        if self._closing or self._input_ended or not isinstance(error, ConnectionError):
            self._lose(error)
            return
        self._broken = error
        if self._buffer:
            self._loop.remove_writer(self._fd)
            self._buffer.clear()
        self._loop.call_soon(self._read_rest)

    def _read_rest(self) -> None:
        """However slow the protocol is: what is in the kernel is all there is."""
        while not self._lost and self._receive():
            pass
        self._lose(self._broken)

    def _end_output(self) -> None:
        with suppress(OSError):  # the peer is gone: reading tells
            self._sock.shutdown(socket.SHUT_WR)

    def _pause_or_resume_protocol(self) -> None:
        size = self.get_write_buffer_size()
        if not self._protocol_paused and size > self._high_water:
            self._protocol_paused = True
            self._tell(self._protocol.pause_writing)
        elif self._protocol_paused and size <= self._low_water:
            self._protocol_paused = False
            self._tell(self._protocol.resume_writing)

    # The end

    def _announce(self) -> None:
        self._connected = True
        self._protocol.connection_made(self)

    def _tell(self, callback: Callable[..., object], *arguments: Any) -> None:
        """A mistake of the protocol ends its connection, and the loop goes on."""
        if self._lost:
            return
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not reach the loop
            context = {"message": "a protocol broke", "exception": error, "transport": self, "protocol": self._protocol}
            self._loop.call_exception_handler(context)
            self._lose(error)

    def _lose(self, error: Exception | None) -> None:
        """Closes the socket now; the protocol hears of it in the loop's next turn, as asyncio has it."""
        if self._lost:
            return
        self._last_info = read_tcp_info(self._sock, self._bytes_read)
        self._lost = self._closing = True
        self._error = error
        self._loop.remove_reader(self._fd)
        if self._buffer:
            self._loop.remove_writer(self._fd)
            self._buffer.clear()
        self._sock.close()
        if self._connected:
            self._loop.call_soon(self._protocol.connection_lost, error)
