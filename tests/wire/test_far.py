"""Over a path that takes 80 ms there and back: real packets, delayed and lost between two ends of one host."""

import subprocess
import sys

import msgspec

from bench.accuracy.mirror import in_namespace, why_not
from probe.model.timing import Clock, Phase
from tests.cli.process import ROOT
from tests.programs import cannot
from tests.wire.far_visits import Visit

PATH_NS = 80_000_000
SECOND_NS = 1_000_000_000


def test_connecting_takes_the_paths_round_trip_and_so_does_the_answer() -> None:
    visits = _visits(5, syn="kept")
    for visit in visits:
        assert (visit.clock, visit.retransmits) == (Clock.KERNEL, 0)
        assert min(visit.phases[Phase.CONNECT], visit.phases[Phase.PROCESSING]) >= 0.99 * PATH_NS
        assert (visit.min_rtt_ns or 0) >= 0.99 * PATH_NS
        assert (visit.rtt_ns or 0) >= 0.99 * PATH_NS
    nearest = min(visits, key=lambda visit: visit.phases[Phase.CONNECT])
    assert nearest.phases[Phase.CONNECT] < 1.5 * PATH_NS
    assert (nearest.min_rtt_ns or 0) < 1.5 * PATH_NS


def test_a_lost_syn_is_the_second_that_it_costs() -> None:
    (visit,) = _visits(1, syn="lost")
    assert (visit.clock, visit.retransmits) == (Clock.USER, 1)
    assert visit.phases[Phase.CONNECT] >= 0.99 * (SECOND_NS + PATH_NS)
    assert visit.phases[Phase.PROCESSING] < SECOND_NS
    assert (visit.min_rtt_ns or 0) < SECOND_NS


def _visits(count: int, *, syn: str) -> list[Visit]:
    if why := why_not():
        cannot(why)
    command = in_namespace(sys.executable, "-m", "tests.wire.far_visits", str(count), syn)
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60)
    return msgspec.json.decode(ended.stdout, type=list[Visit])
