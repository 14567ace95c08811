"""One HTTP request, and the redirects it leads to when it is told to follow them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from probe.errors import StepFailure
from probe.model.network import overlay
from probe.model.observation import Observation, Response, Seen, Whole, decode_body
from probe.model.result import Cause, Exchange, Failure, Role, timed
from probe.model.timing import add_phases
from probe.safety.hosts import host_of
from probe.steps.auth import Auth
from probe.steps.base import BODY_SHOWN, TIME_LIMIT, Options, Performance
from probe.steps.challenge import guard_of
from probe.steps.guard import guard, refuse_by_name
from probe.steps.http_action import Action
from probe.steps.http_again import again_if_unheard
from probe.steps.http_graphql import graphql_failure
from probe.steps.http_record import record
from probe.steps.http_request import marked, next_hop, prepare

if TYPE_CHECKING:
    from probe.steps.http_auth import Authentication, Send
    from probe.wire.client import Answer, Client
    from probe.wire.marks import Marks
    from probe.wire.request import Request
    from probe.wire.route import Route

__all__ = ("DESCRIPTION", "SHOWS", "Action", "open_session", "perform", "time_limit")

DESCRIPTION = "An HTTP request."
SHOWS = frozenset({Seen.RESPONSE, Seen.TEXT, Seen.PHASES})


def time_limit(action: Action) -> int:
    return TIME_LIMIT


@asynccontextmanager
async def open_session(options: Options) -> AsyncIterator["Client"]:
    from probe.wire.client import open_client

    async with open_client(
        options.clock,
        options.user_agent,
        options.tls,
        options.instants,
        now=options.now,
        nameservers=options.nameservers,
    ) as client:
        yield client


async def perform(action: Action, session: "Client", performance: Performance) -> Observation:
    request = prepare(action, performance)
    route = _route(action, session, performance)
    if not action.all_addresses:
        return await _Visit(action, session, performance, route).observe(request)

    from probe.steps.http_addresses import at_every_address

    async def visit(way: "Route", marks: "Marks | None") -> Observation:
        return await _Visit(action, session, performance, way, marks).observe(request)

    first = _Visit(action, session, performance, route)
    await first.authorised(request)  # a token is fetched before the name is looked up, not while its time is taken
    return await at_every_address(request, session, performance, route, action.target[1].place, visit)


class _Visit:
    """What the requests of one attempt have in common: their way, and their credentials.

    `marks` are those of the first exchange, when it was begun already.
    """

    def __init__(
        self,
        action: Action,
        session: "Client",
        performance: Performance,
        route: "Route",
        marks: "Marks | None" = None,
    ) -> None:
        self._action = action
        self._place = action.target[1].place
        self._session = session
        self._performance = performance
        self._route = route
        self._marks = marks
        self._auth = None if action.auth is None else _authentication(action.auth, session, performance, self._send)
        self._origin: tuple[str, ...] = ()

    async def observe(self, request: "Request") -> Observation:
        """What comes of the request, after the redirects that are to be followed."""
        before, redirects, follow = len(self._performance.exchanges), 0, self._action.follow
        while True:
            if not redirects or request.body is not None:  # a redirect that is a GET carries nothing of the action's
                refuse_by_name(host_of(request.url), self._action, self._performance, self._place)
            answer = await self._ask(request)
            if guard_of_site := guard_of(answer):
                message = f"a bot challenge came instead of the page (status {answer.status}): {guard_of_site}"
                hint = "let the probe's User-Agent or address past the guard"
                raise StepFailure(Failure(Cause.BLOCKED, message, self._place, hint=hint))
            following = next_hop(request, answer, self._performance) if follow else None
            if following is None:
                made = self._performance.exchanges[before:]
                return _observe(self._action, answer, self._session, made, redirects)
            if redirects == follow:
                message = f"more than {follow} redirects: the next would go to {following.url[:200]}"
                raise StepFailure(Failure(Cause.PROTOCOL, message, self._place, hint="a loop, or raise follow:"))
            request = following
            redirects += 1

    async def authorised(self, request: "Request") -> "Request":
        """The request as it is sent, once it is known that it may be."""
        await self._guard(request)
        auth = self._auth_for(request)
        if auth is None:
            return request
        sent = await auth.authorised(request)
        await self._guard(sent)
        return sent

    async def _guard(self, request: "Request") -> None:
        parts = urlsplit(request.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        way = self._route.hosts_on_the_way(host, port)
        check = partial(guard, host, request.sent_texts, self._performance, self._place, way)
        if request.body is not None and request.body.has_files:
            import asyncio

            await asyncio.to_thread(check)
        else:
            check()

    async def _ask(self, request: "Request") -> "Answer":
        """The answer, after whatever it takes to show who asks."""
        while True:
            sent = await self.authorised(request)
            send = partial(self._send, sent, Role.REQUEST)
            answer = await again_if_unheard(send, sent, self._performance)
            auth = self._auth_for(request)
            if auth is None or not auth.learns(sent, answer):
                return answer
            self._performance.refused()

    def _auth_for(self, request: "Request") -> "Authentication | None":
        """Credentials go to the first request's origin only."""
        origin = urlsplit(request.url)[:2]
        self._origin = self._origin or origin
        return self._auth if origin == self._origin else None

    async def _send(self, request: "Request", role: Role) -> "Answer":
        from probe.wire.marks import Marks

        begun, self._marks = self._marks, None
        marks = begun or Marks(self._performance.options.clock)
        limit = self._action.max_body
        return await _exchange(request, self._session, self._performance, self._route, role, marks, limit)


