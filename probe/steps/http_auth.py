"""Requests with credentials, and what an answer of 401 teaches."""

import base64
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.result import Cause, Failure, Role
from probe.model.template import Text
from probe.steps.auth import Auth, Login, OAuth2
from probe.steps.base import Performance, script_failure
from probe.steps.guard import refuse_leak

if TYPE_CHECKING:
    from probe.steps.tokens import Granted
    from probe.wire.client import Answer, Client
    from probe.wire.request import Request

Send = Callable[["Request", Role], Awaitable["Answer"]]
"""Makes one exchange and records it."""

_MOST_CHALLENGES = 2
"""A nonce that is not known any more, and one that went stale under way."""


class Authentication(Protocol):
    async def authorised(self, request: "Request") -> "Request":
        """The request with credentials, as far as they can be known before it is answered."""

    def learns(self, request: "Request", answer: "Answer") -> bool:
        """Whether the answer refused the request and told how it will not: then it is to be sent once more."""


def authentication(auth: Auth, client: "Client", performance: Performance, send: Send) -> Authentication:
    if auth.basic is not None:
        user, password = _login(auth.basic, performance)
        if ":" in user:
            raise script_failure("no user of basic authentication has a colon in its name", auth.basic.user.place)
        coded = base64.b64encode(f"{user}:{password}".encode()).decode()
        return _Known(f"Basic {coded}")
    if auth.bearer is not None:
        return _Known(f"Bearer {_in_a_header(auth.bearer, performance, 'bearer')}")
    if auth.digest is not None:
        return _Digest(auth.digest, client, performance, send)
    assert auth.oauth2 is not None
    return _OAuth2(auth.oauth2, performance, send)


class _Known:
    """Credentials that go with every request."""

    def __init__(self, value: str) -> None:
        self._value = value

    async def authorised(self, request: "Request") -> "Request":
        return _with(request, self._value)

    def learns(self, request: "Request", answer: "Answer") -> bool:
        return False


class _Digest:
    """A challenge is remembered for the run: later requests to its origin answer it at once.

    What a 401 answers should not have been done (RFC 9110 §15.5.2), but no write is sent on that: a GET of its URL asks
    for the challenge first, and a write is sent once, whatever is answered.
    """

    def __init__(self, login: Login, client: "Client", performance: Performance, send: Send) -> None:
        self._user, self._password = _login(login, performance)
        self._place = login.password.place
        self._challenges = client.challenges
        self._performance = performance
        self._send = send
        self._learnt = 0

    async def authorised(self, request: "Request") -> "Request":
        from yarl import URL

        refuse_leak(_host(request), lambda _: (self._password,), self._performance, self._place)
        if self._performance.write_key:
            await self._ask(request)
        challenge = self._challenges.get(self._key(request))
        if challenge is None:
            return request
        uri = URL(request.url).raw_path_qs
        return _with(request, challenge.answer(self._user, self._password, request.method, uri))

    async def _ask(self, request: "Request") -> None:
        """Fetches a challenge for a write."""
        asked = request.redirected(request.url, again=False)
        answer = await self._send(replace(asked, method="GET"), Role.CHALLENGE)
        if not self._learn(asked, answer):
            message = f"a GET of the URL was answered {answer.status} and asked for no digest"
            hint = "no write is sent on trial: its URL must ask for credentials whatever the method is"
            raise StepFailure(Failure(Cause.SCRIPT, message, self._place, hint=hint))

    def learns(self, request: "Request", answer: "Answer") -> bool:
        return not self._performance.write_key and self._learn(request, answer)

    def _learn(self, request: "Request", answer: "Answer") -> bool:
        from probe.wire.digest import Challenge, read_challenges

        if answer.status != 401:
            return False
        good, others = read_challenges(value for name, value in answer.headers if name.lower() == "www-authenticate")
        if not good:
            self._refuse(others)
            return False
        told, answered = good[0], _authorization(request)
        self._challenges[self._key(request)] = Challenge(told)
        self._learnt += 1
        news = not answered or told.stale or self._learnt == 1
        return news and self._learnt <= _MOST_CHALLENGES

    def _key(self, request: "Request") -> tuple[str, str]:
        return "://".join(urlsplit(request.url)[:2]), self._user

    def _refuse(self, others: list[str]) -> None:
        if others:
            message = f"the target asks for digest authentication the probe does not know: {'; '.join(others)[:200]}"
            raise StepFailure(
                Failure(Cause.SCRIPT, message, self._place, hint="MD5 and SHA-256 with qop auth are known")
            )


class _OAuth2:
    """A read whose token was refused fetches another, once: it may have been withdrawn before its time."""

    def __init__(self, keys: OAuth2, performance: Performance, send: Send) -> None:
        from probe.steps.oauth2 import client_of

        self._client = client_of(keys, performance)
        self._place = keys.token_url.place
        self._performance = performance
        self._send = send
        self._fetched = False

    async def authorised(self, request: "Request") -> "Request":
        performance = self._performance
        performance.awaits_token = True
        token = await performance.options.tokens.token(self._client, self._fetch)
        performance.awaits_token = False
        performance.keep_secret(f"token of {self._client.host}", token, urlsplit(request.url).hostname or "")
        return _with(request, f"Bearer {token}")

    def learns(self, request: "Request", answer: "Answer") -> bool:
        if answer.status != 401:
            return False
        self._performance.options.tokens.drop(self._client, _authorization(request).removeprefix("Bearer "))
        if self._fetched or self._performance.write_key:
            return False
        self._fetched = True
        return True

    async def _fetch(self, refresh: str) -> "Granted":
        from probe.steps.oauth2 import granted_by, no_token, token_request

        request = token_request(self._client, refresh)
        refuse_leak(_host(request), request.sent_texts, self._performance, self._place)
        encoded = (self._client.client_secret, self._client.refresh_token)  # not to be seen in a form or in Basic
        refuse_leak(_host(request), lambda _: encoded, self._performance, self._place)
        self._fetched = True
        try:
            answer = await self._send(request, Role.TOKEN)
        except StepFailure as error:
            raise StepFailure(no_token(error.failure, self._client, self._place)) from None
        granted = granted_by(answer, self._client, self._place)
        self._performance.scope.derived("refresh_token", granted.refresh)
        return granted


def _login(login: Login, performance: Performance) -> tuple[str, str]:
    user, password = performance.text(login.user), performance.text(login.password)
    if not user.isprintable():
        raise script_failure("the user has a character in it that no name can have", login.user.place)
    performance.scope.derived("password", password)
    return user, password


def _in_a_header(text: Text, performance: Performance, name: str) -> str:
    value = performance.text(text)
    performance.scope.derived(name, value)
    if not value or not value.isascii() or not value.isprintable():
        raise script_failure(f"the {name} token is empty or has a character in it that no header can have", text.place)
    return value


def _with(request: "Request", value: str) -> "Request":
    others = tuple(each for each in request.headers if each[0].lower() != "authorization")
    return replace(request, headers=(*others, ("Authorization", value)))


def _authorization(request: "Request") -> str:
    return next((value for name, value in request.headers if name.lower() == "authorization"), "")


def _host(request: "Request") -> str:
    return urlsplit(request.url).hostname or ""
