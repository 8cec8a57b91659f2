"""How long a source that asks to wait is waited for.

Rule: what a source asks is done, within bounds that it cannot move: a longest single
wait, few waits in a row that brought nothing, an account for all of them. Each answer
that comes pays a second back, so whoever answers four of five questions is heard to the
end, and whoever never answers holds nobody. All requests of one source wait together.

Source: RFC 9110 section 10.2.3, RFC 6585 section 4
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

#: For somebody who sits and waits for a verdict.
MAX_WAIT_S: Final = 30.0
MAX_TOTAL_S: Final = 60.0
#: For a node that will ask again by itself, and has others to ask.
TURN_WAIT_S: Final = 10.0
TURN_TOTAL_S: Final = 30.0

#: So often in a row a source may ask to wait, and then ask it again.
MAX_ROUNDS: Final = 3
#: So often one question is asked, whatever the others of its source bring.
MAX_TRIES: Final = 10
_MIN_WAIT_S: Final = 1.0
_EARNED_S: Final = 1.0


class Waits:
    """The waiting of one source."""

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        max_wait_s: float = MAX_WAIT_S,
        max_total_s: float = MAX_TOTAL_S,
        is_patient: bool = True,
        told: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`clock` gives monotonic seconds.

        Args:
            clock: See above.
            sleep: Waits for so many seconds.
            max_wait_s: The longest single wait; who asks for more is not waited for.
            max_total_s: Of all waits that no answer has paid back.
            is_patient: Whether to wait also where it is not said how long.
            told: Is told each wait that begins, in seconds.
        """
        self._clock, self._sleep, self._told = clock, sleep, told
        self._max_wait_s, self._max_total_s = max_wait_s, max_total_s
        self._is_patient = is_patient
        self._until = clock()
        self._left_s = max_total_s
        self._rounds = 0
        self.waited_s = 0.0

    async def ready(self) -> None:
        """Wait until the source may be asked again."""
        while (left := self._until - self._clock()) > 0:
            # At least a millisecond: less than a clock can show never ends.
            await self._sleep(max(left, 0.001))

    def answered(self) -> None:
        """Note that the source has answered."""
        self._rounds = 0
        self._left_s = min(self._max_total_s, self._left_s + _EARNED_S)

    def allow(self, asked_s: float | None) -> bool:
        """Whether to ask again, behind `ready`; `asked_s` is what the source asked."""
        if asked_s is None:
            if not self._is_patient:
                return False
            asked_s = 2.0**self._rounds
        wait_s, now = max(asked_s, _MIN_WAIT_S), self._clock()
        is_new = now >= self._until
        if wait_s > self._max_wait_s or (is_new and self._rounds >= MAX_ROUNDS):
            return False
        begin, until = max(now, self._until), max(self._until, now + wait_s)
        if until - begin > self._left_s:
            return False
        self._left_s -= until - begin
        self.waited_s += until - begin
        self._until = until
        if is_new:
            self._rounds += 1
            self._told(wait_s)
        return True
