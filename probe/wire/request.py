"""One request as it goes over the wire."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from probe.wire.body import Body

Headers = tuple[tuple[str, str], ...]
"""In the order they are sent; a name may come more than once."""

_OF_THE_BODY = (
    "content-type",
    "content-encoding",
    "content-language",
    "content-location",
    "content-length",
    "transfer-encoding",
    "idempotency-key",
)
_OF_THE_ORIGIN = ("authorization", "cookie", "host")


def has_header(headers: Headers, name: str) -> bool:
    """`name` is in lower case."""
    return any(each.lower() == name for each, _ in headers)


class Request(Struct, frozen=True):
    method: str
    url: str
    headers: Headers = ()
    body: Body | None = None
    fresh: bool = False
    """Whether it must have a connection of its own: a kept one may be dead, and then nobody knows what arrived."""
    exact: bool = False
    """Whether its headers go out as they are, and no others (`probe.wire.exact`)."""

    def sent_texts(self, overlap: int) -> Iterator[str]:
        """All that goes over the wire, for whoever looks for something of at most `overlap` bytes that must not."""
        yield "\n".join([self.url, *(f"{name}: {value}" for name, value in self.headers)])
        tail = b""
        for piece in self.body.read() if self.body else ():
            window = tail + piece
            yield window.decode(errors="replace")
            tail = window[-overlap:]

    def redirected(self, url: str, *, again: bool) -> "Request":
        """The next request of a redirect: this one `again`, or a GET; another origin gets no credentials."""
        dropped: tuple[str, ...] = () if again else _OF_THE_BODY
        if urlsplit(url)[:2] != urlsplit(self.url)[:2]:
            dropped += _OF_THE_ORIGIN
        headers = tuple((name, value) for name, value in self.headers if name.lower() not in dropped)
        if again:
            return replace(self, url=url, headers=headers)
        return Request("HEAD" if self.method == "HEAD" else "GET", url, headers, exact=self.exact)
