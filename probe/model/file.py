from pathlib import Path

from msgspec import Struct

from probe.model.place import Place


class File(Struct, frozen=True):
    """A file that a journey names; relative to the journey's own, wherever that is."""

    name: str
    place: Place

    @property
    def path(self) -> Path:
        return Path(self.place.file).parent / self.name
