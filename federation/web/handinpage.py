"""Pages on which somebody of ours reports a violation, by a telephone on a bad line.

    GET  /lapor          the form
    POST /lapor          sign what it says; on to the report's page
    GET  /lapor/{id}     its number, what happens now, and a form for one photograph
    POST /lapor/{id}     one photograph more for it

Rule: a few kilobytes in one answer, and no script. The words are signed before any
photograph is sent, and each photograph has a form of its own: a line that breaks costs
that one, which is then sent from its beginning, or goes on where it was with the script
of the report's page (`photopieces.py`). A form has a number of its own, from
which that of the report follows: sent twice, it is one report. Only whoever handed it
in adds to it, and nobody does so without end.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from msgspec import UNSET

from federation.errors import ConflictError, FormatError, NotFoundError
from federation.flows.incidents.handedin import HandedReport, read_handed
from federation.flows.incidents.take import say_problem
from federation.records.canonical import INCIDENT_PATTERN
from federation.records.incident import CATEGORIES, LAWS, Incident
from federation.records.readers import Caller, Person
from federation.records.result import Evidence
from federation.text import Sentence, Text, as_said
from federation.web.access import require
from federation.web.bucket import Bucket
from federation.web.context import SITE
from federation.web.dashboard import pick_page_language
from federation.web.forms import read_form
from federation.web.handinform import MOST, WHOLE, ReadReport, field_of, read_report
from federation.web.photoform import FILE, check_photo_form, take_form_photo
from federation.web.requests.handedin import (
    MOST_PHOTOS,
    AddReportPhoto,
    HandedIn,
    HandInReport,
)
from federation.web.sessions import PRIVATE
from federation.web.smallpage import SmallPage

PATH: Final = "/lapor"
#: So many reports and photographs may come from one person at once, then one in a
#: minute, and three.
REPORTS_AT_ONCE: Final = 30
PHOTOS_AT_ONCE: Final = 60
REPORTED: Final[web.AppKey[Bucket]] = web.AppKey("reported", Bucket)
PHOTOGRAPHED: Final[web.AppKey[Bucket]] = web.AppKey("photographed", Bucket)
#: What the number of a form looks like; every page with a new form has a new one.
_FORM: Final = re.compile("[0-9a-f]{32,64}")
#: Of the report's page: what has just been done.
_DONE: Final = ("new", "again", "photo", "none")

ShowReporter = Callable[[SmallPage, Caller], Awaitable[web.Response]]


def routes() -> list[web.RouteDef]:
    """The pages and their forms."""
    return [
        web.get(PATH, _for_reporters(show_form)),
        web.post(PATH, _for_reporters(hand_in)),
        web.get(f"{PATH}/{{id}}", _for_reporters(show_report)),
        web.post(f"{PATH}/{{id}}", _for_reporters(add_photo)),
    ]


async def show_form(page: SmallPage, _: Caller) -> web.Response:
    """An empty form."""
    return _form(page, {}, None)


async def hand_in(page: SmallPage, caller: Caller) -> web.Response:
    """Sign what the form says.

    Raises:
        HTTPSeeOther: to the report's page.
        ForeignForm: the form is not of this browser.
        OSError: a disk is full or failed.
    """
    request, site = page.request, page.request.app[SITE]
    given = await read_form(request)
    read = read_report(given)
    election, number = given.get("election", ""), given.get("form_id", "")
    if election not in site.settings.incidents or not _FORM.fullmatch(number):
        read.faults[WHOLE] = Sentence("handin.stale")
    if read.faults:
        return _form(page, given, read)
    asked = HandInReport(
        election=election,
        sender=sender_of(caller),
        what=f"{PATH} {number}",
        draft=read.draft,
        personal=read.personal,
        person=_name(caller),
    )
    wait_s = spend(request, caller, REPORTED)
    if wait_s:
        read.faults[WHOLE] = Sentence("handin.too-often", seconds=wait_s)
        return _later(_form(page, given, read), wait_s)
    try:
        handed = await site.desk.run(asked)
    except ConflictError as conflict:
        read.faults[WHOLE] = conflict.args[0]
        return _form(page, given, read)
    verdict = handed.verdict
    if verdict is not None and verdict.outcome == "refused":
        for error in verdict.errors:
            read.faults[field_of(error.at)] = say_problem(error, read.draft)
        return _form(page, given, read)
    done = "again" if verdict is None else "new"
    raise web.HTTPSeeOther(page.link(f"{PATH}/{handed.id}", done=done))


async def show_report(page: SmallPage, caller: Caller) -> web.Response:
    """What has become of it, and a form for a photograph.

    Raises:
        NotFoundError: nobody, or somebody else, has handed such a report in.
    """
    done = page.request.query.get("done", "")
    return _report(page, await find_own(page, caller), done if done in _DONE else "")


async def add_photo(page: SmallPage, caller: Caller) -> web.Response:
    """Take in one photograph, and sign the report with it.

    Raises:
        HTTPSeeOther: to the report's page.
        ForeignForm: the form is not of this browser.
        NotFoundError: nobody, or somebody else, has handed such a report in.
        OSError: a disk is full or failed.
    """
    request, site = page.request, page.request.app[SITE]
    check_photo_form(request)
    incident = await find_own(page, caller)
    if site.photos_coming.locked():
        busy = _report(page, incident, "", Sentence("handin.busy"))
        return _later(busy, 10, HTTPStatus.SERVICE_UNAVAILABLE)
    if wait_s := spend(request, caller, PHOTOGRAPHED):
        why = Sentence("handin.too-often", seconds=wait_s)
        return _later(_report(page, incident, "", why), wait_s)
    done = "none"
    try:
        check_room(incident)
        photo = await take_form_photo(request)
        if photo is not None:
            await add_taken(page, caller, photo)
            done = "photo"
    except (FormatError, ConflictError) as error:
        cause = error.what if isinstance(error, FormatError) else error.args[0]
        answered = _report(page, incident, "", cause)
        answered.set_status(HTTPStatus.BAD_REQUEST)
        return answered
    raise web.HTTPSeeOther(page.link(f"{PATH}/{incident.id}", done=done))


async def add_taken(page: SmallPage, caller: Caller, photo: Evidence) -> None:
    """Sign the report of the page with a photograph that was taken in.

    Raises:
        NotFoundError: nobody, or somebody else, has handed such a report in.
        FormatError: the report may not have it.
        ConflictError: the person is let in no longer.
    """
    asked = AddReportPhoto(
        report=page.request.match_info["id"],
        sender=sender_of(caller),
        photo=photo,
        person=_name(caller),
    )
    _check_signed(await page.request.app[SITE].desk.run(asked))


async def find_own(page: SmallPage, caller: Caller) -> Incident:
    """The report of the page, for whoever handed it in.

    Raises:
        NotFoundError: nobody, or somebody else, has handed such a report in.
    """
    site, given = page.request.app[SITE], page.request.match_info["id"]
    is_known = re.fullmatch(INCIDENT_PATTERN, given) is not None
    if is_known and HandedReport(given, site.report_key()).is_from(sender_of(caller)):
        incident = await site.db.read(read_handed, site.settings.org, given)
        if incident is not None:
            return incident
    raise NotFoundError(Sentence("handin.not-yours"))


def sender_of(caller: Caller) -> str:
    """Whose report it is: no token has such a name."""
    return f"person\n{caller.name}" if isinstance(caller, Person) else ""


def _name(caller: Caller) -> str:
    return caller.name if isinstance(caller, Person) else ""


def spend(request: web.Request, caller: Caller, counter: web.AppKey[Bucket]) -> int:
    """In how many seconds somebody may do it who does it too often; 0: they may."""
    bucket, now = request.app[counter], request.app[SITE].clock()
    name = _name(caller)
    return 0 if bucket.take(name, now) else max(1, bucket.wait_s(name, now))


def _later(
    answered: web.Response,
    wait_s: int,
    status: HTTPStatus = HTTPStatus.TOO_MANY_REQUESTS,
) -> web.Response:
    answered.set_status(status)
    answered.headers[hdrs.RETRY_AFTER] = str(wait_s)
    return answered


def check_room(incident: Incident) -> None:
    """Before a file is read for nothing.

    Raises:
        FormatError: there are as many photographs as may be.
    """
    if _photos(incident) >= MOST_PHOTOS:
        raise FormatError(Sentence("handin.photos-many", most=MOST_PHOTOS))


def _check_signed(handed: HandedIn) -> None:
    """Return if the report stands with its photograph.

    Raises:
        FormatError: it may not be signed any more as it was.
    """
    if handed.verdict is not None and handed.verdict.outcome == "refused":
        raise FormatError(as_said(handed.verdict.errors[0].reason))


def _photos(incident: Incident) -> int:
    return 0 if incident.evidence is UNSET else len(incident.evidence)


def _form(
    page: SmallPage, given: Mapping[str, str], read: ReadReport | None
) -> web.Response:
    """The form, with what was typed and what is wrong of it."""
    site = page.request.app[SITE]
    number = given.get("form_id", "")
    answered = page.show(
        "handin.html",
        given=given,
        form_id=number if _FORM.fullmatch(number) else site.new_secret()[:64],
        elections=site.settings.incidents,
        categories=sorted(CATEGORIES, key=lambda one: one == "lainnya"),
        laws=LAWS,
        most=MOST,
        seals=site.has_annex_key(),
        faults={name: page.t.say(why) for name, why in read.faults.items()}
        if read
        else {},
        marked=read.marked if read else {},
    )
    if read:
        answered.set_status(HTTPStatus.BAD_REQUEST)
    return answered


def _report(
    page: SmallPage, incident: Incident, done: str, wrong: Sentence | str = ""
) -> web.Response:
    return page.show(
        "handedin.html",
        script="pieces.js",
        pieces=page.to(f"{PATH}/{incident.id}/foto/"),
        incident=incident,
        done=done,
        wrong=page.t.say(wrong),
        photos=_photos(incident),
        most=MOST_PHOTOS,
        file=FILE,
    )


def _check_kept(page: SmallPage) -> None:
    """Return if reports are kept here.

    Raises:
        NotFoundError: they are of no election.
    """
    if not page.request.app[SITE].settings.incidents:
        raise NotFoundError(Sentence("open311.none-kept"))


def _for_reporters(
    show: ShowReporter,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of a page for people of ours, kept by no cache."""

    async def handle(request: web.Request) -> web.Response:
        caller = await require(request, "report")
        chosen = {"lang": request.query["lang"]} if request.query.get("lang") else {}
        page = SmallPage(request, Text(pick_page_language(request)), chosen)
        owner = request.app[SITE].settings.name
        try:
            _check_kept(page)
            answered = await show(page, caller)
        except (NotFoundError, FormatError) as error:
            is_format = isinstance(error, FormatError)
            why = error.what if isinstance(error, FormatError) else error.args[0]
            said = page.t.say(why)
            answered = page.render("problem.html", owner, said=said, given="")
            answered.set_status(400 if is_format else 404)
        answered.headers[hdrs.CACHE_CONTROL] = PRIVATE
        answered.headers["X-Robots-Tag"] = "noindex"
        return answered

    return handle
