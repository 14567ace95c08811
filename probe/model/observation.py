from collections.abc import Mapping, Sequence

from msgspec import Struct

from probe.model.timing import Phases


class Response(Struct, frozen=True):
    """The last answer a step got. `headers` keep their order and repetitions; `body` is decoded from its encoding."""

    url: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    charset: str
    redirects: int
    cookies: Mapping[str, str]

    @property
    def text(self) -> str:
        """The body as text that can be encoded again, whatever the target says of it."""
        try:
            text = self.body.decode(self.charset, errors="replace")
            text.encode()
        except (LookupError, UnicodeError):  # Python knows codecs that are no charsets: base64, idna, unicode_escape
            return self.body.decode(errors="replace")
        return text


class Observation(Struct, frozen=True):
    """What a performed step saw: the material of its checks and captures.

    `started_ns` and `ended_ns` are monotonic; the end is the last byte, before anything of ours.
    """

    started_ns: int
    ended_ns: int
    phases: Phases
    response: Response | None = None

    @property
    def duration_ns(self) -> int:
        return self.ended_ns - self.started_ns
