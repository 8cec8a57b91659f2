"""The summary of a contest, kept until the map moves: its digest reads every row.

Rule: one is made at a time, so that asking often cannot take every reader of the
database; and one is made per change of the map, however many ask.
"""

import asyncio
from typing import TypeAlias
from weakref import WeakKeyDictionary

from federation.flows.query import answer, state
from federation.flows.query.ask import Asked
from federation.flows.query.cursor import Cursor, read_cursor
from federation.store import claims
from federation.store.db import Database, View
from federation.web.site import Site

# A log can grow without changing a row: then only the vector moves.
Stand: TypeAlias = tuple[Cursor, dict[str, int]]


class _Kept:
    """The last summary of each (election, contest) of one database."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.found: dict[tuple[str, str], tuple[Stand, answer.Summary]] = {}


_KEPT: WeakKeyDictionary[Database, _Kept] = WeakKeyDictionary()


async def summarise(site: Site, asked: Asked) -> answer.Summary:
    """The summary of the contest as the map is now."""
    kept = _KEPT.setdefault(site.db, _Kept())
    key = asked.election, asked.contest
    async with kept.lock:
        now = await site.db.read(_stand, asked.election)
        if key not in kept.found or kept.found[key][0] != now:
            kept.found[key] = await site.db.read(_read, asked, site.settings.org)
        return kept.found[key][1]


def _stand(view: View, election: str) -> Stand:
    return read_cursor(view, election), claims.vector(view, election)


def _read(view: View, asked: Asked, org: str) -> tuple[Stand, answer.Summary]:
    return _stand(view, asked.election), state.summary(view, asked, org)
