"""When a log that is public from a time on becomes public: what follows of it here.

Rule: nothing is opened. Each door asks by the clock (`records/readers.py`); but what
was made of public logs is looked at only when something has changed, and partners that
may not read a log early ask for it only when they hear of news.
"""

import asyncio
from typing import Final, Protocol

from federation.node.events import say
from federation.node.resources import Clocks, Resources
from federation.records.readers import is_open
from federation.store import logs
from federation.store.logs import Log

_MINUTE_S: Final = 60
_WATCH_S: Final = 1.0


class OpeningHost(Protocol):
    """What is needed of the node."""

    resources: Resources
    clocks: Clocks

    def merge_soon(self) -> None:
        """Something is for everybody that the map does not show yet."""

    def news(self) -> None:
        """Partners may ask for more of ours."""


class Opening:
    """Looks once a minute for logs whose time has come: it is a full minute."""

    def __init__(self, host: OpeningHost) -> None:
        """From now on."""
        self._host = host
        self._looked_at = host.clocks.wall()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(_WATCH_S)
            if self._is_due():
                await self.look()

    async def look(self) -> None:
        """Tell the map and partners of what has become public since the last look.

        And the map of what is not any more, because the clock was ahead and is right
        now: it would show that until something else changes.
        """
        before, now = self._looked_at, self._host.clocks.wall()
        moved = [
            log
            for log in await self._host.resources.db.read(logs.list_logs)
            if is_open(log, now) != is_open(log, before)
        ]
        self._looked_at = now
        if moved:
            self._host.merge_soon()
        self._tell([log for log in moved if is_open(log, now)])

    def _is_due(self) -> bool:
        now = self._host.clocks.wall()
        return now // _MINUTE_S != self._looked_at // _MINUTE_S

    def _tell(self, opened: list[Log]) -> None:
        for log in opened:
            say("opened", log.origin, origin=log.origin, records=log.size)
        if any(log.own for log in opened):
            self._host.news()
