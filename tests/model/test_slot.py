from msgspec.structs import replace

from probe.model.slot import Account, Reason, SlotState

ACCOUNT = Account("browse", 60, 5, first=10, next=20, ran=6, skipped=1, missed=2, running=1)


def test_an_account_adds_up_when_every_slot_is_one_of_four() -> None:
    assert (ACCOUNT.expected, ACCOUNT.adds_up) == (10, True)


def test_a_slot_too_many_or_too_few_is_seen() -> None:
    changed = [replace(ACCOUNT, **{name: getattr(ACCOUNT, name) + 1}) for name in ("next", "ran", "missed", "running")]
    assert [account.adds_up for account in changed] == [False] * 4


def test_states_and_reasons_are_words_that_can_be_labels() -> None:
    assert all(word.isalpha() and word.islower() for word in (*SlotState, *Reason))
