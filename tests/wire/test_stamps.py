import socket
import time

from probe.wire.stamps import ANCILLARY_BYTES, ask_for_stamps, kernel_stamps, stamp_of


def test_what_arrives_is_stamped_with_its_arrival_and_not_with_its_reading() -> None:
    assert kernel_stamps()
    with socket.socket(type=socket.SOCK_DGRAM) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        receiver.bind(("127.0.0.1", 0))
        ask_for_stamps(receiver)
        before = time.time_ns()
        sender.sendto(b"hi", receiver.getsockname())
        after = time.time_ns()
        time.sleep(0.05)
        stamp = stamp_of(receiver.recvmsg(9, ANCILLARY_BYTES)[1])
    assert stamp is not None
    assert before <= stamp <= after


def test_one_socket_that_stays_open_keeps_the_kernel_stamping() -> None:
    assert (kernel_stamps(), kernel_stamps.cache_info().currsize) == (True, 1)


def test_what_is_no_stamp_is_none() -> None:
    others = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b"1234"), (socket.SOL_SOCKET, 35, b"short")]
    assert (stamp_of([]), stamp_of(others)) == (None, None)
