from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from msgspec import Struct

from probe.model.timing import Phases

T = TypeVar("T")


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

    @cached_property
    def text(self) -> str:
        """The body as text that can be encoded again, whatever the target says of it."""
        try:
            text = self.body.decode(self.charset, errors="replace")
            text.encode()
        except (LookupError, UnicodeError):  # Python knows codecs that are no charsets: base64, idna, unicode_escape
            return self.body.decode(errors="replace")
        return text

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

    @property
    def duration_ns(self) -> int:
        return self.ended_ns - self.started_ns
