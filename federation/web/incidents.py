"""Reports of violations for programs: in with a token, out to who may read them.

Rule: what is shown follows from the logs that the caller may read
(`records/readers.py`); whoever may read none is answered as if the path were not there,
letter by letter. Everybody may have the counts, in which no small number can be found.
Nothing is answered before it is durable and signed.

    GET  /v1/incidents?election=&category=&law=&region=&org=&since=&until=&after=&limit=
    GET  /v1/incidents/merged?…&status=&agency=   those of one thing as one
    GET  /v1/incidents/export?…       all of those, in one stream
    GET  /v1/incidents/duplicates?election=&region=&after=&limit=
    GET  /v1/incidents/statistics?election=&format=   for everybody: counts alone
    GET  /v1/incidents/{org}/{id}     one, with all that was said of it
    POST /v1/incidents   {"election":"pemilu-2024","records":[{…}]}
      200  {"verdicts":[{"row":0,"outcome":"logged","incident":"org/id",…},…]}
      422  the same, where no report stands in the log and one was refused
"""

from collections.abc import Callable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec
from aiohttp import hdrs, web

from federation.errors import FormatError, NotFoundError, RecordError
from federation.flows.incidents.answers import (
    IncidentList,
    ShownIncident,
    find_incident,
    list_incidents,
    parse_after,
    parse_traced,
)
from federation.flows.incidents.counts import counts_table, read_provinces
from federation.flows.incidents.days import day_begins, day_is_over
from federation.flows.incidents.export import IncidentExport
from federation.flows.incidents.mergedlist import MergedList, list_merged
from federation.flows.incidents.proposals import ProposalList, list_proposals
from federation.flows.incidents.table import read_merged_table, read_reports_table
from federation.flows.incidents.take import MAX_REPORTS
from federation.flows.query.scope import ask, parse_region
from federation.flows.query.table import QueryTable
from federation.records.canonical import INCIDENT_PATTERN, ORG_PATTERN, convert
from federation.records.incident import IncidentName
from federation.records.incidentcounts import IncidentCounts
from federation.records.readers import Caller, may_do
from federation.sources.json import decode_json
from federation.store.incidents import IncidentFilter
from federation.store.view import View
from federation.text import Sentence
from federation.web.access import caller_of, require_token
from federation.web.context import ENTITLED, SITE, WebContext
from federation.web.intake import decode_body, status_of
from federation.web.language import text_for_program
from federation.web.openapi import JSON, Endpoint, NoQuery, PathPart
from federation.web.queries import (
    CountsQuery,
    DuplicatesQuery,
    IncidentExportQuery,
    IncidentsQuery,
    MergedQuery,
)
from federation.web.requests.incidents import AddIncidents, IncidentVerdicts
from federation.web.responses import reply, stream
from federation.web.rowforms import REPORT_ROW

#: An answer, and the same as a table where one was asked for.
Tabled: TypeAlias = tuple[msgspec.Struct, QueryTable | None]

_BOM = b"\xef\xbb\xbf"


def endpoints() -> list[Endpoint[Any]]:
    """The reports below `/v1`."""
    return [
        Endpoint(
            path=AddIncidents.route,
            summary="Reports of violations, the newest first; for partners",
            handler=get_incidents,
            query=IncidentsQuery,
            response=IncidentList,
            token=True,
        ),
        Endpoint(
            path=f"{AddIncidents.route}/merged",
            summary="Reports of one thing as one incident, the newest first",
            handler=get_merged,
            query=MergedQuery,
            response=MergedList,
            token=True,
        ),
        Endpoint(
            path=f"{AddIncidents.route}/export",
            summary="All incidents that fit, in one stream",
            handler=get_incident_export,
            query=IncidentExportQuery,
            token=True,
        ),
        Endpoint(
            path=f"{AddIncidents.route}/duplicates",
            summary="Reports that may be of one thing: why, and how sure",
            handler=get_duplicates,
            query=DuplicatesQuery,
            response=ProposalList,
            token=True,
        ),
        Endpoint(
            path=f"{AddIncidents.route}/statistics",
            summary="How many there are, for everybody: no number below five",
            handler=get_statistics,
            query=CountsQuery,
            response=IncidentCounts,
        ),
        Endpoint(
            path=f"{AddIncidents.route}/{{org}}/{{id}}",
            summary="One report with all that was said of it; for partners",
            handler=get_incident,
            query=NoQuery,
            response=ShownIncident,
            parts={
                "org": PathPart("whose report it is", ORG_PATTERN),
                "id": PathPart("of the report", INCIDENT_PATTERN),
            },
            token=True,
        ),
        Endpoint(
            method="POST",
            path=AddIncidents.route,
            summary="Sign reports of violations; answered when they are durable",
            handler=take_reports,
            query=NoQuery,
            body=AddIncidents,
            row=REPORT_ROW,
            response=IncidentVerdicts,
            also={HTTPStatus.UNPROCESSABLE_ENTITY: "no report stands in the log"},
            token=True,
        ),
    ]


