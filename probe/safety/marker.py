"""How a shop knows a probe's requests: W3C `traceparent`, and a header that only a holder of the key can make."""

import hmac
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from probe.safety.hosts import covers

KEY = "PROBE_SYNTHETIC_KEY"
"""The variable with the key that the header is signed with; without it there is none."""

HEADER = "X-Synthetic"
VALID_S = 120
"""A header that is seen elsewhere is of no use for long."""


class Marker(Struct, frozen=True):
    """The marks of one run's requests, on the hosts that are the shop's own and on no others."""

    run_id: UUID
    hosts: Collection[str]
    key: str = ""

    def headers(self, method: str, url: str, now: datetime) -> Mapping[str, str]:
        """What to send with a request; nothing to a host that is not the shop's.

        The trace is the run: its id is the trace id (https://www.w3.org/TR/trace-context/#traceparent-header).
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not any(covers(own, host) for own in self.hosts):
            return {}
        marks = {"traceparent": f"00-{self.run_id.hex}-{secrets.token_hex(8)}-01"}
        if self.key:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            marks[HEADER] = signed(self.key, method, parts.netloc.rpartition("@")[2], target, self.run_id, now)
        return marks


def signed(key: str, method: str, host: str, target: str, run_id: UUID, now: datetime) -> str:
    """`v1; exp=UNIX; run=UUID; sig=HEX`: HMAC-SHA-256 of version, expiry, run, method, Host and request target."""
    expires = int(now.timestamp()) + VALID_S
    text = "\n".join(("v1", str(expires), str(run_id), method, host.lower(), target))
    signature = hmac.new(key.encode(), text.encode(), "sha256").hexdigest()
    return f"v1; exp={expires}; run={run_id}; sig={signature}"
