"""Who is signed in with this browser: its cookie, and the session that it is of.

    Set-Cookie: __Host-federation-1f2e3d4c=<256 bits>; HttpOnly; Secure; SameSite=Lax;
                Path=/; Max-Age=<until the link ends>

`SameSite=Lax`, not `Strict`: links come in messengers, and with `Strict` whoever is
signed in would be a stranger on each page that a message leads to. Another site's page
can make a browser send such a cookie with a GET at the top only. No GET changes
anything, not even who has a form in hand (`formtaking.py`); forms have a proof of their
own besides (`forms.py`).

`Secure` where `listen.public_url` is https. There the name begins with `__Host-`, so
that no other name of the same domain can set it. Below a path it is sent to that path
only, which such a name forbids: then it is `__Secure-`, and the secret does not go to
the other programs of that host. Ports do not part cookies: the name has a digest of
whose node it is, so that two nodes of one machine leave each other's alone.

Source: RFC 6265bis (draft-ietf-httpbis-rfc6265bis) sections 4.1.3 and 5.6;
docs/adr/0024
"""

import hashlib
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from federation.config.settings import Settings
from federation.errors import NotFoundError, StoredError
from federation.records.readers import Person
from federation.store.people import find_session
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.problem import Handler
from federation.web.requests.people import SeeSession

PRIVATE: Final = "private, no-store"
#: How exactly it is kept when somebody was last here.
SEEN_EVERY_S: Final = 600
#: How long a page with a form may stay open before somebody is signed in.
DOOR_S: Final = 3_600


class BrowserSession(NamedTuple):
    """A browser that is signed in: its secret, who that is, and until when."""

    secret: str
    person: Person
    until: int


class CookieForm(NamedTuple):
    """How the cookies of a node are named and where they are sent."""

    name: str
    path: str
    is_secure: bool

    @property
    def door(self) -> str:
        """The name of the one that a browser has before it is signed in."""
        return f"{self.name}-door"


SIGNED_IN: Final[web.RequestKey[BrowserSession]] = web.RequestKey(
    "signed-in", BrowserSession
)
#: Of a request whose cookie is of no session: why.
WHY_NOT: Final[web.RequestKey[str]] = web.RequestKey("why-not", str)


def cookie_form(settings: Settings) -> CookieForm:
    """The form of this node's cookies."""
    listen = settings.listen
    public = urlsplit(listen.public_url or "")
    path, is_secure = f"{public.path.rstrip('/')}/", public.scheme == "https"
    whose = f"{settings.org} {listen.port} {listen.public_url}"
    name = f"federation-{hashlib.sha256(whose.encode()).hexdigest()[:8]}"
    if is_secure:
        name = f"{'__Host-' if path == '/' else '__Secure-'}{name}"
    return CookieForm(name, path, is_secure)


@web.middleware
async def recognise_browser(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Find out who is signed in; whoever sends no cookie is nobody."""
    if hdrs.COOKIE in request.headers:
        await _recognise(request)
    return await handler(request)


async def _recognise(request: web.Request) -> None:
    site = request.app[SITE]
    secret = request.cookies.get(cookie_form(site.settings).name)
    if not secret:
        return
    now = site.clock()
    try:
        # Looked up by its digest, so no comparison tells how much of it is right.
        found = await site.db.read(find_session, secret, now)
    except NotFoundError as error:
        request[WHY_NOT] = error.args[0]
        return
    except StoredError:
        request[WHY_NOT] = Sentence("people.session-unknown")
        return
    request[SIGNED_IN] = BrowserSession(secret, found.person, found.until)
    if not 0 <= now - found.seen_at < SEEN_EVERY_S:
        await _see(request, secret)


async def _see(request: web.Request, secret: str) -> None:
    """Keep that somebody was here; a disk that takes nothing is no reason to refuse."""
    try:
        await request.app[SITE].desk.run(SeeSession(secret=secret))
    except OSError:
        return


def give_cookie(
    request: web.Request, answer: web.Response, name: str, secret: str, age_s: int
) -> None:
    """Let the browser keep a secret under this name, for so many seconds."""
    form = cookie_form(request.app[SITE].settings)
    answer.set_cookie(
        name,
        secret,
        max_age=age_s,
        path=form.path,
        secure=form.is_secure,
        httponly=True,
        samesite="Lax",
    )


def take_cookie(request: web.Request, answer: web.Response) -> None:
    """Let the browser forget that it was signed in."""
    form = cookie_form(request.app[SITE].settings)
    answer.del_cookie(
        form.name,
        path=form.path,
        secure=form.is_secure,
        httponly=True,
        samesite="Lax",
    )


async def keep_private(request: web.Request, response: web.StreamResponse) -> None:
    """An answer to somebody who is signed in is theirs: a signal, after all others.

    What says that it is for everybody (a style sheet, a tile) stays so.
    """
    if SIGNED_IN not in request:
        return
    if not response.headers.get(hdrs.CACHE_CONTROL, "").startswith("public"):
        response.headers[hdrs.CACHE_CONTROL] = PRIVATE
        response.headers.popall(hdrs.ACCESS_CONTROL_ALLOW_ORIGIN, None)
