"""Whether what `network:` names for the runs of an agent is there on its machine."""

from collections.abc import Iterable, Iterator

from probe.model.journey import Journey, Step
from probe.model.network import Network, overlay
from probe.model.place import Mistake
from probe.spec.network import unusable_files


def missing_files(region: Network, journeys: Iterable[Journey]) -> Iterator[Mistake]:
    """Certificates and keys that no TLS can be made with here, each told once: the region's, then the journeys'."""
    said = [region, *(network for journey in journeys for network in _networks(journey))]
    yield from dict.fromkeys(mistake for network in said for mistake in unusable_files(overlay(region, network)))


def _networks(journey: Journey) -> Iterator[Network]:
    said = (journey.network, *(getattr(step.action, "network", None) for step in _all_steps(journey)))
    yield from (network for network in said if network is not None)


def _all_steps(journey: Journey) -> Iterator[Step]:
    for step in (*journey.steps, *journey.always):
        yield step
        if step.undo is not None:
            yield from (step.undo, *step.undo.login, *((step.undo.find,) if step.undo.find else ()))
