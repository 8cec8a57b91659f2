"""The handler of a page for people of ours: who gets it, and how a mistake is answered.

Rule: whoever may not do what a page is for is told how one is let in, nothing else; no
cache keeps it; what is not there, or was not typed as it must be, is said by a page.
"""

from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from typing import Final, TypeAlias

from aiohttp import hdrs, web

from federation.errors import FormatError, NotFoundError
from federation.records.readers import Act, Caller
from federation.text import Text
from federation.web.access import require
from federation.web.context import SITE
from federation.web.dashboard import ask_page, pick_page_language, tell_fresh
from federation.web.page import Page

PRIVATELY: Final = "private, no-store"

ShowPerson: TypeAlias = Callable[[Page, Caller], Awaitable[web.Response]]


def for_people(
    show: ShowPerson, act: Act = "see", keep: Collection[str] = ("election", "lang")
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of a page for whoever may do this.

    `keep`: what of the question every link of the page says again.
    """

    async def handle(request: web.Request) -> web.Response:
        caller = await require(request, act)
        chosen = {k: request.query[k] for k in keep if request.query.get(k)}
        page = Page(request, Text(pick_page_language(request)), chosen)
        page.names = (await request.app[SITE].partners()).names
        try:
            if request.app[SITE].settings.elections:
                region = request.query.get("region", "")
                page.fresh = await tell_fresh(page, ask_page(page), region)
            answered = await show(page, caller)
        except (NotFoundError, FormatError) as error:
            said = page.t("page.not_found")
            owner = request.app[SITE].settings.name
            answered = page.render("problem.html", owner, said=said, given="")
            is_format = isinstance(error, FormatError)
            status = HTTPStatus.BAD_REQUEST if is_format else HTTPStatus.NOT_FOUND
            answered.set_status(status)
        answered.headers[hdrs.CACHE_CONTROL] = PRIVATELY
        return answered

    return handle
