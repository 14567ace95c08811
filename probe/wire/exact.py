"""Requests whose headers go out exactly as they are written."""

from typing import Any

from aiohttp import ClientRequest
from multidict import CIMultiDict


class ExactRequest(ClientRequest):
    """In their order and spelling, with nothing added but what HTTP/1.1 cannot do without.

    That is, where they are not written: Host, first (RFC 9112 §3.2), and with a body its length, or that it is chunked,
    last (§6.3).
    """

    def update_headers(self, headers: Any) -> None:
        super().update_headers(None)
        if "Host" in headers:
            self.headers.clear()
        self.headers.extend(headers)

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        self._skip_auto_headers = CIMultiDict({"Content-Type": None})

    def update_transfer_encoding(self) -> None:
        if "Transfer-Encoding" not in self.headers:
            super().update_transfer_encoding()

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        if body is not None:  # a length of 0 is only what a server may like to know
            super().update_body_from_data(body)
