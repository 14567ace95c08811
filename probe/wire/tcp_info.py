import socket
import struct
import sys

from msgspec import Struct

_LAYOUT = struct.Struct("=7xB56xII28xI24xQ12xII4xQ")
"""<linux/tcp.h>: the byte of tcpi_delivery_rate_app_limited; tcpi_rcv_ssthresh, _rtt, _total_retrans,
_bytes_received, _min_rtt, _data_segs_in, _delivery_rate."""
_APP_LIMITED = 1
_NONE_YET = 0xFFFFFFFF


class TcpInfo(Struct, frozen=True):
    """What the kernel knows of a connection (`getsockopt(TCP_INFO)`, Linux)."""

    rtt_ns: int
    """Smoothed round-trip time; right after the handshake it is the handshake's."""
    min_rtt_ns: int | None
    """The shortest round trip of the latest minutes; None before there was one."""
    retransmits: int
    """Segments this side had to send again since the connection was begun, SYNs included."""
    segments_in: int
    """Segments with data that came in."""
    unread: int
    """Bytes that came in and were not read yet."""
    window: int
    """The most the receive window may be: when so many bytes are unread, the peer has to wait."""
    delivery_rate: int | None = None
    """Bytes per second that the peer acknowledged of late; None when there was too little to send to know."""


def read_tcp_info(sock: socket.socket, bytes_read: int = 0) -> TcpInfo | None:
    """After so many bytes were read from it. None where there is none: other platforms, old kernels, closed sockets."""
    if sys.platform != "linux":
        return None
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAYOUT.size)
    except OSError:
        return None
    if len(raw) < _LAYOUT.size:
        return None
    bits, window, rtt_us, retransmits, bytes_in, min_rtt_us, segments_in, rate = _LAYOUT.unpack(raw)
    min_rtt_ns = None if min_rtt_us == _NONE_YET else min_rtt_us * 1000
    delivery_rate = rate if rate and not bits & _APP_LIMITED else None
    return TcpInfo(rtt_us * 1000, min_rtt_ns, retransmits, segments_in, bytes_in - bytes_read, window, delivery_rate)
