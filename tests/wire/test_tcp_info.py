import socket
import threading

from probe.wire.tcp_info import read_tcp_info


def test_a_connection_has_a_round_trip_and_what_was_not_read_of_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as sock:
        fresh = read_tcp_info(sock)
        peer, _ = listening.accept()
        with peer:
            peer.sendall(b"hello")
            assert sock.recv(2) == b"he"
            later = read_tcp_info(sock, bytes_read=2)
    assert fresh is not None
    assert later is not None
    assert fresh.rtt_ns > 0
    assert (fresh.retransmits, fresh.segments_in, fresh.unread) == (0, 0, 0)
    assert (later.retransmits, later.segments_in, later.unread) == (0, 1, 3)
    assert later.window > 5


def test_there_is_nothing_to_know_of_what_is_no_connection() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert read_tcp_info(here) is None
    assert read_tcp_info(here) is None


def test_the_rate_of_what_was_sent_is_known_once_the_network_was_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as sock:
        peer, _ = listening.accept()
        with peer:
            reader = threading.Thread(target=_drain, args=(peer,))
            reader.start()
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            rates = [_rate(sock)]
            for _ in range(4096):  # until the kernel says that it could have sent more
                sock.sendall(bytes(2**20))
                rates.append(_rate(sock))
                if rates[-1]:
                    break
            sock.shutdown(socket.SHUT_WR)
            reader.join()
    assert rates[0] is None
    assert (rates[-1] or 0) > 2**20


def _rate(sock: socket.socket) -> int | None:
    info = read_tcp_info(sock)
    assert info is not None
    return info.delivery_rate


def _drain(sock: socket.socket) -> None:
    while sock.recv(2**20):
        pass
