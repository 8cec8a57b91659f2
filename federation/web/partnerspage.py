"""The partners, for people of ours: how it stands with each, and what is to be done.

    GET  /mitra             each partner; who asks and is none; alarms, who settled some
    GET  /mitra/{org}       one of them, with the history of visits
    POST /mitra/tangani     an alarm was seen to: for coordinators
    POST /mitra/abaikan     who asks and is no partner is told no more, or again

Rule: it shows what `/v1/partners` and `federation peers show` do, through the same
function, as far as the gate shows it to whoever is signed in. Besides news of the map
it asks for itself every few seconds: few people of ours have it open.
"""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from federation.errors import NotFoundError
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.partners import TURNS_SHOWN, PartnersAnswer, partners
from federation.records.readers import Caller, Person, may_do
from federation.records.severity import ORDER, severity_of
from federation.records.timezones import tell_moment
from federation.store.alarms import Alarm, SettledAlarm
from federation.store.pulls import KEPT_TURNS
from federation.store.strangers import IgnoredStranger
from federation.store.view import View
from federation.text import Sentence, Text
from federation.web.context import SITE
from federation.web.dashboard import live_address
from federation.web.forms import read_form
from federation.web.page import Page
from federation.web.peoplepage import for_people
from federation.web.requests.partners import IgnoreStrangers
from federation.web.requests.upkeep import ClearAlarm
from federation.web.requests.wire import check_request

PATH: Final = "/mitra"
_EVERY_S: Final = 10


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get(PATH, for_people(every, keep=("lang",))),
        web.post(f"{PATH}/tangani", for_people(settle, "settle", keep=("lang",))),
        web.post(f"{PATH}/abaikan", for_people(ignore, "settle", keep=("lang",))),
        web.get(f"{PATH}/{{org}}", for_people(one, keep=("lang",))),
    ]


async def every(page: Page, caller: Caller) -> web.Response:
    """All partners."""
    return await _show(page, caller, "", TURNS_SHOWN)


async def one(page: Page, caller: Caller) -> web.Response:
    """One partner, with all visits that are kept.

    Raises:
        NotFoundError: it is none.
    """
    return await _show(page, caller, page.request.match_info["org"], KEPT_TURNS)


async def settle(page: Page, caller: Caller) -> web.Response:
    """Take away what somebody has seen to.

    Raises:
        HTTPSeeOther: back to the page.
        NotFoundError: no such alarm stands any more.
    """
    given = await read_form(page.request)
    asked = ClearAlarm(
        code=given.get("code", ""),
        subject=given.get("subject", ""),
        person=caller if isinstance(caller, Person) else None,
    )
    await page.request.app[SITE].desk.run(asked)
    raise web.HTTPSeeOther(page.link(PATH))


async def ignore(page: Page, caller: Caller) -> web.Response:
    """Tell no more of who asks and is no partner, or tell again.

    Raises:
        HTTPSeeOther: back to the page.
        NotFoundError: nobody asks by that key.
    """
    given = await read_form(page.request)
    asked = {
        "who": given.get("who", ""),
        "again": given.get("again", "") == "1",
        "person": caller if isinstance(caller, Person) else None,
    }
    request = check_request(IgnoreStrangers, asked)
    await page.request.app[SITE].desk.run(request)
    raise web.HTTPSeeOther(page.link(PATH))


async def _show(page: Page, caller: Caller, org: str, turns: int) -> web.Response:
    site = page.request.app[SITE]
    peers = dict(site.peers())
    if org and org not in peers:
        raise NotFoundError(Sentence("asked.no-partner", org=org))
    election = site.settings.elections[0] if site.settings.elections else ""

    def read(view: View) -> tuple[PartnersAnswer, str]:
        shown = {org: peers[org]} if org else peers
        answer = partners(
            view,
            caller,
            shown,
            site.clock(),
            further=site.desk.alarms(),
            turns=turns,
        )
        return answer, format_cursor(read_cursor(view, election)) if election else ""

    answer, cursor = await site.db.read(read)
    when = _clock_of(page, answer.at)
    return page.render(
        "partners.html",
        site.settings.name,
        answer=answer,
        one=org,
        when=when,
        told=lambda view: [
            page.t.say(view.tell(condition, when))
            for condition in (view.state, *view.also)
        ],
        may_settle=may_do(caller, "settle"),
        ranked=_rank,
        tell_settled=lambda settled: tell_settled(page.t, settled, when),
        tell_ignored=lambda one: tell_ignored(page.t, one, when),
        data=f"/v1/partners?org={org}" if org else "/v1/partners",
        live=live_address(election, cursor) if election else "",
        every_s=_EVERY_S,
    )


def _clock_of(page: Page, now: int) -> Callable[[int], str]:
    """How a time is told: that of Jakarta, as the node has no place of its own."""
    return lambda at: page.t.say(tell_moment(at, now, ""))


def _rank(alarms: list[Alarm]) -> list[tuple[Alarm, str]]:
    """The worst first, each with how much it matters."""
    ranked = sorted(alarms, key=lambda one: -ORDER.index(severity_of(one.code)))
    return [(one, severity_of(one.code)) for one in ranked]


def tell_settled(t: Text, settled: SettledAlarm, when: Callable[[int], str]) -> str:
    """Who settled an alarm, and when."""
    at = when(settled.settled_at)
    if settled.person:
        role = t.word(f"people.role-{settled.role}", settled.role)
        return t("partners.settled-by", person=settled.person, role=role, at=at)
    return t(f"partners.settled-{'machine' if settled.role else 'itself'}", at=at)


def tell_ignored(t: Text, one: IgnoredStranger, when: Callable[[int], str]) -> str:
    """Who said that it is to be ignored, and when."""
    at = when(one.ignored_at)
    if one.person:
        role = t.word(f"people.role-{one.role}", one.role)
        return t("partners.ignored-by", person=one.person, role=role, at=at)
    return t("partners.ignored-machine", at=at)
