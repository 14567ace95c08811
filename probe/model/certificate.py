from datetime import datetime, timedelta

from msgspec import Struct


class Certificate(Struct, frozen=True, omit_defaults=True):
    """What a certificate says (RFC 5280). Names are common names, or the whole name where there is none."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sans: tuple[str, ...] = ()
    """The names and addresses it is for, without their types."""
    serial: str = ""

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires; negative once it has."""
        return (self.not_after - now) // timedelta(days=1)


class TlsFacts(Struct, frozen=True, omit_defaults=True):
    """What a handshake agreed on, and what the server showed."""

    version: str
    """As OpenSSL spells it: TLSv1.3."""
    cipher: str
    alpn: str = ""
    chain: tuple[Certificate, ...] = ()
    """As the server sent it, its own certificate first."""
    resumed: bool = False
    """Whether a session of a connection before was taken up: no certificate was shown then."""

    @property
    def expires_at(self) -> datetime | None:
        """When the first certificate of the chain expires; None when the chain is not known."""
        return min((certificate.not_after for certificate in self.chain), default=None)
