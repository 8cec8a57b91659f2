"""The public reads: the merged map for programs.

Rule: a handler reads its query, calls one function of `flows/query` in one snapshot
and writes what it gave, as JSON or as a table. It decides nothing about elections.
Answers carry an `ETag` that begins with the map's cursor: who asks again with it gets
304 until something changed.

    GET /v1/tps/{code}      /v1/regions   /v1/regions/{code}   /v1/gaps   /v1/disputed
    GET /v1/stations?status=&official=&flag=&org=&only=&lacks=&outside=&covered=
    GET /v1/changes?since=  /v1/export?what=   /v1/summary   /v1/elections   /v1/status
    GET /v1/partners?org=&turns=
"""

from contextlib import nullcontext
from typing import Any

from aiohttp import hdrs, web
from msgspec import structs

from federation.errors import FormatError, NotFoundError
from federation.flows.query import (
    answers,
    changes,
    lists,
    partners,
    region,
    state,
    stations,
    table,
    tps,
)
from federation.flows.query.cursor import parse_cursor
from federation.flows.query.export import Export
from federation.flows.query.partorder import order_parts
from federation.flows.query.scope import REGION_CODE, QueryScope, ask, read_names
from federation.records.readers import may_see
from federation.records.tps import TPS_PATTERN
from federation.store.view import View
from federation.text import Sentence
from federation.web.access import known_caller, public_caller
from federation.web.connections import for_news
from federation.web.context import SITE, WebContext
from federation.web.further import further
from federation.web.keptpages import Shows, kept
from federation.web.lookups import looked_up
from federation.web.mapcache import summarise
from federation.web.openapi import Endpoint, NoQuery, PathPart
from federation.web.queries import (
    ChangesQuery,
    ContestQuery,
    ElectionQuery,
    ExportQuery,
    ListQuery,
    PartnersQuery,
    RegionQuery,
    StationsQuery,
    TpsQuery,
)
from federation.web.responses import lines, reply, stream


def endpoints() -> list[Endpoint[Any]]:
    """Every public read below `/v1`."""
    code = {"code": PathPart("code of a polling station", TPS_PATTERN)}
    place = {"code": PathPart("code of a region", REGION_CODE)}
    return [
        Endpoint(
            path="/v1/tps/{code}",
            summary="Everything said about one polling station, KPU apart",
            handler=looked_up(get_tps, read_station, TPS_PATTERN),
            query=TpsQuery,
            response=answers.TpsAnswer,
            parts=code,
        ),
        Endpoint(
            path="/v1/regions",
            name="get_nation",
            summary="The nation and its provinces: coverage, statuses, votes",
            handler=kept(get_region, Shows.MAP),
            query=RegionQuery,
            response=answers.RegionAnswer,
        ),
        Endpoint(
            path="/v1/regions/{code}",
            summary="A region and its parts: coverage, statuses, votes",
            handler=kept(get_region, Shows.MAP),
            query=RegionQuery,
            response=answers.RegionAnswer,
            parts=place,
        ),
        Endpoint(
            path="/v1/gaps",
            summary="Polling stations without a result from any monitor",
            handler=kept(get_gaps),
            query=ListQuery,
            response=answers.GapsAnswer,
        ),
        Endpoint(
            path="/v1/disputed",
            summary="Polling stations where monitors differ, side by side",
            handler=kept(get_disputed),
            query=ListQuery,
            response=answers.DisputedAnswer,
        ),
        Endpoint(
            path="/v1/stations",
            summary="The polling stations that a figure of a region counts",
            handler=kept(get_stations),
            query=StationsQuery,
            response=answers.StationsAnswer,
        ),
        *_whole_map(),
    ]


def _whole_map() -> list[Endpoint[Any]]:
    return [
        Endpoint(
            path="/v1/changes",
            summary="Rows of the map that changed since a cursor; can wait for news",
            handler=get_changes,
            query=ChangesQuery,
            response=answers.ChangesAnswer,
        ),
        Endpoint(
            path="/v1/export",
            summary="All rows of one sort as CSV or NDJSON, with licence and cursor",
            handler=get_export,
            query=ExportQuery,
        ),
        Endpoint(
            path="/v1/summary",
            summary="One contest's whole map in one object, with its digest",
            handler=get_summary,
            query=ContestQuery,
            response=answers.Summary,
        ),
        Endpoint(
            path="/v1/elections",
            summary="The elections, contests and sources of this node",
            handler=get_elections,
            query=ElectionQuery,
            response=answers.ElectionsAnswer,
        ),
        Endpoint(
            path="/v1/status",
            summary="This node's history, who holds it, its partners and alarms",
            handler=get_status,
            query=NoQuery,
            response=answers.StatusAnswer,
        ),
        Endpoint(
            path="/v1/partners",
            summary="How it stands with each partner, for whom it may be shown to",
            handler=get_partners,
            query=PartnersQuery,
            response=partners.PartnersAnswer,
            token=True,
        ),
    ]


