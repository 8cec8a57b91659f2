"""What changed in the map since somebody was told: one message of bounded size.

Rule: it is read off the map, as it is now; nothing waits in a queue. So whoever was
away for a day is told each station once, as it stands, and whoever keeps the rows by
(contest, tps) has the map. The map is for everybody, and so is what is said here.
"""

from typing import Final, NamedTuple

import msgspec

from federation.flows.query import answers
from federation.flows.query.changes import changes
from federation.flows.query.scope import QueryScope
from federation.records.merge import decode_row
from federation.store import mapstate
from federation.store.view import View
from federation.store.webhooks import Told

#: Rows of one message: some 200 kB, which every receiver takes.
MAX_ROWS: Final = 200
_KABUPATEN: Final = 4


class NewsCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows, polling stations and new records a message names."""

    changes: int
    stations: int
    records: int


class MapMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of the map that changed since `since`, and whose records are behind it.

    `cursor`: where the map stood; `reset`: drop what you hold, these begin anew;
    `more`: another message follows at once. `regions`: the kabupaten and kota of these
    stations; `records`: ids of the records that are new since all was told last.
    """

    org: str
    election: str
    since: str
    cursor: str
    reset: bool
    more: bool
    counts: NewsCounts
    regions: list[str]
    records: list[answers.HexDigest]
    changes: list[answers.Change]


class ReadNews(NamedTuple):
    """A message, and how far its reader has come with it; None: there is no news."""

    news: MapMessage | None
    told: Told


def read_news(
    view: View, org: str, asked: QueryScope, told: Told, limit: int = MAX_ROWS
) -> ReadNews:
    """What is new to somebody who was told so far.

    Args:
        view: The snapshot.
        org: Our own organisation.
        asked: The election; all of its contests are told.
        told: How far.
        limit: Of rows.

    Raises:
        FormatError: the cursor in `told` is none.
    """
    answer = changes(view, asked, told.cursor, limit)
    known = {} if answer.reset else told.vector
    vector = known if answer.more else mapstate.vector(view, asked.election)
    now = Told(cursor=answer.cursor, vector=vector)
    if not (answer.changes or answer.reset):
        return ReadNews(None, now)
    records = {
        claim.record
        for change in answer.changes
        for claim in decode_row(bytes(change.row)).claims
        if claim.index >= known.get(claim.origin, 0)
    }
    stations = {change.tps for change in answer.changes}
    news = MapMessage(
        org=org,
        election=asked.election,
        since=told.cursor,
        cursor=answer.cursor,
        reset=answer.reset,
        more=answer.more,
        counts=NewsCounts(
            changes=len(answer.changes), stations=len(stations), records=len(records)
        ),
        regions=sorted({station[:_KABUPATEN] for station in stations}),
        records=sorted(records),
        changes=answer.changes,
    )
    return ReadNews(news, now)
