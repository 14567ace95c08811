import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from msgspec import Struct

from probe.model.certificate import TlsFacts
from probe.model.result import Failure
from probe.model.size import Size
from probe.model.timing import Phases

T = TypeVar("T")

MAX_BODY = Size(10 * 2**20)
"""How much of a body is kept when a step does not say."""


class Seen(StrEnum):
    """What a step of some kind can show to queries."""

    RESPONSE = "response"
    TEXT = "text"
    PHASES = "phases"
    CERTIFICATE = "certificate"
    ANSWERS = "answers"


class Whole(Struct, frozen=True):
    """What is known of a body of which only the beginning was kept."""

    size: int
    sha256: str


class Response(Struct, frozen=True, dict=True):
    """The last answer a step got. `headers` keep their order and repetitions; `body` is decoded from its encoding.

    What is made of the body is made once, when the first query asks for it.
    """

    url: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    charset: str
    redirects: int
    cookies: Mapping[str, str]
    whole: Whole | None = None
    """Of a body that is larger than what was kept of it, which is `body`."""

    @property
    def size(self) -> int:
        """Bytes of the decoded body."""
        return len(self.body) if self.whole is None else self.whole.size

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest() if self.whole is None else self.whole.sha256

    @cached_property
    def text(self) -> str:
        """The body as text that can be encoded again, whatever the target says of it."""
        return decode_body(self.body, self.charset)

    def parsed(self, parse: Callable[[str], T]) -> T:
        """What the function makes of the text."""
        if parse not in self._parsed:
            self._parsed[parse] = parse(self.text)
        return self._parsed[parse]  # type: ignore[no-any-return]

    @cached_property
    def _parsed(self) -> dict[Callable[[str], Any], Any]:
        return {}


class Observation(Struct, frozen=True):
    """What a performed step saw: the material of its checks and captures.

    `started_ns` and `ended_ns` are monotonic; the end is the last byte, before anything of ours.
    """

    started_ns: int
    ended_ns: int
    phases: Phases
    response: Response | None = None
    address: str = ""
    """Which of several addresses it is of."""
    each: tuple["Observation", ...] = ()
    """With `all_addresses` those of all of them: what is checked must hold for each."""
    failure: Failure | None = None
    """What the kind of the step finds wrong in the answer, before any check is asked."""
    text: str | None = None
    """What came over a connection without HTTP."""
    tls: TlsFacts | None = None
    seen_at: datetime | None = None
    """By the wall clock, which certificates expire by."""
    answers: tuple[str, ...] | None = None
    """What name servers said."""

    @property
    def duration_ns(self) -> int:
        return self.ended_ns - self.started_ns


def decode_body(body: bytes, charset: str) -> str:
    try:
        text = body.decode(charset, errors="replace")
        text.encode()
    except (LookupError, UnicodeError):  # Python knows codecs that are no charsets: base64, idna, unicode_escape
        text = body.decode(errors="replace")
    return text.removeprefix("\ufeff")
