"""Pages for people of ours: in by a link, who is signed in, and out again.

    GET  /masuk?k=<secret>   whose link it is, and a button; changes nothing, since
                             messengers fetch the links that they show
    POST /masuk              the button: a session, and its cookie
    GET  /masuk              who is signed in, or where to get a link
    POST /keluar             the way out

Rule: the secret is in the address of one page and in its form; that page sends no
referrer, is kept nowhere, and nothing of ours logs a query. Whoever may not do what a
page is for is told where to get a link (`NotAllowed`), and nothing of what is there.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from federation.errors import FormatError, NotFoundError
from federation.records.readers import Act, may_do
from federation.records.timezones import WIB
from federation.store.people import KnownPerson, find_link
from federation.text import Sentence, Text
from federation.text.cause import FULL, fault_of_disk
from federation.web.access import NotAllowed
from federation.web.bucket import Bucket
from federation.web.context import SITE
from federation.web.dashboard import freshen, pick_page_language
from federation.web.forms import (
    ForeignForm,
    form_token,
    is_of_another_site,
    read_form,
    token_of_door,
)
from federation.web.page import Page
from federation.web.problem import Handler, status_of
from federation.web.requests.people import (
    LINK_MEMBER,
    SIGN_IN_PATH,
    CloseSession,
    OpenSession,
)
from federation.web.sessions import (
    DOOR_S,
    PRIVATE,
    SIGNED_IN,
    WHY_NOT,
    BrowserSession,
    cookie_form,
    give_cookie,
    take_cookie,
)

SIGN_OUT_PATH: Final = "/keluar"
#: What a page that asks to be let in leaves in the address once one has left.
_LEFT: Final = "keluar"
#: How often one link signs in: each is a line of the log of actions.
SIGN_INS: Final[web.AppKey[Bucket]] = web.AppKey("sign-ins", Bucket)
_HTML: Final = "text/html"
_ACTS: Final[tuple[Act, ...]] = (
    *("see", "report", "read-forms", "classify", "refer", "remove", "settle"),
)


def routes() -> list[web.RouteDef]:
    """The way in, and out."""
    return [
        web.get(SIGN_IN_PATH, _page(show_door)),
        web.post(SIGN_IN_PATH, _page(sign_in)),
        web.post(SIGN_OUT_PATH, _page(sign_out)),
    ]


@web.middleware
async def show_hints(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever may not do what a page is for is told where to get a link.

    And who sent a form while a disk was full, that it is to be sent again.

    Raises:
        OSError: a disk failed otherwise, or it is no browser that asked.
    """
    try:
        return await handler(request)
    except (NotAllowed, ForeignForm) as error:
        page = _make_page(request)
        await freshen(page)
        return _hint(page, error.why, HTTPStatus.FORBIDDEN)
    except OSError as error:
        # Scripts and programs take any form of an answer; a browser names this one.
        is_browser = _HTML in request.headers.get(hdrs.ACCEPT, "")
        if not (is_browser and error.errno in FULL):
            raise
        page = _make_page(request)
        why = page.t("page.disk", why=page.t.say(fault_of_disk(error)))
        answered = _render(page, "problem.html", said=why, given="")
        answered.set_status(HTTPStatus.INSUFFICIENT_STORAGE)
        return answered


async def show_door(page: Page) -> web.StreamResponse:
    """Whose link it is, and the button; without a link, who is signed in."""
    request, site = page.request, page.request.app[SITE]
    link = request.query.get(LINK_MEMBER, "")
    session = request.get(SIGNED_IN)
    if not link:
        return _account(page) if session else _hint(page, _why(request))
    known = await site.db.read(find_link, link, site.clock())
    if session is not None and session.person.name == known.name:
        return _account(page)
    return _door(page, link, known)


def _door(page: Page, link: str, known: KnownPerson) -> web.Response:
    request, site = page.request, page.request.app[SITE]
    door, token = cookie_form(site.settings).door, form_token(request)
    secret = "" if token else site.new_secret()
    answered = _render(
        page,
        "signin.html",
        known=known,
        link_secret=link,
        form_token=token or token_of_door(secret),
    )
    if secret:
        give_cookie(request, answered, door, secret, DOOR_S)
    return answered


