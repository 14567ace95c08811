from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from probe.evaluate.value import MISSING

if TYPE_CHECKING:
    from random import Random


class Scope:
    """What the names of a journey stand for during one run: variables, secrets and what was captured so far."""

    def __init__(self, environ: Mapping[str, str], now: Callable[[], datetime], random: "Random") -> None:
        self.environ = environ
        self.now = now
        self.random = random
        self._values: dict[str, Any] = {}

    def find(self, name: str) -> Any:
        return self._values.get(name, MISSING)

    def set(self, name: str, value: Any) -> None:
        self._values[name] = value
