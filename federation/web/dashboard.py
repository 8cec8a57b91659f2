"""Pages for people: a polling station, what every page does, files of the pages.

Rule: a page shows what the API answers, through the same functions, in Indonesian or
English (the reader's browser says which, a link switches). Nothing from elsewhere and
no script but `live.js`, which asks for the page again when the map has moved, and
`suggest.js`, which proposes places while one types; without them the page is whole.
`page.POLICY` forbids all others, so that text out of a record could do nothing even if
it got through the escaping of the templates.

    /tps/{code}   /tps?code=   /static/…

Regions: `regionpage.py`; lists: `stationlist.py`.

`/verify` is another thing: a file for the reader to keep, with one script, which its
own policy names by hash (`federation/verifier`).
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from federation import verifier
from federation.config.settings import Settings
from federation.errors import FormatError, NotFoundError
from federation.flows.query import answers, photos, tps
from federation.flows.query.freshness import LastChange, last_change
from federation.flows.query.history import History, history_of
from federation.flows.query.scope import QueryScope, ask, parse_region
from federation.flows.query.waiting import waiting_logs
from federation.records.readers import Caller, Nobody, may_do
from federation.records.timezones import tell_moment
from federation.records.tps import TpsId, parse_tps
from federation.store.view import View
from federation.text import LANGUAGES, Language, Sentence, Text
from federation.web import live
from federation.web.access import caller_of
from federation.web.alike import read_alike
from federation.web.context import SITE
from federation.web.feed import PRIVATELY
from federation.web.keptpages import Shows, answer_kept, with_tag
from federation.web.language import liked_language
from federation.web.page import SAFETY, Page, query_of, static_file
from federation.web.pagecache import KeptPage
from federation.web.previewcard import can_draw

PAGE_SIZE = 50
#: Below this lie the files of the pages.
STATIC: Final = "/static/"
_CHOICES = ("election", "contest", "lang")
_MEDIA = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/tps", page_handler(search)),
        web.get("/tps/{code}", page_handler(station, is_kept=True)),
        web.get(f"{STATIC}{{name}}", static),
        web.get("/verify", verify),
    ]


async def station(page: Page) -> web.StreamResponse:
    """One polling station."""
    site, asked = page.request.app[SITE], ask_page(page)
    typed = page.request.match_info["code"]
    if (code := _read_code(typed)) != typed:
        raise web.HTTPSeeOther(page.link(f"/tps/{code}"))

    def read(view: View) -> tuple[answers.TpsAnswer, dict[str, History]]:
        answer = tps.tps(view, site.profiles, asked.election, code)
        told = {one.contest: history_of(view, one) for one in answer.contests}
        return answer, told

    answer, histories = await site.db.read(read)
    caller = await caller_of(page.request)
    shown = await site.db.read(
        photos.photos_of,
        asked.election,
        code,
        caller,
        is_public=site.settings.photos.public,
    )
    alike = await read_alike(page.request, asked.election, code, caller)
    waits: list[str] = []
    if not isinstance(caller, Nobody):
        waits = await site.db.read(_tell_waiting, page, asked, code, caller)
    answered = await page.answer(
        "tps.html",
        site.settings.name,
        answer=answer,
        quorum=site.settings.witness.quorum,
        histories=histories,
        waits=waits,
        data=f"/v1/tps/{answer.tps}?election={asked.election}",
        photos=shown,
        asked=page.request.query.get("asked", ""),
        alike=alike,
        election=tell_election(page, asked),
        # A thumbnail is for people of ours; others open the photo itself.
        has_thumbnails=may_do(caller, "see"),
        suggests=True,
        fresh=await tell_fresh(page, asked, code),
        preview=preview_of(page, asked, code),
        live=live_address(asked.election, answer.cursor),
    )
    if (shown or alike or waits) and not isinstance(caller, Nobody):
        answered.headers[hdrs.CACHE_CONTROL] = PRIVATELY
    return answered


def _tell_waiting(
    view: View, page: Page, asked: QueryScope, code: str, caller: Caller
) -> list[str]:
    """What of this election waits, for whoever may read it already."""
    now = page.request.app[SITE].clock()
    return [
        page.t(
            "page.waits",
            org=page.named(log.org),
            count=page.t.number(log.size),
            moment=tell_moment(log.until, now, code),
        )
        for log in waiting_logs(view, asked.election, caller, now)
    ]


async def search(page: Page) -> web.StreamResponse:
    """To the page of the station whose code was typed, however it was typed."""
    code = _read_code(page.request.query.get("code", ""))
    raise web.HTTPSeeOther(page.link(f"/tps/{code}"))


def _read_code(typed: str) -> TpsId:
    return parse_tps("".join(c for c in typed.upper() if c.isascii() and c.isalnum()))


async def static(request: web.Request) -> web.Response:
    """The style sheet and the icon; their addresses change with their bytes."""
    name = request.match_info["name"]
    try:
        data, _ = static_file(name)
    except KeyError:
        raise NotFoundError(Sentence("asked.no-such-file")) from None
    media = _MEDIA[name.rpartition(".")[2]]
    kept = "public, max-age=31536000, immutable" if "v" in request.query else "no-cache"
    return web.Response(
        body=data, content_type=media, headers={hdrs.CACHE_CONTROL: kept}
    )


async def verify(request: web.Request) -> web.StreamResponse:
    """The page that checks evidence: the same bytes for everybody."""
    policy = f"{verifier.policy()}; frame-ancestors 'none'"
    answered = web.Response(
        body=verifier.page(),
        content_type="text/html",
        charset="utf-8",
        headers={
            **SAFETY,
            "Content-Security-Policy": policy,
            hdrs.CACHE_CONTROL: "no-cache",
        },
    )
    return with_tag(request, answered)


def live_address(election: str, cursor: str) -> str:
    """Where a page of the map hears that the map has moved past what it shows."""
    return query_of(live.PATH, {"election": election, "since": cursor})


def page_handler(
    show: Callable[[Page], Awaitable[web.StreamResponse]],
    *,
    is_kept: bool = False,
    shows: Shows = Shows.ALL,
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of a page: a mistake is answered as a page, not as JSON.

    `is_kept`: all strangers get the same, by nothing but address, language and what of
    the database it `shows` (`pagecache.py`).
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        chosen = {k: request.query[k] for k in _CHOICES if request.query.get(k)}
        page = Page(request, Text(pick_page_language(request)), chosen)
        site = request.app[SITE]
        page.names = (await site.partners()).names
        try:
            if not is_kept:
                return with_tag(request, await show(page))
            language, names = page.t.language, page.names

            async def make(before: KeptPage | None) -> web.StreamResponse:
                page.before = before
                return await show(page)

            return await answer_kept(request, language, names, make, shows)
        except (NotFoundError, FormatError) as error:
            await freshen(page)
            return _mistake(page, error)

    return handle


def _mistake(page: Page, error: NotFoundError | FormatError) -> web.Response:
    site = page.request.app[SITE]
    is_format = isinstance(error, FormatError)
    is_station = page.request.path.startswith("/tps")
    said = page.t("page.bad_code" if is_format and is_station else "page.not_found")
    if not site.settings.elections:
        said = page.t("page.no_election")
    elif error.told.key == "pictures.no-candidate":
        said = page.t.say(error.told)
    page.chosen = {k: v for k, v in page.chosen.items() if k == "lang"}
    given = page.request.query.get("code") or page.request.match_info.get("code", "")
    answered = page.render(
        "problem.html", site.settings.name, said=said, given=given[:40]
    )
    answered.set_status(HTTPStatus.BAD_REQUEST if is_format else HTTPStatus.NOT_FOUND)
    return answered


def pick_page_language(request: web.Request) -> Language:
    """The language that was chosen, else what the browser likes; Indonesian first."""
    chosen = request.query.get("lang", "")
    for language in LANGUAGES:
        if chosen == language:
            return language
    return liked_language(request, "id")


def ask_page(page: Page) -> QueryScope:
    """The election and contest that the reader has chosen.

    Raises:
        NotFoundError: there is no such one here.
    """
    site, query = page.request.app[SITE], page.request.query
    election, contest = query.get("election", ""), query.get("contest", "")
    return ask(site.profiles, site.settings.elections, election, contest)


def read_region_of(page: Page) -> str:
    """The region at the end of a page's path; "": the nation.

    Raises:
        FormatError: it was named as `?region=`, and is none.
        HTTPSeeOther: to where it stands at the end of the path.
    """
    request = page.request
    code = request.match_info.get("code", "")
    region = "" if code else parse_region(request.query.get("region", ""))
    if region:
        beside = {k: v for k, v in request.query.items() if k != "region"}
        raise web.HTTPSeeOther(page.link(f"{request.path}/{region}", **beside))
    return code


def tell_election(page: Page, asked: QueryScope) -> str:
    """What the election is called, by its profile."""
    return str(getattr(asked.profile.file.name, page.t.language))


def tell_contest(page: Page, asked: QueryScope) -> str:
    """What is voted on, and in which election."""
    return f"{page.word('contest', asked.contest)} · {tell_election(page, asked)}"


def preview_of(page: Page, asked: QueryScope, code: str) -> str:
    """Where the picture of this page is, for other sites; "": there is none."""
    return preview_at(page.request.app[SITE].settings, page, asked, code)


def preview_at(settings: Settings, page: Page, asked: QueryScope, code: str) -> str:
    """The same by the settings."""
    public = settings.listen.public_url
    if not public or not can_draw():
        return ""
    path = f"/pratinjau/{code}.png" if code else "/pratinjau.png"
    chosen = {
        "election": asked.election,
        "contest": asked.contest,
        "lang": page.t.language,
    }
    return public.removesuffix("/") + query_of(path, chosen)


async def tell_fresh(page: Page, asked: QueryScope, code: str) -> str:
    """When the map last changed and whose news it was; "": nothing is known of it.

    `code`: of the region or the TPS, whose time it is told in.
    """
    return await page.request.app[SITE].db.read(read_fresh, page, asked, code)


def read_fresh(view: View, page: Page, asked: QueryScope, code: str) -> str:
    """The same, in a snapshot."""
    site = page.request.app[SITE]
    return fresh_at(view, page, asked, code, (site.settings.org, site.clock()))


def fresh_at(
    view: View, page: Page, asked: QueryScope, code: str, by: tuple[str, int]
) -> str:
    """The same to whom we are, at a time in Unix seconds (`by`)."""
    change = last_change(view, asked.election, *by)
    return _tell_change(page, change, by[1], code)


async def freshen(page: Page) -> None:
    """Have a page that shows nothing of the map say when it last changed.

    It is that of the election asked for, or of the node's first; looked up once for all
    such pages, so that strangers who ask for what is not there cost nothing.
    """
    site = page.request.app[SITE]
    elections, now = site.settings.elections, site.clock()
    if not elections:
        return
    asked = page.request.query.get("election", "")
    changes = await site.changes.read(site.db, site.settings, now)
    change = changes[elections.index(asked) if asked in elections else 0]
    page.names = page.names or (await site.partners()).names
    page.fresh = _tell_change(page, change, now, "")


def _tell_change(page: Page, change: LastChange | None, now: int, code: str) -> str:
    if change is None:
        return ""
    when = tell_moment(change.at, now, code)
    return page.t("page.fresh", when=when, org=page.named(change.org))
