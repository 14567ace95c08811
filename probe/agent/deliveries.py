"""All exporters of an agent side by side: one that is away holds up no other."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from sqlite3 import Connection
from typing import Any

from probe import __version__
from probe.agent.clock import Clock
from probe.agent.config import Export
from probe.agent.delivery import Delivery, Route
from probe.agent.load import Loaded
from probe.agent.readers import name_of
from probe.export.base import Surroundings
from probe.export.exporters import EXPORTERS
from probe.model.batch import Outcome
from probe.model.status import ExporterStatus
from probe.spool import loss, queue
from probe.spool.database import Database
from probe.spool.loss import Origin

log = logging.getLogger("probe.delivery")


class Deliveries:
    """`run` is their life. They are replaced when the configuration's exporters are."""

    def __init__(
        self,
        database: Database,
        loaded: Loaded,
        environ: Mapping[str, str],
        clock: Clock,
        heard: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self._database = database
        self._environ = environ
        self._clock = clock
        self._heard = heard
        self.loaded = loaded
        self._deliveries = self._make()
        self._changed = asyncio.Event()
        self._limit_ns: int | None = None

    def wake(self) -> None:
        """There may be records."""
        for delivery in self._deliveries:
            delivery.wake()

    def adopt(self, loaded: Loaded) -> None:
        """Goes by another configuration, whose exporters are enrolled already.

        A paused exporter asks again: what was wrong may have been put right.
        """
        same = _settings(loaded) == _settings(self.loaded)
        self.loaded = loaded
        if not same:
            self._deliveries = self._make()
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

    @property
    def remarks(self) -> list[str]:
        """What those who took their last batch had to say of it: something a person should put right."""
        return [f"{each.route.exporter}: {each.remark}" for each in self._deliveries if each.remark]

    async def statuses(self) -> tuple[ExporterStatus, ...]:
        depths, dropped = await self._database.read(
            lambda connection: (queue.depth(connection), loss.dropped(connection))
        )
        names = {delivery.route.exporter: delivery for delivery in self._deliveries}
        return tuple(
            delivery.status(depths[name], dropped.get(name, {})) for name, delivery in names.items() if name in depths
        )

    def _make(self) -> list[Delivery]:
        exports = self.loaded.config.export
        return [Delivery(self._database, self._route(each), self._clock, heard=self._heard) for each in exports]

    def _route(self, export: Export) -> Route:
        config = self.loaded.config
        return Route(
            exporter=name_of(export),
            module=EXPORTERS[export.exporter],
            config=export.config,
            surroundings=Surroundings(self._environ, self.loaded.folder, f"probe/{__version__}"),
            origin=Origin(config.region, config.agent, config.env),
        )


def _settings(loaded: Loaded) -> list[tuple[str, Any]]:
    return [(export.exporter, export.config) for export in loaded.config.export]


def enrol(connection: Connection, loaded: Loaded) -> None:
    """The spool keeps records for this configuration's exporters; what that gives up is counted, and told here."""
    for name, count in loss.retire(connection, {name_of(export) for export in loaded.config.export}).items():
        log.warning("%s is not in the configuration any more: %d records that waited for it are given up", name, count)
