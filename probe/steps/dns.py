"""A question to name servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from probe.errors import StepFailure
from probe.model.observation import Observation, Seen
from probe.model.result import Cause, Failure
from probe.model.template import Text
from probe.model.timing import Phase
from probe.steps.base import TIME_LIMIT, Options, Performance, script_failure
from probe.steps.recorded import recorded

if TYPE_CHECKING:
    from probe.wire.resolver import Resolver

DESCRIPTION = "A question to name servers."
SHOWS = frozenset({Seen.ANSWERS, Seen.PHASES})


class RecordType(StrEnum):
    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    MX = "MX"
    TXT = "TXT"
    NS = "NS"
    SOA = "SOA"
    PTR = "PTR"
    SRV = "SRV"
    CAA = "CAA"


class Action(Struct, frozen=True):
    name: Annotated[Text, Meta(description="The name to ask for; with PTR an address will do.")]
    type: Annotated[RecordType, Meta(description="Which of its records; A unless said.")] = RecordType.A
    server: Annotated[
        Text | None, Meta(description="Whom to ask, `address` or `address:port`; the run's name servers unless said.")
    ] = None


def time_limit(action: Action) -> int:
    return TIME_LIMIT


@asynccontextmanager
async def open_session(options: Options) -> AsyncIterator[Options]:
    """Every question has a channel of its own: there is nothing to be kept open."""
    yield options


async def perform(action: Action, session: Options, performance: Performance) -> Observation:
    from probe.steps.way import plain_way

    name = _asked(performance.text(action.name), action.type)
    server = "" if action.server is None else performance.text(action.server)
    asked = (server,) if server else plain_way(performance).resolver or session.nameservers
    resolver = _resolver(asked, action, session)
    async with recorded("DNS", f"dns://{server}/{name}?type={action.type}", performance, awaited=False) as marks:
        marks.begin(Phase.RESOLVE)
        try:
            found = await resolver.records(name, action.type)
        except (OSError, ValueError) as error:
            raise StepFailure(_failure(error, name, action)) from error
        marks.end(found.answered_ns)
        marks.remote = ", ".join(found.servers)
    (exchange,) = performance.exchanges
    ended = exchange.started_ns + exchange.duration_ns
    failure = None
    if not found.answers:
        message = f"the name {name} exists and has no {action.type} record"
        failure = Failure(Cause.RESOLVE, message, action.name.place)
    return Observation(exchange.started_ns, ended, exchange.phases, failure=failure, answers=found.answers)


def _asked(name: str, kind: RecordType) -> str:
    if kind is RecordType.PTR:
        try:
            return ip_address(name).reverse_pointer
        except ValueError:
            pass
    return name


def _resolver(asked: tuple[str, ...], action: Action, session: Options) -> "Resolver":
    """c-ares is loaded here, before the question's time begins."""
    from probe.wire.resolver import Resolver

    try:
        resolver = Resolver(session.clock, asked)
        resolver.prepare()
    except ValueError:
        place = action.server.place if action.server else action.name.place
        raise script_failure(f"expected the address of a name server, got {', '.join(asked)[:200]}", place) from None
    return resolver


def _failure(error: Exception, name: str, action: Action) -> Failure:
    """NXDOMAIN, SERVFAIL, a refusal and silence, each in its own words; a name that is none is the journey's."""
    from probe.wire.unresolved import ResolveError

    if isinstance(error, ResolveError):
        message = f"no {action.type} of {name}: {error.words}"
        return Failure(Cause.RESOLVE, message, action.name.place, hint=error.hint)
    cause = Cause.SCRIPT if isinstance(error, ValueError) else Cause.AGENT
    return Failure(cause, f"no question could be asked about {name[:200]}: {error}", action.name.place)