async def get_incidents(
    request: web.Request, query: IncidentsQuery
) -> web.StreamResponse:
    """A page of them."""
    asked, due = _filter(request, query), request.app[SITE].due_dates()

    def read(view: View, caller: Caller) -> Tabled:
        answer = list_incidents(view, caller, asked, query.limit, due)
        if query.format == "json":
            return answer, None
        return answer, read_reports_table(view, answer.election, answer.incidents)

    return await _answer(request, query.format, read)


async def get_merged(request: web.Request, query: MergedQuery) -> web.StreamResponse:
    """A page of those that are of one thing."""
    asked, due = _filter(request, query), request.app[SITE].due_dates()

    def read(view: View, caller: Caller) -> Tabled:
        answer = list_merged(view, caller, asked, query.limit, query.status, due)
        if query.format == "json":
            return answer, None
        return answer, read_merged_table(view, answer.election, answer.incidents)

    return await _answer(request, query.format, read)


async def get_incident_export(
    request: web.Request, query: IncidentExportQuery
) -> web.StreamResponse:
    """All of them, page by page.

    Raises:
        HTTPNotFound: nothing of it is there for somebody who is none of ours.
    """
    site, caller = request.app[SITE], await caller_of(request)
    asked, due = _filter(request, query), site.due_dates()
    try:
        async with site.counting if query.sort else nullcontext():
            export = await site.db.read(
                IncidentExport, caller, asked, query.status, due, query.sort
            )
    except NotFoundError:
        raise web.HTTPNotFound from None
    request[ENTITLED] = True
    return await stream(request, query.format, export, site)


async def get_duplicates(
    request: web.Request, query: DuplicatesQuery
) -> web.StreamResponse:
    """What may be of one thing, among a page of reports."""
    asked = IncidentsQuery(
        election=query.election, region=query.region, after=query.after
    )

    def read(view: View, caller: Caller) -> Tabled:
        pairs = list_proposals(view, caller, _filter(request, asked), query.limit)
        return pairs, None

    return await _answer(request, "json", read)


async def get_statistics(
    request: web.Request, query: CountsQuery
) -> web.StreamResponse:
    """What everybody may know of them."""
    site = request.app[SITE]
    scope = ask(site.profiles, site.settings.elections, query.election)
    counts = await read_counts(site, scope.election)
    if query.format == "json":
        return reply(request, "json", counts)
    table = counts_table(counts, await site.db.read(read_provinces, counts))
    return reply(request, query.format, counts, table)


async def read_counts(site: WebContext, election: str) -> IncidentCounts:
    """The counts of an election; made by one at a time, however many ask."""
    async with site.counting:
        return await site.db.read(site.counts.read, election, site.clock())


def _filter(
    request: web.Request, query: IncidentsQuery | MergedQuery | IncidentExportQuery
) -> IncidentFilter:
    """Which incidents are asked for.

    Raises:
        FormatError: `since` or `until` is no day, `region` no code.
    """
    site, after = request.app[SITE], getattr(query, "after", "")
    scope = ask(site.profiles, site.settings.elections, query.election)
    return IncidentFilter(
        election=scope.election,
        category=query.category,
        law=query.law,
        region=parse_region(query.region),
        org=query.org,
        since=day_begins(query.since),
        until=day_is_over(query.until),
        agency=getattr(query, "agency", ""),
        after=parse_after(after),
        traced=parse_traced(after),
    )


async def get_incident(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """One of them."""
    members = {name: request.match_info[name] for name in ("id", "org")}

    def read(view: View, caller: Caller) -> Tabled:
        try:
            name = convert(members, IncidentName)
        except RecordError as error:
            raise NotFoundError(error.rule) from None
        due = request.app[SITE].due_dates()
        return find_incident(view, caller, name, due), None

    return await _answer(request, "json", read)


async def _answer(
    request: web.Request, form: str, read: Callable[[View, Caller], Tabled]
) -> web.StreamResponse:
    """What was read, for this caller alone.

    Raises:
        HTTPNotFound: nothing of it is there for somebody who is none of ours.
        NotFoundError: for one of ours, what is not there.
    """
    caller = await caller_of(request)
    try:
        answer, table = await request.app[SITE].db.read(read, caller)
    except NotFoundError:
        if may_do(caller, "see"):
            raise
        raise web.HTTPNotFound from None
    request[ENTITLED] = True
    answered = reply(request, form, answer, table)
    answered.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    return answered


async def take_reports(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """Sign reports: scope `intake`.

    Raises:
        FormatError: the body is none, or has too many.
    """
    await require_token(request, "intake")
    body = (await request.read()).removeprefix(_BOM)
    asked = decode_body(request, body, AddIncidents)
    # Of two members of one name decoding keeps the last: as strict as with results.
    decode_json(body)
    if len(asked.records) > MAX_REPORTS:
        raise FormatError(
            Sentence("asked.more-reports", max_reports=MAX_REPORTS), "records"
        )
    answer = await request.app[SITE].desk.run(asked)
    return web.Response(
        body=msgspec.json.encode(answer, enc_hook=text_for_program(request).say),
        content_type=JSON,
        status=status_of(answer.verdicts),
    )
