import socket

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
