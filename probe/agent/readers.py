"""How the parts of a configuration that have a shape of their own are read."""

from typing import Any

from msgspec.structs import replace

from probe.agent.config import Export, Exports, Listen, Override, Overrides, Patterns, Written
from probe.export.base import Token
from probe.export.exporters import EXPORTERS
from probe.model.address import parse_address
from probe.spec import nodes
from probe.spec.decode import BAD, Decoder, Reader
from probe.spec.load import READERS
from probe.spec.nodes import Node
from probe.spec.scalars import read_str


def read_listen(decoder: Decoder, node: Node) -> Any:
    text = read_str(decoder, node)
    if text is BAD:
        return BAD
    try:
        parse_address(text)
    except ValueError as error:
        return decoder.expected("an address", node, str(error))
    return text


def read_token(decoder: Decoder, node: Node) -> Any:
    """A token that stands in the file must not come to stand in a log too: its line is not shown."""
    if isinstance(node, nodes.Mapping):
        return decoder.read_struct(Token, node)
    place = replace(node.place, text="")
    return decoder.mistake(
        place, "a token does not stand in the file", "{file: /run/secrets/token} or {env: HUB_TOKEN}"
    )


def read_written(decoder: Decoder, node: Node) -> Any:
    text = read_str(decoder, node)
    return BAD if text is BAD else Written(text, node.place)


def read_patterns(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, nodes.Sequence) and not node.items:
        return decoder.mistake(node.place, "the list is empty", "name at least one journey: - journeys/*.yaml")
    return decoder.read_list(Written, node)


def read_overrides(decoder: Decoder, node: Node) -> Any:
    if not isinstance(node, nodes.Mapping):
        return decoder.expected("a mapping of journeys", node, "for example checkout: {enabled: false}")
    read = {key.text: decoder.read_struct(Override, item, place=key.place) for key, item in node.pairs}
    return BAD if BAD in read.values() else read


def read_exports(decoder: Decoder, node: Node) -> Any:
    return decoder.read_list(Export, node)


def read_export(decoder: Decoder, node: Node) -> Any:
    """A mapping of one key: `hub: {url: …}`."""
    if not isinstance(node, nodes.Mapping) or len(node.pairs) != 1:
        return decoder.expected("an exporter and its settings", node, "for example - hub: {url: https://hub.example}")
    key, block = node.pairs[0]
    name = decoder.read_choice(str, EXPORTERS, key)
    if name is BAD:
        return BAD
    config = decoder.read(EXPORTERS[name].Config, block)
    return BAD if config is BAD else Export(name, config, key.place)


def name_of(export: Export) -> str:
    """The exporter's place in the spool, which must not become another one's when the list is changed."""
    return f"{export.exporter} {EXPORTERS[export.exporter].destination(export.config)}"


CONFIG_READERS: dict[Any, Reader] = {
    **READERS,
    Listen: read_listen,
    Token: read_token,
    Written: read_written,
    Patterns: read_patterns,
    Overrides: read_overrides,
    Exports: read_exports,
    Export: read_export,
}
