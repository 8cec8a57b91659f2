"""What changed since a cursor: how another system follows the map.

Rule: each row is given as it is now, once, at the number of its last change; a row
that changes again comes again. So whoever stores rows by (contest, tps) has the map.
"""

import msgspec

from federation.flows.query import answers
from federation.flows.query.cursor import (
    Cursor,
    format_cursor,
    parse_cursor,
    read_cursor,
)
from federation.flows.query.scope import QueryScope
from federation.store import mapreading
from federation.store.view import View


def changes(
    view: View,
    asked: QueryScope,
    since: str = "",
    limit: int = 500,
    exclude_org: str | None = None,
) -> answers.ChangesAnswer:
    """The rows that changed after `since`, oldest change first.

    Args:
        view: The snapshot.
        asked: The election; all of its contests are followed.
        since: A cursor of an earlier answer, "" for everything.
        limit: Of rows.
        exclude_org: Leave out rows on which only this organisation has spoken.

    Raises:
        FormatError: `since` is not a cursor.
    """
    given, here = parse_cursor(since), read_cursor(view, asked.election)
    is_reset = given.epoch not in {"", here.epoch} or given.change > here.change
    start = 0 if is_reset else given.change
    rows, reached = mapreading.changes(view, asked.election, start, limit, exclude_org)
    is_more = start < reached < here.change
    return answers.ChangesAnswer(
        election=asked.election,
        cursor=format_cursor(Cursor(here.epoch, reached if is_more else here.change)),
        reset=is_reset,
        more=is_more,
        changes=[
            answers.Change(
                change=seq, contest=contest, tps=tps, row=msgspec.Raw(row.rstrip(b"\n"))
            )
            for seq, contest, tps, row in rows
        ],
    )
