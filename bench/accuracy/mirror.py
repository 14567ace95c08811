"""A distant host on this machine: a TUN device with a mirror behind it (Linux, root, a network namespace of one's own).

What is sent to FAR comes back a while later as if FAR had sent it, for source and destination are exchanged, which no
checksum notices. A server that listens on NEAR is thereby as far away, from a client that connects to FAR, as the
mirror makes it. The kernel's own netem is in few kernels, and a relay would not delay the handshake.
"""

import fcntl
import os
import select
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

NEAR, FAR = "10.80.0.1", "10.80.0.2"
DEVICE = "far"
ONE_WAY_S = 0.04

_TUN = "/dev/net/tun"
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_TCP, _SYN, _ACK = 6, 0x02, 0x10


def why_not() -> str:
    """What is missing for it here; empty when nothing is."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a path of its own needs root on Linux"
    for program in ("unshare", "ip"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return f"{program} is not installed"
    try:
        os.close(os.open(_TUN, os.O_RDWR))
    except OSError as error:
        return f"{_TUN} cannot be opened: {error.strerror}"
    tried = subprocess.run(in_namespace("true"), capture_output=True, text=True, check=False)
    return f"no network namespace can be made: {tried.stderr.strip()}" if tried.returncode else ""


def in_namespace(*command: str) -> list[str]:
    """The command line that runs it with a network of its own, in which `mirrored` may be called."""
    return ["unshare", "--net", *command]


@contextmanager
def mirrored(*, loses_first_syn: bool = False) -> Iterator[None]:
    """FAR is there while it lasts; if so told, each connection's first SYN gets lost on the way."""
    tun = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH14x", DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    for words in (
        "link set lo up",
        f"addr add {NEAR}/24 dev {DEVICE}",
        f"link set {DEVICE} up txqueuelen 10000",
    ):
        subprocess.run(["ip", *words.split()], check=True)
    stopping, stop = os.pipe()
    thread = threading.Thread(target=_reflect, args=(tun, stopping, _Loss() if loses_first_syn else None))
    thread.start()
    try:
        yield
    finally:
        os.close(stop)
        thread.join()
        for fd in (stopping, tun):
            os.close(fd)


class _Loss:
    """Takes the first SYN from each port."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def takes(self, packet: bytes) -> bool:
        header = (packet[0] & 15) * 4
        if packet[9] != _TCP or packet[header + 13] & (_SYN | _ACK) != _SYN:
            return False
        port = packet[header : header + 2]
        first = port not in self._seen
        self._seen.add(port)
        return first


def _reflect(tun: int, stopping: int, loss: _Loss | None) -> None:
    waiting: deque[tuple[float, bytes]] = deque()
    while True:
        patience = max(waiting[0][0] - time.monotonic(), 0) if waiting else None
        ready, _, _ = select.select([tun, stopping], [], [], patience)
        if stopping in ready:
            return
        if tun in ready:
            packet = os.read(tun, 65536)
            if packet[0] >> 4 == 4 and not (loss and loss.takes(packet)):
                waiting.append((time.monotonic() + ONE_WAY_S, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            packet = waiting.popleft()[1]
            os.write(tun, packet[:12] + packet[16:20] + packet[12:16] + packet[20:])
