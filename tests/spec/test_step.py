import pytest

from probe.model.journey import EffectKind
from probe.spec.step import NOT_IN_UNDO
from tests.spec.reading import GET, HEAD, journey, step, wrong, wrong_step

WRITE = "  effect: write\n"
UNDO = '  undo: {http: {delete: "${shop}/1"}}\n'
POLL = "  poll: {every: 1s, timeout: 5s, until: [{status: 200}]}\n"


def test_a_step_is_its_kind_its_action_and_what_all_steps_share() -> None:
    read = step("  timeout: 5s\n" + WRITE + "  amount: {value: 1.50, currency: EUR}\n")
    assert (read.name, read.kind, read.effect, read.timeout, str(read.amount and read.amount.value)) == (
        "s",
        "http",
        EffectKind.WRITE,
        5 * 10**9,
        "1.50",
    )


def test_a_step_stands_where_its_action_does() -> None:
    assert str(step("").place) == "a.yaml:5:3"


@pytest.mark.parametrize(
    ("undo", "name"),
    [
        ("{http: {get: 'http://x'}}", "undo s"),
        ("{name: take it back, http: {get: 'http://x'}}", "take it back"),
    ],
)
def test_an_undo_is_named_after_its_step_unless_it_says_otherwise(undo: str, name: str) -> None:
    read = step(f"{WRITE}  undo: {undo}\n").undo
    assert read is not None
    assert (read.name, read.undo, read.effect) == (name, None, EffectKind.READ)


def test_the_longest_name_leaves_room_for_its_undo() -> None:
    text = f"{HEAD}{GET}{WRITE}{UNDO}".replace("name: s", f"name: {'x' * 200}")
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ("  wait: 1s\n", ["6:3 wait: expected one action, got http and wait"]),
        ("  checks: []\n", ["6:3 checks: unknown key checks in a step"]),
        (WRITE + POLL, ["7:3 poll: a step with effect: write is sent once and cannot poll"]),
        ("  retry: {attempts: 2}\n" + POLL, ["6:3 retry: a poll asks again by itself"]),
        (WRITE + "  retry: {attempts: 2}\n", ["7:3 retry: a step with effect: write is sent once"]),
        (WRITE + "  retry: {attempts: 2}\n  idempotent: true\n", []),
        ("  retry: {attempts: 1}\n", ["6:21 1: expected at least 2, got the number 1"]),
        ("  idempotent: true\n", ["6:3 idempotent: idempotent belongs to a step with effect: write"]),
        (UNDO, ["6:3 undo: undo belongs to a step with effect: write"]),
        ("  effect: read\n" + UNDO, ["7:3 undo: undo belongs to a step with effect: write"]),
        ("  amount: {value: 1, currency: EUR}\n", ["6:3 amount: amount belongs to a step with effect: write"]),
        ("  effect: rite\n" + UNDO, ['6:11 rite: expected one of read, write, got "rite"']),
        (WRITE + "  undo: 5\n", ["7:9 5: expected an action that undoes the step, got the number 5"]),
        (WRITE + "  undo: {name: x}\n", ['7:9 {: the step "x" has no action']),
        (WRITE + "  undo: {check: []}\n", ["7:9 {: the step has no action"]),
        ("  timeout: 0ms\n", ['6:12 0ms: expected at least 1ms, got "0ms"']),
        (POLL.replace("1s", "99ms"), ['6:17 99ms: expected at least 100ms, got "99ms"']),
    ],
)
def test_keys_of_a_step_that_do_not_go_together_are_refused(extra: str, told: list[str]) -> None:
    assert wrong_step(extra) == told


@pytest.mark.parametrize("key", NOT_IN_UNDO)
def test_an_undo_has_nothing_that_only_a_step_has(key: str) -> None:
    undo = f"  undo:\n    http: {{get: 'http://x'}}\n    {key}: x\n"
    assert wrong_step(WRITE + undo) == [f"9:5 {key}: an undo has no {key}"]


def test_all_mistakes_of_a_step_are_told_whatever_the_first_one_is() -> None:
    text = HEAD + "- name: [s]\n  htp: 1\n  timeout: 5\n  check: [{css: h1}]\n  undo: {http: {}}\n"
    assert wrong(text) == [
        "4:9 [: expected text, got a list",
        "5:3 htp: unknown key htp in a step",
        "6:12 5: expected a duration, got the number 5",
        "7:12 css: the check css has no predicate",
        "8:3 undo: undo belongs to a step with effect: write",
        "8:16 {: the request has no URL",
    ]


def test_a_wait_has_nothing_but_its_duration_to_look_at() -> None:
    text = HEAD + "- {name: s, wait: 1s, check: [{duration: {below: 2s}}, {status: 200}]}\n" + GET.replace("s\n", "t\n")
    assert wrong(text) == ["4:57 status: a step of this kind has no status"]


def test_a_wait_may_be_undone_by_a_request_that_is_looked_at() -> None:
    undo = "undo: {http: {get: 'http://x'}, check: [{status: 200}]}"
    assert journey(HEAD + f"- {{name: s, wait: 1s, effect: write, {undo}}}\n").steps[0].undo is not None


@pytest.mark.parametrize("text", ["- browse\n", "- [browse]\n", "- 5\n", "-\n"])
def test_what_is_no_step_is_refused(text: str) -> None:
    assert ["expected a step: a mapping with a name and an action" in told for told in wrong(HEAD + text)] == [True]
