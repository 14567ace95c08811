"""What a TLS connection agreed on, read from Python's ssl.

Its public getpeercert() knows one certificate, and nothing of it when it was not verified; the chain a server sent is
behind `_sslobj`, whose certificates decode themselves. The only module that reaches for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from ssl import SSLObject, cert_time_to_seconds
from typing import Any

from probe.model.certificate import Certificate, TlsFacts

_Name = Sequence[Sequence[tuple[str, str]]]


def read_tls(tls: SSLObject) -> TlsFacts:
    """Of a handshake that is over, verified or not."""
    cipher = tls.cipher()
    return TlsFacts(
        version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        alpn=tls.selected_alpn_protocol() or "",
        resumed=bool(tls.session_reused),
        chain=tuple(read for shown in _sent_chain(tls) if (read := _certificate(shown))),
    )


def _sent_chain(tls: Any) -> Iterable[Any]:
    with suppress(AttributeError):
        return tls._sslobj.get_unverified_chain() or ()  # noqa: SLF001 - public, and in DER only, from Python 3.13 on
    return ()


@lru_cache(maxsize=256)
def _certificate(shown: Any) -> Certificate | None:
    """None when it cannot be read. Remembered: a shop shows the same all day, and equal means equal bytes."""
    try:
        return _read(shown.get_info())
    except ValueError:  # an instant that no calendar has
        return None


def _read(said: Mapping[str, Any]) -> Certificate:
    return Certificate(
        subject=_name(said.get("subject", ())),
        issuer=_name(said.get("issuer", ())),
        not_before=_instant(said["notBefore"]),
        not_after=_instant(said["notAfter"]),
        sans=tuple(str(value) for _, value in said.get("subjectAltName", ())),
        serial=said.get("serialNumber", ""),
    )


def _name(parts: _Name) -> str:
    pairs = [pair for part in parts for pair in part]
    named: Mapping[str, str] = dict(pairs)
    return named.get("commonName") or ", ".join(f"{kind}={value}" for kind, value in pairs)


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(cert_time_to_seconds(text), UTC)
