"""Readers of what requests send: files beside the journey, and the parts of a form."""

import os
from typing import Any

from probe.model.file import File
from probe.model.size import parse_size
from probe.spec import nodes
from probe.spec.decode import BAD, Decoder
from probe.spec.nodes import Node, Scalar
from probe.spec.scalars import read_str, read_text
from probe.spec.source import is_folder, is_special
from probe.steps.http_multipart import Part


def read_file(decoder: Decoder, node: Node) -> Any:
    """A file that is there and can be read; what is in it is looked at when it is sent."""
    name = read_str(decoder, node)
    if name is BAD:
        return BAD
    file = File(name, node.place)
    try:
        file.path.stat()
    except (OSError, ValueError):
        return decoder.mistake(node.place, f"there is no file {file.path}", "a path counts from the journey's folder")
    if is_folder(file.path) or is_special(file.path):
        return decoder.mistake(node.place, f"{file.path} is no file", "a folder, a pipe or a device cannot be sent")
    if not os.access(file.path, os.R_OK):
        return decoder.mistake(node.place, f"no permission to read {file.path}", f"try: chmod +r {file.path.name}")
    return file


def read_parts(decoder: Decoder, node: Node) -> Any:
    """One part of a form or a list of them: a field may be given several times."""
    if not isinstance(node, nodes.Sequence):
        part = _read_part(decoder, node)
        return BAD if part is BAD else (part,)
    parts = tuple([_read_part(decoder, item) for item in node.items])
    return BAD if BAD in parts else parts


def _read_part(decoder: Decoder, node: Node) -> Any:
    """A mapping, or its text alone."""
    if not isinstance(node, Scalar):
        return decoder.read_struct(Part, node)
    text = read_text(decoder, node)
    return BAD if text is BAD else Part(text=text)


def read_size(decoder: Decoder, node: Node) -> Any:
    try:
        return parse_size(node.text if isinstance(node, Scalar) else "")
    except ValueError as error:
        return decoder.expected("a size", node, str(error))
