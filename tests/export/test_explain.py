from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from probe.export import explain
from probe.model.certificate import Certificate, TlsFacts
from probe.model.result import Exchange
from probe.model.served import Edge, ServerTiming
from probe.model.timing import Phase

MS = 1_000_000
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
AUTHORITY = "An Authority"


def exchange(**more: Any) -> Exchange:
    return Exchange("GET", "https://shop.example/", 0, 420 * MS, **{"phases": {Phase.PROCESSING: 420 * MS}, **more})


def shown(days: float, subject: str = "shop.example", issuer: str = AUTHORITY) -> Certificate:
    return Certificate(subject, issuer, AT - timedelta(days=60), AT + timedelta(days=days))


def secured(*chain: Certificate) -> TlsFacts:
    return TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "http/1.1", chain)


def test_all_that_is_known_is_told_in_its_order() -> None:
    known = exchange(
        resolver="10.0.0.2",
        tls=secured(shown(60), shown(3, AUTHORITY, "A Root")),
        sent_bytes=512,
        delivery_rate=12_345_678,
        received_bytes=18_432,
        wire_received_bytes=23_456,
        body_bytes=70_000,
        min_rtt_ns=80 * MS,
        server_timing=(ServerTiming("cache", None, "hit"), ServerTiming("db", 300 * MS)),
        edge=Edge("Cloudflare", "FRA", "MISS", "8f1b-FRA"),
        retransmits=2,
    )
    assert list(explain.facts(known, AT)) == [
        "name known by 10.0.0.2",
        "TLSv1.3 TLS_AES_256_GCM_SHA384",
        "certificate ends on 2027-01-24, in 60 days: shop.example, issued by An Authority",
        "certificate ends on 2026-11-28, in 3 days: An Authority, issued by A Root",
        "512 bytes sent at 12.3 MB/s",
        "18 432 bytes (23 456 on the wire) of a body of 70 000",
        "about 80.0 ms of processing is the round trip, 340 ms the server",
        "Server-Timing: db 300 ms, cache (hit)",
        "Cloudflare FRA, MISS",
        "2 segments had to be sent again: packets are lost on the way",
    ]


def test_what_is_not_known_is_not_told() -> None:
    assert list(explain.facts(exchange(), AT)) == []
    refused = explain.facts(exchange(tls=TlsFacts("", "", "", (shown(60),))), AT)
    assert next(refused) == "TLS did not come about"


def test_what_is_the_same_is_told_once() -> None:
    plain = exchange(received_bytes=100, wire_received_bytes=100, body_bytes=2)
    assert list(explain.facts(plain, AT)) == ["100 bytes"]
    ending = exchange(tls=secured(shown(3)))
    assert len(list(explain.facts(ending, AT))) == 2


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (13.5, "ends on 2026-12-09, in 13 days"),
        (1, "ends on 2026-11-26, in 1 day"),
        (0.25, "ends on 2026-11-25, within a day"),
        (-0.25, "ended on 2026-11-25"),
        (-9, "ended on 2026-11-16"),
    ],
)
def test_a_certificates_end_is_told_in_days(days: float, words: str) -> None:
    assert explain.certificate(shown(days), AT) == f"certificate {words}: shop.example, issued by An Authority"


def test_a_certificate_of_nobody_by_itself_is_told_as_such() -> None:
    words = explain.certificate(shown(30, "", ""), AT)
    assert words == "certificate ends on 2026-12-25, in 30 days: nobody, issued by itself"


@pytest.mark.parametrize(
    ("chain", "ending"),
    [
        ([14, 400], []),
        ([13.9, 400], [0]),
        ([60, 13], [1]),
        ([60, -1, 400], []),
        ([-1, -1], [0]),
        ([], []),
    ],
)
def test_of_a_chain_what_ends_soon_is_told_but_not_what_nobody_needs_any_more(
    chain: list[float], ending: list[int]
) -> None:
    shows = [shown(days, f"certificate {place}") for place, days in enumerate(chain)]
    assert explain.ending(secured(*shows), AT) == [shows[place] for place in ending]


@pytest.mark.parametrize(
    ("processing", "rtt", "words"),
    [
        (420 * MS, 80 * MS, ["about 80.0 ms of processing is the round trip, 340 ms the server"]),
        (50 * MS, 80 * MS, ["processing is no more than the round trip"]),
        (420 * MS, None, []),
        (MS - 1, 100, []),
    ],
)
def test_processing_is_shared_out_where_it_can_be(processing: int, rtt: int | None, words: list[str]) -> None:
    assert list(explain.split(exchange(phases={Phase.PROCESSING: processing}, rtt_ns=rtt))) == words


def test_of_many_metrics_the_longest_are_told() -> None:
    metrics = tuple(ServerTiming(f"m{number}", number * MS) for number in range(8))
    assert list(explain.server_timing(metrics)) == [
        "Server-Timing: m7 7.00 ms, m6 6.00 ms, m5 5.00 ms, m4 4.00 ms, m3 3.00 ms, m2 2.00 ms, and 2 more"
    ]


def test_what_a_server_says_of_itself_cannot_steer_a_terminal() -> None:
    hostile = exchange(
        tls=secured(shown(60, "\x1b[2Jshop\u202e", "\x07")),
        server_timing=(ServerTiming("db", 1, "\x1b[31mred"),),
        edge=Edge("CloudFront", "\x1b[2J", "\x9b"),
    )
    assert all(words.isprintable() for words in explain.facts(hostile, AT))


@pytest.mark.parametrize(("count", "words"), [(None, []), (0, []), (1, ["1 segment"]), (7, ["7 segments"])])
def test_lost_packets_are_told(count: int | None, words: list[str]) -> None:
    told = list(explain.resent(exchange(retransmits=count)))
    assert told == [f"{what} had to be sent again: packets are lost on the way" for what in words]


def test_what_cannot_be_trusted_to_the_microsecond_is_said() -> None:
    assert list(explain.doubts(exchange(uncertain_ns=2 * MS, held_up_ns=30 * MS))) == [
        "where one phase ends and the next begins may be off by 2.00 ms",
        "the agent read late: up to 30.0 ms of transfer may be its own",
    ]
    assert list(explain.doubts(exchange(uncertain_ns=MS // 2, held_up_ns=MS // 2))) == []
