"""What an exchange says beside its phases, in the words of a person: for the terminal and the hub's page."""

from collections.abc import Iterator
from datetime import datetime

from probe.export.text import cut
from probe.model.certificate import Certificate, TlsFacts
from probe.model.duration import format_duration
from probe.model.result import Exchange
from probe.model.served import Edge, ServerTiming
from probe.model.timing import Phase

ENDING_DAYS = 14
"""A certificate that ends sooner is told whoever asks: the usual renewal has not happened."""
_DOUBT_NS = 1_000_000
"""Less is no more than what a busy machine does to any figure."""
_WORTH_NS = 1_000_000
"""Less than this is not worth sharing out."""
_METRICS = 6
"""Of the server's own account, the longest."""
_NAME = 40


def facts(exchange: Exchange, at: datetime) -> Iterator[str]:
    """All of it, in the order in which it came about."""
    if exchange.resolver:
        yield f"name known by {exchange.resolver}"
    if exchange.tls:
        resumed = " resumed" if exchange.tls.resumed else ""
        yield f"{exchange.tls.version} {exchange.tls.cipher}{resumed}".strip() or "TLS did not come about"
        told = (*exchange.tls.chain[:1], *ending(exchange.tls, at))
        yield from (certificate(each, at) for each in dict.fromkeys(told))
    if exchange.sent_bytes:
        rate = f" at {exchange.delivery_rate / 1e6:.1f} MB/s" if exchange.delivery_rate else ""
        yield f"{_grouped(exchange.sent_bytes)} bytes sent{rate}"
    if exchange.received_bytes:
        yield " ".join((f"{_grouped(exchange.received_bytes)} bytes", *_sizes(exchange)))
    yield from split(exchange)
    yield from doubts(exchange)
    yield from server_timing(exchange.server_timing)
    if exchange.edge:
        yield edge(exchange.edge)
    yield from resent(exchange)


def doubts(exchange: Exchange) -> Iterator[str]:
    """How far its phases can be trusted, where not to the microsecond."""
    if exchange.uncertain_ns >= _DOUBT_NS:
        yield f"where one phase ends and the next begins may be off by {format_duration(exchange.uncertain_ns)}"
    if exchange.held_up_ns >= _DOUBT_NS:
        yield f"the agent read late: up to {format_duration(exchange.held_up_ns)} of transfer may be its own"


def ending(tls: TlsFacts, at: datetime) -> list[Certificate]:
    """Those of the chain that end soon. Beyond the server's own, one that has ended is one that nobody needed."""
    days = {shown: shown.days_left(at) for shown in tls.chain}
    return [each for each in days if days[each] < ENDING_DAYS and (each is tls.chain[0] or days[each] >= 0)]


def certificate(shown: Certificate, at: datetime) -> str:
    whose = cut(shown.subject or "nobody", _NAME)
    by = "itself" if shown.subject == shown.issuer else cut(shown.issuer, _NAME)
    return f"certificate {_ends(shown, at)}: {whose}, issued by {by}"


def split(exchange: Exchange) -> Iterator[str]:
    """How `processing` is shared between the way there and back and the server; nothing where that is not known."""
    if exchange.server_ns is not None and exchange.phases[Phase.PROCESSING] >= _WORTH_NS:
        trip_ns = exchange.phases[Phase.PROCESSING] - exchange.server_ns
        shares = f"{format_duration(trip_ns)} of processing is the round trip, {format_duration(exchange.server_ns)}"
        yield f"about {shares} the server" if exchange.server_ns else "processing is no more than the round trip"


def server_timing(metrics: tuple[ServerTiming, ...]) -> Iterator[str]:
    """What the server says that took its time, the longest first."""
    ordered = sorted(metrics, key=lambda metric: -(metric.duration_ns or 0))
    if ordered:
        left = f", and {len(ordered) - _METRICS} more" if len(ordered) > _METRICS else ""
        yield f"Server-Timing: {', '.join(map(_metric, ordered[:_METRICS]))}{left}"


def edge(found: Edge) -> str:
    return cut(", ".join(word for word in (f"{found.network} {found.place}".strip(), found.cache) if word), 2 * _NAME)


def resent(exchange: Exchange) -> Iterator[str]:
    if exchange.retransmits:
        what = "1 segment" if exchange.retransmits == 1 else f"{exchange.retransmits} segments"
        yield f"{what} had to be sent again: packets are lost on the way"


def _sizes(exchange: Exchange) -> Iterator[str]:
    if exchange.wire_received_bytes and exchange.wire_received_bytes != exchange.received_bytes:
        yield f"({_grouped(exchange.wire_received_bytes)} on the wire)"
    if exchange.body_bytes is not None and exchange.body_bytes > exchange.received_bytes:
        yield f"of a body of {_grouped(exchange.body_bytes)}"


def _metric(metric: ServerTiming) -> str:
    took = f" {format_duration(metric.duration_ns)}" if metric.duration_ns is not None else ""
    said = f" ({cut(metric.description, _NAME)})" if metric.description else ""
    return f"{metric.name}{took}{said}"


def _ends(shown: Certificate, at: datetime) -> str:
    days, day = shown.days_left(at), f"{shown.not_after:%Y-%m-%d}"
    if days < 0:
        return f"ended on {day}"
    return f"ends on {day}, in {days} day{'' if days == 1 else 's'}" if days else f"ends on {day}, within a day"


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", " ")
