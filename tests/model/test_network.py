from probe.model.network import NOTHING_SAID, ClientCertificate, Family, Network, PemFile, TlsVersion, overlay
from probe.model.place import Place
from probe.model.template import Text

PLACE = Place("journeys/shop.yaml", 1, 1, 2)


def text(text: str) -> Text:
    return Text((text,) if text else (), PLACE)


def test_the_more_specific_place_wins_key_by_key() -> None:
    region = Network(proxy=text("http://proxy:1"), family=Family.IPV4, insecure=True, resolve={"a": text("10.0.0.1")})
    step = Network(proxy=text(""), insecure=False, resolve={"b": text("10.0.0.2")}, tls_min=TlsVersion.V1_3)
    assert overlay(region, step) == Network(
        proxy=text(""), family=Family.IPV4, insecure=False, resolve={"b": text("10.0.0.2")}, tls_min=TlsVersion.V1_3
    )


def test_where_nothing_is_said_nothing_changes() -> None:
    region = Network(family=Family.IPV6)
    assert overlay(region, None) is region
    assert overlay(NOTHING_SAID, None) is NOTHING_SAID
    assert overlay(region, Network()) == region
    assert overlay(NOTHING_SAID, region) == region


def test_its_files_are_those_it_names() -> None:
    ca, certificate, key = (PemFile(name, PLACE) for name in ("ca.pem", "me.pem", "me.key"))
    assert Network().files == ()
    assert Network(ca=ca, client_certificate=ClientCertificate(certificate, key)).files == (ca, certificate, key)
