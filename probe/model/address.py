"""Where something listens, `host:port`, and where it is found then."""

from urllib.parse import urlsplit

from msgspec import Struct

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Address(Struct, frozen=True):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Where a client on this machine finds it; "every address" is none that could be called."""
        host = _EVERYWHERE.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def parse_address(text: str) -> Address:
    """The address in `host:port`; ValueError says what to write."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.netloc != text or set(text) & set("@ "):
        raise ValueError("host:port, for example 127.0.0.1:8320; 0.0.0.0 stands for every address")
    return Address(host, port)
