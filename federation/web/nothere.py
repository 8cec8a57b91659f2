"""Where nothing is: a page for people, as before a Problem Details for programs.

Rule: whoever asks for a page (`Accept` names `text/html`, as browsers do) at a path
that no route has gets one with a search box, status 404. A path that only has a slash
too many leads to the one without; the address is relative, so that it stays on this
node whatever the path begins with (`//elsewhere.example/`).
"""

from http import HTTPStatus

from aiohttp import hdrs, web
from yarl import URL

from federation.text import Text
from federation.web.context import SITE
from federation.web.dashboard import freshen, pick_page_language
from federation.web.page import Page
from federation.web.problem import Handler


@web.middleware
async def page_for_nothing(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """The handler's answer, or a page where there is nothing.

    Raises:
        HTTPPermanentRedirect: a slash too many.
    """
    response = await handler(request)
    nothing = request.match_info.http_exception
    if nothing is None or response.status != HTTPStatus.NOT_FOUND:
        return response
    if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
        return response
    if "text/html" not in request.headers.get(hdrs.ACCEPT, "").lower():
        return response
    if (shorter := await _without_slash(request)) is not None:
        raise web.HTTPPermanentRedirect(shorter)
    language = request.query.get("lang")
    page = Page(
        request,
        Text(pick_page_language(request)),
        {"lang": language} if language else {},
    )
    owner = request.app[SITE].settings.name
    await freshen(page)
    answered = page.render(
        "problem.html", owner, said=page.t("page.no_such_page"), given=""
    )
    answered.set_status(HTTPStatus.NOT_FOUND)
    return answered


async def _without_slash(request: web.Request) -> URL | None:
    """The address without the slashes at its end, if that has a page."""
    path = request.rel_url.raw_path
    shorter = path.rstrip("/")
    if not shorter or shorter == path:
        return None
    there = URL.build(path=shorter, query_string=request.query_string, encoded=True)
    try:
        meant = await request.app.router.resolve(request.clone(rel_url=there))
    except ValueError:
        return None
    if meant.http_exception is not None:
        return None
    up = "../" * (len(path) - len(shorter))
    return URL.build(
        path=f"{up}{shorter.rpartition('/')[2]}",
        query_string=request.query_string,
        encoded=True,
    )
