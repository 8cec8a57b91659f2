"""What became of reports: `GET /open311/v2/requests`, for whoever handed them in.

Rule: the gate decides (`records/readers.py`, `may_follow`). Without a key nothing is
told, whatever is asked; with one, a report of somebody else is answered as one that is
not there. The place is the code of the station or region that was signed; no position
is ever told, no name, no photograph.

Source: GeoReport v2, "GET Service Requests" and "GET Service Request"
"""

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp import hdrs, web
from msgspec import UNSET, Struct

from federation.flows.incidents.followed import (
    MOST,
    FollowedFilter,
    FollowedReport,
    find_followed,
    list_followed,
)
from federation.records.canonical import INCIDENT_PATTERN, format_time
from federation.records.incident import CATEGORIES, IncidentName
from federation.records.readers import Sender, ThisMachine
from federation.sources.moment import parse_time
from federation.sources.row import BadCell
from federation.store.view import View
from federation.text import Sentence, Text
from federation.web.context import SITE
from federation.web.open311.catalogue import FORMAT, PATH, jurisdiction, not_found
from federation.web.open311.document import answer_document
from federation.web.open311.posting import FOLLOWED, find_sender
from federation.web.open311.refusals import (
    Open311Refusal,
    as_open311,
    form_of,
    language_of,
)
from federation.web.open311.services import service_name

SPAN_DAYS: Final = 90
_SPAN: Final = dt.timedelta(days=SPAN_DAYS)
_MAX_PAGES: Final = 100
#: What may be asked; the last two are of clients that ask every server the same.
_PARAMETERS: Final = (
    *("api_key", "jurisdiction_id", "service_request_id", "service_code"),
    *("start_date", "end_date", "status", "page", "page_size"),
    *("extensions", "locale"),
)


class Open311Request(Struct, frozen=True, kw_only=True):
    """A report as its sender is told of it."""

    service_request_id: str
    status: str
    status_notes: str
    service_name: str
    service_code: str
    description: str
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: str
    updated_datetime: str
    expected_datetime: str | None
    address: str | None
    address_id: str
    zipcode: str | None
    lat: float | None
    long: float | None
    media_url: str | None


class _Asked(NamedTuple):
    """Which reports: those that are named, or those of a filter."""

    ids: Sequence[str]
    filter: FollowedFilter
    statuses: frozenset[str]
    skip: int
    most: int


def routes() -> list[web.RouteDef]:
    """The ways to ask."""
    return [
        web.get(f"{PATH}/requests.{FORMAT}", as_open311(show_requests)),
        web.get(f"{PATH}/requests/{{id}}.{FORMAT}", as_open311(show_request)),
    ]


async def show_requests(request: web.Request) -> web.StreamResponse:
    """The sender's reports.

    Raises:
        Open311Refusal: it has no key, or asks for what there cannot be.
    """
    caller, asked = await _ask(request)
    site = request.app[SITE]
    key = site.report_key()

    def read(view: View) -> list[FollowedReport]:
        if asked.ids:
            return _find_each(view, caller, key, asked)
        found = list_followed(view, caller, key, asked.filter)
        wanted = (one for one in found if _status(one) in asked.statuses)
        return list(itertools.islice(wanted, asked.skip, asked.skip + asked.most))

    return _answer(request, await site.db.read(read))


async def show_request(request: web.Request) -> web.StreamResponse:
    """One of the sender's reports.

    Raises:
        Open311Refusal: it has no key, or handed in no such report.
    """
    caller, asked = await _ask(request)
    site, given = request.app[SITE], request.match_info["id"]
    asked = asked._replace(ids=[given])
    found = await site.db.read(_find_each, caller, site.report_key(), asked)
    if not found:
        raise not_found(Sentence("open311.no-request", id=given[:60]))
    return _answer(request, found)


def _find_each(
    view: View, caller: Sender | ThisMachine, key: bytes, asked: _Asked
) -> list[FollowedReport]:
    org, election = asked.filter.org, asked.filter.election
    found = (
        find_followed(view, caller, key, election, IncidentName(id=one, org=org))
        for one in asked.ids
        if re.match(INCIDENT_PATTERN, one)
    )
    return [one for one in found if one is not None]


