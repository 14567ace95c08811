"""From what the hub holds to what the comparison asks of each region. Blocking: call it from a thread."""

from collections.abc import Sequence

from probe.compare.result import RegionFacts
from probe.hub.facts import AgentFacts, Store
from probe.model.duration import NANOSECONDS

SLOTS = 240
"""So many of the latest slots are compared when nobody says how far back: enough to know what was usual."""
SHORTEST_NS = 15 * NANOSECONDS["m"]
LONGEST_NS = 7 * NANOSECONDS["d"]
"""What is compared then is at least and at most so long."""


def usual_length_ns(store: Store, env: str, journey: str) -> int:
    """How far back to compare, by the longest interval that any agent runs the journey at."""
    every = (
        account.every_ns
        for agent in store.agents()
        if agent.env == env and agent.beat is not None
        for account in agent.beat.accounts
        if account.journey == journey and not account.ended
    )
    return min(max(SLOTS * max(every, default=NANOSECONDS["m"]), SHORTEST_NS), LONGEST_NS)


def region_facts(store: Store, env: str, journey: str, since_ns: int, until_ns: int) -> list[RegionFacts]:
    """Every region that ran the journey in the window or whose agent still has it, by name."""
    samples = store.samples(env, journey, since_ns, until_ns)
    agents: dict[str, list[AgentFacts]] = {}
    for agent in store.agents():
        if agent.env == env:
            agents.setdefault(agent.region, []).append(agent)
    here = {region for region, those in agents.items() if any(_has(agent, journey) for agent in those)}
    return [
        _facts(RegionFacts(region, tuple(samples.get(region, ()))), journey, agents.get(region, ()))
        for region in sorted(here | set(samples))
    ]


def _facts(region: RegionFacts, journey: str, agents: Sequence[AgentFacts]) -> RegionFacts:
    """What its agent says; of several, the one heard last among those that have the journey."""
    if not agents:
        return region
    agent = max(agents, key=lambda agent: (_has(agent, journey), agent.heard_ns))
    beat = agent.beat
    return RegionFacts(
        region=region.region,
        samples=region.samples,
        heard_ns=agent.heard_ns,
        expected_every_ns=beat.every_ns if beat else 0,
        controls_sound=beat.controls_sound if beat else None,
    )


def _has(agent: AgentFacts, journey: str) -> bool:
    return agent.beat is not None and any(
        account.journey == journey and not account.ended for account in agent.beat.accounts
    )
