"""Recapitulations: the sums of regions, and where they no longer follow.

    GET /v1/recaps?region=&verdict=&first=&org=&exact=      for programs
    /rekapitulasi?region=&show=first|broken|undecided|all   the list as a page

Rule: as of all public reads (`api.py`). To compare all documents of a country takes
some seconds: one such answer at a time, and what was found is kept for the next page.
"""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from federation.errors import FormatError
from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.query import state
from federation.flows.query.scope import ask, parents_of, places
from federation.flows.query.table import Credit, QueryTable
from federation.flows.recap.answers import RecapsAnswer
from federation.flows.recap.list import RecapFilter, list_recaps, recap_table
from federation.flows.recap.shelf import Compare
from federation.store.view import View
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.countqueries import RecapsQuery
from federation.web.dashboard import (
    PAGE_SIZE,
    ask_page,
    live_address,
    page_handler,
    tell_contest,
    tell_fresh,
)
from federation.web.keptpages import MAP_TABLES, kept
from federation.web.openapi import Endpoint
from federation.web.page import Page, query_of
from federation.web.queues import RECAPS, count_queues, queue_links
from federation.web.responses import reply

#: What the page shows, in the order in which it is offered.
_SHOWN: Final[Mapping[str, RecapFilter]] = {
    "first": RecapFilter(first=True),
    "broken": RecapFilter(verdict="broken"),
    "undecided": RecapFilter(verdict="undecided"),
    "all": RecapFilter(),
}


def endpoints() -> list[Endpoint[Any]]:
    """What of it is below `/v1`."""
    return [
        Endpoint(
            path="/v1/recaps",
            summary="Sums of regions (D.Hasil), compared with the level right below",
            handler=kept(get_recaps),
            query=RecapsQuery,
            response=RecapsAnswer,
        )
    ]


def routes() -> list[web.RouteDef]:
    """The page."""
    return [web.get(RECAPS, page_handler(show_recaps, is_kept=True))]


async def get_recaps(request: web.Request, query: RecapsQuery) -> web.StreamResponse:
    """A page of the documents."""
    site = request.app[SITE]

    def read(view: View, compare: Compare) -> tuple[RecapsAnswer, QueryTable | None]:
        asked = ask(
            site.profiles, site.settings.elections, query.election, query.contest
        )
        answer = list_recaps(
            view, asked, query.which, query.after, query.limit, compare
        )
        if query.format == "json":
            return answer, None
        known = state.sources(view, asked.election, site.settings)
        return answer, recap_table(answer, Credit(answer.cursor, known))

    async with site.recap_answers:
        compare = site.recaps.at(site.db.last_commit(MAP_TABLES))
        return reply(request, query.format, *await site.db.read(read, compare))


async def show_recaps(page: Page) -> web.StreamResponse:
    """The same for people: first where something begins.

    Raises:
        FormatError: no such region or choice.
    """
    site, asked = page.request.app[SITE], ask_page(page)
    query = page.request.query
    code, after = query.get("region", ""), query.get("after", "")
    shown = query.get("show", "first")
    if shown not in _SHOWN:
        raise FormatError(Sentence("page.no_such_list"), repr(shown[:40]))
    which = _SHOWN[shown]._replace(region=code)

    def read(view: View, compare: Compare) -> dict[str, Any]:
        return {
            "answer": list_recaps(view, asked, which, after, PAGE_SIZE, compare),
            "counts": count_queues(view, asked, code, site.settings.org),
            "parents": places(view, asked.election, parents_of(code)),
        }

    async with site.recap_answers:
        compare = site.recaps.at(site.db.last_commit(MAP_TABLES))
        found = await site.db.read(read, compare)
    answer, counts = found["answer"], found.pop("counts")
    of_all = {"election": asked.election, "contest": asked.contest}
    of_all |= {name: value for name, value in which.given.items() if value}
    return await page.answer(
        "recaps.html",
        site.settings.name,
        **found,
        shown=shown,
        shows=tuple(_SHOWN),
        held=tell_contest(page, asked),
        queues=queue_links(page, counts, site.settings.org, RECAPS, code),
        fields={"show": shown, **({"region": code} if code else {})},
        after=after,
        fresh=await tell_fresh(page, asked, code),
        live=live_address(asked.election, answer.cursor),
        data=query_of("/v1/recaps", {**of_all, "limit": "1000"}),
        page_forms=PAGE_FORMS,
    )
