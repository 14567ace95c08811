"""A question to a hub's API, and what its answer means for a person."""

from collections.abc import Mapping
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import msgspec
from msgspec import Struct

from probe import __version__
from probe.errors import ProbeError, UsageError
from probe.export.text import cut
from probe.safety.hosts import is_loopback

TIMEOUT = 10.0
"""Seconds."""
LONGEST_ANSWER = 64 * 2**20
_LONGEST_MESSAGE = 300


class Complaint(Struct, frozen=True):
    """What a hub says when it cannot answer."""

    error: str
    hint: str = ""


class _NoRedirects(HTTPRedirectHandler):
    """The token is for the hub that was named, not for wherever it points."""

    def redirect_request(self, *_: object) -> None:
        return None


def ask_hub(hub: str, path: str, parameters: Mapping[str, str], token: str) -> bytes:
    """The body of its answer; UsageError when the hub finds nothing to answer, ProbeError when it does not."""
    host = _host(hub)
    url = f"{hub.rstrip('/')}{path}?{urlencode(parameters)}"
    headers = {"User-Agent": f"probe/{__version__}"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        with _opener(host).open(Request(url, headers=headers), timeout=TIMEOUT) as response:  # noqa: S310 - _host looks
            return bytes(response.read(LONGEST_ANSWER))
    except HTTPError as error:
        with error:
            raise _refusal(hub, error) from None
    except (OSError, HTTPException) as error:
        cause = getattr(error, "reason", error)
        reason = cut(str(getattr(cause, "strerror", None) or cause), _LONGEST_MESSAGE)
        hint = "is `probe hub` running there? --hub URL names another one"
        raise ProbeError(f"the hub at {hub} could not be reached: {reason}; {hint}") from None


def _host(hub: str) -> str:
    try:
        parts = urlsplit(hub)
        well_formed = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or not hub.isprintable() or " " in hub or set("?#@") & set(hub):
        raise UsageError(f"expected the address of a hub, such as https://hub.example.com, got {cut(hub, 100)}")
    return parts.hostname or ""


def _opener(host: str) -> OpenerDirector:
    """Nothing that is asked of this machine goes through a proxy."""
    return build_opener(_NoRedirects, *([ProxyHandler({})] if is_loopback(host) else []))


def _refusal(hub: str, error: HTTPError) -> ProbeError:
    if error.code in (401, 403):
        hint = "put a read token into PROBE_HUB_TOKEN (`probe hub token add` makes one)"
        return ProbeError(f"the hub at {hub} does not let you read ({error.code}): {hint}")
    complaint = _complaint(error)
    if complaint is None:
        return ProbeError(f"no hub is at {hub}: it answers {error.code} {cut(error.reason, _LONGEST_MESSAGE)}")
    said = cut("; ".join(part for part in (complaint.error, complaint.hint) if part), _LONGEST_MESSAGE)
    return UsageError(said) if error.code in (400, 404) else ProbeError(f"the hub at {hub}: {said}")


def _complaint(error: HTTPError) -> Complaint | None:
    try:
        return msgspec.json.decode(error.read(2**16), type=Complaint)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError, HTTPException):
        return None
