"""Which names of a journey hold a secret, by how they are written: for secrets too short to be looked for in a text."""

from collections.abc import Iterable, Mapping

from probe.evaluate.template import names_in
from probe.model.journey import Journey
from probe.safety.hosts import covers

Taints = Mapping[str, frozenset[str]]
"""Names, and the secrets that are in what they stand for."""


def taints_of(journey: Journey) -> Taints:
    """Secrets themselves, and the variables that are made of them, of one another too."""
    taints = {name: frozenset({name}) for name in journey.secrets}
    for name, value in journey.variables.items():
        found = frozenset[str]().union(*(taints.get(used, frozenset()) for _, used in names_in(value)))
        if found:
            taints[name] = found
    return taints


def not_for(host: str, names: Iterable[str], taints: Taints, hosts: Mapping[str, tuple[str, ...]]) -> str | None:
    """A secret that is in one of the names and is bound to other hosts than this one."""
    used = frozenset[str]().union(*(taints.get(name, frozenset()) for name in names))
    bound = sorted(used & hosts.keys())
    return next((name for name in bound if not any(covers(allowed, host) for allowed in hosts[name])), None)
