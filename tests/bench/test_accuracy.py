"""What packets say, read by hand, is what the measurement of accuracy takes for the truth."""

import struct
from pathlib import Path

import pytest

from bench.accuracy.capture import ACK, SYN, Capture, Packet
from bench.accuracy.condition import Error, compare
from bench.accuracy.reading import Asked, Reading, Target
from bench.accuracy.tables import certain, of, share, spread, table
from bench.accuracy.wire import connections, lookups

CLIENT, SERVER, NAMES = 40_000, 443, 53


def packet(at: int, source: int, sequence: int, payload: bytes = b"", flags: int = ACK, *, size: int = 0) -> Packet:
    target = SERVER if source == CLIENT else CLIENT
    return Packet(at, source, target, flags, sequence, size or len(payload), payload)


def record(kind: int, length: int) -> bytes:
    return bytes([kind, 3, 3]) + length.to_bytes(2, "big") + bytes(length)


OPENING = [packet(100, CLIENT, 9, flags=SYN), packet(130, SERVER, 4, flags=SYN | ACK), packet(131, CLIENT, 10)]
PLAIN = [
    *OPENING,
    packet(140, CLIENT, 10, b"GET"),
    packet(145, CLIENT, 13, b" /"),
    packet(146, SERVER, 5),
    packet(200, SERVER, 5, b"HTTP"),
    packet(210, SERVER, 5, b"HTTP"),  # sent again
    packet(220, SERVER, 9, b"body"),
    packet(300, CLIENT, 15, b"GET /"),
    packet(350, SERVER, 13, b"HTTP"),
]
SECURED = [
    *OPENING,
    packet(140, CLIENT, 10, record(22, 300)),
    packet(170, SERVER, 5, record(22, 90) + record(23, 900)),
    packet(175, SERVER, 1005, b"more of the certificate"),
    packet(180, CLIENT, 315, record(20, 1) + record(23, 53)),
    packet(190, CLIENT, 379, record(23, 120)),
    packet(195, SERVER, 1028, record(23, 250)),  # a ticket
    packet(250, SERVER, 1283, record(23, 1100)[:300], size=1105),
    packet(260, SERVER, 2388, b"the rest"),
    packet(290, CLIENT, 504, record(23, 19)),  # goodbye
    packet(295, SERVER, 2396, record(23, 19)),
]


def test_exchanges_lie_between_their_packets() -> None:
    (made,) = connections(PLAIN, SERVER)[CLIENT]
    first, second = made.exchanges(tls=False)
    assert first
    assert second
    assert first.figures == {"connect": 30, "processing": 55, "transfer": 20, "phases": 105, "total": 120}
    assert second.figures == {"processing": 50, "transfer": 0, "phases": 50, "total": 50}


def test_over_tls_neither_tickets_nor_goodbyes_are_an_answer() -> None:
    (made,) = connections(SECURED, SERVER)[CLIENT]
    (only,) = made.exchanges(tls=True)
    assert only
    assert only.phases == {"connect": 30, "tls": 35, "processing": 60, "transfer": 10}


def test_a_port_that_is_used_again_is_another_connection_and_a_syn_sent_again_is_not() -> None:
    again = [packet(at, CLIENT, 77, flags=SYN) for at in (1000, 2000)]
    first, second = connections([*OPENING, *again, packet(2030, SERVER, 8, flags=SYN | ACK)], SERVER)[CLIENT]
    assert (first.accepted_ns - first.syn.at_ns, second.accepted_ns - second.syn.at_ns) == (30, 1030)


def test_a_lookup_is_from_the_first_question_to_the_last_answer() -> None:
    message = bytes(12) + b"\2J1\4shop\4test\0\0\1\0\1"
    asked = [Packet(at, CLIENT, NAMES, 0, 0, len(message), message) for at in (10, 12)]
    said = [Packet(at, NAMES, CLIENT, 0, 0, len(message), message) for at in (40, 45)]
    assert lookups([*asked, *said], NAMES) == {"j1.shop.test": 35}


def test_what_is_said_is_compared_with_the_exchange_it_is_said_of() -> None:
    target = Target("http", "127.0.0.1", SERVER, f"127.0.0.1:{NAMES}", "", "idle", 1)
    asked = [Asked(0, 0, CLIENT, 0, 0), Asked(0, 1, CLIENT, 0, 1), Asked(0, 2, CLIENT, 0, 2)]
    readings = [
        Reading(0, 0, {"connect": 33, "processing": 50, "send": 9}, ("uncertain",)),
        Reading(0, 1, {"processing": 51}),
        Reading(0, 2, {"processing": 51}),
    ]
    assert compare(readings, asked, PLAIN, target) == [
        Error(1_000, True, {"connect": 3, "processing": -5}, ("uncertain",), connect_ns=33),
        Error(200_000, False, {"processing": 1}, ()),
    ]


@pytest.mark.parametrize(("link", "before"), [(1, bytes(14)), (101, b"")])
def test_a_file_of_tcpdumps_is_read(tmp_path: Path, link: int, before: bytes) -> None:
    tcp = struct.pack("!HHIIBBHHH", CLIENT, SERVER, 7, 0, 5 << 4, SYN, 0, 0, 0) + b"he"
    udp = struct.pack("!HHHH", CLIENT, NAMES, 8 + 3, 0) + b"you"
    packets = [
        before + struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0, 64, protocol, 0, bytes(4), bytes(4)) + data
        for protocol, data, length in ((6, tcp, 20 + 5), (17, udp, len(udp)), (1, b"ping", 4))
    ]
    file = tmp_path / "packets"
    file.write_bytes(
        struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 320, link)
        + b"".join(struct.pack("<IIII", 3, 4, len(each), len(each)) + each for each in packets)
    )
    at_ns = 3 * 10**9 + 4
    assert list(Capture(file).packets()) == [
        Packet(at_ns, CLIENT, SERVER, SYN, 7, 5, b"he"),
        Packet(at_ns, CLIENT, NAMES, 0, 0, 3, b"you"),
    ]


def test_tables_say_nothing_of_a_few() -> None:
    errors = [Error(1, True, {"tls": each * 1000}, ("user",) * (each > 90)) for each in range(-1, 100)]
    assert spread(of(errors, "tls")) == "49 / 94 / 98"
    assert spread(of(certain(errors), "tls")) == "44 / 86 / 90"
    assert (spread([1000] * 19), share(1, 3), share(0, 0)) == ("–", "33.3 %", "–")
    assert table(["a", "b"], [["c", "d"]]) == ["| a | b |", "| --- | ---: |", "| c | d |", ""]
