"""One HTTP request, and the redirects it leads to when it is told to follow them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from probe.errors import StepFailure
from probe.model.observation import Observation, Response
from probe.model.result import Cause, Failure
from probe.model.timing import add_phases
from probe.steps.base import TIME_LIMIT, Options, Performance
from probe.steps.challenge import guard_of
from probe.steps.http_action import Action
from probe.steps.http_again import again_if_unheard
from probe.steps.http_record import record
from probe.steps.http_request import guard, marked, next_hop, prepare

if TYPE_CHECKING:
    from probe.wire.client import Answer, Client, Request

__all__ = ("ANSWERS", "DESCRIPTION", "Action", "open_session", "perform", "time_limit")

DESCRIPTION = "An HTTP request."
ANSWERS = True


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
    redirects = 0
    while True:
        guard(request, performance, action.target[1].place)
        answer = await again_if_unheard(partial(_exchange, request, session, performance), request, performance)
        if guard_of_site := guard_of(answer):
            message = f"a bot challenge came instead of the page (status {answer.status}): {guard_of_site}"
            hint = "let the probe's User-Agent or address past the guard"
            raise StepFailure(Failure(Cause.BLOCKED, message, action.target[1].place, hint=hint))
        following = next_hop(request, answer, performance) if action.follow else None
        if following is None:
            return _observe(answer, session, performance, redirects)
        if redirects == action.follow:
            message = f"more than {action.follow} redirects: the next would go to {following.url[:200]}"
            raise StepFailure(Failure(Cause.PROTOCOL, message, action.target[1].place, hint="a loop, or raise follow:"))
        request = following
        redirects += 1


async def _exchange(request: "Request", session: "Client", performance: Performance) -> "Answer":
    """Sends the request; its exchange is recorded whatever happens, a cancelled step included."""
    from probe.wire.marks import Marks

    marks = Marks(performance.options.clock)
    request = marked(request, performance)
    answer, failure = None, None
    try:
        answer = await session.send(request, marks)
        return answer
    except StepFailure as error:
        failure = error.failure
        raise
    finally:
        performance.sent = performance.sent or marks.sent
        performance.waiting_in = marks.ended_in
        performance.exchanges.append(record(request, marks, answer, failure))


def _observe(answer: "Answer", session: "Client", performance: Performance, redirects: int) -> Observation:
    exchanges = performance.exchanges
    started, ended = exchanges[0].started_ns, exchanges[-1].started_ns + exchanges[-1].duration_ns
    response = Response(
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        charset=answer.charset,
        redirects=redirects,
        cookies=session.cookies(answer.url),
    )
    return Observation(started, ended, add_phases((e.phases for e in exchanges), ended - started), response)
