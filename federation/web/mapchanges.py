"""When the maps last changed, looked up once for all pages that say so.

Rule: what is looked up stands until something is written, or the minute passes: no news
is of a time that lies ahead, and such a time comes.
"""

import asyncio

from federation.config.settings import Settings
from federation.flows.query.freshness import LastChange, last_change
from federation.store.db import Database
from federation.store.view import View


class MapChanges:
    """The last change of each election's map."""

    def __init__(self) -> None:
        """Nothing is looked up yet."""
        self._of: tuple[int, int] | None = None
        self._changes: tuple[LastChange | None, ...] = ()
        self._looking = asyncio.Lock()

    async def read(
        self, db: Database, settings: Settings, now: int
    ) -> tuple[LastChange | None, ...]:
        """Those of the elections of these settings, in their order.

        `now`: Unix seconds.
        """

        def look(view: View) -> tuple[LastChange | None, ...]:
            return tuple(
                last_change(view, election, settings.org, now)
                for election in settings.elections
            )

        async with self._looking:
            of = db.commits, now // 60
            if of != self._of:
                self._changes, self._of = await db.read(look), of
        return self._changes
