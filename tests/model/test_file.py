from pathlib import Path

from probe.model.definition import definition_of
from probe.model.file import File
from probe.model.place import Place
from tests.spec.reading import journey


def test_a_file_lies_beside_its_journey() -> None:
    place = Place("/etc/probe/checkout.yaml", 1, 1, 2)
    assert File("photos/a.jpg", place).path == Path("/etc/probe/photos/a.jpg")
    assert File("/srv/a.jpg", place).path == Path("/srv/a.jpg")


def test_where_a_journey_lies_does_not_change_what_it_does(tmp_path: Path) -> None:
    from probe.spec.load import load_journey

    definitions = []
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.bin").write_bytes(b"1")
        file = tmp_path / folder / "j.yaml"
        file.write_text('journey: j\nsteps:\n- {name: s, http: {put: "http://x", file: a.bin}}\n')
        definitions.append(definition_of(load_journey(file)))
    other = journey('journey: j\nsteps:\n- {name: s, http: {put: "http://x", body: a.bin}}\n')
    assert (definitions[0] == definitions[1], definitions[0] == definition_of(other)) == (True, False)
