import ssl
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import trustme

Certificate = Literal["valid", "expired", "wrong-host", "self-signed"]


class Identity(NamedTuple):
    context: ssl.SSLContext
    ca_pem: bytes


def make_identity(certificate: Certificate) -> Identity:
    """A server's side of TLS, and the throw-away authority a client may trust to check it."""
    authority = trustme.CA(organization_name="Small Harbour")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    _leaf(authority, certificate).configure_cert(context)
    return Identity(context, authority.cert_pem.bytes())


def _leaf(authority: trustme.CA, certificate: Certificate) -> trustme.LeafCert:
    hosts = ("localhost", "127.0.0.1", "::1")
    match certificate:
        case "valid":
            return authority.issue_cert(*hosts)
        case "expired":
            yesterday = datetime.now(UTC) - timedelta(days=1)
            return authority.issue_cert(*hosts, not_before=yesterday - timedelta(days=90), not_after=yesterday)
        case "wrong-host":
            return authority.issue_cert("elsewhere.example")
        case "self-signed":
            return _own_signature()


def _own_signature() -> trustme.LeafCert:
    # An authority's own certificate is the one that it signed for itself.
    stranger = trustme.CA()
    return trustme.LeafCert(stranger.private_key_pem.bytes(), stranger.cert_pem.bytes(), [])
