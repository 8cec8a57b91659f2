"""Pages about reports of violations: counts for everybody, the reports for our people.

    GET  /laporan                how many there are, in tables with bars
    GET  /laporan/daftar         the incidents, by category, law, region, status, agency

Rule: everybody sees the counts and nothing else; whoever may not look at what we hold
is told how one is let in. The pages show what `/v1/incidents` answers, through the same
functions, and change nothing. One report: `incidentpage.py`.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web
from yarl import URL

from federation.errors import FormatError
from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.incidents.answers import list_reporters, parse_after, parse_traced
from federation.flows.incidents.counts import read_count_provinces
from federation.flows.incidents.days import day_begins, day_is_over, end_of_week
from federation.flows.incidents.mergedlist import MergedList, list_merged
from federation.flows.incidents.places import (
    name_place,
    name_region,
    read_all_provinces,
    read_places,
    regions_around,
)
from federation.flows.incidents.sortedlist import (
    MAX_SORTED,
    ORDERS,
    IncidentOrder,
    list_sorted,
)
from federation.flows.query.scope import ask, parse_region
from federation.records.incident import CATEGORIES, LAWS
from federation.records.incidentmerge import MERGED_STATES
from federation.records.readers import Caller
from federation.store.incidents import IncidentFilter
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.countspage import FORMS, tell_counts
from federation.web.dashboard import PAGE_SIZE, ask_page, page_handler, tell_fresh
from federation.web.incidentmap import bars_of, map_for_people
from federation.web.incidentpage import known_agencies
from federation.web.incidents import read_counts
from federation.web.page import Page
from federation.web.peoplepage import for_people
from federation.web.queues import REPORTS, QueueLink, count_queues, queue_links
from federation.web.requests.incidents import AddIncidents

LIST: Final = REPORTS
_LIST_FORMS: Final = (*PAGE_FORMS, "geojson")
_ASKED: Final = (
    *("election", "category", "law", "region", "org", "status", "agency"),
    *("since", "until"),
)
_FILTERS: Final = ("lang", "sort", *_ASKED)


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
    provinces = await site.db.read(read_count_provinces, counts)
    data = f"/v1/incidents/statistics?election={election}"
    files = [
        (name, page.to(f"{data}&format={form}"), f"laporan-{election}.{form}")
        for form, name in FORMS.items()
    ]
    return page.render(
        "reports.html",
        site.settings.name,
        keeps_reports=election in site.settings.incidents,
        data=data,
        fresh=await tell_fresh(page, ask_page(page), ""),
        **tell_counts(page.t, counts, provinces, files),
    )


async def incidents(page: Page, caller: Caller) -> web.Response:
    """The incidents that fit, the newest first."""
    site, chosen = page.request.app[SITE], page.chosen
    asked = IncidentFilter(
        election=_election(page),
        category=chosen.get("category", ""),
        law=chosen.get("law", ""),
        region=parse_region(chosen.get("region", "")),
        org=chosen.get("org", ""),
        since=day_begins(chosen.get("since", "")),
        until=day_is_over(chosen.get("until", "")),
        agency=chosen.get("agency", ""),
    )
    status = chosen.get("status", "")
    answer, order = await _read_page(page, caller, asked, status)
    where = await _read_where(page, caller, asked, status)
    choices = {"category": CATEGORIES, "law": LAWS, "status": MERGED_STATES}
    shown = {place for one in answer.incidents for place in one.merged.places}
    codes = {code for place in shown for code in regions_around(place)}
    names = await site.db.read(read_places, asked.election, codes)
    return page.render(
        "incidents.html",
        site.settings.name,
        answer=answer,
        choices=choices,
        agencies={one.key: one.name for one in known_agencies(site)},
        orgs=await site.db.read(list_reporters, caller, asked.election),
        places={place: name_place(page.t, place, names) for place in shown},
        downloads={form: _download(page, form, order) for form in _LIST_FORMS},
        keeps_reports=asked.election in site.settings.incidents,
        queues=await _read_queues(page, asked),
        order=order,
        orders=ORDERS,
        most=MAX_SORTED,
        after=page.request.query.get("after", ""),
        **where,
    )


async def _read_page(
    page: Page, caller: Caller, asked: IncidentFilter, status: str
) -> tuple[MergedList, IncidentOrder]:
    """The incidents of the page, and the order that they could be put in.

    Raises:
        FormatError: there is no such order, or no such place in it.
    """
    site, due = page.request.app[SITE], page.request.app[SITE].due_dates()
    order, after = page.chosen.get("sort", ""), page.request.query.get("after", "")
    for known in ORDERS:
        if order != known or not known:
            continue
        async with site.counting:
            found = await site.db.read(
                list_sorted, caller, asked, PAGE_SIZE, status, due, known, after
            )
        if found is not None:
            return found, known
        after = ""
    if order not in ORDERS:
        raise FormatError(Sentence("page.no_such_list"), repr(order[:40]))
    newest = asked._replace(after=parse_after(after), traced=parse_traced(after))
    return await site.db.read(
        list_merged, caller, newest, PAGE_SIZE, status, due
    ), ORDERS[0]


async def _read_queues(page: Page, asked: IncidentFilter) -> Sequence[QueueLink]:
    """The other lists that wait, of the election's first contest."""
    site = page.request.app[SITE]
    scope = ask(site.profiles, site.settings.elections, asked.election)
    code, ours = asked.region, site.settings.org
    counts = await site.db.read(count_queues, scope, code, ours)
    return queue_links(page, counts, ours, LIST, code)


def _download(page: Page, form: str, order: str) -> str:
    """Where all that fits is as a file, in the order of the page."""
    query: dict[str, str] = {"format": form, **({"sort": order} if order else {})}
    query |= {name: page.chosen[name] for name in _ASKED if name in page.chosen}
    return page.to(str(URL.build(path=f"{AddIncidents.route}/export", query=query)))


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
    weeks = [
        (monday, count, page.link(LIST, since=monday, until=end_of_week(monday)))
        for monday, count in counts.weeks.items()
    ]
    trail = [(code, name_region(t, code, names)) for code in around]
    whole = [("", t("reports.whole"))] if around else []
    return {
        "counts": counts,
        "map": drawn,
        "bars": bars,
        "weeks": weeks,
        "trail": whole + trail,
    }


def _election(page: Page) -> str:
    site = page.request.app[SITE]
    asked = page.request.query.get("election", "")
    return ask(site.profiles, site.settings.elections, asked).election
