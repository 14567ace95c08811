"""What an HTTP exchange leaves in the record."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.model.certificate import Certificate, TlsFacts
from probe.model.result import Exchange, Failure, Role
from probe.wire.edge import read_edge
from probe.wire.server_timing import read_server_timing

if TYPE_CHECKING:
    from probe.wire.marks import Marks
    from probe.wire.received import Received
    from probe.wire.request import Request
    from probe.wire.route import Route

MOST_CERTIFICATES = 8
"""A record keeps the first ones of a chain."""
MOST_NAMES = 20
"""Of each; a content delivery network's has a hundred."""


def record(
    request: "Request",
    marks: "Marks",
    received: "Received",
    failure: Failure | None,
    route: "Route",
    role: Role,
    *,
    whole: bool,
) -> Exchange:
    return Exchange(
        method=request.method,
        url=request.url,
        started_ns=marks.started_ns,
        duration_ns=marks.duration_ns,
        phases=marks.phases(),
        clock=marks.clock,
        uncertain_ns=marks.uncertain_ns,
        held_up_ns=marks.held_up_ns,
        reused=marks.reused,
        remote=marks.remote,
        resolver=marks.resolver,
        tls=tls_shown(marks),
        status=received.status,
        http_version=received.http_version,
        sent_bytes=marks.traffic.written,
        received_bytes=marks.received_bytes,
        body_bytes=received.body_bytes if whole else None,
        wire_sent_bytes=marks.traffic.sent,
        wire_received_bytes=marks.traffic.received,
        server_timing=read_server_timing(received.headers),
        edge=read_edge(received.headers),
        rtt_ns=marks.rtt_ns,
        min_rtt_ns=marks.min_rtt_ns,
        retransmits=marks.retransmits,
        delivery_rate=marks.delivery_rate,
        notes=received.notes,
        failure=failure,
        role=role,
        proxy=route.proxy.name if route.proxy else "",
        tunnel_ns=marks.tunnel_ns,
        unverified=route.tls.insecure and request.url.startswith("https:"),
    )


def tls_shown(marks: "Marks") -> TlsFacts | None:
    """None without TLS, on a reused connection, and when the server had not said anything yet."""
    if marks.tls is None:
        return None
    from probe.wire.certificate import read_tls

    facts = read_tls(marks.tls)
    if not facts.cipher and not facts.chain:
        return None
    return replace(facts, chain=tuple(map(_bounded, facts.chain[:MOST_CERTIFICATES])))


def _bounded(shown: Certificate) -> Certificate:
    return shown if len(shown.sans) <= MOST_NAMES else replace(shown, sans=shown.sans[:MOST_NAMES])
