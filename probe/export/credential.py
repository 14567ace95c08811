"""Credentials, from where the configuration says. No message shows one."""

from pathlib import Path

from probe.errors import ProbeError
from probe.export.base import Surroundings, Token


def read_credential(token: Token, surroundings: Surroundings) -> str:
    """Its value now; ProbeError says why there is none."""
    if token.file:
        where = f"the file {surroundings.folder / token.file}"
        value = _content(surroundings.folder / token.file)
    else:
        where = f"the environment variable {token.env}"
        value = surroundings.environ.get(token.env, "")
    value = value.strip()
    if not value:
        raise ProbeError(f"the token has no value: {where} is not set, or empty")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ProbeError(f"{where} holds no token: expected one word of plain characters, and nothing else")
    return value


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ProbeError(f"the token cannot be read from the file {path}: {error.strerror}") from None
