"""docs/accuracy.md, whole."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from bench.accuracy import prose
from bench.accuracy.condition import Error, Found
from bench.accuracy.far import FarFound
from bench.accuracy.loads import LOADS
from bench.accuracy.reading import LARGE, SMALL
from bench.accuracy.tables import FEWEST, amount, certain, of, share, spread, table

AIM_NS = 25_000
AIMED = ("connect", "tls", "processing", "transfer")
NAMES = {"by_probe": "probe", "by_aiohttp": "aiohttp, TraceConfig", "by_pycurl": "pycurl", "by_curl": "curl"}
_SIZES = {SMALL: "1 KB", LARGE: "200 KB"}
_MORE, _MORE_NS = "by more than 0.2 ms", 200_000
_BEYOND = "beyond what is said"
_DOUBTS = {
    "uncertain": "`uncertain_ns`: where one phase ends and the next begins is not certain",
    _MORE: "of these, by so much; the rest is several segments that were read at once",
    "held up": "`held_up_ns`: the agent read late, and the server may have waited for it",
    "user": "`clock: user`: an instant is Python's",
    _BEYOND: "`processing` is off by more than the aim and `uncertain_ns` together",
}

Measured = Mapping[tuple[str, str, str], Found]
"""By scheme, load and client."""


def report(measured: Measured, far: FarFound | str, notes: list[str], machine: list[str]) -> str:
    """`far` is why it was not measured, where it was not."""
    parts = [prose.HEAD, *machine, "", *_summary(measured), *_own(measured), *_doubts(measured, far), *_peers(measured)]
    parts += ["## Eighty milliseconds away", "", prose.FAR, ""]
    parts += [f"Not measured: {far}.", ""] if isinstance(far, str) else _distant(far)
    parts += [*(f"- {note}" for note in notes), "", prose.METHOD]
    return "\n".join(parts)


def _summary(measured: Measured) -> Iterator[str]:
    rows = list(_conditions(measured))
    yield f"**The aim**: an error ≤ {AIM_NS // 1000} µs in 99 of 100 exchanges, where the record claims certainty.\n"
    for figure in AIMED:
        worst = {name: amount(errors, 99) for name, sure, _ in rows if len(errors := of(sure, figure)) >= FEWEST}
        if not worst:
            yield f"- {figure}: too few certain exchanges."
            continue
        over = [
            f"{name} ({math.ceil(nanoseconds / 1000)} µs)"
            for name, nanoseconds in worst.items()
            if nanoseconds > AIM_NS
        ]
        met = len(worst) - len(over)
        yield f"- {figure}: met in {met} of {len(worst)} conditions" + (
            f"; missed: {', '.join(over)}." if over else "."
        )
    yield ""


def _own(measured: Measured) -> Iterator[str]:
    yield "## probe against packets\n"
    yield prose.OWN
    yield ""
    head = ["condition", "exchanges", "certain", "connect", "tls", "processing", "transfer", "together, of all"]
    rows = []
    for name, sure, every in _conditions(measured):
        figures = [spread(of(sure, figure)) for figure in AIMED]
        rows.append([name, str(len(every)), share(len(sure), len(every)), *figures, spread(of(every, "phases"))])
    yield from table(head, rows)
    names = [each for found in _of_probe(measured).values() for each in found.errors]
    yield f"`resolve`, of all: {spread(of(names, 'resolve'))}.\n"


def _doubts(measured: Measured, far: FarFound | str) -> Iterator[str]:
    yield "## Where no certainty is claimed\n"
    yield prose.UNCERTAIN
    yield ""
    rows = []
    places = {f"{scheme.upper()}, {LOADS[load]}": found for (scheme, load), found in _of_probe(measured).items()}
    for path, schemes in {} if isinstance(far, str) else far.items():
        places |= {f"{scheme.upper()}, {path}": clients["by_probe"] for scheme, clients in schemes.items()}
    for place, found in places.items():
        counts = Counter(doubt for each in found.errors for doubt in each.doubts)
        counts[_MORE] = sum(each.admitted_ns > _MORE_NS for each in found.errors)
        counts[_BEYOND] = sum(map(_beyond, found.errors))
        total = len(found.errors)
        shares = [share(counts[doubt], total) for doubt in _DOUBTS]
        rows.append([place, str(total), *shares])
    yield from table(["load or path", "exchanges", *_DOUBTS], rows)
    yield "\n".join(f"- {name}: {meaning}." for name, meaning in _DOUBTS.items())
    yield ""


def _beyond(error: Error) -> bool:
    return "user" not in error.doubts and abs(error.errors["processing"]) > error.admitted_ns + AIM_NS


def _peers(measured: Measured) -> Iterator[str]:
    yield "## Side by side\n"
    yield prose.PEERS
    yield ""
    head = ["load, client", "CPU", "connect", "tls", "processing", "transfer", "total"]
    rows = []
    for (scheme, load, client), found in measured.items():
        rows.append(_peer(f"{scheme.upper()}, {LOADS[load]}: {NAMES[client]}", found.errors, found.cpu))
        if client == "by_probe":
            rows.append(
                _peer(f"{scheme.upper()}, {LOADS[load]}: probe where certain", certain(found.errors), found.cpu)
            )
    yield from table(head, rows)


def _peer(name: str, errors: list[Error], cpu: float) -> list[str]:
    connect = of(errors, "connect")
    both = of(errors, "connect and tls")
    first = spread(connect) if connect or not both else f"{spread(both)} (with tls)"
    return [
        name,
        f"{100 * cpu:.0f} %",
        first,
        *(spread(of(errors, f)) for f in ("tls", "processing", "transfer", "total")),
    ]


def _distant(far: FarFound) -> Iterator[str]:
    head = ["path, client", "exchanges", "connect said", "rtt said", "connect", "tls", "processing", "total"]
    rows = []
    for path, schemes in far.items():
        for scheme, clients in schemes.items():
            for client, found in clients.items():
                said = [
                    _middle(each.connect_ns for each in found.errors),
                    _middle(each.rtt_ns for each in found.errors),
                ]
                peer = _peer(f"{path}: {NAMES[client]}, {scheme.upper()}", found.errors, found.cpu)
                rows.append([peer[0], str(len(found.errors)), *said, *peer[2:5], peer[6]])
    yield from table(head, rows)


def _distant_row(name: str, errors: list[Error]) -> list[str]:
    said = [_middle(each.connect_ns for each in errors), _middle(each.rtt_ns for each in errors)]
    peer = _peer(name, errors, cpu=0)
    return [name, str(len(errors)), *said, *peer[2:5], peer[6]]


def _middle(values: Iterable[int | None]) -> str:
    known = [each for each in values if each is not None]
    return f"{statistics.median(known) / 1e6:,.1f} ms" if known else "–"


def _of_probe(measured: Measured) -> dict[tuple[str, str], Found]:
    return {(scheme, load): found for (scheme, load, client), found in measured.items() if client == "by_probe"}


def _conditions(measured: Measured) -> Iterator[tuple[str, list[Error], list[Error]]]:
    """Name, certain exchanges, all exchanges."""
    for (scheme, load), found in _of_probe(measured).items():
        for size, fresh in product(_SIZES, (True, False)):
            every = [each for each in found.errors if each.size == size and each.fresh is fresh]
            name = f"{scheme.upper()}, {LOADS[load]}, {_SIZES[size]}, {'fresh' if fresh else 'kept'}"
            yield name, certain(every), every
