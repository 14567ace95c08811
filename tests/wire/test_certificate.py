import ssl
from datetime import UTC, datetime

import trustme

from probe.model.certificate import Certificate, TlsFacts
from probe.wire.certificate import read_tls

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = datetime(2036, 1, 1, 12, 30, 15, tzinfo=UTC)


def shaken(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """The client's end of a handshake through memory."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    while waiting:
        end = waiting.pop(0)
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(end)
    return ours


def serving(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def blind() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def leaf(authority: trustme.CA, *names: str) -> trustme.LeafCert:
    return authority.issue_cert(*names, common_name="the shop", not_before=BEGINS, not_after=ENDS)


def test_the_certificate_a_server_shows_is_read_whole(authority: trustme.CA, trust: ssl.SSLContext) -> None:
    facts = read_tls(shaken(serving(leaf(authority, "localhost", "*.shop.example", "127.0.0.1")), trust))
    (shown,) = facts.chain
    assert shown.issuer.startswith("organizationName=trustme")
    assert int(shown.serial, 16)
    assert shown == Certificate(
        subject="the shop",
        issuer=shown.issuer,
        not_before=BEGINS,
        not_after=ENDS,
        sans=("localhost", "*.shop.example", "127.0.0.1"),
        serial=shown.serial,
    )


def test_it_is_read_also_when_it_is_not_verified(authority: trustme.CA) -> None:
    facts = read_tls(shaken(serving(leaf(authority, "elsewhere.example")), blind()))
    assert [each.sans for each in facts.chain] == [("elsewhere.example",)]


def test_the_whole_chain_is_read_as_it_was_sent() -> None:
    root = trustme.CA()
    between = root.create_child_ca()
    facts = read_tls(shaken(serving(leaf(between, "localhost")), blind()))
    shop, authority = facts.chain[:2]
    assert (shop.subject, shop.issuer) == ("the shop", authority.subject)


def test_what_the_handshake_agreed_on_is_read(authority: trustme.CA, trust: ssl.SSLContext) -> None:
    trust.set_alpn_protocols(["http/1.1"])
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    facts = read_tls(shaken(serving(leaf(authority, "localhost")), trust))
    assert (facts.version, facts.alpn) == ("TLSv1.2", "http/1.1")
    assert facts.cipher.startswith("ECDHE-")


def test_two_handshakes_with_one_certificate_read_the_same(authority: trustme.CA, trust: ssl.SSLContext) -> None:
    server = serving(leaf(authority, "localhost"))
    first, second = (read_tls(shaken(server, trust)) for _ in range(2))
    assert first.chain[0] is second.chain[0]
    other = read_tls(shaken(serving(leaf(authority, "localhost")), trust))
    assert other.chain[0] != first.chain[0]


def test_without_a_way_to_the_chain_it_is_empty(authority: trustme.CA, trust: ssl.SSLContext) -> None:
    class Older:
        """An ssl of which nothing but its public face is known."""

        def __init__(self, tls: ssl.SSLObject) -> None:
            self.version, self.cipher = tls.version, tls.cipher
            self.selected_alpn_protocol, self.session_reused = tls.selected_alpn_protocol, tls.session_reused

    facts = read_tls(Older(shaken(serving(leaf(authority, "localhost")), trust)))  # type: ignore[arg-type]
    assert facts == TlsFacts("TLSv1.3", facts.cipher)
