"""A place or a polling station, found as people type it: `/cari?q=`.

Rule: a whole code leads to its page at once, everything else to a list; nothing that
somebody types is an error.
"""

from aiohttp import web

from federation.flows.query.search import MAX_TYPED, SearchAnswer, search
from federation.records.register import LEVELS
from federation.store.view import View
from federation.web.context import SITE
from federation.web.dashboard import ask_page, page_handler, tell_fresh
from federation.web.page import Page


def routes() -> list[web.RouteDef]:
    """The page."""
    return [web.get("/cari", page_handler(find))]


async def find(page: Page) -> web.StreamResponse:
    """What may be meant.

    Raises:
        HTTPSeeOther: to the page of the code that was typed.
    """
    site, asked = page.request.app[SITE], ask_page(page)
    typed = page.request.query.get("q", "").strip()[:MAX_TYPED]

    def read(view: View) -> SearchAnswer:
        index = site.names.index(view, asked.election)
        return search(view, index, asked.election, typed)

    # Until the first answer all wait for the index, which a country takes a second for.
    async with site.large_answers:
        answer = await site.db.read(read) if typed else SearchAnswer()
    if answer.code:
        kind = "wilayah" if len(answer.code) in LEVELS else "tps"
        raise web.HTTPSeeOther(page.link(f"/{kind}/{answer.code}"))
    return page.render(
        "search.html",
        site.settings.name,
        answer=answer,
        typed=typed,
        suggests=True,
        fresh=await tell_fresh(page, asked, ""),
    )
