"""The reader of `network:`. What can be known when a file is loaded is told then, at its line."""

from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

from msgspec.structs import replace

from probe.model.network import Endpoint, IpAddress, Network, PemFile
from probe.model.place import Mistake
from probe.model.template import Text
from probe.spec import nodes
from probe.spec.decode import BAD, Decoder
from probe.spec.nodes import Node, Scalar
from probe.spec.scalars import read_str, read_text


def read_network(decoder: Decoder, node: Node) -> Any:
    """Files with a relative path belong to the one that names them and must be good; an absolute one is a machine's."""
    network = decoder.read_struct(Network, node)
    decoder.mistakes += _contradictions(node)
    if network is not BAD and network.files and all(map(_is_beside, network.files)):
        decoder.mistakes += unusable_files(network)
    return network


def read_pem_file(decoder: Decoder, node: Node) -> Any:
    text = read_str(decoder, node)
    if text is BAD:
        return BAD
    file = PemFile(text, node.place)
    return _found(decoder, file) if text else decoder.expected("the name of a file", node)


def _found(decoder: Decoder, file: PemFile) -> Any:
    from probe.steps.http_network import path_of
    from probe.wire.trust import UnusableFileError, look_at

    try:
        if _is_beside(file):
            look_at(path_of(file))
    except UnusableFileError as error:
        return decoder.mistake(file.place, str(error), error.hint)
    return file


def read_proxy(decoder: Decoder, node: Node) -> Any:
    """There may be a password in it: what is wrong with it is told without showing the line."""
    from probe.wire.route import proxy_or_none

    hidden = replace(node.place, text="")
    text = read_text(decoder, node)
    if text is BAD:
        return BAD
    if _has_password(text):
        hint = "secrets: {proxy_password: {env: …}}, and http://user:${proxy_password}@…"
        return decoder.mistake(hidden, "a password does not stand in the file", hint)
    try:
        proxy_or_none(text.literal or "")
    except ValueError as error:
        return decoder.mistake(hidden, f"expected a proxy: {error}")
    return text


def read_ip(decoder: Decoder, node: Node) -> Any:
    from probe.wire.route import ip_or_none

    return _read_parsed(decoder, node, ip_or_none)


def read_endpoint(decoder: Decoder, node: Node) -> Any:
    from probe.wire.route import parse_endpoint

    return _read_parsed(decoder, node, parse_endpoint)


def read_endpoints(decoder: Decoder, node: Node) -> Any:
    from probe.wire.route import parse_endpoint

    return _read_by_host(decoder, node, parse_endpoint, Endpoint)


def read_addresses(decoder: Decoder, node: Node) -> Any:
    from probe.wire.route import parse_host

    return _read_by_host(decoder, node, parse_host, IpAddress)


def read_nameserver(decoder: Decoder, node: Node) -> Any:
    from probe.wire.route import parse_nameserver

    return _read_parsed(decoder, node, parse_nameserver)


def unusable_files(network: Network) -> Iterator[Mistake]:
    """Why no TLS can be made with the certificates and keys it names, here and now."""
    from probe.steps.http_network import path_of, tls_of
    from probe.wire.trust import UnusableFileError, context_of

    try:
        context_of(tls_of(network))
    except UnusableFileError as error:
        place = next(file.place for file in network.files if path_of(file) == error.path)
        yield Mistake(place, str(error), error.hint)


def _read_by_host(decoder: Decoder, node: Node, parse: Callable[[str], object], kind: Any) -> Any:
    """A mapping whose keys are hosts: one that can be none would never be looked up, and nobody would know."""
    good = [_read_parsed(decoder, key, parse) for key, _ in node.pairs] if isinstance(node, nodes.Mapping) else []
    read = decoder.read_mapping(kind, node)
    return BAD if BAD in good else read


def _read_parsed(decoder: Decoder, node: Node, parse: Callable[[str], object]) -> Any:
    """The text; what stands there without a template is what it will be."""
    text = read_text(decoder, node)
    if text is BAD or text.literal is None:
        return text
    try:
        parse(text.literal)
    except ValueError as error:
        return decoder.expected(str(error), node)
    return text


def _is_beside(file: PemFile) -> bool:
    return not PurePath(file.path).is_absolute()


def _has_password(proxy: Text) -> bool:
    """Whether the password is written out, no part of it a template."""
    written = "".join(part if isinstance(part, str) else "\0" for part in proxy.parts)
    credentials = written.partition("://")[2].rpartition("@")[0]
    password = credentials.partition(":")[2]
    return bool(password) and "\0" not in password


def _contradictions(node: Node) -> Iterator[Mistake]:
    at = {key.text: (key.place, item) for key, item in node.pairs} if isinstance(node, nodes.Mapping) else {}
    insecure = at.get("insecure")
    if insecure and "ca" in at and isinstance(insecure[1], Scalar) and insecure[1].value is True:
        yield Mistake(insecure[0], "insecure takes any certificate, and ca says whom to trust", "leave one out")
    if "unix_socket" in at and "proxy" in at:
        yield Mistake(at["proxy"][0], "a unix socket is not behind a proxy", "leave one out")
