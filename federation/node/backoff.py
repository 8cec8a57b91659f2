"""How long to wait before somebody that could not be reached is tried again.

Rule: each name has its own wait, which doubles from the first to the longest and is
forgotten by what succeeds.
"""

from collections.abc import Callable
from typing import NamedTuple


class _Wait(NamedTuple):
    until: float
    wait_s: float
    failures: int


class Backoff:
    """The waits of several names; `steady` is a clock of seconds that never jumps."""

    def __init__(
        self, steady: Callable[[], float], first_s: float, most_s: float
    ) -> None:
        """Nobody waits."""
        self._steady, self._first_s, self._most_s = steady, first_s, most_s
        self._waits: dict[str, _Wait] = {}

    def put_off(self, name: str) -> float:
        """In how many seconds it is tried again, having failed once more."""
        _, before, failures = self._waits.get(name, _Wait(0.0, 0.0, 0))
        wait = min(max(self._first_s, 2 * before), self._most_s)
        self._waits[name] = _Wait(self._steady() + wait, wait, failures + 1)
        return wait

    def is_waiting(self, name: str) -> bool:
        """Whether it is to be left alone now."""
        wait = self._waits.get(name)
        return wait is not None and self._steady() < wait.until

    def failures(self, name: str) -> int:
        """How often it has failed since it succeeded."""
        wait = self._waits.get(name)
        return 0 if wait is None else wait.failures

    def forget(self, name: str) -> bool:
        """It succeeded; whether it had failed before."""
        return self._waits.pop(name, None) is not None
