"""To a probe hub: the batch's lines as one compressed body. The hub keeps one of each key, however often it comes."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from probe.errors import ProbeError
from probe.export.answer import outcome_of
from probe.export.base import Surroundings, Token
from probe.export.credential import read_credential
from probe.export.text import cut
from probe.model.batch import Batch, Outcome, Result
from probe.model.duration import NANOSECONDS, Duration, format_duration
from probe.safety.redaction import Redactor
from probe.steps.base import ActionError

if TYPE_CHECKING:
    from ssl import SSLContext

    import aiohttp

DESCRIPTION = "A probe hub, where regions are compared."
PATH = "/api/v1/runs"

NO_HUB = "no hub is at this address: look at the configuration's url"
LONGEST_REASON = 200
LONGEST_ANSWER = 2**20
SMALL = 32 * 1024
"""Packing fewer bytes takes no longer (0.5 ms) than asking another thread to do it, and waking up again."""
LONGEST_TIMEOUT_NS = 4 * NANOSECONDS["m"]
_ADVICE = {
    401: "the hub does not know this token: `probe hub token add` makes one",
    403: "the hub does not let this token send: `probe hub token add` makes one for this region and agent",
    404: NO_HUB,
    405: NO_HUB,
}


class Config(Struct, frozen=True):
    url: Annotated[str, Meta(description="The hub's address, such as https://hub.example.com.")]
    token: Annotated[
        Token | None,
        Meta(description="The credential that `probe hub token add` printed: {env: NAME} or {file: PATH}."),
    ] = None
    timeout: Annotated[
        Duration, Meta(ge=NANOSECONDS["ms"], description="How long the hub may take for a batch (30s unless said).")
    ] = Duration(30 * NANOSECONDS["s"])
    ca: Annotated[str, Meta(description="A PEM file of authorities to trust instead of the system's.")] = ""

    def __post_init__(self) -> None:
        if trouble := _trouble(self.url):
            raise ActionError(f"not the address of a hub: {trouble}", "such as https://hub.example.com", "url")
        if self.timeout > LONGEST_TIMEOUT_NS:
            raise ActionError(
                f"expected at most {format_duration(LONGEST_TIMEOUT_NS)}, got {self.timeout}", "", "timeout"
            )
        if self.token is not None and bool(self.token.env) is bool(self.token.file):
            raise ActionError("expected one place where the token is", "{env: NAME} or {file: PATH}", "token")


class Session(Struct, frozen=True):
    client: "aiohttp.ClientSession"
    redactor: Redactor


class Refused(Struct, frozen=True):
    key: str
    reason: str


class Mistake(Struct, frozen=True):
    """Why the hub did nothing with a batch."""

    error: str
    hint: str


class Taken(Struct, frozen=True):
    """What the hub did with a batch."""

    new: int
    duplicate: int
    quarantined: int
    refused: tuple[Refused, ...]
    region: str = ""
    agent: str = ""
    """Whose the records are, as the token says; empty without a token."""
    overruled: int = 0
    """Records that said otherwise."""
    seen_from: str = ""
    """The address it came from, as the hub sees it."""
    stop_writes: str | None = None
    """Why no agent may write; empty when all may, None of a hub that knows no switch."""

    @property
    def count(self) -> int:
        return self.new + self.duplicate + self.quarantined + len(self.refused)


def destination(config: Config) -> str:
    return config.url.rstrip("/")


@asynccontextmanager
async def open_session(config: Config, surroundings: Surroundings) -> AsyncIterator[Session]:
    import asyncio

    import aiohttp

    token = read_credential(config.token, surroundings) if config.token else ""
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    headers |= {"User-Agent": surroundings.user_agent} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1, ssl=await asyncio.to_thread(_trust, config, surroundings.folder)),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=config.timeout / 1e9),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as client:
        yield Session(client, Redactor({"token": token}))


async def send(config: Config, batch: Batch, session: Session) -> Outcome:
    import asyncio

    small = sum(map(len, batch.lines)) < SMALL
    body = pack(batch) if small else await asyncio.to_thread(pack, batch)
    outcome = await _post(config, body, session, len(batch.lines))
    reason = session.redactor.text(outcome.reason)  # an answer may show what was sent
    return replace(outcome, reason=cut(reason, LONGEST_REASON))


def pack(batch: Batch) -> bytes:
    """The same bytes for the same batch, whenever it is sent."""
    import gzip

    return gzip.compress(b"\n".join(batch.lines), compresslevel=6, mtime=0)


async def _post(config: Config, body: bytes, session: Session, count: int) -> Outcome:
    import aiohttp

    from probe.wire.marks import Marks
    from probe.wire.trouble import failure_of

    url = config.url.rstrip("/") + PATH
    try:
        async with session.client.post(url, data=body, allow_redirects=False) as response:
            answer = await _read(response)
    except TimeoutError:
        return Outcome(Result.RETRY, f"no answer from {url} within {format_duration(config.timeout)}")
    except (aiohttp.ClientError, OSError) as error:
        return Outcome(Result.RETRY, failure_of(error, url, Marks(time.monotonic_ns)).message)
    if response.status == HTTPStatus.OK:
        return _settle(answer, count)
    return _refuse(response.status, response.headers, answer)


async def _read(response: "aiohttp.ClientResponse") -> bytes:
    """The answer, or as much of it as an answer of a hub can have."""
    answer = b""
    async for chunk in response.content.iter_chunked(2**14):
        answer += chunk
        if len(answer) > LONGEST_ANSWER:
            break
    return answer


def _settle(answer: bytes, count: int) -> Outcome:
    """A network's log-in page says 200 too, so the answer has to be a hub's, and to account for all records."""
    try:
        taken = msgspec.json.decode(answer, type=Taken)
    except (msgspec.DecodeError, UnicodeDecodeError):
        start = answer[:LONGEST_REASON].decode(errors="replace")
        return Outcome(Result.RETRY, f"200, but not from a hub: {start}" if start else "200, but nothing more")
    if taken.count != count:
        return Outcome(Result.RETRY, f"the hub accounts for {taken.count} of {count} records")
    if not taken.refused:
        return _acked(taken, _whose(taken, count))
    first = taken.refused[0]
    reason = f"the hub will not keep {len(taken.refused)} of {count} records: {first.reason}"
    return _acked(taken, reason)


def _acked(taken: Taken, reason: str) -> Outcome:
    keys = tuple(refused.key for refused in taken.refused)
    return Outcome(Result.ACKED, reason, refused=keys, seen_from=taken.seen_from, stop_writes=taken.stop_writes)


def _whose(taken: Taken, count: int) -> str:
    """What to say of the token: nothing when the records are its own, or there is none."""
    if not count and taken.agent:
        return f"as {taken.agent} in {taken.region}, as the token says"
    if not taken.overruled:
        return ""
    kept = f"the hub keeps them as those of {taken.agent} in {taken.region}"
    return f"the token is another agent's: {kept}; `probe hub token add` makes one for this region and agent"


def _refuse(status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    """Only a hub can say that records are no records: what else answers 400 means the request, and nothing is lost."""
    try:
        mistake = msgspec.json.decode(answer, type=Mistake)
    except (msgspec.DecodeError, UnicodeDecodeError):
        outcome = outcome_of(status, headers, answer.decode(errors="replace"), datetime.now(UTC))
        if outcome.result is Result.REJECTED and status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Outcome(Result.PAUSED, f"{NO_HUB} ({outcome.reason})")
        advice = _ADVICE.get(status)
        return replace(outcome, reason=f"{advice} ({outcome.reason})") if advice else outcome
    return outcome_of(status, headers, f"{mistake.error} ({mistake.hint})", datetime.now(UTC))


def _trouble(url: str) -> str:
    """Why no hub can be at this URL; empty when one can."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            return "expected http:// or https:// and a host"
    except ValueError:
        return "its host or port is malformed"
    if parts.username is not None or parts.password is not None:
        return "a name or password has no place in it"
    if parts.query or parts.fragment or not url.isprintable() or " " in url:
        return "expected no ?, # or blank in it"
    return ""


def _trust(config: Config, folder: Path) -> "SSLContext":
    import ssl

    if not config.ca:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=folder / config.ca)
    except OSError as error:  # SSLError is one
        raise ProbeError(f"the authorities in {folder / config.ca} cannot be read: {error.strerror or error}") from None
