"""Ingest: runs per second of a hub as a process, next to the floor of plain SQLite inserts of the same bodies.

Both take batches of 100 records of 4 steps each; the hub gets them over HTTP, compressed, as agents send them. Rounds
are interleaved, for machines are noisy; the ratios are the figures to compare.
"""

import gzip
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from bench.cost import cpu_s, rss_mib
from bench.rounds import ratio
from probe.model.codec import encode_run
from probe.model.instant import datetime_of
from probe.model.place import Place
from probe.model.record import RunRecord, encode_record
from probe.model.result import SCHEMA, Attempt, CheckResult, Exchange, Run, StepResult, Trigger, Verdict
from probe.model.slot import Slot
from probe.model.timing import Phase

ROUNDS = 7
BATCHES = 20
BATCH = 100
STEPS = ("browse", "add to cart", "pay", "confirmed")
MINUTE_NS = 60 * 10**9


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        hub, connection = start_hub(Path(folder) / "hub")
        floor = open_floor(Path(folder) / "floor.db")
        seconds: dict[str, list[float]] = {"hub": [], "floor": []}
        processor: list[float] = []
        for turn in range(ROUNDS):
            batches = [[make_run(turn, batch, n) for n in range(BATCH)] for batch in range(BATCHES)]
            seconds["floor"].append(time_floor(floor, batches))
            before = cpu_s(hub.pid)
            seconds["hub"].append(time_hub(connection, batches))
            processor.append(cpu_s(hub.pid) - before)
        table(seconds, processor, rss_mib(hub.pid))
        floor.close()
        hub.communicate()


def make_run(turn: int, batch: int, n: int) -> Run:
    """As an agent records it: no two are the same."""
    serial = (turn * BATCHES + batch) * BATCH + n
    at_ns = time.time_ns() - 3600 * 10**9 + serial * 10**6
    return Run(
        run_id=f"7d9e1c0a-0000-4000-8000-{serial:012d}",
        journey=f"journey {n % 10}",
        file="journeys/checkout.yaml",
        region="eu-west-1",
        agent="agent-1",
        trigger=Trigger.SCHEDULE,
        started_at=datetime_of(at_ns),
        duration_ns=4 * 10**8 + serial,
        verdict=Verdict.PASSED,
        steps=tuple(make_step(name, serial * 7919 + order) for order, name in enumerate(STEPS)),
        probe="0.1.0",
        schema=SCHEMA,
        description="A shopper finds a shirt, puts it in the cart and pays.",
        variables={"shop": "https://shop.example.com", "sku": "TSHIRT-M"},
        env="production",
        slot=Slot(at_ns // MINUTE_NS, MINUTE_NS, datetime_of(at_ns // MINUTE_NS * MINUTE_NS)),
        definition="4f1c2a9d0b7e6a55",
    )


def make_step(name: str, seed: int) -> StepResult:
    phases = {phase: (seed * (order + 3) * 104729) % 10**8 for order, phase in enumerate(Phase)}
    total = sum(phases.values())
    place = Place("journeys/checkout.yaml", 30, 5, 9, '    http: {get: "${shop}/products/${sku}"}')
    exchange = Exchange("GET", f"https://shop.example.com/{name}", seed % 10**9, total, phases, status=200)
    checks = (
        CheckResult("status", True, "equals 200", "200", place),
        CheckResult("css h1", True, 'contains "T-shirt"', '"T-shirt, medium"', replace(place, line=32)),
    )
    attempt = Attempt(seed % 10**9, total, phases, Verdict.PASSED, (exchange,), checks)
    return StepResult(
        name,
        "http",
        Verdict.PASSED,
        place,
        started_ns=seed % 10**9,
        duration_ns=total,
        phases=phases,
        attempts=(attempt,),
    )


def start_hub(folder: Path) -> tuple["subprocess.Popen[str]", HTTPConnection]:
    command = [
        sys.executable,
        "-m",
        "probe",
        "hub",
        "--data",
        str(folder),
        "--listen",
        "127.0.0.1:0",
        "--stop-with-stdin",
    ]
    pipe = subprocess.PIPE
    hub = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
    assert hub.stdout is not None
    return hub, HTTPConnection(urlsplit(json.loads(hub.stdout.readline())["url"]).netloc)


def time_hub(connection: HTTPConnection, batches: list[list[Run]]) -> float:
    """Encoding and packing are the agent's and not counted."""
    bodies = [gzip.compress(b"\n".join(encode_record(RunRecord(run)) for run in batch)) for batch in batches]
    began = time.perf_counter()
    for body in bodies:
        connection.request("POST", "/api/v1/runs", body, {"Content-Encoding": "gzip"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        assert told["new"] == BATCH, told
    return time.perf_counter() - began


def open_floor(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE run (run_id TEXT PRIMARY KEY, body BLOB)")
    return connection


def time_floor(connection: sqlite3.Connection, batches: list[list[Run]]) -> float:
    """Nothing but the inserts of the packed bodies, a transaction for each batch."""
    packed = [[(run.run_id, zlib.compress(encode_run(run), 1)) for run in batch] for batch in batches]
    began = time.perf_counter()
    for rows in packed:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT OR IGNORE INTO run VALUES (?, ?)", rows)
        connection.execute("COMMIT")
    return time.perf_counter() - began


def table(seconds: dict[str, list[float]], processor: list[float], resident: float) -> None:
    runs = BATCHES * BATCH
    print(f"{ROUNDS} rounds of {BATCHES} batches of {BATCH} runs, interleaved; medians")
    for name, values in seconds.items():
        times = ratio(values, seconds["floor"])
        print(f"  {name:6} {runs / statistics.median(values):8.0f} runs/s   {times:5.2f} × the floor's time")
    print(f"  the hub's processor time: {statistics.median(processor) / runs * 1e6:.0f} µs a run")
    print(f"  the hub's memory, resident, at the end: {resident:.0f} MiB")


if __name__ == "__main__":
    main()
