"""How requests get to their targets: `network:` with its templates rendered. Connections are kept per Route."""

import base64
import socket
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from probe.wire.marks import address_of

SYSTEM = "system"
"""In place of name servers: the system's own way to find addresses, in threads."""

Peer = tuple[str, int]
"""Host and port."""


class Proxy(Struct, frozen=True):
    host: str
    port: int
    user: str = ""
    password: str = ""

    @property
    def name(self) -> str:
        return address_of(self.host, self.port)

    @property
    def authorization(self) -> str:
        """The value of Proxy-Authorization (RFC 7617); empty without a user."""
        if not self.user and not self.password:
            return ""
        return f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


class Tls(Struct, frozen=True):
    """Paths of files, and how strict to be. Empty is the system's trust and Python's minimum, TLS 1.2."""

    ca: str = ""
    certificate: str = ""
    key: str = ""
    minimum: str = ""
    insecure: bool = False


SYSTEM_TLS = Tls()


class Redirection(Struct, frozen=True):
    """One `connect_to:` entry; a port of None stands for any, or for the one there was."""

    host: str
    port: int | None
    to_host: str
    to_port: int | None


class Route(Struct, frozen=True):
    proxy: Proxy | None = None
    resolve: tuple[tuple[str, str], ...] = ()
    connect_to: tuple[Redirection, ...] = ()
    family: int = socket.AF_UNSPEC
    source: str = ""
    tls: Tls = SYSTEM_TLS
    unix_socket: str = ""
    resolver: tuple[str, ...] = ()
    resume: bool = False
    """Whether TLS sessions of connections before are resumed."""

    def towards(self, host: str, port: int) -> Peer:
        """Where the connection that serves this host has to end, by a proxy or not."""
        ours = [each for each in self.connect_to if _same(each.host, host) and each.port in (None, port)]
        exact = next((each for each in ours if each.port is not None), ours[0] if ours else None)
        if exact is not None:
            host, port = exact.to_host, exact.to_port or port
        return self._address_of(host), port

    def first_hop(self, host: str, port: int) -> Peer:
        """Whom this machine has to connect to for that."""
        if self.proxy is not None:
            return self._address_of(self.proxy.host), self.proxy.port
        return self.towards(host, port)

    def hosts_on_the_way(self, host: str, port: int) -> tuple[str, ...]:
        """The host itself, the one it is connected to in its place, and the proxy before it."""
        return (host, self.towards(host, port)[0], *((self.proxy.host,) if self.proxy else ()))

    def pinned(self, host: str, address: str) -> "Route":
        """This route, with one address for the host a URL is sent to."""
        return replace(self, resolve=((host, address), *self.resolve))

    def _address_of(self, host: str) -> str:
        return next((address for name, address in self.resolve if _same(name, host)), host)


DIRECT = Route()


def parse_proxy(text: str) -> Proxy:
    """ValueError says what to write, and quotes nothing: there may be a password in it."""
    scheme, _, rest = text.partition("://")
    credentials, _, where = rest.rpartition("@")
    where = where.removesuffix("/")
    expected = "http://[user:password@]host:port"
    if scheme != "http":
        raise ValueError(expected)
    try:
        host, port = parse_endpoint(where)
    except ValueError:
        raise ValueError(expected) from None
    if port is None:
        raise ValueError(expected)
    user, _, password = credentials.partition(":")
    return Proxy(host, port, unquote(user), unquote(password))


def proxy_or_none(text: str) -> Proxy | None:
    """Empty is none: it takes back what a more general place says."""
    return parse_proxy(text) if text else None


def parse_endpoint(text: str) -> tuple[str, int | None]:
    """`host`, `host:port`, `[::1]:port`; ValueError says so."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.netloc != text or port == 0 or set(text) & set("@ ") or text.endswith(":"):
        raise ValueError("host or host:port")
    return host, port


def parse_host(text: str) -> str:
    """A name alone; ValueError says so."""
    host, port = parse_endpoint(text)
    if port is not None:
        raise ValueError("a host without a port")
    return host


def ascii_host(name: str) -> str:
    """The name as it is asked for and sent; ValueError when there is none."""
    return name.encode("idna").decode()


def parse_redirection(host: str, to: str) -> Redirection:
    return Redirection(*parse_endpoint(host), *parse_endpoint(to))


def parse_ip(text: str) -> str:
    """The address as the system writes it; ValueError says what to write."""
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        raise ValueError("an IP address, such as 203.0.113.7 or 2001:db8::7") from None


def ip_or_none(text: str) -> str:
    """As parse_ip; empty is none."""
    return parse_ip(text) if text else ""


def parse_nameserver(text: str) -> str:
    """`address` or `address:port`, or the word system."""
    if text == SYSTEM:
        return text
    bare = text.count(":") > 1 and not text.startswith("[")
    host, port = (text, None) if bare else parse_endpoint(text)
    address = parse_ip(host)
    return address if port is None else address_of(address, port)


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _same(name: str, other: str) -> bool:
    return name.lower().rstrip(".") == other.lower().rstrip(".")
