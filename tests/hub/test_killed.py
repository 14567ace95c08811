"""kill -9 of the hub at any moment: every record that was sent is there once, whatever had to be sent again.

The hubs are the command `probe hub`, each a process of its own, forked from one that has its modules loaded already:
else the test would spend its time on imports.
"""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from msgspec import Struct

from probe.hub.database import FILE
from probe.model.instant import datetime_of
from probe.model.record import Record, encode_record
from tests.hub.records import MINUTE, beat, run_record, slots_record

KILLS = 100
BATCH = 20
LONGEST_LIFE_S = 0.15

FORKING = """
import os, sys
import uvloop
import probe.agent.logs, probe.cli.hub, probe.cli.loop, probe.cli.stop, probe.hub.app, probe.hub.pages.routes
from probe.cli.main import main

while os.read(0, 1):
    child = os.fork()
    if child == 0:
        print(os.getpid(), flush=True)
        sys.argv[:] = ["probe", "hub", *sys.argv[1:]]
        main()
    print("ended", os.waitpid(child, 0)[1], flush=True)
"""


def test_a_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    sender, dice, port = Sender(), random.Random(), _free_port()
    with _hubs(tmp_path, port) as hubs:
        for _ in range(KILLS):
            life_s = dice.uniform(0, LONGEST_LIFE_S)
            assert _killed_after(life_s, hubs.start(), sender, port, hubs) == f"ended {signal.SIGKILL.value}"
        pid = hubs.start()
        assert hubs.said() == f"The hub is at http://127.0.0.1:{port}"
        sender.send(port)
        os.kill(pid, signal.SIGTERM)
        assert hubs.said() == "ended 0"
    print(f"{KILLS} kills, {sender.cut_off} in a batch; {len(sender.acknowledged)} runs, {sender.resent} batches again")
    assert sender.cut_off > KILLS / 4
    _assert_all_there(tmp_path / FILE, sender.acknowledged)


class Hubs(Struct, frozen=True):
    """Starts hubs one after another, on the same folder and port."""

    process: "subprocess.Popen[str]"

    def start(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write("x")
        self.process.stdin.flush()
        return int(self.said())

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")


class Sender:
    """Sends a batch again, byte for byte, until it is acknowledged, as an agent does."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.cut_off = 0
        self.resent = 0
        self._waiting: list[str] = []
        self._frozen = b""

    def send(self, port: int) -> None:
        if self._waiting:
            self.resent += 1
        else:
            self._waiting = [f"run-{len(self.acknowledged) + n}" for n in range(BATCH)]
            self._frozen = b"\n".join(map(encode_record, _records(self._waiting)))
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", "/api/v1/runs", self._frozen)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        finally:
            connection.close()
        assert (answer.status, told["new"] + told["duplicate"], told["refused"]) == (200, 2 * BATCH, [])
        self.acknowledged += self._waiting
        self._waiting = []


def _killed_after(life_s: float, pid: int, sender: Sender, port: int, hubs: Hubs) -> str:
    """How the hub ended; it was being sent batches from its first moment on."""
    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(_kill, pid, life_s)
        while not killed.done():
            try:
                sender.send(port)
            except ConnectionRefusedError:  # not there yet, or not any more
                time.sleep(0.001)
            except (OSError, HTTPException):
                sender.cut_off += 1
    ended = hubs.said()
    return hubs.said() if ended.startswith("The hub is at") else ended


def _kill(pid: int, life_s: float) -> None:
    time.sleep(life_s)
    os.kill(pid, signal.SIGKILL)


def _records(names: list[str]) -> list[Record]:
    now_ns = time.time_ns()
    slot = now_ns // MINUTE
    return [
        *(run_record(name, now_ns - 10**9) for name in names),
        *(slots_record(f"s-{name}", slot, slot, at=datetime_of(now_ns)) for name in names[1:]),
        beat(f"b-{names[0]}", now_ns),
    ]


@contextmanager
def _hubs(folder: Path, port: int) -> Iterator[Hubs]:
    command = [sys.executable, "-c", FORKING, "--data", str(folder), "--listen", f"127.0.0.1:{port}"]
    pipe = subprocess.PIPE
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, text=True, start_new_session=True) as process:
        try:
            yield Hubs(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _assert_all_there(path: Path, sent: list[str]) -> None:
    connection = sqlite3.connect(path)
    intact = connection.execute("PRAGMA integrity_check").fetchall()
    runs = [name for (name,) in connection.execute("SELECT run_id FROM run")]
    records = [name for (name,) in connection.execute("SELECT run_id FROM record")]
    slots = connection.execute("SELECT count(*) FROM slots").fetchone()[0]
    connection.close()
    assert intact == [("ok",)]
    assert sorted(runs) == sorted(records) == sorted(sent)
    assert slots == len(sent) - len(sent) // BATCH


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
