import inspect
from typing import Any
from uuid import UUID

import pytest

from probe.evaluate.functions import FUNCTIONS, env, now, random_int, uuid
from probe.evaluate.value import MISSING
from tests.evaluate.observed import scope


@pytest.mark.parametrize(("variable", "value"), [("HOME", "/root"), ("NO_SUCH", MISSING)])
def test_env_is_an_environment_variable_or_missing(variable: str, value: Any) -> None:
    assert env(scope(), variable) == value


def test_uuid_is_another_version_4_uuid_at_every_use() -> None:
    names = scope()
    first, second = uuid(names), uuid(names)
    assert (UUID(first).version, UUID(second).version, first == second) == (4, 4, False)


def test_now_is_utc_in_seconds() -> None:
    assert now(scope()) == "2026-01-31T12:00:05Z"


@pytest.mark.parametrize(("least", "most", "values"), [(1, 3, {1, 2, 3}), (3, 1, {1, 2, 3}), (-1, -1, {-1})])
def test_random_int_is_between_its_bounds_with_both(least: int, most: int, values: set[int]) -> None:
    names = scope()
    assert {random_int(names, least, most) for _ in range(100)} == values


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_table_says_what_each_function_takes(name: str) -> None:
    taken = list(inspect.signature(FUNCTIONS[name].call).parameters)[1:]
    assert len(taken) == len(FUNCTIONS[name].arguments)
    assert FUNCTIONS[name].description
