"""The kernel's receive stamps: asked for on a socket, and read beside the bytes they belong to.

Linux only. A stamp is CLOCK_REALTIME, in nanoseconds, of the last segment that a read took bytes from.
"""

import atexit
import functools
import socket
import struct
import sys
from collections.abc import Iterable

_SO_TIMESTAMPNS = 35  # <asm-generic/socket.h>; the socket module does not name it
_TIMESPEC = struct.Struct("@ll")
ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0


@functools.cache
def kernel_stamps() -> bool:
    """Whether this machine stamps what arrives; from the first call on it does, as long as the process lives.

    The kernel stamps while any socket asks for it, and takes a moment to begin: without one that stays open, the
    first packets of a connection would have no stamp, and every connection would pay for switching it on.
    """
    if sys.platform != "linux":
        return False
    keeper = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    atexit.register(keeper.close)
    try:
        ask_for_stamps(keeper)
    except OSError:
        return False
    return True


def ask_for_stamps(sock: socket.socket) -> None:
    """Before it connects: what arrived without the option has no stamp."""
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def stamp_of(ancillary: Iterable[tuple[int, int, bytes]]) -> int | None:
    """The stamp beside what socket.recvmsg() read, in nanoseconds of the wall clock; None when there is none."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return int(seconds * 10**9 + nanoseconds)
    return None
