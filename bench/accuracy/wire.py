"""Packets become the instants of exchanges: what a perfect clock on the wire would have said.

Connections go by the client's port and their first sequence number. In TLS 1.3 only the headers of records can be read:
the client's first encrypted record ends the handshake, every larger one of it is a request, and an answer begins with
the first record of the server that is larger than a session ticket.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from msgspec import Struct

from bench.accuracy.capture import ACK, RST, SYN, Packet

_APPLICATION = 23
_REQUEST_BYTES, _ANSWER_BYTES = 70, 600
"""Larger than these are the records of a request, unlike Finished and close_notify, and of answers, unlike tickets."""
_GOODBYE_BYTES = 31


class Instants(Struct, frozen=True):
    begun_ns: int
    """The first packet: of the connection, if the exchange opened it."""
    ended_ns: int
    phases: dict[str, int]

    @property
    def figures(self) -> dict[str, int]:
        together = sum(self.phases.values())
        return self.phases | {"phases": together, "total": self.ended_ns - self.begun_ns}


class Connection:
    """`packets` with data, in both directions, without what was sent again."""

    def __init__(self, syn: Packet) -> None:
        self.syn = syn
        self.accepted_ns = 0
        self.packets: list[Packet] = []
        self._next: dict[int, int] = {}

    def add(self, packet: Packet) -> None:
        if packet.flags & SYN:
            self.accepted_ns = self.accepted_ns or packet.at_ns
        elif packet.length and not packet.flags & RST:
            expected = self._next.get(packet.source, packet.sequence)
            if (packet.sequence - expected) % 2**32 < 2**31:
                self.packets.append(packet)
                self._next[packet.source] = (packet.sequence + packet.length) % 2**32

    def exchanges(self, *, tls: bool) -> list[Instants | None]:
        """In order; None where an answer was not seen whole."""
        requests = self._requests_by_tls() if tls else self._requests()
        made: list[Instants | None] = []
        for start, end in pairwise([*requests, len(self.packets)]):
            seen = self._exchange(start, end, tls=tls)
            if seen is not None and not made:
                seen = self._opened(seen, requests[0], tls=tls)
            made.append(seen)
        return made

    def _opened(self, first: Instants, request: int, *, tls: bool) -> Instants:
        """The first exchange has the handshakes before it."""
        before = {"connect": self.accepted_ns - self.syn.at_ns}
        if tls:
            before["tls"] = self._handshake_ns(request)
        return Instants(self.syn.at_ns, first.ended_ns, before | first.phases)

    def _requests(self) -> list[int]:
        """Where they begin."""
        sides = [self._ours(packet) for packet in self.packets]
        return [at for at, (before, ours) in enumerate(pairwise([False, *sides])) if ours and not before]

    def _requests_by_tls(self) -> list[int]:
        found, shaken = [], False
        for at, packet in enumerate(self.packets):
            if self._ours(packet):
                encrypted = [length for kind, length in _records(packet.payload) if kind == _APPLICATION]
                if not shaken and encrypted:
                    shaken, encrypted = True, encrypted[1:]
                if any(length > _REQUEST_BYTES for length in encrypted):
                    found.append(at)
        return found

    def _exchange(self, start: int, end: int, *, tls: bool) -> Instants | None:
        """What lies between a request and the next one."""
        asking = self.packets[start]
        answer = [packet for packet in self.packets[start:end] if not self._ours(packet)]
        if tls:
            while answer and not any(length > _ANSWER_BYTES for _, length in _records(answer[0].payload)):
                answer = answer[1:]
        while answer and _is_goodbye(answer[-1]):
            answer = answer[:-1]
        if not answer:
            return None
        begun_ns, ended_ns = answer[0].at_ns, answer[-1].at_ns
        sent_ns = max(each.at_ns for each in self.packets[start:end] if self._ours(each) and each.at_ns <= begun_ns)
        phases = {"processing": begun_ns - sent_ns, "transfer": ended_ns - begun_ns}
        return Instants(asking.at_ns, ended_ns, phases)

    def _handshake_ns(self, request: int) -> int:
        """The server's flights only, each from what the client sent before it."""
        took, asked = 0, 0
        for packet, following in pairwise(self.packets[: request + 1]):
            if self._ours(packet):
                asked = packet.at_ns
            elif self._ours(following) and asked:
                took += packet.at_ns - asked
                if following.payload[0] != 22:  # the client's last flight begins with what ends the negotiation
                    break
        return took

    def _ours(self, packet: Packet) -> bool:
        return packet.source == self.syn.source


def connections(packets: Iterable[Packet], port: int) -> dict[int, list[Connection]]:
    """Of that port of the server, by the client's port, one after another."""
    found: dict[int, list[Connection]] = defaultdict(list)
    for packet in packets:
        if packet.target == port and packet.flags & (SYN | ACK) == SYN:
            seen = found[packet.source]
            if not seen or seen[-1].syn.sequence != packet.sequence:
                seen.append(Connection(packet))
        elif port in (packet.source, packet.target):
            client = packet.source if packet.target == port else packet.target
            if found[client]:
                found[client][-1].add(packet)
    return found


def lookups(packets: Iterable[Packet], port: int) -> dict[str, int]:
    """From the first question to the last answer, by name."""
    asked: dict[str, int] = {}
    took: dict[str, int] = {}
    for packet in packets:
        if packet.flags or port not in (packet.source, packet.target):
            continue
        name = _name(packet.payload)
        if packet.target == port:
            asked.setdefault(name, packet.at_ns)
        else:
            took[name] = packet.at_ns - asked[name]
    return took


def _name(message: bytes) -> str:
    """The one that is asked for (RFC 1035 §4.1.2)."""
    labels, at = [], 12
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower()


def _is_goodbye(packet: Packet) -> bool:
    """A record of TLS as large as close_notify, and nothing else."""
    return packet.length <= _GOODBYE_BYTES and any(
        5 + length == packet.length for _, length in _records(packet.payload)
    )


def _records(payload: bytes) -> list[tuple[int, int]]:
    """Kind and length of the records whose headers were kept, as far as the packet begins with one."""
    found, at = [], 0
    while at + 5 <= len(payload) and payload[at] in range(20, 25) and payload[at + 1] == 3:
        length = int.from_bytes(payload[at + 3 : at + 5], "big")
        found.append((payload[at], length))
        at += 5 + length
    return found