async def sign_in(page: Page) -> web.StreamResponse:
    """Open a session for this browser."""
    request, site = page.request, page.request.app[SITE]
    link = (await read_form(request)).get(LINK_MEMBER, "")
    known = await site.db.read(find_link, link, site.clock())
    if not request.app[SIGN_INS].take(known.name, site.clock()):
        why = Sentence("people.too-often")
        return _hint(page, why, HTTPStatus.TOO_MANY_REQUESTS)
    session, secret = request.get(SIGNED_IN), site.new_secret()
    before = session.secret if session else ""
    opened = await site.desk.run(
        OpenSession(link=link, secret=secret, instead_of=before)
    )
    # To a page without the secret in its address, and without a form to send again.
    answered = _lead(page, SIGN_IN_PATH)
    name = cookie_form(site.settings).name
    give_cookie(request, answered, name, secret, opened.until - site.clock())
    return answered


async def sign_out(page: Page) -> web.StreamResponse:
    """End the session of this browser; once more is no mistake."""
    request, site = page.request, page.request.app[SITE]
    answered = _lead(page, SIGN_IN_PATH, **{_LEFT: "1"})
    session: BrowserSession | None = request.get(SIGNED_IN)
    if session is not None:
        await read_form(request)
        await site.desk.run(CloseSession(secret=session.secret))
    elif is_of_another_site(request):
        raise ForeignForm(Sentence("people.foreign-form"))
    # Another site's form comes without the cookie: it must not take it away, either.
    if cookie_form(site.settings).name in request.cookies:
        take_cookie(request, answered)
    return answered


def _lead(page: Page, path: str, **more: str) -> web.Response:
    headers = {hdrs.LOCATION: page.link(path, **more), hdrs.CACHE_CONTROL: PRIVATE}
    return web.Response(status=HTTPStatus.SEE_OTHER, headers=headers)


def _account(page: Page) -> web.Response:
    """Who is signed in with this browser, and what they may do."""
    session = page.request[SIGNED_IN]
    acts = [act for act in _ACTS if may_do(session.person, act)]
    until = datetime.fromtimestamp(session.until, WIB).strftime("%Y-%m-%d %H:%M WIB")
    keeps = bool(page.request.app[SITE].settings.incidents)
    return _render(
        page, "account.html", session=session, acts=acts, until=until, keeps=keeps
    )


def _why(request: web.Request) -> Sentence | str:
    """Why nobody is signed in with this browser."""
    if _LEFT in request.query:
        return Sentence("people.session-out")
    return request.get(WHY_NOT) or Sentence("people.not-signed-in")


def _hint(
    page: Page, why: Sentence | str, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    address = page.request.app[SITE].settings.listen.public_url or ""
    answered = _render(page, "hint.html", said=page.t.say(why), address=address)
    answered.set_status(status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        answered.headers[hdrs.RETRY_AFTER] = "60"
    return answered


def _render(page: Page, template: str, **values: object) -> web.Response:
    owner = page.request.app[SITE].settings.name
    answered = page.render(template, owner, **values)
    answered.headers[hdrs.CACHE_CONTROL] = PRIVATE
    answered.headers["X-Robots-Tag"] = "noindex"
    return answered


def _make_page(request: web.Request) -> Page:
    chosen = {"lang": request.query["lang"]} if request.query.get("lang") else {}
    return Page(request, Text(pick_page_language(request)), chosen)


def _page(
    show: Callable[[Page], Awaitable[web.StreamResponse]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of a page: a mistake is answered as a page, not as JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        page = _make_page(request)
        await freshen(page)
        try:
            return await show(page)
        except NotFoundError as error:
            return _hint(page, error.args[0], HTTPStatus.NOT_FOUND)
        except FormatError as error:
            return _hint(page, error.what, status_of(error))

    return handle
