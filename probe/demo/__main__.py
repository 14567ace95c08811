import argparse
import asyncio
import errno
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from probe.demo.distance import keep_apart, parse_distance
from probe.demo.shop import Faults, Shop

Parsed = TypeVar("Parsed")

CANNOT_START = 2


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    shop = Shop(
        host=options.host,
        port=options.port,
        tls=options.https_port is not None,
        https_port=options.https_port or 0,
        faults=options.faults,
    )
    try:
        asyncio.run(_serve(shop, options))
    except OSError as trouble:
        taken = trouble.errno == errno.EADDRINUSE
        return _give_up(f"{trouble.strerror}; port 0 takes a free one" if taken else str(trouble))
    except ModuleNotFoundError as missing:
        return _give_up(f"HTTPS needs the package {missing.name}: pip install 'probe[demo]'")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("probe.demo", description="A small shop to practise on, with faults on demand.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8321, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--https-port", type=_port, metavar="PORT", help="serve HTTPS too; 0 picks a free port")
    parser.add_argument("--ca-file", type=Path, metavar="PATH", help="write the certificate to trust for HTTPS here")
    parser.add_argument(
        "--distance",
        type=_explained(parse_distance),
        action="append",
        default=[],
        metavar="REGION=9ms[,tls=150ms[,after=30s]]",
        help="serve HTTPS on one more port, so far away one way, its TLS handshake slower from then on; repeatable",
    )
    parser.add_argument(
        "--faults", type=_explained(_faults), default="{}", metavar="JSON", help='such as {"header_delay": 0.2}'
    )
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input ends")
    options = parser.parse_args(arguments)
    if options.ca_file and options.https_port is None:
        parser.error("--ca-file needs --https-port")
    if options.distance and options.https_port is None:
        parser.error("--distance needs --https-port")
    return options


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")


def _faults(text: str) -> Faults:
    return Faults.from_json(json.loads(text))


def _explained(parse: Callable[[str], Parsed]) -> Callable[[str], Parsed]:
    """argparse shows the text of its own error only."""

    def parse_or_explain(text: str) -> Parsed:
        try:
            return parse(text)
        except ValueError as mistake:
            raise argparse.ArgumentTypeError(str(mistake)) from None

    return parse_or_explain


async def _serve(shop: Shop, options: argparse.Namespace) -> None:
    stop = _stop_request(with_stdin=options.stop_with_stdin)
    async with shop, keep_apart(urlsplit(shop.https_url or "").port or 0, options.distance) as urls:
        if options.ca_file and shop.ca_pem:
            options.ca_file.write_bytes(shop.ca_pem)
        _announce(shop, options.ca_file, urls)
        if sys.stderr.isatty() and not options.stop_with_stdin:
            _greet(shop)
        await stop.wait()


def _stop_request(*, with_stdin: bool) -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if with_stdin:
        # A thread, as a loop can watch a pipe but not a file; a daemon, as nobody can call off a read.
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    return stop


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with suppress(OSError):  # closed from the start
        while os.read(0, 4096):
            pass
    with suppress(RuntimeError):  # the shop has already closed
        loop.call_soon_threadsafe(stop.set)


def _announce(shop: Shop, ca_file: Path | None, distances: Mapping[str, str]) -> None:
    ready = {
        "url": shop.url,
        "https_url": shop.https_url,
        "ca_file": str(ca_file) if ca_file else None,
        "distances": distances,
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


def _greet(shop: Shop) -> None:
    also = f" and {shop.https_url}" if shop.https_url else ""
    sys.stderr.write(f"The demo shop is open at {shop.url}{also}. Ctrl-C closes it.\n")


def _give_up(reason: str) -> int:
    sys.stderr.write(f"probe.demo: {reason}\n")
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
