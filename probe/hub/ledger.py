"""The ledger, checked at the centre: what an agent says of its slots, next to what the hub itself holds of them.

The agent's latest heartbeat says how many slots there were; a run or a slots record at the hub proves each.
Blocking: call it from a thread.
"""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from probe.hub.facts import AgentFacts, Store
from probe.model.record import SlotsRecord
from probe.model.slot import Account, SlotState

EARLY_NS = 10**9
"""Clocks of the loop and of the wall differ by less: a run may seem to begin a little before its slot."""


class Held(Struct, frozen=True):
    """Slots `first` up to, not including, `next`: those the window and the agent's account have in common.

    `expected == ran + skipped + missed + running + unaccounted`, unless a slot was told twice.
    """

    first: int
    next: int
    ran: int
    skipped: int
    missed: int
    running: int
    """What the agent says is still going on."""
    unaccounted: int
    """Neither a run nor a reason is here, though the agent has told of later ones."""

    @property
    def expected(self) -> int:
        return self.next - self.first


class LedgerLine(Struct, frozen=True):
    region: str
    agent: str
    env: str
    account: Account
    """The agent's own, as of its latest heartbeat, over its whole life."""
    held: Held


def ledger(store: Store, since_ns: int, until_ns: int) -> list[LedgerLine]:
    """A line for every journey of every agent."""
    return [
        LedgerLine(agent.region, agent.agent, agent.env, account, _held(store, agent, account, since_ns, until_ns))
        for agent in store.agents()
        if agent.beat is not None
        for account in agent.beat.accounts
    ]


def _held(store: Store, agent: AgentFacts, account: Account, since_ns: int, until_ns: int) -> Held:
    first = max(account.first, _slot_from(account, since_ns))
    end = max(first, min(account.next, _slot_from(account, until_ns)))
    from_ns, to_ns = _due_ns(account, first), _due_ns(account, end)
    began = store.ran(
        agent.env,
        account.journey,
        agent.region,
        agent.agent,
        account.every_ns,
        from_ns - EARLY_NS,
        to_ns + account.every_ns,
    )
    records = store.slots(agent.env, account.journey, from_ns, to_ns)
    ran = sum(first <= slot < end for slot in began)
    without = _without_run(
        (one for one in records if (one.region, one.agent) == (agent.region, agent.agent)), account, first, end
    )
    left = max(0, end - first - ran - without.total())
    running = min(account.running, left) if end == account.next else 0
    return Held(first, end, ran, without[SlotState.SKIPPED], without[SlotState.MISSED], running, left - running)


def _without_run(records: Iterable[SlotsRecord], account: Account, first: int, end: int) -> Counter[SlotState]:
    counts: Counter[SlotState] = Counter()
    for record in records:
        if (record.every_ns, record.offset_ns) == (account.every_ns, account.offset_ns):
            counts[record.state] += max(0, min(record.last + 1, end) - max(record.first, first))
    return counts


def _slot_from(account: Account, at_ns: int) -> int:
    """The first slot that is due at that instant or later."""
    return -((account.offset_ns - at_ns) // account.every_ns)


def _due_ns(account: Account, slot: int) -> int:
    return slot * account.every_ns + account.offset_ns
