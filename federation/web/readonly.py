"""A reader: the web of a process that only reads what another one writes.

Rule: strangers and partners are answered as by the node itself, with the same bytes and
tags; but a page has one line more, by which it asks how old it is (`lag.py`). Whatever
would change something is refused before anything is looked up, with the address of the
node; so is whoever the node knows by a cookie or a token, since what they are shown is
written down there. What is the same for all and written down nowhere, the files of the
pages and how far this is behind, is given to them too: the page that sends them to the
node needs it. Each answer says how old it may be:

    Federation-Lag: 0.1        seconds ago it was known to be all that there was
    503  {"code":"read-only","detail":"…",…}

Source: docs/adr/0064
"""

from typing import Final

from aiohttp import hdrs, web

from federation.config.settings import Settings
from federation.errors import ReadOnlyError
from federation.text import Sentence, Text
from federation.web.context import SITE
from federation.web.dashboard import STATIC, freshen, pick_page_language
from federation.web.lag import PATH as LAG_PATH
from federation.web.page import Page
from federation.web.problem import STATUS, Handler
from federation.web.requests.people import SIGN_IN_PATH
from federation.web.sessions import cookie_form

LAG: Final = "Federation-Lag"
_READS: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
#: Whoever looks after the reader has a token for these.
_OF_OPERATORS: Final = frozenset({"/livez", "/readyz", "/metrics"})
_AGAIN_S: Final = "10"


def refuse(settings: Settings) -> ReadOnlyError:
    """What whoever is wrong here is told: where the node is."""
    listen = settings.listen
    node = listen.public_url or f"http://{listen.host}:{listen.port}"
    return ReadOnlyError(Sentence("refused.read-only", node=node))


@web.middleware
async def only_reading(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a reader do nothing but read; people see a page that says so.

    Raises:
        ReadOnlyError: this is a reader, and it is for the node.
    """
    site = request.app[SITE]
    if site.behind() is None:
        return await handler(request)
    try:
        if not _is_answered(request, site.settings):
            raise refuse(site.settings)
        return await handler(request)
    except ReadOnlyError as error:
        if "text/html" not in request.headers.get(hdrs.ACCEPT, "").lower():
            raise
        page = Page(request, Text(pick_page_language(request)), {})
        await freshen(page)
        said, owner = page.t.say(error.told), site.settings.name
        answered = page.render("problem.html", owner, said=said, given="")
        answered.set_status(STATUS[ReadOnlyError])
        answered.headers[hdrs.RETRY_AFTER] = _AGAIN_S
        answered.headers[hdrs.CACHE_CONTROL] = "no-store"
        return answered


async def tell_lag(request: web.Request, response: web.StreamResponse) -> None:
    """Say how old an answer of a reader may be: a signal of `on_response_prepare`."""
    behind = request.app[SITE].behind()
    if behind is not None:
        response.headers[LAG] = format_lag(behind.lag_s)


def format_lag(lag_s: float) -> str:
    """Seconds as they are sent."""
    return f"{lag_s:.1f}"


def _is_answered(request: web.Request, settings: Settings) -> bool:
    """Whether a reader answers this at all."""
    form = cookie_form(settings)
    is_known = hdrs.AUTHORIZATION in request.headers or (
        hdrs.COOKIE in request.headers
        and not {form.name, form.door}.isdisjoint(request.cookies)
    )
    path = request.path
    if path in _OF_OPERATORS or path == LAG_PATH or path.startswith(STATIC):
        return request.method in _READS
    is_door = path == SIGN_IN_PATH
    return request.method in _READS and not is_known and not is_door
