"""What every store of the hub does. A new store is a class with a `store` fixture that inherits these tests."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from probe.compare.result import Sample, StepSample
from probe.hub.facts import AgentFacts, Appended, RunLine, Scope, SeriesFacts, Store, Token
from probe.model.instant import datetime_of
from probe.model.record import Record
from probe.model.result import Trigger, Verdict
from probe.model.slot import Slot
from tests.export.sample import BROWSE
from tests.hub.records import (
    DAY,
    HOUR,
    MINUTE,
    NAIVE,
    NOW,
    PHASES,
    SECOND,
    a_run,
    account,
    beat,
    failed_record,
    gap_record,
    run_record,
    slots_record,
)

SLOT = NOW // MINUTE
LINE = RunLine(
    "run-1", "eu-west-1", "agent-1", "checkout", NOW, SLOT, "schedule", "passed", "", 200, suspect=False, failed_step=""
)
FAILED_LINE = RunLine(
    "bad", "eu-west-1", "agent-1", "checkout", NOW + 1000, SLOT, "schedule", "failed", "status", 200, suspect=False,
    failed_step="pay", reason="HTTP 503",
)  # fmt: skip


class StoreContract:
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """Of a retention of 30 days, empty."""
        raise NotImplementedError

    def test_a_run_comes_back_as_it_was(self, store: Store) -> None:
        appended = store.append([failed_record("run-1")], now_ns=NOW)
        assert (appended, store.run("run-1")) == (Appended(new=1), failed_record("run-1").run)

    def test_an_unknown_run_is_none(self, store: Store) -> None:
        assert store.run("run-1") is None

    def test_what_comes_again_is_kept_once(self, store: Store) -> None:
        batch: list[Record] = [
            run_record(),
            slots_record("s", 1 - DAY // MINUTE + SLOT, SLOT),
            gap_record("g", NOW, NOW),
            beat(),
        ]
        first, again = store.append(batch, now_ns=NOW), store.append(batch, now_ns=NOW + HOUR)
        held = len(store.runs("prod", "checkout", None, 0, 2 * NOW, 9)), len(store.gaps(0, 2 * NOW))
        assert (first, again, held) == (Appended(new=4), Appended(duplicate=4), (1, 1))

    def test_what_is_twice_in_a_batch_is_kept_once(self, store: Store) -> None:
        assert store.append([run_record(), run_record()], now_ns=NOW) == Appended(new=1, duplicate=1)

    def test_the_run_that_came_first_stays(self, store: Store) -> None:
        store.append([run_record()], now_ns=NOW)
        store.append([run_record(duration_ns=999)], now_ns=NOW)
        assert store.run("run-1") == a_run()

    def test_a_run_from_the_future_waits_until_its_time_has_come(self, store: Store) -> None:
        early = run_record(at_ns=NOW + HOUR)
        told = [store.append([early], now_ns=NOW), store.append([early], now_ns=NOW + MINUTE)]
        before = store.quarantined(), store.run("run-1")
        store.append([beat()], now_ns=NOW + 51 * MINUTE)
        after = store.quarantined(), store.run("run-1")
        assert told == [Appended(quarantined=1), Appended(duplicate=1)]
        assert (before, after) == ((1, None), (0, early.run))

    def test_ten_minutes_ahead_is_no_future(self, store: Store) -> None:
        assert store.append([run_record(at_ns=NOW + 10 * MINUTE)], now_ns=NOW) == Appended(new=1)

    def test_a_heartbeat_counts_whatever_its_agents_clock_says(self, store: Store) -> None:
        ahead, later = beat("ahead", NOW + 9 * DAY), beat("later", NOW + MINUTE)
        store.append([ahead], now_ns=NOW)
        (first,) = store.agents()
        store.append([later], now_ns=NOW + MINUTE)
        (second,) = store.agents()
        assert (first.beat, second.beat) == (ahead, later)

    def test_an_old_heartbeat_does_not_take_the_place_of_a_newer_one(self, store: Store) -> None:
        store.append([beat("new", NOW)], now_ns=NOW)
        told = store.append([beat("old", NOW - MINUTE)], now_ns=NOW + SECOND)
        facts = AgentFacts("eu-west-1", "agent-1", "prod", NOW + SECOND, beat("new", NOW))
        assert (told, store.agents()) == (Appended(duplicate=1), [facts])

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            (run_record("old", NOW - 31 * DAY), "older than what is kept here"),
            (run_record("old", started_at=NAIVE), "a time has no offset from UTC"),
            (run_record("old", duration_ns=2**63), "a duration of 9223372036854775808 ns cannot be"),
            (slots_record("old", SLOT, SLOT, every_ns=0), f"no slots are {SLOT} to {SLOT}, every 0 ns from 0 ns"),
        ],
        ids=["old", "naive", "long", "no grid"],
    )
    def test_what_will_never_be_taken_is_refused_and_the_rest_is_taken(
        self, store: Store, record: Record, reason: str
    ) -> None:
        told = store.append([record, run_record()], now_ns=NOW)
        assert (told, store.run("old")) == (Appended(new=1, refused=(("old", reason),)), None)

    def test_a_number_that_fits_nowhere_is_refused(self, store: Store) -> None:
        told = store.append([run_record("big", steps=(replace(BROWSE, duration_ns=2**70),)), run_record()], now_ns=NOW)
        assert (told.new, [key for key, _ in told.refused]) == (1, ["big"])

    def test_nothing_of_a_refused_record_stays(self, store: Store) -> None:
        unfit: list[Record] = [
            run_record("big", steps=(replace(BROWSE, duration_ns=2**70),)),
            run_record("wide", slot=Slot(0, 2**64 - 1, datetime_of(NOW))),
            beat("nameless", region=""),
        ]
        told = [[key for key, _ in store.append(unfit, now_ns=NOW).refused] for _ in range(2)]
        held = store.run("big"), store.run("wide"), store.journeys(), store.agents()
        assert (told, held) == ([["big", "wide", "nameless"]] * 2, (None, None, [], []))

    def test_an_agent_is_heard_when_something_of_it_is_taken_at_once_or_later_or_again(self, store: Store) -> None:
        store.append([run_record()], now_ns=NOW)
        store.append([run_record()], now_ns=NOW + 1)
        store.append([run_record("early", NOW + DAY, env="stage")], now_ns=NOW + 2)
        store.append([run_record("old", NOW - 31 * DAY)], now_ns=NOW + 3)
        assert store.agents() == [
            AgentFacts("eu-west-1", "agent-1", "prod", NOW + 1, None),
            AgentFacts("eu-west-1", "agent-1", "stage", NOW + 2, None),
        ]

    def test_journeys_are_known_from_runs_slots_and_heartbeats(self, store: Store) -> None:
        store.append(
            [
                run_record(journey="a"),
                slots_record("s", SLOT, SLOT, journey="b"),
                beat(accounts=(account(1, 2, "c"),)),
                run_record("run-2", journey="a", env="dev"),
            ],
            now_ns=NOW,
        )
        assert store.journeys() == [("dev", "a"), ("prod", "a"), ("prod", "b"), ("prod", "c")]

    def test_samples_are_the_scheduled_runs_of_the_window_by_region(self, store: Store) -> None:
        store.append(
            [
                run_record("run-3", NOW + MINUTE),
                run_record("run-2", NOW + 2 * MINUTE),
                run_record("outside", NOW + 3 * MINUTE),
                run_record("manual", trigger=Trigger.MANUAL),
                run_record("without a slot", slot=None),
                run_record("elsewhere", env="stage"),
                failed_record("us", region="us-east-1", suspect=("late",)),
            ],
            now_ns=NOW + HOUR,
        )
        step = {"browse": StepSample(BROWSE.duration_ns, PHASES)}
        passed = [Sample(SLOT + n, MINUTE, NOW + n * MINUTE, "passed", "", "d1", False, 200, step) for n in (1, 2)]
        failed = Sample(SLOT, MINUTE, NOW, "failed", "status", "d1", True, 200, step, "pay", "HTTP 503")
        found = store.samples("prod", "checkout", NOW, NOW + 3 * MINUTE)
        assert found == {"eu-west-1": passed, "us-east-1": [failed]}

    def test_runs_are_listed_latest_first_whatever_their_trigger(self, store: Store) -> None:
        manual = run_record("manual", NOW - MINUTE, trigger=Trigger.MANUAL, slot=None)
        store.append([run_record(), failed_record("bad", NOW + 1000), manual], now_ns=NOW)
        listed = store.runs("prod", "checkout", "eu-west-1", 0, 2 * NOW, 9)
        assert (listed[:2], listed[2].run_id) == ([FAILED_LINE, LINE], "manual")

    def test_lists_of_runs_are_of_a_region_a_window_and_a_length(self, store: Store) -> None:
        store.append([run_record(str(n), NOW + n * 1000) for n in range(5)], now_ns=NOW)
        store.append([run_record("us", NOW, region="us-east-1")], now_ns=NOW)
        listed = [line.run_id for line in store.runs("prod", "checkout", "eu-west-1", NOW + 1000, NOW + 4000, 2)]
        assert listed == ["3", "2"]

    def test_the_overview_counts_scheduled_runs_and_times_the_clean_ones(self, store: Store) -> None:
        store.append(
            [
                *(run_record(f"run-{n}", NOW + n * 1000, duration_ns=n) for n in range(1, 21)),
                run_record("suspect", NOW + 30_000, duration_ns=10**6, suspect=("late",)),
                run_record("errored", NOW + 31_000, verdict=Verdict.ERRORED),
                run_record("manual", NOW + 99_000, trigger=Trigger.MANUAL, slot=None),
                failed_record("bad", NOW + 1000 + HOUR),
            ],
            now_ns=NOW + HOUR,
        )
        (facts,) = store.overview(NOW, NOW + HOUR)
        last = RunLine(
            "bad", "eu-west-1", "agent-1", "checkout", NOW + 1000 + HOUR, SLOT + 60, "schedule", "failed", "status",
            200, suspect=False, failed_step="pay", reason="HTTP 503",
        )  # fmt: skip
        assert facts == SeriesFacts("prod", "checkout", "eu-west-1", 21, 0, 1, 1, 10, 19, last)

    def test_the_next_run_is_the_first_that_began_later_in_the_region(self, store: Store) -> None:
        store.append(
            [
                run_record("one"),
                run_record("there", NOW + 500, region="us-east-1"),
                run_record("two", NOW + 1000, agent="agent-2", trigger=Trigger.MANUAL, slot=None),
                run_record("three", NOW + 2000),
            ],
            now_ns=NOW + HOUR,
        )
        found = [store.next_run("prod", "checkout", "eu-west-1", NOW + after) for after in (-1, 0, 1000, 2000)]
        assert [line and line.run_id for line in found] == ["one", "two", "three", None]

    def test_agents_of_one_region_are_one_row_of_the_overview(self, store: Store) -> None:
        store.append([run_record(), run_record("run-2", NOW + 1000, agent="agent-2")], now_ns=NOW)
        (facts,) = store.overview(NOW, NOW + HOUR)
        assert (facts.passed, facts.last and facts.last.run_id) == (2, "run-2")

    def test_a_journey_without_runs_in_the_window_is_in_the_overview(self, store: Store) -> None:
        store.append([run_record(), beat(accounts=(account(1, 2, "new"),))], now_ns=NOW)
        rows = [(one.journey, one.passed, one.p50_ns, one.last) for one in store.overview(NOW + HOUR, NOW + DAY)]
        assert rows == [("checkout", 0, None, LINE), ("new", 0, None, None)]

    def test_slots_are_found_by_when_they_were_due(self, store: Store) -> None:
        records = [slots_record(f"s{n}", SLOT + n, SLOT + n + 2) for n in range(5)]
        store.append(records, now_ns=NOW)
        found = store.slots("prod", "checkout", NOW + 4 * MINUTE, NOW + 4 * MINUTE + 1)
        assert found == records[2:5]

    def test_gaps_are_found_when_they_reach_into_the_window(self, store: Store) -> None:
        gaps = [gap_record(f"g{n}", NOW + n * MINUTE, NOW + (n + 2) * MINUTE) for n in range(5)]
        store.append(gaps, now_ns=NOW)
        assert store.gaps(NOW + 3 * MINUTE, NOW + 4 * MINUTE) == gaps[1:4]

    def test_slots_that_ran_are_those_of_the_agent_and_the_grid(self, store: Store) -> None:
        other_grid = a_run().slot
        assert other_grid is not None
        store.append(
            [
                run_record("run-2", NOW + 2 * MINUTE),
                run_record("run-1", NOW),
                run_record("again", NOW + 1000),
                run_record("other", NOW + 3 * MINUTE, agent="agent-2"),
                run_record("manual", NOW + 4 * MINUTE, trigger=Trigger.MANUAL),
                run_record("hourly", NOW, slot=type(other_grid)(1, HOUR, other_grid.due_at)),
                run_record("outside", NOW + HOUR),
            ],
            now_ns=NOW,
        )
        ran = store.ran("prod", "checkout", "eu-west-1", "agent-1", MINUTE, NOW, NOW + HOUR)
        assert list(ran) == [SLOT, SLOT + 2]

    def test_a_token_is_found_by_its_digest_and_its_use_is_noted_to_the_hour(self, store: Store) -> None:
        added = store.add_token(Scope.INGEST, "eu-west-1", "agent-1", b"d" * 32, now_ns=NOW)
        found = [store.find_token(digest, now_ns=NOW + 5) for digest in (b"d" * 32, b"e" * 32, b"")]
        store.find_token(b"d" * 32, now_ns=NOW + MINUTE)
        token = Token(1, Scope.INGEST, "eu-west-1", "agent-1", NOW)
        used = Token(1, Scope.INGEST, "eu-west-1", "agent-1", NOW, NOW + 5)
        assert (added, found, store.tokens()) == (token, [token, None, None], [used])
        assert store.tokens()[0].scope is Scope.INGEST

    def test_a_revoked_token_is_gone_and_its_number_is_not_given_again(self, store: Store) -> None:
        first = store.add_token(Scope.READ, "", "", b"1" * 32, now_ns=NOW)
        revoked = store.revoke_token(first.id), store.revoke_token(first.id), store.find_token(b"1" * 32, now_ns=NOW)
        second = store.add_token(Scope.READ, "", "", b"2" * 32, now_ns=NOW)
        assert (revoked, second.id) == ((True, False, None), 2)

    def test_pruning_forgets_all_that_is_older_and_nothing_else(self, store: Store) -> None:
        store.append(
            [
                *(run_record(f"old-{n}", NOW - HOUR - n * 1000) for n in range(20)),
                run_record("gone", NOW - HOUR, journey="gone"),
                slots_record("s", SLOT - 70, SLOT - 65),
                gap_record("g", NOW - 2 * HOUR, NOW - 90 * MINUTE),
            ],
            now_ns=NOW - HOUR,
        )
        store.append([run_record("new", NOW, agent="agent-2")], now_ns=NOW)
        counts = [store.prune(NOW - 30 * MINUTE), store.prune(NOW - 30 * MINUTE)]
        left = [line.run_id for line in store.runs("prod", "checkout", None, 0, 2 * NOW, 99)]
        agents = [agent.agent for agent in store.agents()]
        assert (counts, left, store.run("old-1"), agents) == ([24, 0], ["new"], None, ["agent-2"])
        assert (store.journeys(), store.gaps(0, NOW), store.slots("prod", "checkout", 0, NOW)) == (
            [("prod", "checkout")],
            [],
            [],
        )

    def test_every_method_may_be_called_from_any_thread(self, store: Store) -> None:
        def work(n: int) -> int:
            store.append([run_record(f"run-{n}", NOW + n * 1000)], now_ns=NOW)
            return len(store.runs("prod", "checkout", None, 0, 2 * NOW, 999)) + len(store.tokens())

        with ThreadPoolExecutor(8) as threads:
            seen = list(threads.map(work, range(64)))
        held = len(store.runs("prod", "checkout", None, 0, 2 * NOW, 999))
        assert (held, min(seen) > 0) == (64, True)
