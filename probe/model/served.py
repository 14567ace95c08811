"""What an answer's headers say of who served it, and what took them their time."""

from msgspec import Struct


class ServerTiming(Struct, frozen=True, omit_defaults=True):
    """One metric of a `Server-Timing` header (W3C Server Timing): the server's own account."""

    name: str
    duration_ns: int | None = None
    """None when the server gives no duration."""
    description: str = ""


class Edge(Struct, frozen=True, omit_defaults=True):
    """The edge of a content delivery network, or the cache, that answered, by its headers."""

    network: str
    place: str = ""
    """Its point of presence, as the network names it: FRA."""
    cache: str = ""
    """What its cache did, in the network's words: HIT."""
    request: str = ""
    """By what the network's support finds the request."""
