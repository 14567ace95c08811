from probe.evaluate.value import MISSING
from tests.evaluate.observed import scope


def test_a_name_stands_for_what_it_was_set_to_last() -> None:
    names = scope(order="A1")
    names.set("order", None)
    assert names.find("order") is None


def test_a_name_that_was_never_set_is_missing_which_is_not_null() -> None:
    assert scope(order=None).find("orders") is MISSING
