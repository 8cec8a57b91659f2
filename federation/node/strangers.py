"""Organisations that ask us as partners do, and that are none here: noted, and told.

Rule: only a signature that holds is noted, whose key names an organisation; that name
is its own word. Bounded in memory and on disk, by address first, so that one machine
that makes up names takes no room from others; nobody is asked or looked up because of
it. One alarm for all of them, a notice: somebody may have added us whom we have not
added. Who names a partner is told only once a turn with that partner, due at once, has
gone well and the key still is none of its: before its first turn, and after it has
replaced its key, a partner asks by a key that nobody knows here yet. The alarm goes
when nobody asks any more, or when all were added.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

from msgspec.structs import replace

from federation.flows.partners import PartnerBook
from federation.records.canonical import ORG_PATTERN
from federation.store.db import Database
from federation.store.strangers import (
    Stranger,
    awaits_turn,
    forget_strangers,
    list_strangers,
    save_strangers,
)
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.keys import VerifierKey

ALARM: Final = "asks-unknown"
MOST_NOTED: Final = 64
MOST_OF_ADDRESS: Final = 4
MOST_CHARS: Final = 400
#: So long after it asked last it is told.
TOLD_FOR_S: Final = 7 * 86_400
_SAVE_EVERY_S: Final = 60.0
_ORG: Final = re.compile(ORG_PATTERN)
_NAMED: Final = 3


class Strangers:
    """Who asked since it was last written down."""

    def __init__(self, db: Database, clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds."""
        self._db, self._clock = db, clock
        self._noted: dict[str, Stranger] = {}
        self._addresses: dict[str, str] = {}
        #: The partners whose key statements are to be looked at first.
        self.awaited = frozenset[str]()
        self._saved_at = float("-inf")

    def asked(self, key: VerifierKey, address: str, ours: str) -> None:
        """A request came whose signature by this key holds, and is nobody's here."""
        org, now, vkey = key.name.partition("/")[0], int(self._clock()), str(key)
        is_name = len(vkey) <= MOST_CHARS and _ORG.search(org)
        if org == ours or not is_name:
            return
        noted = self._noted.get(vkey)
        if noted is not None:
            self._noted[vkey] = replace(noted, last_at=now, times=noted.times + 1)
        elif self._has_room(address):
            self._noted[vkey] = Stranger(
                vkey=vkey, org=org, first_at=now, last_at=now, times=1
            )
            self._addresses[vkey] = address

    def _has_room(self, address: str) -> bool:
        held = Counter(self._addresses.values())
        if held[address] >= MOST_OF_ADDRESS:
            return False
        if len(self._noted) < MOST_NOTED:
            return True
        crowd, count = held.most_common(1)[0]
        if count <= 1:
            return False
        # Who holds most gives one up, not whoever comes alone.
        gone = next(vkey for vkey, at in self._addresses.items() if at == crowd)
        del self._noted[gone], self._addresses[gone]
        return True

    async def look(
        self, book: PartnerBook, reachable: Collection[str] = ()
    ) -> Sentence | None:
        """Write down who asked; what the alarm says, None: nothing is to be told.

        `reachable`: the partners with whom there are turns.
        """
        now = self._clock()
        for vkey in [one.vkey for one in self._noted.values() if _is_known(one, book)]:
            del self._noted[vkey], self._addresses[vkey]
        # A clock that is set back must not keep it from being written.
        is_due = not 0 <= now - self._saved_at < _SAVE_EVERY_S
        kept = await self._db.read(list_strangers)
        gone = [
            one.vkey
            for one in kept
            if _is_known(one, book) or one.last_at < now - TOLD_FOR_S
        ]
        if gone or (self._noted and is_due):
            seen = list(self._noted.values())
            self._noted.clear()
            self._addresses.clear()
            self._saved_at = now
            await self._db.write(_keep, seen, gone, int(now - TOLD_FOR_S))
            kept = await self._db.read(list_strangers)
        waiting = await self._db.read(_waiting, kept, reachable)
        self.awaited = frozenset(one.org for one in waiting)
        return tell_strangers([one for one in kept if one not in waiting])


def _waiting(
    view: View, kept: list[Stranger], reachable: Collection[str]
) -> list[Stranger]:
    return [one for one in kept if awaits_turn(view, one, reachable)]


def _keep(tx: Transaction, seen: list[Stranger], gone: list[str], before: int) -> None:
    forget_strangers(tx, gone, before)
    save_strangers(tx, seen)


def _is_known(one: Stranger, book: PartnerBook) -> bool:
    """Whether it is a partner's key, or may be that of one not fetched from yet."""
    is_new = one.org in book.partners and one.org not in book.orgs.values()
    return one.vkey in book.orgs or is_new


def tell_strangers(strangers: list[Stranger]) -> Sentence | None:
    """Who they say they are, the first few of them; None: there are none."""
    orgs = sorted({one.org for one in strangers})
    if not orgs:
        return None
    named = ", ".join(orgs[:_NAMED])
    if len(orgs) <= _NAMED:
        return Sentence("notices.asks", orgs=named)
    return Sentence("notices.asks-more", orgs=named, more=len(orgs) - _NAMED)