async def get_tps(request: web.Request, query: TpsQuery) -> web.StreamResponse:
    """One polling station."""
    site, code = request.app[SITE], request.match_info["code"]

    def read(view: View) -> tuple[answers.TpsAnswer, table.QueryTable]:
        asked = _ask(site, query.election)
        answer = read_station(view, site, code, query.election)
        numbers = sorted({n for contest in answer.contests for n in contest.candidates})
        names = read_names(view, asked.election, [answer.tps])
        credit = _credit(site, view, asked.election, answer.cursor)
        return answer, table.claim_table(answer.contests, numbers, names, credit)

    if query.format == "json":
        answer = await site.db.read_near(read_station, site, code, query.election)
        return reply(request, query.format, answer)
    return reply(request, query.format, *await site.db.read(read))


def read_station(
    view: View, site: WebContext, code: str, election: str = ""
) -> answers.TpsAnswer:
    """The answer about one polling station; `election`: "" for the default.

    Raises:
        FormatError: `code` is not the code of a polling station.
        NotFoundError: no such election here, or no such station.
    """
    asked = _ask(site, election)
    return tps.tps(view, site.profiles, asked.election, code)


async def get_region(request: web.Request, query: RegionQuery) -> web.StreamResponse:
    """A region and its parts."""
    site, code = request.app[SITE], request.match_info.get("code", "")

    def read(view: View) -> tuple[answers.RegionAnswer, table.QueryTable | None]:
        asked = _ask(site, query.election, query.contest)
        answer = region.region(view, asked, code, query.after, query.limit)
        parts = order_parts(answer.children, query.sort)
        answer = structs.replace(answer, children=parts)
        if query.format == "json":
            return answer, None
        return answer, table.region_table(
            asked.contest,
            [answer.region, *answer.children],
            sorted(answer.region.coverage.orgs),
            asked.numbers(answer.region.code),
            _credit(site, view, asked.election, answer.cursor),
        )

    return reply(request, query.format, *await site.db.read(read))


async def get_gaps(request: web.Request, query: ListQuery) -> web.StreamResponse:
    """Where nobody has been."""
    site = request.app[SITE]

    def read(view: View) -> tuple[answers.GapsAnswer, table.QueryTable | None]:
        asked = _ask(site, query.election, query.contest)
        answer = lists.gaps(view, asked, query.region, query.after, query.limit)
        if query.format == "json":
            return answer, None
        names = read_names(view, asked.election, [gap.tps for gap in answer.gaps])
        credit = _credit(site, view, asked.election, answer.cursor)
        return answer, table.gap_table(asked.contest, answer.gaps, names, credit)

    return reply(request, query.format, *await site.db.read(read))


async def get_disputed(request: web.Request, query: ListQuery) -> web.StreamResponse:
    """Where monitors differ."""
    site = request.app[SITE]

    def read(view: View) -> tuple[answers.DisputedAnswer, table.QueryTable | None]:
        asked = _ask(site, query.election, query.contest)
        answer = lists.disputed(view, asked, query.region, query.after, query.limit)
        if query.format == "json":
            return answer, None
        names = read_names(view, asked.election, [c.tps for c in answer.disputed])
        credit = _credit(site, view, asked.election, answer.cursor)
        numbers = asked.numbers(query.region)
        return answer, table.claim_table(answer.disputed, numbers, names, credit)

    return reply(request, query.format, *await site.db.read(read))


async def get_stations(
    request: web.Request, query: StationsQuery
) -> web.StreamResponse:
    """The stations that are so."""
    site = request.app[SITE]

    def read(view: View) -> tuple[answers.StationsAnswer, table.QueryTable | None]:
        asked = _ask(site, query.election, query.contest)
        answer = stations.stations(
            view, asked, query.which, query.region, query.after, query.limit, query.sort
        )
        if query.format == "json":
            return answer, None
        credit = _credit(site, view, asked.election, answer.cursor)
        numbers = asked.numbers(query.region)
        return answer, table.station_table(
            asked.contest, answer.stations, numbers, answer.names, credit
        )

    if query.sort:  # reads all of them for each page
        async with site.large_answers:
            return reply(request, query.format, *await site.db.read(read))
    return reply(request, query.format, *await site.db.read(read))


