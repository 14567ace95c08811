"""Measures everything and writes docs/accuracy.md. `PROBE_BENCH_SECONDS` is how long each condition lasts."""

import asyncio
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import trustme

from bench.accuracy.condition import Found, measure
from bench.accuracy.far import SCHEMES, FarFound
from bench.accuracy.loads import LOADS
from bench.accuracy.machine import description, missing
from bench.accuracy.mirror import FAR, in_namespace, why_not
from bench.accuracy.report import NAMES, report

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
SECONDS = float(os.environ.get("PROBE_BENCH_SECONDS", "6"))
LOADS_NEAR = ("idle", "paced", "crowded")


def main() -> None:
    if why := missing():
        print(f"bench-accuracy is skipped: {why}")
        return
    load = f"{os.getloadavg()[0]:.1f}"
    clients, notes = _clients()
    with TemporaryDirectory() as name:
        folder = Path(name)
        _identify(folder)
        measured = {
            (scheme, load, client): _measure(client, scheme, load, folder)
            for scheme in SCHEMES
            for load in LOADS_NEAR
            for client in clients
            if client != "by_curl" or load == "idle"
        }
        far = why_not() or _far(folder, [client for client in clients if client != "by_curl"])
    lost = sum(found.unmatched for found in measured.values())
    total = lost + sum(len(found.errors) for found in measured.values())
    notes.append(f"Of {total} exchanges {lost} are left out: tcpdump did not see their packets whole.")
    PAGE.write_text(report(measured, far, notes, description(load)))
    print(f"wrote {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")


def _clients() -> tuple[list[str], list[str]]:
    """Those that are here, and what is to be said of the others."""
    notes = ["curl is measured with one journey at a time only: it is a process for each."]
    absent = set()
    if importlib.util.find_spec("pycurl") is None:
        absent.add("by_pycurl")
        notes.append("pycurl is absent.")
    if shutil.which("curl") is None:
        absent.add("by_curl")
        notes.append("curl is absent.")
    return [client for client in NAMES if client not in absent], notes


def _identify(folder: Path) -> None:
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    identity = authority.issue_cert("127.0.0.1", FAR, "*.shop.test", key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    identity.private_key_and_cert_chain_pem.write_to_path(str(folder / "identity.pem"))


def _measure(client: str, scheme: str, load: str, folder: Path) -> Found:
    print(f"{scheme.upper()}, {LOADS[load]}: {NAMES[client]}", flush=True)
    return asyncio.run(measure(client, scheme, load, SECONDS, folder))


def _far(folder: Path, clients: list[str]) -> FarFound:
    print("eighty milliseconds away", flush=True)
    command = in_namespace(sys.executable, "-m", "bench.accuracy.far", str(folder), str(SECONDS), *clients)
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return msgspec.json.decode(said, type=FarFound)


if __name__ == "__main__":
    main()
