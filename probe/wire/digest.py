"""Digest authentication (RFC 7616): what a server asks, and the answer. qop `auth` only: bodies are not digested."""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from urllib.parse import quote

from msgspec import Struct

_HASHES: dict[str, Callable[[bytes], "hashlib._Hash"]] = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
"""The better one first."""
_SCHEME = re.compile(
    r"(?:^|,)\s*([A-Za-z][A-Za-z0-9_-]*)(?=\s+[A-Za-z][\w*-]*\s*=|\s*(?:,|$)|\s+[A-Za-z0-9+/=._~-]+\s*(?:,|$))"
)
_PARAMETER = re.compile(r'([A-Za-z][\w*-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class Asked(Struct, frozen=True):
    """One Digest challenge that can be answered."""

    realm: str
    nonce: str
    opaque: str | None
    algorithm: str
    written: str
    """The algorithm as the server wrote it; empty when it did not."""
    qop: bool
    userhash: bool
    stale: bool


class Challenge:
    """A challenge in use: it counts the requests that answer it (`nc`), under one nonce of our own."""

    def __init__(self, asked: Asked, cnonce: str = "") -> None:
        self.asked = asked
        self._cnonce = cnonce or secrets.token_urlsafe(24)
        self._count = 0

    def answer(self, user: str, password: str, method: str, uri: str) -> str:
        """The value of Authorization for one request; `uri` is as it stands in the request line."""
        self._count += 1
        asked = self.asked
        fields = {
            **self._name(user),
            "realm": _quoted(asked.realm),
            "nonce": _quoted(asked.nonce),
            "uri": _quoted(uri),
            "response": _quoted(self._response(user, password, method, uri)),
        }
        if asked.written:
            fields["algorithm"] = asked.written
        if asked.opaque is not None:
            fields["opaque"] = _quoted(asked.opaque)
        if asked.qop:
            fields |= {"qop": "auth", "nc": f"{self._count:08x}", "cnonce": _quoted(self._cnonce)}
        if asked.userhash:
            fields["userhash"] = "true"
        return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())

    def _name(self, user: str) -> dict[str, str]:
        """§3.4.4: a name that is no ASCII is written as RFC 5987 has it."""
        if self.asked.userhash:
            return {"username": _quoted(self._hash(f"{user}:{self.asked.realm}"))}
        if user.isascii():
            return {"username": _quoted(user)}
        return {"username*": f"UTF-8''{quote(user, safe='')}"}

    def _response(self, user: str, password: str, method: str, uri: str) -> str:
        asked, cnonce = self.asked, self._cnonce
        whose = self._hash(f"{user}:{asked.realm}:{password}")
        if asked.algorithm.endswith("-sess"):
            whose = self._hash(f"{whose}:{asked.nonce}:{cnonce}")
        what = self._hash(f"{method}:{uri}")
        if not asked.qop:  # RFC 2069
            return self._hash(f"{whose}:{asked.nonce}:{what}")
        return self._hash(f"{whose}:{asked.nonce}:{self._count:08x}:{cnonce}:auth:{what}")

    def _hash(self, text: str) -> str:
        return _HASHES[self.asked.algorithm.removesuffix("-sess")](text.encode()).hexdigest()


def read_challenges(headers: Iterable[str]) -> tuple[list[Asked], list[str]]:
    """The challenges in WWW-Authenticate that can be answered, the best first, and what the others ask for."""
    good, others = [], []
    for scheme, fields in (each for header in headers for each in _split(header)):
        if scheme.lower() != "digest":
            continue
        algorithm = _canonical(fields.get("algorithm", "MD5"))
        offered = [each.strip().lower() for each in fields.get("qop", "").split(",") if each.strip()]
        if algorithm.removesuffix("-sess") not in _HASHES or "nonce" not in fields:
            others.append(f"algorithm {fields.get('algorithm', 'MD5')}" if "nonce" in fields else "no nonce")
        elif offered and "auth" not in offered:
            others.append(f"qop {', '.join(offered)}")
        else:
            good.append(_asked(fields, algorithm, qop=bool(offered)))
    order = list(_HASHES)
    return sorted(good, key=lambda asked: order.index(asked.algorithm.removesuffix("-sess"))), others


def _asked(fields: dict[str, str], algorithm: str, *, qop: bool) -> Asked:
    return Asked(
        realm=fields.get("realm", ""),
        nonce=fields["nonce"],
        opaque=fields.get("opaque"),
        algorithm=algorithm,
        written=fields.get("algorithm", ""),
        qop=qop,
        userhash=fields.get("userhash", "").lower() == "true",
        stale=fields.get("stale", "").lower() == "true",
    )


def _canonical(algorithm: str) -> str:
    base, dash, session = algorithm.upper().partition("-SESS")
    return f"{base}-sess" if dash and not session else base


def _split(header: str) -> Iterable[tuple[str, dict[str, str]]]:
    """The challenges of one header (RFC 9110 §11.6.1): commas part them, and their parameters too."""
    masked = re.sub(r'"(?:[^"\\]|\\.)*"', lambda quoted: "x" * len(quoted[0]), header)
    starts = [found.start(1) for found in _SCHEME.finditer(masked)]
    for start, end in zip(starts, [*starts[1:], len(header)], strict=False):
        scheme, _, rest = header[start:end].partition(" ")
        fields = {name.lower(): _unquoted(quoted) or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        yield scheme.rstrip(","), fields


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