async def get_changes(request: web.Request, query: ChangesQuery) -> web.StreamResponse:
    """What changed since a cursor; waits for news when asked to."""
    site = request.app[SITE]
    asked = _ask(site, query.election)
    others = site.settings.org if query.exclude == "own" else None

    def read(view: View) -> answers.ChangesAnswer:
        return changes.changes(view, asked, query.since, query.limit, others)

    answer = await site.db.read(read)
    if query.wait and not (answer.changes or answer.more or answer.reset):
        change = parse_cursor(answer.cursor).change
        async with for_news(request):
            await site.desk.changed(asked.election, change, query.wait)
            answer = await site.db.read(read)
    answered = await _changes_reply(request, query.format, answer)
    if answer.more:
        on = further(request, since=answer.cursor)
        answered.headers[hdrs.LINK] = f'<{on}>; rel="next"'
    return answered


async def _changes_reply(
    request: web.Request, form: str, answer: answers.ChangesAnswer
) -> web.Response:
    if form == "ndjson":
        head = {"cursor": answer.cursor, "more": answer.more, "reset": answer.reset}
        return lines(request, answer.cursor, [head, *answer.changes])
    if form == "json":
        return reply(request, form, answer)
    site = request.app[SITE]

    def read(view: View) -> table.QueryTable:
        credit = _credit(site, view, answer.election, answer.cursor)
        return table.change_table(answer.changes, credit)

    return reply(request, form, answer, await site.db.read(read))


async def get_export(request: web.Request, query: ExportQuery) -> web.StreamResponse:
    """All rows of one sort, sent page by page."""
    site = request.app[SITE]
    asked = _ask(site, query.election, query.contest)
    if (query.which.given or query.sort) and query.what != "stations":
        raise FormatError(
            Sentence("numbering.only-stations"),
            Sentence("asked.parameter", name="'what'"),
        )
    # An order reads all of them before the first.
    async with site.large_answers if query.sort else nullcontext():
        export = await site.db.read(
            Export,
            *(site.settings, asked, query.what, query.region, query.which, query.sort),
        )
    return await stream(request, query.format, export, site)


async def get_summary(request: web.Request, query: ContestQuery) -> web.StreamResponse:
    """The whole map of a contest in one object."""
    site = request.app[SITE]
    asked = _ask(site, query.election, query.contest)
    return reply(request, "json", await summarise(site, asked))


async def get_elections(
    request: web.Request, query: ElectionQuery
) -> web.StreamResponse:
    """What there is to ask about."""
    site = request.app[SITE]
    names = [query.election] if query.election else site.settings.elections
    for name in names:
        _ask(site, name)
    caller = public_caller(request)
    answer = await site.db.read(
        state.elections, caller, site.profiles, names, site.settings
    )
    return reply(request, "json", answer)


async def get_status(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """How this node is, as far as the caller is told.

    Raises:
        BadToken: the token that it sent is none that is known here.
    """
    site = request.app[SITE]
    answer = await site.db.read(
        state.status,
        await known_caller(request),
        site.settings,
        further=site.desk.alarms(),
    )
    return reply(request, "json", answer)


async def get_partners(
    request: web.Request, query: PartnersQuery
) -> web.StreamResponse:
    """The partners, each by itself.

    Raises:
        BadToken: the token that it sent is none that is known here.
        HTTPNotFound: whoever asks is shown no partners.
        NotFoundError: there is no such partner.
    """
    site, caller = request.app[SITE], await known_caller(request)
    if not may_see(caller, "partners"):
        raise web.HTTPNotFound
    peers = site.peers()
    if query.org:
        if query.org not in peers:
            raise NotFoundError(Sentence("asked.no-partner", org=query.org))
        peers = {query.org: peers[query.org]}
    answer = await site.db.read(
        partners.partners,
        caller,
        peers,
        site.clock(),
        further=site.desk.alarms(),
        turns=query.turns,
    )
    return reply(request, "json", answer)


def _ask(site: WebContext, election: str = "", contest: str = "") -> QueryScope:
    return ask(site.profiles, site.settings.elections, election, contest)


def _credit(site: WebContext, view: View, election: str, cursor: str) -> table.Credit:
    return table.Credit(cursor, state.sources(view, election, site.settings))
