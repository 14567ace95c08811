from pathlib import Path

import pytest
import trustme

from probe.errors import SpecError
from probe.model.journey import Journey
from probe.model.network import Family, PemFile, TlsVersion
from probe.model.place import Mistake
from probe.spec.load import load_journey
from tests.wire.certificates import write_authority, write_identity

IP = "expected an IP address, such as 203.0.113.7 or 2001:db8::7"
KEY = "key: A PEM file: its private key, not encrypted."
INSECURE = "insecure takes any certificate, and ca says whom to trust"
HINT = "secrets: {proxy_password: {env: …}}, and http://user:${proxy_password}@…"


def load(folder: Path, network: str, *, step: bool = False) -> Journey:
    where = f"\n    http: {{get: 'https://shop.test/', network: {network}}}" if step else "\n    wait: 1s"
    top = "" if step else f"network: {network}\n"
    file = folder / "shop.yaml"
    file.write_text(f"journey: shop\nvariables: {{edge: edge.test}}\n{top}steps:\n  - name: look{where}\n")
    return load_journey(file)


def mistakes(folder: Path, network: str) -> list[tuple[int, str, str]]:
    with pytest.raises(SpecError) as raised:
        load(folder, network)
    return [(each.place.column, each.message, each.hint) for each in raised.value.mistakes]


def test_all_keys_are_read(tmp_path: Path) -> None:
    written = (
        "{proxy: 'http://me:${edge}@proxy.test:3128', resolve: {a: 10.0.0.7}, connect_to: {a: '${edge}:443'},"
        " family: ipv4, source: 10.0.0.1, tls_min: 1.3, insecure: true, resolver: [10.0.0.2, '::1']}"
    )
    for step in (False, True):
        journey = load(tmp_path, written, step=step)
        network = journey.steps[0].action.network if step else journey.network
        assert network
        assert (network.family, network.tls_min, network.insecure) == (Family.IPV4, TlsVersion.V1_3, True)
        assert [len(network.resolver or ()), *(network.resolve or ()), *(network.connect_to or ())] == [2, "a", "a"]


def test_certificates_beside_the_journey_are_looked_at_when_it_is_loaded(tmp_path: Path) -> None:
    authority = trustme.CA()
    write_authority(authority, tmp_path)
    write_identity(authority, tmp_path)
    journey = load(tmp_path, "{ca: ca.pem, client_certificate: {certificate: probe.pem, key: probe.key}}")
    assert journey.network
    assert [Path(file.path).suffix for file in journey.network.files] == [".pem", ".pem", ".key"]
    (tmp_path / "ca.pem").write_text("nothing\n")
    message = f"there is no certificate in {tmp_path}/ca.pem"
    pem = "a PEM file has BEGIN CERTIFICATE in it, or BEGIN PRIVATE KEY"
    assert mistakes(tmp_path, "{insecure: false, ca: ca.pem}") == [(32, message, pem)]


def test_a_certificate_of_one_machine_is_not_looked_at_on_another(tmp_path: Path) -> None:
    journey = load(tmp_path, "{ca: /nowhere/ca.pem}")
    assert journey.network
    assert isinstance(journey.network.ca, PemFile)


def test_a_name_in_the_journeys_network_must_be_known_before_its_steps(tmp_path: Path) -> None:
    ((_, message, hint),) = mistakes(tmp_path, "{source: '${address}'}")
    assert (message, hint) == (
        "address is not defined here", "known here: edge"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("{proxy: 'https://a:1'}", [(18, "expected a proxy: http://[user:password@]host:port", "")]),
        ("{proxy: 'http://me:hunter2@a:1'}", [(18, "a password does not stand in the file", HINT)]),
        ("{proxy: 'http://me:hunter2@${edge}:1'}", [(18, "a password does not stand in the file", HINT)]),
        ("{family: ipv5}", [(19, 'expected one of ipv4, ipv6, any, got "ipv5"', "did you mean ipv6?")]),
        (
            "{source: edge}",
            [(19, 'expected an IP address, such as 203.0.113.7 or 2001:db8::7, got "edge"', "")],
        ),
        ("{connect_to: {a: 'b:c'}}", [(27, 'expected host or host:port, got "b:c"', "")]),
        ("{connect_to: {'a:b': c}}", [(24, 'expected host or host:port, got "a:b"', "")]),
        ("{resolver: 10.0.0.2}", [(21, 'expected a list, got "10.0.0.2"', "each item starts with a dash: - …")]),
        ("{resolver: [ns.test]}", [(22, f'{IP}, got "ns.test"', "")]),
        ("{tls_min: 1.1}", [(20, "expected one of 1.2, 1.3, got the number 1.1", "did you mean 1.3?")]),
        ("{ca: ''}", [(15, 'expected the name of a file, got ""', "")]),
        ("{ca: a.pem, insecure: true}", [(22, INSECURE, "leave one out")]),
        ("{unix_socket: a, proxy: 'http://a:1'}", [(27, "a unix socket is not behind a proxy", "leave one out")]),
        ("{client_certificate: {certificate: a.pem}}", [(31, "the key key is missing", KEY)]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, network: str, expected: list[tuple[int, str, str]]) -> None:
    assert [each for each in mistakes(tmp_path, network) if "there is no file" not in each[1]] == expected


def test_a_line_with_a_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as raised:
        load(tmp_path, "{proxy: 'https://me:hunter2@a:1'}")
    assert "hunter2" not in repr(raised.value.mistakes)
    assert all(isinstance(each, Mistake) for each in raised.value.mistakes)