async def _ask(request: web.Request) -> tuple[Sender | ThisMachine, _Asked]:
    """Who asks, and for what.

    Raises:
        Open311Refusal: without a good key, or with what cannot be asked.
    """
    query, site = request.query, request.app[SITE]
    caller = await find_sender(request, query.get("api_key", ""), FOLLOWED)
    election = jurisdiction(site, query.get("jurisdiction_id", ""))
    for name in query:
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            raise _bad(Sentence("open311.no-parameter", name=name[:60], known=known))
    categories = _listed(request, "service_code")
    for code in categories:
        if code not in CATEGORIES:
            raise not_found(Sentence("open311.no-service", code=code[:60]))
    statuses = frozenset(_listed(request, "status")) or {"open", "closed"}
    if not statuses <= {"open", "closed"}:
        raise _bad(Sentence("open311.parameter-status"))
    start, end = _span(request, site.clock())
    most = _number(request, "page_size", MOST, MOST)
    page = _number(request, "page", 1, _MAX_PAGES)
    asked = _Asked(
        ids=_listed(request, "service_request_id")[:MOST],
        filter=FollowedFilter(site.settings.org, election, start, end, categories),
        statuses=frozenset(statuses),
        skip=(page - 1) * most,
        most=most,
    )
    return caller, asked


def _listed(request: web.Request, name: str) -> list[str]:
    """The values of a parameter, with commas between them or given more than once."""
    given = ",".join(request.query.getall(name, []))
    return [one.strip() for one in given.split(",") if one.strip()]


def _number(request: web.Request, name: str, usual: int, most: int) -> int:
    given = request.query.get(name, "").strip()
    if not given:
        return usual
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0
    if not 1 <= number <= most:
        raise _bad(Sentence("open311.parameter-number", name=name, most=most))
    return number


def _span(request: web.Request, now: int) -> tuple[str, str]:
    """From when to when, both as a record has them.

    Raises:
        Open311Refusal: one is no time, or they are too far apart.
    """
    start, end = _moment(request, "start_date"), _moment(request, "end_date")
    if end is None:
        last = dt.datetime.fromtimestamp(now, dt.UTC)
        # Who says only when it begins means what followed, as far as may be asked.
        end = last if start is None else start + _SPAN
    if start is None:
        start = end - _SPAN
    if not dt.timedelta() <= end - start <= _SPAN:
        raise _bad(Sentence("open311.parameter-span", days=SPAN_DAYS))
    return format_time(start.timestamp()), format_time(end.timestamp())


def _moment(request: web.Request, name: str) -> dt.datetime | None:
    try:
        moment = parse_time(request.query.get(name, "").strip())
        return None if moment is None else dt.datetime.fromisoformat(moment)
    except (BadCell, ValueError):
        raise _bad(Sentence("open311.parameter-time", name=name)) from None


def _bad(why: Sentence) -> Open311Refusal:
    return Open311Refusal(HTTPStatus.BAD_REQUEST, [why])


def _answer(request: web.Request, found: list[FollowedReport]) -> web.Response:
    t = language_of(request)
    shown = [_show(t, one) for one in found]
    answer = answer_document(form_of(request), "service_requests", shown)
    answer.headers[hdrs.CACHE_CONTROL] = "private, no-store"
    return answer


def _status(report: FollowedReport) -> str:
    return "closed" if report.is_closed else "open"


def _show(t: Text, report: FollowedReport) -> Open311Request:
    incident = report.incident
    words = incident.summary if incident.description is UNSET else incident.description
    return Open311Request(
        service_request_id=incident.id,
        status=_status(report),
        status_notes=_notes(t, report),
        service_name=service_name(t, incident.category),
        service_code=incident.category,
        description=words,
        agency_responsible=report.agency or None,
        service_notice=None,
        requested_datetime=incident.reported_at,
        updated_datetime=report.updated_at,
        expected_datetime=None,
        address=None,
        address_id=incident.place,
        zipcode=None,
        lat=None,
        long=None,
        media_url=None,
    )


def _notes(t: Text, report: FollowedReport) -> str:
    """Our own status, for programs and for people: `decided: … (…)`."""
    status = "duplicate" if report.is_duplicate else report.status
    said = f"{status}: {t(f'open311.status-{status}')}"
    if report.outcome and not report.is_duplicate:
        said += f" ({t(f'open311.outcome-{report.outcome}')})"
    return said
