from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.file import File
from probe.model.place import Place
from probe.steps.base import ActionError
from probe.steps.http_multipart import Part, Parts, encode_parts, new_boundary, piece_of
from probe.wire.body import Body
from tests.steps.asking import PLACE, attempt, text


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_bytes(b"\0\r\n--BOUNDARY")
    return replace(PLACE, file=str(tmp_path / "journey.yaml"))


def encoded(fields: dict[str, Parts], **variables: str) -> bytes:
    performance = attempt()
    for name, value in variables.items():
        performance.scope.set(name, value)
    return b"".join(Body(tuple(encode_parts(fields, performance, "B"))).read())


def test_parts_come_in_their_order_each_with_its_head(place: Place) -> None:
    parts: dict[str, Parts] = {
        "tag": (Part(text=text("a")), Part(text=text("${b}"))),
        "photo": (Part(file=File("notes/a.txt", place)),),
        "meta": (Part(text=text("{}"), type=text("application/json"), filename=text("${b}.json")),),
    }
    assert encoded(parts, b="ü").decode() == (
        '--B\r\nContent-Disposition: form-data; name="tag"\r\n\r\na\r\n'
        '--B\r\nContent-Disposition: form-data; name="tag"\r\n\r\nü\r\n'
        '--B\r\nContent-Disposition: form-data; name="photo"; filename="a.txt"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n\0\r\n--BOUNDARY\r\n"
        '--B\r\nContent-Disposition: form-data; name="meta"; filename="ü.json"\r\n'
        "Content-Type: application/json\r\n\r\n{}\r\n"
        "--B--\r\n"
    )


def test_a_form_without_fields_is_its_end() -> None:
    assert encoded({}) == b"--B--\r\n"


def test_a_name_cannot_end_its_head() -> None:
    part = Part(text=text("1"), filename=text("${evil}"))
    head = encoded({'a"; x="': (part,)}, evil='x"\r\nSet: 1').partition(b"\r\n\r\n")[0]
    assert head == b'--B\r\nContent-Disposition: form-data; name="a%22; x=%22"; filename="x%22%0D%0ASet: 1"'


def test_a_type_cannot_either() -> None:
    with pytest.raises(StepFailure) as raised:
        encoded({"a": (Part(text=text("1"), type=text("${evil}")),)}, evil="a/b\r\nSet: 1")
    message = "the type of a part has a character in it that no header can have"
    assert raised.value.failure.message == message


@pytest.mark.parametrize("keys", [{}, {"text": text("a"), "file": File("a", PLACE)}, {"type": text("a/b")}])
def test_a_part_is_one_thing(keys: dict[str, Any]) -> None:
    with pytest.raises(ActionError, match="a part is either a file or a text"):
        Part(**keys)


def test_a_file_is_found_from_where_the_journey_is(place: Place) -> None:
    assert piece_of(File("notes/a.txt", place)).size == 13


def test_no_boundary_comes_twice() -> None:
    assert new_boundary() != new_boundary()
