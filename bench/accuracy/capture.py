"""tcpdump, and what it wrote: the beginnings of packets, with the kernel's stamps."""

import asyncio
import shutil
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

SNAPPED = 320
"""Bytes kept of a packet: its headers, the names in a question, the headers of the records it begins with."""
_MAGIC = 0xA1B23C4D
_LINK_HEADERS = {1: 14, 101: 0}
"""By link type: Ethernet, which loopback says it is, and none, as on a tunnel."""
_TCP, _UDP = 6, 17
_LAG_S = 1.1
"""tcpdump hears of packets a second late at most."""
SYN, ACK, RST = 0x02, 0x10, 0x04


class Packet(NamedTuple):
    at_ns: int
    source: int
    target: int
    """Ports."""
    flags: int
    """Of TCP; 0 with UDP."""
    sequence: int
    length: int
    """Bytes of payload, kept or not."""
    payload: bytes
    """As much of it as was kept."""


class Capture:
    """A pcap file with nanoseconds, of Ethernet or raw IP. `dropped` is how many packets tcpdump says it missed."""

    dropped = 0

    def __init__(self, file: Path) -> None:
        self._file = file

    def packets(self) -> Iterator[Packet]:
        data = self._file.read_bytes()
        magic, link = struct.unpack_from("<I16xI", data)
        if magic != _MAGIC:
            raise ValueError(f"{self._file}: expected pcap with nanoseconds, little endian, got magic {magic:#x}")
        at, skip = 24, _LINK_HEADERS[link]
        while at < len(data):
            seconds, nanoseconds, kept, _ = struct.unpack_from("<IIII", data, at)
            at += 16
            packet = _packet(seconds * 10**9 + nanoseconds, data[at + skip : at + kept])
            if packet is not None:
                yield packet
            at += kept


def tcpdump() -> str | None:
    """Where it is, if it is here."""
    return shutil.which("tcpdump", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")


@asynccontextmanager
async def capturing(file: Path, device: str, expression: str) -> AsyncIterator[Capture]:
    """While it lasts; the packets can be read afterwards."""
    program = tcpdump()
    assert program
    process = await asyncio.create_subprocess_exec(
        program,
        *("-i", device, "-n", "-s", str(SNAPPED), "-B", "65536", "-w", str(file)),
        *("--time-stamp-precision", "nano", "-Z", "root"),
        expression,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    capture = Capture(file)
    while b"listening on" not in (line := await process.stderr.readline()):
        if not line:
            raise OSError("tcpdump could not listen")
    try:
        yield capture
    finally:
        await asyncio.sleep(_LAG_S)
        process.terminate()
        for said in (await process.stderr.read()).splitlines():
            if said.endswith(b"dropped by kernel"):
                capture.dropped = int(said.split()[0])
        await process.wait()


def _packet(at_ns: int, data: bytes) -> Packet | None:
    """None for what is neither TCP nor UDP over IPv4."""
    if data[0] >> 4 != 4:
        return None
    header = (data[0] & 15) * 4
    total, protocol = int.from_bytes(data[2:4], "big"), data[9]
    if protocol == _UDP:
        source, target, length = struct.unpack_from("!HHH", data, header)
        return Packet(at_ns, source, target, 0, 0, length - 8, data[header + 8 :])
    if protocol != _TCP:
        return None
    source, target, sequence, _, offset, flags = struct.unpack_from("!HHIIBB", data, header)
    start = header + (offset >> 4) * 4
    return Packet(at_ns, source, target, flags, sequence, total - start, data[start:])
