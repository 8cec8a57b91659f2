"""Pages about reports of violations: counts for everybody, the reports for our people.

    GET  /laporan                how many there are, in tables with bars
    GET  /laporan/daftar         the incidents, by category, law, region and status

Rule: everybody sees the counts and nothing else; whoever may not look at what we hold
is told how one is let in. The pages show what `/v1/incidents` answers, through the same
functions, and change nothing. One report: `incidentpage.py`.
"""

from typing import Final

from aiohttp import web

from federation.flows.incidents.answers import parse_after
from federation.flows.incidents.counts import name_cell, read_provinces
from federation.flows.incidents.mergedlist import list_merged
from federation.flows.incidents.places import (
    name_region,
    read_all_provinces,
    read_places,
    regions_around,
)
from federation.flows.query.scope import ask, parse_region
from federation.records.incident import CATEGORIES, LAWS
from federation.records.incidentcounts import CountKey, CountRow, monday_of
from federation.records.incidentmerge import MERGED_STATES
from federation.records.readers import Caller
from federation.store.incidents import IncidentFilter
from federation.web.context import SITE
from federation.web.dashboard import PAGE_SIZE, page_handler
from federation.web.incidentmap import bars_of, map_for_everybody, map_for_people
from federation.web.incidents import read_counts
from federation.web.page import Page
from federation.web.peoplepage import for_people

LIST: Final = "/laporan/daftar"
_FILTERS: Final = ("election", "lang", "category", "law", "region", "status")


def _by_count(row: CountRow) -> tuple[int, CountKey]:
    """The most first."""
    return -row.count, row.of


def _by_time(row: CountRow) -> tuple[int, CountKey]:
    return 0, row.of


_ORDERS: Final = {"week": _by_time}


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/laporan", page_handler(figures)),
        web.get(LIST, for_people(incidents, keep=_FILTERS)),
    ]


async def figures(page: Page) -> web.StreamResponse:
    """How many there are."""
    site = page.request.app[SITE]
    election = _election(page)
    counts = await read_counts(site, election)
    provinces = await site.db.read(read_all_provinces, election)
    provinces |= await site.db.read(read_provinces, counts)
    tables = [
        (
            table.by,
            max(row.count for row in table.rows),
            [
                (name_cell(page.t, table, row.of, provinces), row.count)
                for row in sorted(table.rows, key=_ORDERS.get(table.by, _by_count))
            ],
        )
        for table in counts.tables
        if table.rows and table.by != "province"
    ]

    def lead(code: str) -> str:
        return f"#r-{code}"

    return page.render(
        "reports.html",
        site.settings.name,
        counts=counts,
        map=map_for_everybody(page.t, counts, provinces, lead),
        until=monday_of(counts.until),
        tables=tables,
        data=f"/v1/incidents/statistics?election={election}",
    )


async def incidents(page: Page, caller: Caller) -> web.Response:
    """The incidents that fit, the newest first."""
    site, chosen = page.request.app[SITE], page.chosen
    asked = IncidentFilter(
        election=_election(page),
        category=chosen.get("category", ""),
        law=chosen.get("law", ""),
        region=parse_region(chosen.get("region", "")),
        after=parse_after(page.request.query.get("after", "")),
    )
    status = chosen.get("status", "")
    due = site.due_dates()
    answer = await site.db.read(list_merged, caller, asked, PAGE_SIZE, status, due)
    where = await _read_where(page, caller, asked, status)
    choices = {"category": CATEGORIES, "law": LAWS, "status": MERGED_STATES}
    return page.render(
        "incidents.html", site.settings.name, answer=answer, choices=choices, **where
    )


async def _read_where(
    page: Page, caller: Caller, asked: IncidentFilter, status: str
) -> dict[str, object]:
    """How many fit, and where: on the map, or in the parts of a region."""
    site, t = page.request.app[SITE], page.t
    async with site.counting:
        counts = await site.db.read(
            site.region_counts.read, caller, asked, status, site.clock()
        )
    around = regions_around(asked.region)
    codes = {*counts.parts, *around}
    names = await site.db.read(read_places, asked.election, codes)

    def lead(code: str) -> str:
        return page.link(LIST, region=code)

    drawn, bars = None, []
    if around:
        bars = bars_of(t, counts, names, lead)
    else:
        provinces = await site.db.read(read_all_provinces, asked.election)
        drawn = map_for_people(t, counts, provinces | names, lead)
    trail = [(code, name_region(t, code, names)) for code in around]
    whole = [("", t("reports.whole"))] if around else []
    return {"counts": counts, "map": drawn, "bars": bars, "trail": whole + trail}


def _election(page: Page) -> str:
    site = page.request.app[SITE]
    asked = page.request.query.get("election", "")
    return ask(site.profiles, site.settings.elections, asked).election
