"""Functions of templates. A new one is a function and a line in `FUNCTIONS`."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from probe.evaluate.scope import Scope
from probe.evaluate.value import MISSING


def env(scope: Scope, variable: str) -> Any:
    return scope.environ.get(variable, MISSING)


def uuid(scope: Scope) -> str:
    from uuid import UUID

    return str(UUID(int=scope.random.getrandbits(128), version=4))


def now(scope: Scope) -> str:
    return scope.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def random_int(scope: Scope, least: int, most: int) -> int:
    return scope.random.randint(min(least, most), max(least, most))


class Function(Struct, frozen=True):
    call: Callable[..., Any]
    description: str
    arguments: tuple[type, ...] = ()


FUNCTIONS: dict[str, Function] = {
    "env": Function(env, "The value of an environment variable.", (str,)),
    "uuid": Function(uuid, "A random UUID, another one at every use."),
    "now": Function(now, "The present UTC time: 2026-01-31T12:00:00Z."),
    "random_int": Function(
        random_int, "A random whole number from the first to the second, both included.", (int, int)
    ),
}
