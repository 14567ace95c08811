from probe.compare.pairs import LEAST_NS, Pair, Passes, least_ns, pair_up, peers_of
from tests.compare.fleet import MINUTE, MS, step


def passes(slots: range, ms: float = 100) -> Passes:
    return {(MINUTE, slot): step(processing=ms) for slot in slots}


def shifts(pairs: list[Pair]) -> list[float]:
    return [pair.shift_ns / MS for pair in pairs]


def test_a_run_stands_beside_the_median_of_the_others_in_its_slot() -> None:
    peers = [passes(range(2), 10), passes(range(2), 90), passes(range(2), 30)]
    assert shifts(pair_up(passes(range(2)), peers)) == [70, 70]


def test_of_an_even_number_of_others_the_middle_two_share_it() -> None:
    (pair,) = pair_up(passes(range(1)), [passes(range(1), ms) for ms in (10, 90, 30, 40)])
    assert (pair.others, pair.others_ns) == ((step(processing=30), step(processing=40)), 35 * MS)


def test_slots_that_are_not_shared_make_no_pair() -> None:
    assert [pair.slot[1] for pair in pair_up(passes(range(10)), [passes(range(8, 20))])] == [8, 9]
    assert pair_up(passes(range(10)), [passes(range(20, 30))]) == []


def test_the_same_index_of_another_interval_is_another_slot() -> None:
    assert pair_up(passes(range(10)), [{(2 * MINUTE, slot): step(processing=1) for slot in range(10)}]) == []


def test_a_peer_that_is_missing_for_a_moment_is_stood_in_for_by_its_usual_run() -> None:
    far, near = passes(range(9), 300), passes(range(10), 10)
    assert shifts(pair_up(passes(range(10)), [far, near])) == [-55] * 10


def test_a_slot_with_less_than_half_of_the_peers_is_none() -> None:
    peers = [passes(range(10)), passes(range(5)), passes(range(5))]
    assert len(pair_up(passes(range(10)), peers)) == 5


def test_peers_are_those_that_share_most_slots() -> None:
    others = {
        "all": passes(range(60)),
        "most": passes(range(50)),
        "few": passes(range(40)),
        "none": passes(range(70, 80)),
    }
    assert peers_of(passes(range(60)), others) == ["all", "most"]
    assert peers_of(passes(range(60)), {"few": passes(range(40))}) == ["few"]
    assert peers_of(passes(range(60)), {"none": passes(range(70, 80))}) == []
    assert peers_of({}, others) == []


def test_of_two_that_are_far_from_each_other_the_faster_is_left() -> None:
    near, alike, far = passes(range(60), 100), passes(range(60), 119), passes(range(60), 120)
    assert peers_of(near, {"far": far, "near": near}) == ["near"]
    assert peers_of(near, {"alike": alike, "near": near}) == ["alike", "near"]
    assert peers_of(near, {"far": far, "near": near, "third": far}) == ["far", "near", "third"]


def test_what_matters_grows_with_the_duration() -> None:
    assert (least_ns(0), least_ns(200 * MS), least_ns(1000 * MS)) == (LEAST_NS, LEAST_NS, 100 * MS)
