"""A server that wants Digest authentication, and checks it by a formula of its own."""

import asyncio
import hashlib
import re

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class DigestServer:
    """`seen` are the method, the body, and what became of each request."""

    def __init__(self, algorithm: str = "SHA-256", password: str = "open sesame", lasts: int = 1000) -> None:
        self.algorithm = algorithm
        self.password = password
        self.lasts = lasts
        """So many answers a nonce is good for; then it is stale."""
        self.seen: list[tuple[str, bytes, int]] = []
        self.counts: dict[str, int] = {}
        self.dies_at = 0
        """The request, counted from 1, that gets no answer."""
        self.redirects_to = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, uri, _ = head.split(" ", 2)
            lines = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
            body = await reader.readexactly(int(lines.get("Content-Length", 0)))
            if len(self.seen) + 1 == self.dies_at:
                self.seen.append((method, body, 0))
                return
            status, extra = self.judge(method, uri, lines.get("Authorization", ""))
            self.seen.append((method, body, status))
            writer.write(f"HTTP/1.1 {status} X\r\n{extra}Content-Length: 2\r\n\r\nhi".encode())

    def judge(self, method: str, uri: str, authorization: str) -> tuple[int, str]:
        if not authorization:
            return 401, self._challenge(stale=False)
        said = {
            name: quoted or bare
            for name, quoted, bare in re.findall(r'([\w*]+)=(?:"([^"]*)"|([^,\s]+))', authorization)
        }
        nonce, count = said["nonce"], int(said["nc"], 16)
        if nonce not in self.counts or count <= self.counts[nonce] or said["uri"] != uri:
            return 400, ""
        self.counts[nonce] = count
        if said["response"] != self._expected(said, method, uri):
            return 401, self._challenge(stale=False)
        if count > self.lasts:
            return 401, self._challenge(stale=True)
        if self.redirects_to and uri == "/from":
            return 302, f"Location: {self.redirects_to}\r\n"
        return 200, ""

    def _challenge(self, *, stale: bool) -> str:
        nonce = f"nonce-{len(self.counts)}"
        self.counts[nonce] = 0
        word = ", stale=true" if stale else ""
        return (
            f'WWW-Authenticate: Basic realm="cave", Digest realm="cave", qop="auth, auth-int", nonce="{nonce}", '
            f'algorithm={self.algorithm}, opaque="o"{word}\r\n'
        )

    def _expected(self, said: dict[str, str], method: str, uri: str) -> str:
        def h(*parts: str) -> str:
            return _HASHES[self.algorithm.removesuffix("-sess")](":".join(parts).encode()).hexdigest()

        who = h("ali", "cave", self.password)
        if self.algorithm.endswith("-sess"):
            who = h(who, said["nonce"], said["cnonce"])
        return h(who, said["nonce"], said["nc"], said["cnonce"], "auth", h(method, uri))
