"""How often somebody may do something."""

from collections import OrderedDict
from math import ceil


class Bucket:
    """So many events per key at once, refilled at a steady rate; bounded in memory."""

    def __init__(self, burst: int, refill_s: float, max_keys: int = 10_000) -> None:
        """One event more every `refill_s` seconds, never more than `burst` saved."""
        self._burst, self._refill_s, self._max_keys = burst, refill_s, max_keys
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float) -> bool:
        """Whether `key` may do it once more at time `now` (seconds)."""
        level = self._level(key, now)
        self._levels.pop(key, None)
        allowed = level >= 1
        self._levels[key] = (level - 1 if allowed else level, now)
        if len(self._levels) > self._max_keys:
            self._levels.popitem(last=False)
        return allowed

    def wait_s(self, key: str, now: float) -> int:
        """In how many whole seconds `key` may do it again; 0: at once."""
        return max(0, ceil((1 - self._level(key, now)) * self._refill_s))

    def _level(self, key: str, now: float) -> float:
        level, then = self._levels.get(key, (float(self._burst), now))
        # A clock that was set back takes nothing away.
        return min(self._burst, level + max(0.0, now - then) / self._refill_s)
