from typing import Annotated

from msgspec import Meta, Struct, field

from probe.spec.keys import Key, keys_of


class _Sample(Struct, frozen=True):
    name: Annotated[str, Meta(description="A name.")]
    inner: str
    pause: Annotated[int | None, Meta(ge=100, description="A pause.")] = None
    checks: Annotated[tuple[int, ...], Meta(description="Checks.")] = field(default=(), name="check")
    silent: Annotated[int, Meta(ge=1)] = 5
    kind: Annotated[Annotated[str, "of a kind"], Meta(description="Of a kind.")] = ""


def test_the_keys_of_a_struct_are_its_explained_fields_by_their_names_in_the_file() -> None:
    assert keys_of(_Sample) == {
        "name": Key("name", "name", str, True, "A name.", None),
        "pause": Key("pause", "pause", int | None, False, "A pause.", 100),
        "check": Key("check", "checks", tuple[int, ...], False, "Checks.", None),
        "kind": Key("kind", "kind", Annotated[str, "of a kind"], False, "Of a kind.", None),
    }
