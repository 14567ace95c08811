import ssl

import pytest

from probe.demo.certificates import Certificate, make_identity


def test_a_valid_certificate_is_trusted_under_both_names() -> None:
    for host in ("localhost", "127.0.0.1"):
        assert _verdict("valid", host) == "trusted"


@pytest.mark.parametrize(
    ("certificate", "complaint"),
    [
        ("expired", "certificate has expired"),
        ("wrong-host", "Hostname mismatch, certificate is not valid for 'localhost'."),
        ("self-signed", "self-signed certificate"),
    ],
)
def test_every_other_certificate_is_refused_for_its_own_reason(certificate: Certificate, complaint: str) -> None:
    assert _verdict(certificate, "localhost") == complaint


def _verdict(certificate: Certificate, host: str) -> str:
    """What a client that trusts the authority says after a handshake in memory."""
    identity = make_identity(certificate)
    trust = ssl.create_default_context(cadata=identity.ca_pem.decode())
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(to_client, to_server, server_hostname=host)
    server = identity.context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as refusal:
            return refusal.verify_message
    return "trusted"
