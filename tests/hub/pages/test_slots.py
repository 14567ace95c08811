from probe.hub.pages.moment import moment
from probe.hub.pages.slots import LedgerRow, MissingRow, ledger_rows, missing_rows
from tests.hub.pages.compared import ledger_line
from tests.hub.records import MINUTE, NOW, slots_record


def test_a_region_has_a_line_of_its_ledger() -> None:
    line = ledger_line("eu-west-1", unaccounted=2)
    assert ledger_rows([line]) == (LedgerRow("eu-west-1", "agent-1", "1 min", line.held),)


def test_slots_without_a_run_are_told_by_when_they_were_due_the_latest_first() -> None:
    index = NOW // MINUTE
    rows = missing_rows([slots_record("one", index - 9, index - 9), slots_record("two", index - 5, index - 3)], NOW)
    at = [moment(NOW - minutes * MINUTE, NOW) for minutes in (9, 5, 3)]
    assert rows == (
        MissingRow("eu-west-1", "agent-1", 3, "missed", "down", at[1], at[2]),
        MissingRow("eu-west-1", "agent-1", 1, "missed", "down", at[0], at[0]),
    )
