from collections.abc import Mapping
from pathlib import Path

import pytest

from probe.errors import ProbeError
from probe.export.base import Surroundings, Token
from probe.export.credential import read_credential

SECRET = "s3cret-0123456789"


def _surroundings(folder: Path, environ: Mapping[str, str] | None = None) -> Surroundings:
    return Surroundings(environ or {}, folder, "probe")


def test_it_is_read_from_the_environment_or_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    found = [
        read_credential(Token(env="HUB"), _surroundings(tmp_path, {"HUB": SECRET})),
        read_credential(Token(file="token"), _surroundings(tmp_path)),
    ]
    assert found == [SECRET, SECRET]


@pytest.mark.parametrize(
    ("token", "content", "message"),
    [
        (Token(env="HUB"), "", "the token has no value: the environment variable HUB is not set, or empty"),
        (Token(file="token"), "\n", "the token has no value: the file {folder}/token is not set, or empty"),
        (Token(file="none"), "", "the token cannot be read from the file {folder}/none: No such file or directory"),
        (
            Token(file="token"),
            f"{SECRET}\nX-Other: 1",
            "the file {folder}/token holds no token: expected one word of plain characters, and nothing else",
        ),
        (
            Token(file="token"),
            f"{SECRET}ä",
            "the file {folder}/token holds no token: expected one word of plain characters, and nothing else",
        ),
    ],
)
def test_why_there_is_none_is_said_without_showing_it(tmp_path: Path, token: Token, content: str, message: str) -> None:
    (tmp_path / "token").write_text(content, encoding="latin-1")
    with pytest.raises(ProbeError) as raised:
        read_credential(token, _surroundings(tmp_path))
    assert str(raised.value) == message.format(folder=tmp_path)
