"""Whether an agent could work on this machine, now: what `probe agent --check` tries out, leaving nothing behind."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from probe import __version__
from probe.agent.config import Export
from probe.agent.load import Loaded
from probe.agent.readers import name_of
from probe.durable.folder import is_held, is_writable
from probe.errors import ProbeError
from probe.export.base import Surroundings
from probe.export.exporters import EXPORTERS
from probe.model.batch import Batch, Result

LIMIT_S = 10.0
"""For each exporter."""


class Trial(Struct, frozen=True):
    what: str
    works: bool
    words: str


async def try_out(loaded: Loaded, environ: Mapping[str, str]) -> list[Trial]:
    """The state folder, then every exporter: an empty batch says whether it would take a full one."""
    folder = loaded.folder / loaded.config.state
    state = await asyncio.to_thread(_try_folder, folder)
    surroundings = Surroundings(environ, loaded.folder, f"probe/{__version__}")
    return [state, *[await _try_exporter(export, surroundings) for export in loaded.config.export]]


def _try_folder(folder: Path) -> Trial:
    if is_held(folder):
        return Trial(f"state {folder}", works=True, words="an agent runs on it")
    works = is_writable(folder)
    return Trial(f"state {folder}", works, "can be written to" if works else "cannot be written to by this user")


async def _try_exporter(export: Export, surroundings: Surroundings) -> Trial:
    name, module = name_of(export), EXPORTERS[export.exporter]
    try:
        async with asyncio.timeout(LIMIT_S), module.open_session(export.config, surroundings) as session:
            outcome = await module.send(export.config, Batch(name, 0, 0, ()), session)
    except TimeoutError:
        return Trial(name, works=False, words=f"no outcome within {LIMIT_S:.0f} s")
    except ProbeError as error:
        return Trial(name, works=False, words=str(error))
    if outcome.result is not Result.ACKED:
        return Trial(name, works=False, words=outcome.reason)
    return Trial(name, works=True, words=f"takes records {outcome.reason}".rstrip())
