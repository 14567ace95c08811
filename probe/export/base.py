"""What an exporter is. A new one is a module of this shape and a line in `probe.export.exporters.EXPORTERS`."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, Protocol

from msgspec import Meta, Struct

from probe.model.batch import Batch, Outcome


class Token(Struct, frozen=True):
    """Where a credential comes from; it is read again whenever a session opens, so that it can be rotated."""

    env: Annotated[str, Meta(description="The environment variable that holds it.")] = ""
    file: Annotated[str, Meta(description="The file that holds it, and nothing else.")] = ""


class Surroundings(Struct, frozen=True):
    """What an exporter may look at beside its configuration."""

    environ: Mapping[str, str]
    folder: Path
    """Relative paths of the configuration start here: the folder of its file."""
    user_agent: str


class Exporter(Protocol):
    """A module: `probe/export/jsonl.py` is one. The delivery loop owns cursors, freezing, pauses and counting."""

    @property
    def Config(self) -> Any:  # noqa: N802 - it is a type
        """The type of the exporter's block in an agent's configuration: decoding and docs come from it."""

    @property
    def DESCRIPTION(self) -> str: ...  # noqa: N802 - a constant of the module

    def destination(self, config: Any) -> str:
        """Where it delivers to: the exporter's place in the spool goes by it, so another one is another exporter."""

    def open_session(self, config: Any, surroundings: Surroundings) -> AbstractAsyncContextManager[Any]:
        """What all batches share. Opened anew after a failure; ProbeError when it cannot be (a token without value)."""

    async def send(self, config: Any, batch: Batch, session: Any) -> Outcome:
        """Delivers the batch, or says why not. The same batch may come again: the other side must end with one."""
