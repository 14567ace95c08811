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
        self.derived: Callable[[str, str], None] = lambda name, value: None
        """Told what a filter made of a secret: it is one too."""
        self._values: dict[str, Any] = {}
        self._secret: set[str] = set()

    def find(self, name: str) -> Any:
        return self._values.get(name, MISSING)

    def open_values(self) -> dict[str, Any]:
        """What stands for the names that are no secrets."""
        return {name: value for name, value in self._values.items() if name not in self._secret}

    def set(self, name: str, value: Any, *, secret: bool = False) -> None:
        self._values[name] = value
        if secret:
            self._secret.add(name)

    def is_secret(self, name: str) -> bool:
        return name in self._secret
