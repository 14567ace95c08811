"""Peers in threads of their own, which no event loop of ours can slow down."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import perf_counter_ns
from typing import NamedTuple, TypeVar

T = TypeVar("T")

BODY = bytes(range(256)) * 80_000  # 20 MB, more than all buffers between here and there

Peer = Callable[[socket.socket], object]


@contextmanager
def peer(talk: Peer, host: str = "127.0.0.1") -> Iterator[int]:
    """Talks to whoever connects first; gives its port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        listening.settimeout(30)

        def serve() -> None:
            sock, _ = listening.accept()
            sock.settimeout(30)
            with sock, suppress(OSError):
                talk(sock)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def drain(sock: socket.socket) -> bytes:
    came = bytearray()
    while piece := sock.recv(2**20):
        came += piece
    return bytes(came)


class ByHand:
    """A server's end of TLS whose records wait until they are sent, so that they can be cut and put together."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._when_there(self._tls.do_handshake)
        self.afterwards = self._outgoing.read()
        """What the handshake left to be sent: with TLS 1.2 its end, with 1.3 session tickets."""

    def hear(self) -> bytes:
        return self._when_there(lambda: self._tls.read(99))

    def seal(self, data: bytes) -> bytes:
        """As one record, up to 16 KiB."""
        self._tls.write(data)
        return self._outgoing.read()

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def _when_there(self, act: Callable[[], T]) -> T:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self._sock.sendall(self._outgoing.read())
                self._incoming.write(self._sock.recv(2**16))


class Wrote(NamedTuple):
    """Between these two instants a server, in a thread of its own, handed its answer to the kernel."""

    before_ns: int
    after_ns: int


@contextmanager
def answering_after(think_s: float, size: int, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[Wrote]]]:
    wrote: list[Wrote] = []
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                sock, _ = listening.accept()
                with tls.wrap_socket(sock, server_side=True) if tls else sock as talk:
                    talk.recv(4096)
                    time.sleep(think_s)
                    before = perf_counter_ns()
                    talk.sendall(answer)
                    wrote.append(Wrote(before, perf_counter_ns()))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        yield f"https://localhost:{port}/" if tls else f"http://127.0.0.1:{port}/", wrote
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
