"""How a request gets to its target: `network:` of an agent, a journey or an `http:` action.

What is None was not said there; what the more specific place says wins, key by key.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from probe.model.place import Place
from probe.model.template import Text

ProxyUrl = Annotated[Text, "http://[user:password@]host:port, or empty for none; a password is never written out"]
IpAddress = Annotated[Text, "an address, or empty for none"]
Addresses = Mapping[str, IpAddress]
Endpoint = Annotated[Text, "host, or host:port"]
Endpoints = Mapping[str, Endpoint]
NameServer = Annotated[Text, "an address, address:port, or system"]


class Family(StrEnum):
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    ANY = "any"


class TlsVersion(StrEnum):
    V1_2 = "1.2"
    V1_3 = "1.3"


class PemFile(Struct, frozen=True):
    """A file that another one names; a relative path starts at that one's folder."""

    path: str
    place: Place


class ClientCertificate(Struct, frozen=True):
    certificate: Annotated[PemFile, Meta(description="A PEM file: the certificate, and those between it and its root.")]
    key: Annotated[PemFile, Meta(description="A PEM file: its private key, not encrypted.")]


class Network(Struct, frozen=True):
    proxy: Annotated[
        ProxyUrl | None,
        Meta(description='HTTP proxy, http://[user:password@]host:port; "" for none. Every request tunnels.'),
    ] = None
    resolve: Annotated[
        Addresses | None, Meta(description="Addresses to use for names in place of asking for them.")
    ] = None
    connect_to: Annotated[
        Endpoints | None,
        Meta(description="host[:port] to connect to in place of another; Host and TLS name stay those of the URL."),
    ] = None
    family: Annotated[Family | None, Meta(description="Only addresses of this family (any unless said).")] = None
    source: Annotated[IpAddress | None, Meta(description="The address of this machine to connect from.")] = None
    ca: Annotated[PemFile | None, Meta(description="A PEM file of authorities to trust in place of the system's.")] = (
        None
    )
    tls_min: Annotated[TlsVersion | None, Meta(description='The oldest TLS to accept ("1.2" unless said).')] = None
    insecure: Annotated[
        bool | None, Meta(description="true takes any certificate; the record says that nothing was verified.")
    ] = None
    resume: Annotated[
        bool | None,
        Meta(description="true resumes TLS sessions of runs before, as browsers do; else each run shakes hands whole."),
    ] = None
    client_certificate: Annotated[
        ClientCertificate | None, Meta(description="What to show to a server that asks who is there (mTLS).")
    ] = None
    unix_socket: Annotated[
        Text | None, Meta(description="Connect to this socket of the agent's machine, whatever the URL's host.")
    ] = None
    resolver: Annotated[
        tuple[NameServer, ...] | None,
        Meta(description="Name servers to ask, address or address:port, in place of the system's."),
    ] = None

    @property
    def files(self) -> tuple[PemFile, ...]:
        """All it names."""
        own = self.client_certificate
        return tuple(file for file in (self.ca, *((own.certificate, own.key) if own else ())) if file is not None)


NOTHING_SAID = Network()


def overlay(general: Network, specific: Network | None) -> Network:
    """The general settings, with those in place that the specific ones name."""
    if specific is None or specific is general:
        return general
    said = {key: value for key, value in asdict(specific).items() if value is not None}
    return replace(general, **said)
