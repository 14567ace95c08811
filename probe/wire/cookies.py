"""The cookies of one run (RFC 6265 §5.3 and §5.4, and what its revision adds about Secure and name prefixes).

Of the list of public suffixes only its default rule is known, `*`: nobody sets a cookie for a whole top-level domain. A
jar ends with its run, and a run visits one shop: a cookie for all of co.uk would meet nobody else there.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from aiohttp.helpers import is_ip_address
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from probe.wire.request import Headers
from probe.wire.set_cookie import SetCookie, read_set_cookie

MOST_OF_A_DOMAIN = 180
MOST = 3000


class Cookie(Struct, frozen=True):
    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: float
    order: int
    """Which was stored before which."""

    @property
    def key(self) -> tuple[str, bool, str]:
        """What it replaces within its domain."""
        return self.name, self.host_only, self.path


class CookieJar:
    """`now` is the wall clock that cookies expire by."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._domains: dict[str, dict[tuple[str, bool, str], Cookie]] = {}
        self._stored = 0

    def __len__(self) -> int:
        return sum(map(len, self._domains.values()))

    def take(self, headers: Iterable[str], url: URL) -> None:
        """Stores what the Set-Cookie headers of an answer ask for, in their order. Nothing in them makes it raise."""
        now = self._now().timestamp()
        for header in headers:
            said = read_set_cookie(header, now)
            if said and (cookie := self._allowed(said, url)):
                self._store(cookie, now)

    def matching(self, url: URL) -> list[Cookie]:
        """What a request to the URL sends: the longest path first, then the oldest."""
        host = url.raw_host
        if not self._domains or not host:
            return []
        now, path, secure = self._now().timestamp(), url.raw_path, _is_secure(url)
        found = [
            cookie
            for domain in _domains_of(host)
            for cookie in self._domains.get(domain, {}).values()
            if (domain == host or not cookie.host_only)
            and (secure or not cookie.secure)
            and cookie.expires > now
            and _path_matches(path, cookie.path)
        ]
        return sorted(found, key=lambda cookie: (-len(cookie.path), cookie.order))

    def onto(self, headers: Headers, url: str) -> Headers:
        """The headers with the cookies the URL is sent. A Cookie header that is there comes first and wins by name."""
        try:
            found = self.matching(URL(url)) if self._domains else []
        except ValueError:
            return headers  # no request can go there, and who tries to send it says why
        if not found:
            return headers
        written = [value for name, value in headers if name.lower() == "cookie"]
        names = {pair.partition("=")[0].strip() for value in written for pair in value.split(";")}
        added = [f"{cookie.name}={cookie.value}" for cookie in found if cookie.name not in names]
        kept = (each for each in headers if each[0].lower() != "cookie")
        return (*kept, ("Cookie", "; ".join([*written, *added])))

    def _allowed(self, said: SetCookie, url: URL) -> Cookie | None:
        """The cookie as that URL may set it; None when it may not."""
        host, secure = url.raw_host or "", _is_secure(url)
        domain = said.domain or host
        host_only = not said.domain or is_ip_address(host) or "." not in host
        if domain != host and (host_only or "." not in domain or not host.endswith(f".{domain}")):
            return None
        path = said.path or _default_path(url.raw_path)
        prefix = said.name.lower()
        if prefix.startswith("__host-") and (not said.secure or said.domain or said.path != "/"):
            return None
        if prefix.startswith("__secure-") and not said.secure:
            return None
        if not secure and (said.secure or self._shadows(said.name, domain, path)):
            return None
        self._stored += 1
        return Cookie(said.name, said.value, domain, host_only, path, said.secure, said.expires, self._stored)

    def _shadows(self, name: str, domain: str, path: str) -> bool:
        """Whether what anybody on the way may have set would go out beside, or for, what only HTTPS could set."""
        return any(
            cookie.secure and cookie.name == name and _path_matches(path, cookie.path)
            for other, cookies in self._domains.items()
            if other == domain or other.endswith(f".{domain}") or domain.endswith(f".{other}")
            for cookie in cookies.values()
        )

    def _store(self, cookie: Cookie, now: float) -> None:
        """In the order of their making; the oldest make room."""
        cookies = self._domains.setdefault(cookie.domain, {})
        old = cookies.get(cookie.key)
        if cookie.expires <= now:
            cookies.pop(cookie.key, None)
        elif old is not None:
            cookies[cookie.key] = replace(cookie, order=old.order)
        else:
            cookies[cookie.key] = cookie
            if len(cookies) > MOST_OF_A_DOMAIN:
                del cookies[_to_go(cookies.values(), now).key]
            if len(self) > MOST:
                gone = _to_go((each for domain in self._domains.values() for each in domain.values()), now)
                del self._domains[gone.domain][gone.key]
        if not cookies:
            self._domains.pop(cookie.domain, None)


def _to_go(cookies: Iterable[Cookie], now: float) -> Cookie:
    return min(cookies, key=lambda cookie: (cookie.expires > now, cookie.order))


def _is_secure(url: URL) -> bool:
    return url.scheme in ("https", "wss")


def _domains_of(host: str) -> Iterator[str]:
    """The host and every domain it lies in."""
    yield host
    if not is_ip_address(host):
        while "." in host:
            host = host.partition(".")[2]
            yield host


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _path_matches(path: str, wanted: str) -> bool:
    path = path or "/"
    return path == wanted or (path.startswith(wanted) and (wanted.endswith("/") or path[len(wanted)] == "/"))
