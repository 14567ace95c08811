"""What an HTTP exchange leaves in the record."""

from typing import TYPE_CHECKING

from probe.model.result import Exchange, Failure, Role
from probe.steps.recorded import exchange_of
from probe.wire.edge import read_edge
from probe.wire.server_timing import read_server_timing

if TYPE_CHECKING:
    from probe.wire.marks import Marks
    from probe.wire.received import Received
    from probe.wire.request import Request
    from probe.wire.route import Route


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
    return exchange_of(
        request.method,
        request.url,
        marks,
        failure,
        route,
        status=received.status,
        http_version=received.http_version,
        body_bytes=received.body_bytes if whole else None,
        server_timing=read_server_timing(received.headers),
        edge=read_edge(received.headers),
        notes=received.notes,
        role=role,
    )
