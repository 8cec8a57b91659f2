"""A page on which a coordinator of ours removes one photograph.

    GET  /foto/{digest}/hapus    which stations it is named for, and the form
    POST /foto/{digest}/hapus    the button; then what became of it

Rule: what is typed here is what `federation photos remove` takes, and the same is done
(`web/requests/photos.py`); at whose hand stays in the node's own log of actions.
"""

from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from federation.blobs.blobs import is_digest
from federation.errors import FormatError, NotFoundError
from federation.records.readers import Caller, Person, may_read
from federation.records.removal import GROUNDS
from federation.store import evidence
from federation.store.view import View
from federation.text import Text
from federation.web.access import require
from federation.web.context import SITE
from federation.web.dashboard import pick_page_language
from federation.web.forms import read_form
from federation.web.page import Page
from federation.web.requests.photos import RemovedHere, RemovePhoto
from federation.web.requests.wire import check_request
from federation.web.sessions import PRIVATE

PATH: Final = "/foto/{digest}/hapus"


def routes() -> list[web.RouteDef]:
    """The page and its form."""
    return [web.get(PATH, show_form), web.post(PATH, remove)]


async def show_form(request: web.Request) -> web.StreamResponse:
    """The form, for a photograph that a record names.

    Raises:
        NotAllowed: nobody is signed in who may remove.
        HTTPNotFound: no record here names it.
    """
    caller = await require(request, "remove")
    return await _form(request, caller)


async def remove(request: web.Request) -> web.StreamResponse:
    """Remove it, as the form says.

    Raises:
        NotAllowed: nobody is signed in who may remove.
        ForeignForm: the form is not of this browser.
        HTTPNotFound: no record here names it.
    """
    caller = await require(request, "remove")
    fields = await read_form(request)
    members = {
        "digest": _digest(request),
        "ground": fields.get("ground", ""),
        "reason": fields.get("reason", "").strip(),
        "person": caller.name if isinstance(caller, Person) else "",
    }
    try:
        done = await request.app[SITE].desk.run(check_request(RemovePhoto, members))
    except NotFoundError:
        raise web.HTTPNotFound from None
    except FormatError as error:
        return await _form(request, caller, error)
    return _render(request, done=done, stations=[])


async def _form(
    request: web.Request, caller: Caller, wrong: FormatError | None = None
) -> web.Response:
    stations = await request.app[SITE].db.read(_stations, _digest(request), caller)
    if not stations:
        raise web.HTTPNotFound
    answered = _render(request, stations=stations, wrong=wrong)
    if wrong is not None:
        answered.set_status(HTTPStatus.BAD_REQUEST)
    return answered


def _render(
    request: web.Request,
    *,
    stations: list[str],
    done: RemovedHere | None = None,
    wrong: FormatError | None = None,
) -> web.Response:
    page = Page(request, Text(pick_page_language(request)), {})
    answered = page.render(
        "removal.html",
        request.app[SITE].settings.name,
        digest=_digest(request),
        stations=stations,
        grounds=sorted(GROUNDS, key=lambda ground: ground == "other"),
        done=done,
        wrong="" if wrong is None else page.t.say(wrong.what),
    )
    answered.headers[hdrs.CACHE_CONTROL] = PRIVATE
    answered.headers["X-Robots-Tag"] = "noindex"
    return answered


def _digest(request: web.Request) -> str:
    digest = request.match_info["digest"]
    if not is_digest(digest):
        raise web.HTTPNotFound
    return digest


def _stations(view: View, digest: str, caller: Caller) -> list[str]:
    """The stations for which it is named, as far as the caller may read of it."""
    named = evidence.find_evidence(view, digest)
    return sorted({one.entry.tps for one in named if may_read(caller, one.log)})
