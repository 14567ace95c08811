import inspect

from probe.hub.facts import Store, StoreTrouble
from probe.hub.sqlite import SqliteStore


def test_the_store_of_this_version_has_the_signatures_of_the_interface() -> None:
    methods = [name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")]
    mine = {name: str(inspect.signature(getattr(SqliteStore, name))).partition(" -> ")[0] for name in methods}
    wanted = {name: str(inspect.signature(getattr(Store, name))).partition(" -> ")[0] for name in methods}
    assert mine == wanted


def test_trouble_says_whether_there_is_no_room() -> None:
    assert (StoreTrouble("locked").full, StoreTrouble("full", full=True).full) == (False, True)
