"""One report of a violation, as our people see it, and the forms by which they judge.

    GET  /laporan/{org}/{id}     the report, what it is part of, what was said of it
    POST /laporan/{org}/{id}     what we say of it, or of it and another
    GET  /laporan/kembar         reports that may be of one thing, side by side

Rule: a form is the statement that it signs (`StateIncident`), as the command
`federation incidents status` makes it; who may say which is asked of the gate here, and
again when it is signed. A form knows what its reader saw: pressed twice it changes
nothing, and on a page that is older than our last word it signs nothing and says why.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from msgspec import to_builtins

from federation.config.agencies import Agency, agencies_of
from federation.errors import ConfigError, ConflictError, NotFoundError, RecordError
from federation.flows.incidents.answers import parse_after
from federation.flows.incidents.desk import (
    ReportOnDesk,
    list_desk_pairs,
    read_desk,
)
from federation.flows.incidents.merged import ReportInShort
from federation.flows.incidents.places import (
    name_place,
    read_places,
    regions_around,
)
from federation.flows.incidents.state import act_of
from federation.flows.ownlog.verdict import Verdict
from federation.flows.query.scope import ask, parse_region
from federation.flows.refer.overview import OnItsWay, read_on_its_way
from federation.records.canonical import convert, format_time
from federation.records.incident import IncidentName
from federation.records.incidentmerge import ARRIVED
from federation.records.incidentstatus import (
    OF_AGENCY,
    OUTCOMES,
    PAIR_STATES,
    STATES,
)
from federation.records.readers import Caller, Person, may_do
from federation.records.timezones import tell_local
from federation.sources.personal import why_personal
from federation.store.incidents import IncidentFilter
from federation.text import Sentence
from federation.web.access import require
from federation.web.context import SITE, WebContext
from federation.web.forms import read_form
from federation.web.page import Page
from federation.web.peoplepage import for_people
from federation.web.requests.incidents import StateIncident
from federation.web.requests.wire import check_request

PATH: Final = "/laporan/{org}/{id}"
PAIRS: Final = "/laporan/kembar"
#: What an editor says of a report; what needs a reason, which partners read.
JUDGED: Final = ("verified", "unverifiable", "rejected")
REASONED: Final = frozenset({"unverifiable", "rejected"})
#: So many reports are compared for one page of pairs.
_LOOKED_AT: Final = 100
_MOST: Final = {"reason": 300, "reference": 100}
_MEMBERS: Final = ("status", "agency", "reference", "outcome", "reason", "seen")
_DONE: Final = ("logged", "held", "by-hand")
#: What an agency did, that a coordinator notes.
ANSWERS: Final = ("registered", "not_registered", "decided")


def routes() -> list[web.RouteDef]:
    """The pages and their one form."""
    return [
        web.get(PAIRS, for_people(show_pairs, "see", ("election", "lang", "region"))),
        web.get(PATH, for_people(show_report)),
        web.post(PATH, for_people(say, "classify")),
    ]


async def show_report(page: Page, caller: Caller) -> web.Response:
    """One report.

    Raises:
        NotFoundError: there is none of that name.
    """
    return await _show(page, caller)


async def show_pairs(page: Page, caller: Caller) -> web.Response:
    """What is proposed, to be confirmed or refused."""
    site, query = page.request.app[SITE], page.request.query
    asked = query.get("election", "")
    filtered = IncidentFilter(
        election=ask(site.profiles, site.settings.elections, asked).election,
        region=parse_region(page.chosen.get("region", "")),
        after=parse_after(query.get("after", "")),
    )
    found = await site.db.read(
        list_desk_pairs, caller, filtered, _LOOKED_AT, site.settings.org
    )
    shown = (report for pair in found.pairs for report in pair.reports)
    return page.render(
        "pairs.html",
        site.settings.name,
        found=found,
        places=await tell_places(page, filtered.election, shown),
        may_judge=may_do(caller, "classify"),
        after=query.get("after", ""),
        local=tell_local,
        done=_done(page),
        about=query.get("about", ""),
        said=query.get("said", ""),
    )


async def tell_places(
    page: Page, election: str, reports: Iterable[ReportInShort]
) -> Mapping[str, str]:
    """What the places of these reports are called, by their codes."""
    site, codes = page.request.app[SITE], {report.place for report in reports}
    around = {region for code in codes for region in regions_around(code)}
    names = await site.db.read(read_places, election, around)
    return {code: name_place(page.t, code, names) for code in codes}


async def say(page: Page, caller: Caller) -> web.Response:
    """Sign what a form says.

    Raises:
        HTTPSeeOther: to the page that the form was on.
        NotAllowed: it is for somebody of another role.
        ForeignForm: the form is not of this browser.
        NotFoundError: there is no such report.
        OSError: a disk is full or failed.
    """
    fields = dict(await read_form(page.request))
    status = fields.get("status", "")
    if status not in STATES:
        return await _show(page, caller, fields, Sentence("desk.no-status"))
    await require(page.request, act_of(status))
    wrong = _find_wrong(fields)
    if wrong is not None:
        return await _show(page, caller, fields, wrong)
    asked = check_request(StateIncident, _members(page, caller, fields))
    try:
        verdict = await page.request.app[SITE].desk.run(asked)
    except ConflictError as conflict:
        answered = await _show(page, caller, fields, conflict.args[0])
        answered.set_status(HTTPStatus.CONFLICT)
        return answered
    if verdict.outcome == "refused":
        return await _show(page, caller, fields, _why(page, verdict))
    raise web.HTTPSeeOther(_back(page, fields, verdict))


def _members(page: Page, caller: Caller, fields: Mapping[str, str]) -> dict[str, Any]:
    """Of the statement, as typed: what was left empty is not there."""
    members: dict[str, Any] = {
        name: fields[name].strip() for name in _MEMBERS if fields.get(name, "").strip()
    }
    members["seen"] = fields.get("seen", "")
    members["incident"] = to_builtins(name_asked(page))
    members["person"] = caller.name if isinstance(caller, Person) else ""
    if fields["status"] in PAIR_STATES:
        org, _, incident = fields.get("duplicate_of", "").rpartition("/")
        members["duplicate_of"] = {"id": incident, "org": org}
    return members


def _find_wrong(fields: Mapping[str, str]) -> Sentence | None:
    """What somebody before the page can mend; None: nothing."""
    for name, most in _MOST.items():
        text = fields.get(name, "").strip()
        if len(text) > most:
            return Sentence("desk.too-long", most=most)
        if why := why_personal(name, text):
            return why
    if fields["status"] in REASONED and not fields.get("reason", "").strip():
        return Sentence("desk.no-reason")
    if fields["status"] in ANSWERS and not fields.get("reference", "").strip():
        return Sentence("desk.no-reference")
    return None


def _why(page: Page, verdict: Verdict) -> str:
    return page.t.word(f"incidents.why-{verdict.code}", verdict.reason)


def _back(page: Page, fields: Mapping[str, str], verdict: Verdict) -> str:
    """Where the form was, with what has become of it."""
    name, done = str(name_asked(page)), verdict.outcome
    if fields.get("back") == "pairs":
        more = {one: fields.get(one, "") for one in ("after", "region")}
        said = fields["status"]
        return page.link(PAIRS, done=done, about=name, said=said, **more)
    return page.link(f"/laporan/{name}", done=done)


def _done(page: Page) -> str:
    done = page.request.query.get("done", "")
    return done if done in _DONE else ""


def name_asked(page: Page) -> IncidentName:
    """The report that the address names.

    Raises:
        NotFoundError: no report has such a name.
    """
    members = {name: page.request.match_info[name] for name in ("id", "org")}
    try:
        return convert(members, IncidentName)
    except RecordError as error:
        raise NotFoundError(error.rule) from None


async def _show(
    page: Page,
    caller: Caller,
    given: Mapping[str, str] | None = None,
    wrong: Sentence | str = "",
) -> web.Response:
    site = page.request.app[SITE]
    org = site.settings.org
    desk = await site.db.read(
        read_desk,
        caller,
        name_asked(page),
        org,
        site.due_dates(),
        photos_public=site.settings.photos.public,
    )
    known, may_refer = known_agencies(site), may_do(caller, "refer")
    ours: list[OnItsWay] = []
    if may_refer:
        ours = await site.db.read(
            read_on_its_way, org, site.clock(), str(name_asked(page))
        )
    beside = [
        report for pair in (*desk.proposed, *desk.pairs) for report in pair.reports
    ]
    whole = desk.found.merged
    places = await tell_places(
        page, desk.found.election, [*(whole.reports if whole else ()), *beside]
    )
    answered = page.render(
        "incident.html",
        site.settings.name,
        desk=desk,
        places=places,
        found=desk.found,
        place=_place(desk),
        local=tell_local,
        now=format_time(site.clock()),
        agencies={one.key: one.name for one in known},
        choices=_choices(desk, known),
        prefilled=_prefill(desk, org),
        ours=ours,
        may_judge=may_do(caller, "classify"),
        may_refer=may_refer,
        judged=JUDGED,
        answers=ANSWERS,
        outcomes=OUTCOMES,
        most=_MOST,
        given=given or {},
        wrong=page.t.say(wrong),
        at=_section(given or {}),
        done=_done(page),
        asked=page.request.query.get("asked", ""),
    )
    if wrong:
        answered.set_status(HTTPStatus.BAD_REQUEST)
    return answered


def known_agencies(site: WebContext) -> tuple[Agency, ...]:
    """Those of agencies.toml; none where it cannot be used: a page needs no names.

    Whoever refers a report is told by the command what is wrong with the file.
    """
    try:
        return site.agencies()
    except ConfigError:
        return ()


def _place(desk: ReportOnDesk) -> str:
    """The code of the station or the region."""
    said = desk.found.said
    return str(said.get("tps") or said["region"])


def _choices(desk: ReportOnDesk, known: tuple[Agency, ...]) -> list[str]:
    """The agencies that may have answered: where it was taken, then the nearest."""
    taken = [one.agency for one in desk.agencies if one.agency]
    near = [one.key for one in agencies_of(known, _place(desk))]
    return list(dict.fromkeys([*taken, *near, *(one.key for one in known)]))


def _prefill(desk: ReportOnDesk, org: str) -> dict[str, str]:
    """The agency that we took it to, if it is one, and its number there."""
    ours = [
        line.said
        for one in desk.agencies
        for line in one.taken
        if line.org == org
        and line.said["stage"] in ARRIVED
        and "also_by" not in line.said
    ]
    if len(ours) != 1:
        return {}
    return {name: ours[0].get(name, "") for name in ("agency", "reference")}


def _section(given: Mapping[str, str]) -> str:
    """Where on the page the form is that was sent."""
    status = given.get("status", "")
    if status in PAIR_STATES:
        return "pairs"
    return "answer" if status in OF_AGENCY else "judge"
