"""Lists of polling stations: where nobody has been, where monitors differ.

Rule: pages of at most `limit`, in the order of the codes; `next` is what to give as
`after`, and is absent on the last page.
"""

from msgspec import UNSET, UnsetType

from federation.flows.query import answers
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.region import require_region
from federation.flows.query.scope import QueryScope, list_missing, places
from federation.flows.query.tps import contest_of, read_backing
from federation.records.merge import decode_row
from federation.store import mapreading, registers
from federation.store.view import View


def gaps(
    view: View, asked: QueryScope, region: str = "", after: str = "", limit: int = 100
) -> answers.GapsAnswer:
    """Stations of the register without a result from any monitor.

    Raises:
        FormatError: `region` is not the code of a region.
        NotFoundError: there is no such region.
    """
    code = require_region(view, asked, region)
    missing = list_missing(view, asked, code, after, limit + 1)
    page = missing[:limit]
    villages = sorted({station.tps[:10] for station in page})
    names = registers.names(view, asked.election, villages)
    return answers.GapsAnswer(
        election=asked.election,
        contest=asked.contest,
        cursor=format_cursor(read_cursor(view, asked.election)),
        region=places(view, asked.election, [code])[0],
        register=registers.count(view, asked.election, code),
        gaps=[
            answers.Gap(
                tps=station.tps,
                village=names.get(station.tps[:10], ""),
                voters=UNSET if station.voters is None else station.voters,
            )
            for station in page
        ],
        next=_next([station.tps for station in missing], limit),
    )


def disputed(
    view: View, asked: QueryScope, region: str = "", after: str = "", limit: int = 100
) -> answers.DisputedAnswer:
    """Stations where monitors differ, with every group and KPU apart.

    Raises:
        FormatError: `region` is not the code of a region.
        NotFoundError: there is no such region.
    """
    code = require_region(view, asked, region)
    rows = mapreading.list_rows(
        view,
        asked.election,
        asked.contest,
        code,
        status="disputed",
        after=after,
        limit=limit + 1,
    )
    codes = [decode_row(row).tps for row in rows]
    merged = [
        station
        for tps in codes[:limit]
        for station in mapreading.read_tps(view, asked.election, tps)
        if station.contest == asked.contest
    ]
    backing = read_backing(view, merged)
    return answers.DisputedAnswer(
        election=asked.election,
        contest=asked.contest,
        cursor=format_cursor(read_cursor(view, asked.election)),
        region=places(view, asked.election, [code])[0],
        disputed=[contest_of(station, asked.profile, backing) for station in merged],
        next=_next(codes, limit),
    )


def _next(codes: list[str], limit: int) -> str | UnsetType:
    return codes[limit - 1] if len(codes) > limit else UNSET
