"""An OAuth2 server: it grants tokens, and it has a page for whoever has one that is still good."""

import asyncio
import base64
import json
from typing import Any
from urllib.parse import parse_qs, unquote_plus


class TokenServer:
    """`asked` are the forms of token requests, `shown` the tokens that came to the page."""

    def __init__(self, **said: Any) -> None:
        self.said = said
        """Put into every grant, or in place of its parts."""
        self.status = 200
        self.body: bytes | None = None
        """Instead of a grant."""
        self.think_s = 0.0
        self.silent = False
        self.good: set[str] = set()
        self.asked: list[dict[str, str]] = []
        self.shown: list[str] = []
        self.secret = "s3cret & more"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
            body = await reader.readexactly(int(lines.get("Content-Length", 0)))
            authorization = lines.get("Authorization", "")
            if head.startswith("POST /token "):
                if self.silent:
                    return
                await asyncio.sleep(self.think_s)
                status, answer = self._grant(authorization, body.decode())
            else:
                self.shown.append(authorization.removeprefix("Bearer "))
                status, answer = (200, b"hi") if self.shown[-1] in self.good else (401, b"no")
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(answer), answer))

    def _grant(self, authorization: str, body: str) -> tuple[int, bytes]:
        self.asked.append({name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()})
        if self.body is not None:
            return self.status, self.body
        who, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (unquote_plus(who), unquote_plus(secret)) != ("shop probe", self.secret):
            return 401, b'{"error": "invalid_client", "error_description": "who are you?"}'
        token = f"token-{len(self.asked)}"
        self.good.add(token)
        return 200, json.dumps(
            {"access_token": token, "token_type": "Bearer", "expires_in": 3600, **self.said}
        ).encode()
