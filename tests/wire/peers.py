"""Peers in threads of their own, which no event loop of ours can slow down."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import perf_counter_ns
from typing import NamedTuple

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
