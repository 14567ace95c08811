"""libcurl on the event loop: one multi handle, whose sockets the loop watches.

A host name for each journey keeps its connections its own; libcurl would let it travel on those of others.
"""

import asyncio
from typing import Any

import pycurl

from bench.accuracy.loads import drive, work
from bench.accuracy.reading import SIZES, Reading, Readings, Target


class Multi:
    """The way libcurl's manual has it: sockets, one time-out, and what is done."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._remind)
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: dict[Any, asyncio.Future[None]] = {}

    async def perform(self, curl: Any) -> None:
        self._waiting[curl] = self._loop.create_future()
        self._multi.add_handle(curl)
        await self._waiting[curl]

    def _watch(self, event: int, fd: int, multi: Any, data: Any) -> None:
        self._loop.remove_reader(fd)
        self._loop.remove_writer(fd)
        if event in (pycurl.POLL_IN, pycurl.POLL_INOUT):
            self._loop.add_reader(fd, self._act, fd, pycurl.CSELECT_IN)
        if event in (pycurl.POLL_OUT, pycurl.POLL_INOUT):
            self._loop.add_writer(fd, self._act, fd, pycurl.CSELECT_OUT)

    def _remind(self, milliseconds: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if milliseconds >= 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, fd: int, what: int) -> None:
        self._multi.socket_action(fd, what)
        _, done, failed = self._multi.info_read()
        for curl, *why in [*((curl,) for curl in done), *failed]:
            self._multi.remove_handle(curl)
            future = self._waiting.pop(curl)
            future.set_exception(OSError(why)) if why else future.set_result(None)


async def measure(target: Target) -> Readings:
    multi = Multi()

    async def travel(number: int) -> list[Reading]:
        return [await _visit(multi, target, number, step) for step in range(len(SIZES[0]))]

    return await drive(target.load, target.seconds, travel)


async def _visit(multi: Multi, target: Target, number: int, step: int) -> Reading:
    host = f"j{number}.shop.test"
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, target.url(number, step, host))
    curl.setopt(pycurl.RESOLVE, [f"{host}:{target.port}:{target.host}"])
    curl.setopt(pycurl.CAINFO, target.authority)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.WRITEFUNCTION, len)
    curl.setopt(pycurl.NOPROXY, "*")
    await multi.perform(curl)
    try:
        return Reading(number, step, _figures(curl, fresh=step == 0, tls=target.scheme == "https"))
    finally:
        curl.close()


def _figures(curl: Any, *, fresh: bool, tls: bool) -> dict[str, int]:
    def at(name: str) -> int:
        return int(curl.getinfo(getattr(pycurl, name))) * 1000

    sent = "POSTTRANSFER_TIME_T" if hasattr(pycurl, "POSTTRANSFER_TIME_T") else "PRETRANSFER_TIME_T"
    figures = {
        "processing": at("STARTTRANSFER_TIME_T") - at(sent),
        "transfer": at("TOTAL_TIME_T") - at("STARTTRANSFER_TIME_T"),
        "total": at("TOTAL_TIME_T"),
    }
    if fresh:
        figures["connect"] = at("CONNECT_TIME_T") - at("NAMELOOKUP_TIME_T")
        if tls:
            figures["tls"] = at("APPCONNECT_TIME_T") - at("CONNECT_TIME_T")
    return figures


if __name__ == "__main__":
    work(measure)
