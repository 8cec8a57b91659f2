"""How fast a peer's bytes are asked for.

Rule: bytes are counted when they have come; the next request waits until the account
is even again. So a limit never turns into a request that is late, and the average
holds whatever the size of an answer. What comes in pieces, photographs, gives way: it
goes on when nobody else waits, so that no record is late for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final


class Pace:
    """An account of bytes that fills with time, up to one second's worth."""

    def __init__(
        self,
        max_kbit_s: int | None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`clock` gives monotonic seconds; no limit where `max_kbit_s` is None."""
        self._rate = None if max_kbit_s is None else max_kbit_s * 125.0
        self._clock, self._sleep = clock, sleep
        self._balance, self._at = 0.0, clock()
        self._waiting = 0  # of those that give way to nobody

    @property
    def is_limited(self) -> bool:
        """Whether it ever lets anybody wait."""
        return self._rate is not None

    async def ready(self, *, gives_way: bool = False) -> None:
        """Wait until more may be asked for; `gives_way`: and nobody else waits."""
        self._waiting += not gives_way
        try:
            while self._rate is not None:
                self._fill(self._rate)
                if self._balance >= 0 and not (gives_way and self._waiting):
                    return
                # At least a millisecond: a debt of less than a clock can show never
                # ends.
                await self._sleep(max(-self._balance / self._rate, 0.001))
        finally:
            self._waiting -= not gives_way

    def spend(self, count: int) -> None:
        """Note that `count` bytes have come."""
        self._balance -= count

    def _fill(self, rate: float) -> None:
        now = self._clock()
        self._balance = min(rate, self._balance + (now - self._at) * rate)
        self._at = now


#: As fast as it goes.
NO_PACE: Final = Pace(None, lambda: 0.0)