def _authentication(auth: Auth, session: "Client", performance: Performance, send: "Send") -> "Authentication":
    from probe.steps.http_auth import authentication

    return authentication(auth, session, performance, send)


def _route(action: Action, session: "Client", performance: Performance) -> "Route":
    """How the requests get there, with what that needs at hand: loading certificates is part of no exchange."""
    from probe.steps.http_network import route_of, unusable
    from probe.wire.trust import UnusableFileError

    route = route_of(action.network, performance)
    try:
        session.prepare(route)
    except UnusableFileError as error:
        raise StepFailure(unusable(overlay(performance.options.network, action.network), error)) from None
    return route


async def _exchange(
    request: "Request",
    session: "Client",
    performance: Performance,
    route: "Route",
    role: Role,
    marks: "Marks",
    max_body: int,
) -> "Answer":
    """Sends the request; its exchange is recorded whatever happens, a cancelled step included."""
    from probe.wire.received import Received

    request = marked(request, performance)
    received, answer, failure = Received(max_body), None, None
    try:
        answer = await session.send(request, marks, received, route)
        return answer
    except StepFailure as error:
        failure = error.failure
        raise
    finally:
        performance.sent = performance.sent or (marks.sent and role is Role.REQUEST)
        performance.waiting_in = marks.ended_in
        if answer is None:
            performance.came = decode_body(received.body[:BODY_SHOWN], received.charset)
        whole = answer is not None
        performance.exchanges.append(record(request, marks, received, failure, route, role, whole=whole))


def _observe(
    action: Action, answer: "Answer", session: "Client", made: Sequence[Exchange], redirects: int
) -> Observation:
    exchanges = timed(made)
    started, ended = exchanges[0].started_ns, exchanges[-1].started_ns + exchanges[-1].duration_ns
    response = Response(
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        charset=answer.charset,
        redirects=redirects,
        cookies=session.cookies(answer.url),
        whole=Whole(answer.body_bytes, answer.sha256) if answer.sha256 else None,
    )
    failure = graphql_failure(response, action.graphql.query.place) if action.graphql else None
    phases = add_phases((each.phases for each in exchanges), ended - started)
    return Observation(started, ended, phases, response, failure=failure)
