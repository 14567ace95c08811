import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import click

from probe.cli.demo_fleet import JOURNEYS, REGIONS, Distance, Fleet, start_fleet
from probe.cli.demo_watch import Watch
from probe.cli.parsing import parse_time
from probe.cli.reports import say
from probe.errors import ExitCode
from probe.model.duration import NANOSECONDS

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command("demo")
@click.option("--for", "for_ns", metavar="TIME", callback=parse_time, help="End after so long, with the comparison.")
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 2**16 - 1),
    default=8320,
    show_default=True,
    help="Where the page is; another one is taken when this one is in use.",
)
def command(for_ns: int | None, port: int) -> ExitCode:
    """See all of it at work: a small shop, agents in three regions at different distances, a hub that compares them.

    Everything runs on this machine, from a temporary folder, and is gone when the demo ends: with Ctrl-C, or --for 2m.
    """
    watch: Watch | None = None
    try:
        with _interruptible(), TemporaryDirectory(prefix="probe-demo-") as folder:
            with start_fleet(Path(folder), port) as fleet:
                say(_greeting(fleet, port), sys.stdout)
                watch = Watch(fleet)
                watch.follow(time.monotonic() + for_ns / NANOSECONDS["s"] if for_ns else None)
            return watch.conclude()
    except KeyboardInterrupt:
        if watch:
            watch.show()
        return ExitCode.PASSED if for_ns is None else ExitCode.INTERRUPTED


@contextmanager
def _interruptible() -> Iterator[None]:
    """The first signal begins the end, the others no longer disturb it: it takes some seconds at most."""

    def end(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        sys.stderr.write("\nending the demo\n")
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _greeting(fleet: Fleet, port: int) -> str:
    taken = f"   (port {port} is in use)" if port and not fleet.url.endswith(f":{port}") else ""
    lines = [f"The page is at {fleet.url}/{taken}", ""]
    lines += ["A small shop, agents in three regions around it, the journeys they run:", ""]
    lines += [f"  {region:15} {_away(distance)}" for region, distance in REGIONS.items()]
    lines += [f"  {journey:15} every {every}" for journey, every in JOURNEYS.items()]
    lines += ["", "In a minute they can be compared: here and on the page. Ctrl-C ends it all.", ""]
    return "".join(f"{line}\n" for line in lines)


def _away(distance: Distance) -> str:
    tls = f"; {distance.after_s} s on, its TLS handshakes take {distance.tls_ms} ms longer" if distance.tls_ms else ""
    return f"{distance.ms} ms away{tls}"
