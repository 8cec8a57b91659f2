"""Pages on which coordinators let reports go to agencies, or note that one was brought.

    GET  /laporan/kiriman                          what is on its way, and what is there
    GET  /laporan/{org}/{id}/berkas/{digest}       papers that wait; who else was there
    POST /laporan/{org}/{id}/berkas/{digest}       approve, withdraw, resolve
    GET  /laporan/{org}/{id}/berkas/{digest}/pdf   exactly the bytes that would go
    POST /laporan/{org}/{id}/antar                 it was brought there by hand

Rule: each does what `federation refer` does, through the same request, and stands in
the log of actions with who did it. What is approved is what the page showed, by its
digest; a button that is pressed twice by one hand is pressed once.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import hdrs, web
from msgspec import to_builtins

from federation.blobs.blobs import DIGEST_PATTERN
from federation.errors import (
    ConflictError,
    FormatError,
    NotFoundError,
    RecordError,
)
from federation.flows.refer.overview import OnItsWay, find_waiting, read_on_its_way
from federation.records.canonical import format_time
from federation.records.readers import Caller, Person
from federation.records.timezones import tell_local
from federation.store.outbox import OutboxItem
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.forms import read_form
from federation.web.incidentpage import known_agencies, name_asked
from federation.web.page import Page
from federation.web.peoplepage import for_people
from federation.web.requests.papers import LookAtPapers
from federation.web.requests.referrals import (
    ApproveReferral,
    HandOverReferral,
    ResolveReferral,
    WithdrawReferral,
)
from federation.web.requests.request import Request
from federation.web.requests.wire import check_request

LIST: Final = "/laporan/kiriman"
PAPERS: Final = f"/laporan/{{org}}/{{id}}/berkas/{{digest:{DIGEST_PATTERN}}}"
BY_HAND: Final = "/laporan/{org}/{id}/antar"
#: What a button of the page of papers asks.
_ASKED: Final[Mapping[str, tuple[type[Request[OutboxItem]], Mapping[str, Any]]]] = {
    "approve": (ApproveReferral, {}),
    "withdraw": (WithdrawReferral, {}),
    "was-sent": (ResolveReferral, {"was_sent": True}),
    "send-again": (ResolveReferral, {"was_sent": False}),
}
#: Refused, but for a reason that somebody gives.
_FOR_A_REASON: Final = frozenset({"outbox.held-back", "outbox.copied-ask"})
#: Somebody has to look at these first.
_FIRST: Final = ("unsure", "prepared", "failed", "expired", "intended", "sending")
_SAFELY: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[web.RouteDef]:
    """The pages and their forms."""
    return [
        web.get(LIST, for_people(show_all, "refer")),
        web.get(PAPERS, for_people(show_papers, "refer")),
        web.post(PAPERS, for_people(decide, "refer")),
        web.get(f"{PAPERS}/pdf", for_people(hand_papers, "refer")),
        web.post(BY_HAND, for_people(note_by_hand, "refer")),
    ]


async def show_all(page: Page, _: Caller) -> web.Response:
    """What is on its way, what somebody has to look at first."""
    site = page.request.app[SITE]
    found = await site.db.read(read_on_its_way, site.settings.org, site.clock())
    found.sort(key=lambda one: (_turn(one.item), -_last_step(one.item)))
    return page.render(
        "sendings.html",
        site.settings.name,
        found=found,
        last_step=lambda item: _tell(_last_step(item)),
        agencies={one.key: one.name for one in known_agencies(site)},
    )


async def show_papers(page: Page, _: Caller) -> web.Response:
    """Papers that wait.

    Raises:
        NotFoundError: there are none of this digest.
    """
    return await _show(page, await _find(page))


async def hand_papers(page: Page, caller: Caller) -> web.Response:
    """The bytes that would go.

    Raises:
        NotFoundError: they are not here (any more).
        StoredError: they are damaged.
        OSError: a disk is full or failed.
    """
    request = page.request
    if not isinstance(caller, Person):
        raise NotFoundError(Sentence("people.not-signed-in"))
    asked = LookAtPapers(
        incident=name_asked(page),
        dossier=request.match_info["digest"],
        person=caller.name,
    )
    data = await request.app[SITE].desk.run(asked)
    # A note is a text.
    is_pdf = data.startswith(b"%PDF-")
    ending, kind = ("pdf", "application/pdf") if is_pdf else ("txt", "text/plain")
    name = f"{asked.incident.id[:8]}-{asked.dossier[:8]}.{ending}"
    kept = {hdrs.CONTENT_DISPOSITION: f'inline; filename="{name}"'}
    return web.Response(
        body=data,
        content_type=kind,
        charset=None if is_pdf else "utf-8",
        headers=_SAFELY | kept,
    )


async def decide(page: Page, caller: Caller) -> web.Response:
    """Do what a button says.

    Raises:
        HTTPSeeOther: to the page again.
        ForeignForm: the form is not of this browser.
        NotFoundError: there are no such papers.
        OSError: a disk is full or failed.
    """
    fields = await read_form(page.request)
    asked, before = fields.get("do", ""), await _find(page)
    if asked not in _ASKED:
        raise FormatError(Sentence("asked.no-button"), "do")
    if asked == "approve" and "looked" not in fields:
        return await _show(page, before, fields, Sentence("desk.not-looked"))
    kind, members = _ASKED[asked]
    members = {**members, **_members(page, caller), "agency": before.item.agency}
    members["kind"] = before.item.kind
    if kind is ApproveReferral:
        members["dossier"] = before.item.dossier
        members["anyway"] = fields.get("anyway", "").strip()
    try:
        await page.request.app[SITE].desk.run(check_request(kind, members))
    except ConflictError as conflict:
        now = await _find(page)
        if not _is_done(asked, now.item, members["person"]):
            answered = await _show(page, now, fields, conflict.args[0])
            answered.set_status(HTTPStatus.CONFLICT)
            return answered
    except (FormatError, RecordError) as error:
        what = error.what if isinstance(error, FormatError) else error.rule
        return await _show(page, before, fields, what)
    raise web.HTTPSeeOther(page.link(page.request.path, done=asked))


async def note_by_hand(page: Page, caller: Caller) -> web.Response:
    """Note that somebody brought it to an agency.

    Raises:
        HTTPSeeOther: to the report's page.
        ForeignForm: the form is not of this browser.
        NotFoundError: there is no such report or agency.
        OSError: a disk is full or failed.
    """
    fields = await read_form(page.request)
    members = _members(page, caller)
    members["agency"] = fields.get("agency", "")
    members["reference"] = fields.get("reference", "").strip() or None
    if "kind" in fields:
        members["kind"] = fields["kind"]
    more = {"done": "by-hand"}
    try:
        asked = check_request(HandOverReferral, members)
        await page.request.app[SITE].desk.run(asked)
    except (ConflictError, FormatError) as error:
        why = error.what if isinstance(error, FormatError) else error.args[0]
        owner = page.request.app[SITE].settings.name
        answered = page.render("problem.html", owner, said=page.t.say(why), given="")
        is_format = isinstance(error, FormatError)
        status = HTTPStatus.BAD_REQUEST if is_format else HTTPStatus.CONFLICT
        answered.set_status(status)
        return answered
    raise web.HTTPSeeOther(page.link(f"/laporan/{name_asked(page)}", **more))


def _members(page: Page, caller: Caller) -> dict[str, Any]:
    return {
        "incident": to_builtins(name_asked(page)),
        "person": caller.name if isinstance(caller, Person) else "",
    }


def _is_done(asked: str, item: OutboxItem, person: str) -> bool:
    """Whether this hand did it a moment ago: the button was pressed twice."""
    if asked == "approve":
        is_on_its_way = item.state not in {"prepared", "withdrawn"}
        return is_on_its_way and item.approved_by == person
    states = {"withdraw": "withdrawn", "was-sent": "sent"}
    return item.state == states.get(asked)


async def _find(page: Page) -> OnItsWay:
    site = page.request.app[SITE]
    return await site.db.read(
        find_waiting,
        site.settings.org,
        str(name_asked(page)),
        page.request.match_info["digest"],
        site.clock(),
    )


async def _show(
    page: Page,
    found: OnItsWay,
    given: Mapping[str, str] | None = None,
    wrong: Sentence | str = "",
) -> web.Response:
    site, item = page.request.app[SITE], found.item
    agency = next((one for one in known_agencies(site) if one.key == item.agency), None)
    is_held = isinstance(wrong, Sentence) and wrong.key in _FOR_A_REASON
    if isinstance(wrong, Sentence) and wrong.key == "outbox.held-back":
        # The command's sentence names an option; here there is a field below.
        wrong = Sentence("desk.held-back", why=wrong.values["why"])
    done = page.request.query.get("done", "")
    answered = page.render(
        "papers.html",
        site.settings.name,
        item=item,
        summary=found.summary,
        others=found.others,
        agency=agency,
        tell=_tell,
        given=given or {},
        wrong=page.t.say(wrong),
        is_held=is_held or bool(found.others),
        done=done if done in _ASKED else "",
    )
    if wrong:
        answered.set_status(HTTPStatus.BAD_REQUEST)
    return answered


def _turn(item: OutboxItem) -> int:
    return _FIRST.index(item.state) if item.state in _FIRST else len(_FIRST)


def _last_step(item: OutboxItem) -> int:
    return item.tried_at or item.approved_at or item.prepared_at


def _tell(seconds: int) -> str:
    """A time as people of Jakarta read it; agencies are written to from there."""
    return tell_local(format_time(seconds), "") if seconds else ""
