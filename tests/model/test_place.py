from probe.model.place import Place


def test_a_place_reads_as_editors_and_compilers_write_it() -> None:
    assert str(Place("journeys/a.yaml", 12, 7, 9, "text")) == "journeys/a.yaml:12:7"
