from datetime import UTC, datetime
from random import Random

import pytest

from probe.errors import StepFailure
from probe.evaluate.scope import Scope
from probe.evaluate.template import parse_text
from probe.model.observation import Seen
from probe.model.place import Place
from probe.model.result import Cause, Failure
from probe.steps import KINDS
from probe.steps.base import Options, Performance, StepKind

PLACE = Place("journey.yaml", 3, 5, 9, "text")


@pytest.fixture
def performance() -> Performance:
    scope = Scope({}, lambda: datetime.now(UTC), Random(0))
    scope.set("order", 7)
    return Performance(scope, Options(clock=lambda: 0, user_agent="test"))


def test_texts_and_values_are_rendered_from_the_scope(performance: Performance) -> None:
    whole = parse_text("${order}", PLACE)
    assert (performance.text(whole), performance.value({"id": whole})) == ("7", {"id": 7})


@pytest.mark.parametrize("way", ["text", "value"])
def test_a_name_without_a_value_blames_the_journey_at_its_place(performance: Performance, way: str) -> None:
    with pytest.raises(StepFailure) as raised:
        getattr(performance, way)(parse_text("${basket}", PLACE))
    hint = "no step before this one captured basket"
    assert raised.value.failure == Failure(Cause.SCRIPT, "${basket} has no value", PLACE, hint=hint)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_kind_has_all_that_a_kind_must_have(kind: StepKind) -> None:
    has: list[object] = [kind.Action, kind.DESCRIPTION, kind.time_limit, kind.open_session, kind.perform]
    assert all(has)
    assert frozenset(Seen) >= kind.SHOWS


def test_a_secret_that_is_kept_goes_where_it_went_and_nowhere_else(performance: Performance) -> None:
    kept: list[tuple[str, str]] = []
    performance.scope.derived = lambda name, value: kept.append((name, value))
    for value, host in (("first", "a.test"), ("first", "b.test"), ("second", "a.test"), ("first", "a.test")):
        performance.keep_secret("token", value, host)
    assert performance.options.secret_hosts == {
        "token": ("first", ("a.test", "b.test")),
        "token 2": ("second", ("a.test",)),
    }
    assert kept == [("token", "first")] * 2 + [("token", "second"), ("token", "first")]
