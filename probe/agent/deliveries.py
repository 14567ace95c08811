"""All exporters of an agent side by side: one that is away holds up no other."""

import asyncio
from collections.abc import Mapping
from typing import Any

from probe import __version__
from probe.agent.clock import Clock
from probe.agent.config import Export
from probe.agent.delivery import Delivery, Route
from probe.agent.load import Loaded
from probe.export.base import Surroundings
from probe.export.exporters import EXPORTERS
from probe.model.status import ExporterStatus
from probe.spool import loss, queue
from probe.spool.database import Database
from probe.spool.loss import Origin


class Deliveries:
    """`run` is their life. They are replaced when the configuration's exporters are."""

    def __init__(self, database: Database, loaded: Loaded, environ: Mapping[str, str], clock: Clock) -> None:
        self._database = database
        self._environ = environ
        self._clock = clock
        self._loaded = loaded
        self._deliveries = self._make()
        self._changed = asyncio.Event()
        self._limit_ns: int | None = None

    async def enrol(self) -> None:
        """From now on the spool keeps records for these exporters."""
        names = [delivery.route.exporter for delivery in self._deliveries]
        await self._database.run(lambda connection: queue.enrol(connection, names))

    def wake(self) -> None:
        """There may be records."""
        for delivery in self._deliveries:
            delivery.wake()

    async def adopt(self, loaded: Loaded) -> None:
        """Goes by another configuration. A paused exporter asks again: what was wrong may have been put right."""
        same = _settings(loaded) == _settings(self._loaded)
        self._loaded = loaded
        if not same:
            self._deliveries = self._make()
            await self.enrol()
            self._changed.set()
        for delivery in self._deliveries:
            delivery.hurry()

    def finish(self, limit_ns: int) -> None:
        """Lets `run` deliver what is left, within that time, and end."""
        self._limit_ns = limit_ns
        self._changed.set()

    async def run(self) -> None:
        while (limit_ns := self._limit_ns) is None:
            self._changed.clear()
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(delivery.run()) for delivery in self._deliveries]
                await self._changed.wait()
                for task in tasks:
                    task.cancel()
        async with asyncio.TaskGroup() as group:
            for delivery in self._deliveries:
                group.create_task(delivery.drain(limit_ns))

    async def statuses(self) -> tuple[ExporterStatus, ...]:
        depths, dropped = await self._database.read(
            lambda connection: (queue.depth(connection), loss.dropped(connection))
        )
        names = {delivery.route.exporter: delivery for delivery in self._deliveries}
        return tuple(
            delivery.status(depths[name], dropped.get(name, {})) for name, delivery in names.items() if name in depths
        )

    def _make(self) -> list[Delivery]:
        exports = self._loaded.config.export
        names = _names(exports)
        return [Delivery(self._database, self._route(*pair), self._clock) for pair in zip(names, exports, strict=True)]

    def _route(self, name: str, export: Export) -> Route:
        config = self._loaded.config
        return Route(
            exporter=name,
            module=EXPORTERS[export.exporter],
            config=export.config,
            surroundings=Surroundings(self._environ, self._loaded.folder, f"probe/{__version__}"),
            origin=Origin(config.region, config.agent, config.env),
        )


def _settings(loaded: Loaded) -> list[tuple[str, Any]]:
    return [(export.exporter, export.config) for export in loaded.config.export]


def _names(exports: tuple[Export, ...]) -> list[str]:
    """Each exporter's, with a number from the second of a kind on."""
    kinds = [export.exporter for export in exports]
    counts = [kinds[: index + 1].count(kind) for index, kind in enumerate(kinds)]
    return [kind if count == 1 else f"{kind}-{count}" for kind, count in zip(kinds, counts, strict=True)]
