"""Fetching a token (RFC 6749): the request, what its answer means, and what to say when there is no token in it."""

import base64
import json
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from msgspec import Struct

from probe.errors import StepFailure
from probe.model.place import Place
from probe.model.result import Cause, Failure
from probe.steps.auth import OAuth2
from probe.steps.base import Performance, script_failure
from probe.steps.tokens import Granted
from probe.steps.url import trouble_of
from probe.wire.body import Body
from probe.wire.client import Answer
from probe.wire.request import Request

_LONGEST_LIFE_S = 10 * 365 * 86400


class Client(Struct, frozen=True):
    """Who asks where for what: tokens are kept by it."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str
    audience: str
    refresh_token: str

    @property
    def host(self) -> str:
        return urlsplit(self.token_url).hostname or ""


def client_of(keys: OAuth2, performance: Performance) -> Client:
    """The client by the journey's keys; its secrets are redacted from here on."""
    optional = (keys.scope, keys.audience, keys.refresh_token)
    scope, audience, refresh = ("" if text is None else performance.text(text) for text in optional)
    url, secret = performance.text(keys.token_url), performance.text(keys.client_secret)
    if trouble := trouble_of(url):
        raise script_failure(f"not a URL a token can be fetched from: {url[:200]} ({trouble})", keys.token_url.place)
    performance.scope.derived("client_secret", secret)
    performance.scope.derived("refresh_token", refresh)
    return Client(url, performance.text(keys.client_id), secret, scope, audience, refresh)


def token_request(client: Client, refresh: str) -> Request:
    """The client shows who it is by HTTP Basic (§2.3.1), which every server must take."""
    refresh = refresh or client.refresh_token
    form = (
        {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else {"grant_type": "client_credentials"}
    )
    form |= {name: value for name, value in (("scope", client.scope), ("audience", client.audience)) if value}
    login = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers = {
        "Accept": "application/json",
        "Authorization": f"Basic {base64.b64encode(login.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return Request("POST", client.token_url, tuple(headers.items()), Body((urlencode(form).encode(),)))


def granted_by(answer: Answer, client: Client, place: Place) -> Granted:
    """The token in the answer; StepFailure says why there is none."""
    said = _object_in(answer)
    if answer.status != 200:
        raise StepFailure(_refusal(answer.status, said, client, place))
    token, kind = said.get("access_token"), said.get("token_type", "bearer")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or " " in token:
        raise StepFailure(Failure(Cause.PROTOCOL, f"{client.host} answered with something that is no token", place))
    if not isinstance(kind, str) or kind.lower() != "bearer":
        message = f"{client.host} gave a token of type {str(kind)[:40]}, and only bearer tokens can be sent"
        raise StepFailure(Failure(Cause.PROTOCOL, message, place))
    refresh = said.get("refresh_token")
    return Granted(token, _seconds(said.get("expires_in")), refresh if isinstance(refresh, str) else "")


def no_token(failure: Failure, client: Client, place: Place) -> Failure:
    """What kept the answer away, as the reason why the step has no token."""
    return Failure(failure.cause, f"no token from {client.host}: {failure.message}", place, hint=failure.hint)


def _refusal(status: int, said: dict[str, Any], client: Client, place: Place) -> Failure:
    """An error code of §5.2 is about what the journey asked; any other status is the server's."""
    error, words = said.get("error"), said.get("error_description", "")
    if not isinstance(error, str) or not 400 <= status < 500:
        return Failure(Cause.STATUS, f"no token from {client.host}: it answered {status}", place, "200", str(status))
    more = f": {words[:200]}" if isinstance(words, str) and words else ""
    message = f"no token from {client.host}: it says {error[:60]} ({status}){more}"
    return Failure(Cause.SCRIPT, message, place, hint="look at client_id, client_secret, refresh_token and scope")


def _object_in(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(said: Any) -> float | None:
    """Some servers write the number as text."""
    try:
        seconds = float(said)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, _LONGEST_LIFE_S) if seconds >= 0 else None
