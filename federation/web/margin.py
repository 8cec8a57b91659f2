"""Whether the order of a region can still change, and which stations to see first.

    /selisih   /selisih/{code}   ?basis=
    /v1/margin?region=&basis=&against=&limit=&format=

Rule: the first question after a change reads every station of the kabupaten that
changed (`flows/query/margincount.py`), one at a time (`countedparts.py`). The page
shows what the API answers; the table stands behind the picture.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiohttp import hdrs, web

from federation.errors import FormatError
from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.margin import (
    MarginAnswer,
    MarginChoice,
    MarginLine,
    answer_margin,
    first_table,
    say_assumed,
    say_disputed,
    say_outside,
    say_stations,
    say_turning,
)
from federation.flows.query.margincount import KEPT_NAMES, find_numbering
from federation.flows.query.partshelf import PartProgress
from federation.flows.query.scope import (
    QueryScope,
    ask,
    parents_of,
    places,
    read_names,
)
from federation.flows.query.state import sources
from federation.flows.query.table import Credit
from federation.records.margin import BASES, Basis, Knowledge
from federation.store.view import View
from federation.text import Sentence
from federation.web.charts.spans import Span, SpanChart, draw_spans
from federation.web.context import SITE, WebContext
from federation.web.countedparts import AGAIN_S, PATIENCE_S
from federation.web.countqueries import MarginQuery
from federation.web.dashboard import (
    ask_page,
    page_handler,
    read_region_of,
    tell_contest,
    tell_fresh,
)
from federation.web.givingway import giving_way
from federation.web.keptpages import Shows, kept
from federation.web.openapi import Endpoint
from federation.web.page import Page, query_of, static_address
from federation.web.responses import reply

#: So many pairs are drawn, the closest first; the table has all.
_DRAWN: Final = 8
_SHOWN: Final = 10
_IN_A_FILE: Final = str(KEPT_NAMES)


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/selisih", page_handler(show, is_kept=True, shows=Shows.MAP)),
        web.get("/selisih/{code}", page_handler(show, is_kept=True, shows=Shows.MAP)),
    ]


def endpoints() -> list[Endpoint[Any]]:
    """For programs."""
    return [
        Endpoint(
            path="/v1/margin",
            summary="Whether the order can still change; as a table: what to see first",
            handler=giving_way(kept(get_margin)),
            query=MarginQuery,
            response=MarginAnswer,
        )
    ]


async def read_margin(
    site: WebContext,
    asked: QueryScope,
    code: str,
    choice: MarginChoice,
    patience_s: float = math.inf,
) -> MarginAnswer | PartProgress:
    """The margins of a region; where that takes longer, how far it is counted.

    Raises:
        FormatError: not the code of a region, or nobody of that number is behind the
            first.
        NotFoundError: there is no such region.
    """

    def advance(view: View) -> PartProgress:
        by, _ = find_numbering(view, asked, code)
        return site.margins.advance(view, asked, code, by)

    def read(view: View) -> MarginAnswer:
        def count(by: str) -> Mapping[Basis, Knowledge]:
            return site.margins.read(view, asked, code, by)

        digest = site.maps.read_digest(view, asked.election)
        return answer_margin(view, asked, code, count, digest, choice)

    def reached(view: View) -> PartProgress:
        by, _ = find_numbering(view, asked, code)
        return site.margins.reached(view, asked, code, by)

    return await site.margins_counting.read(site.db, advance, reached, read, patience_s)


async def find_sentence(
    site: WebContext, asked: QueryScope, code: str
) -> Mapping[str, str]:
    """Whether the order of a region can change, by language; none: not counted yet."""

    def read(view: View) -> str:
        return format_cursor(read_cursor(view, asked.election))

    async def count() -> MarginAnswer:
        answer = await read_margin(site, asked, code, MarginChoice(limit=0))
        assert isinstance(answer, MarginAnswer), "waited for"
        return answer

    key = asked.election, asked.contest, code
    return site.told_margins.find(key, await site.db.read_near(read), count)


async def get_margin(request: web.Request, query: MarginQuery) -> web.StreamResponse:
    """The margins as data."""
    site = request.app[SITE]
    asked = ask(site.profiles, site.settings.elections, query.election, query.contest)
    choice = MarginChoice(basis=query.basis, against=query.against, limit=query.limit)
    answer = await read_margin(site, asked, query.region, choice)
    assert isinstance(answer, MarginAnswer), "waited for"
    if query.format == "json":
        return reply(request, "json", answer)
    codes = [station.tps for station in answer.first]
    names = await site.db.read(read_names, asked.election, codes)
    listed = await site.db.read(sources, asked.election, site.settings)
    table = first_table(answer, names, Credit(answer.cursor, listed))
    return reply(request, query.format, answer, table)


async def show(page: Page) -> web.StreamResponse:
    """The page of a region's margins.

    Raises:
        FormatError: not the code of a region, or no such basis.
        NotFoundError: there is no such region.
    """
    site, asked = page.request.app[SITE], ask_page(page)
    code = read_region_of(page)
    basis = page.request.query.get("basis", BASES[0])
    if basis not in BASES:
        raise FormatError(Sentence("page.no_such_list"), repr(basis[:40]))
    choice = MarginChoice(basis=basis, limit=_SHOWN)
    answer = await read_margin(site, asked, code, choice, PATIENCE_S)
    told = answer if isinstance(answer, MarginAnswer) else None
    codes = [station.tps for station in told.first] if told else []
    of_all = {"election": asked.election, "contest": asked.contest, "region": code}
    here = [*parents_of(code), code]
    around = await site.db.read(places, asked.election, here)
    answered = await page.answer(
        "margin.html",
        site.settings.name,
        answer=told,
        counting=None if told else answer,
        region=around[-1],
        margin=tell_margin(page, asked, told) if told else None,
        parents=around[:-1],
        names=await site.db.read(read_names, asked.election, codes),
        address=f"/selisih/{code}" if code else "/selisih",
        charts_styles=page.to(static_address("charts.css")),
        held=tell_contest(page, asked),
        fresh=await tell_fresh(page, asked, code),
        files={
            form: query_of(
                "/v1/margin",
                {**of_all, "basis": basis, "format": form, "limit": _IN_A_FILE},
            )
            for form in PAGE_FORMS
        },
    )
    if not told:
        answered.headers["Refresh"] = AGAIN_S
        answered.headers[hdrs.CACHE_CONTROL] = "no-store"
    return answered


class ShownMargin(NamedTuple):
    """One basis of an answer, in words and as a picture."""

    basis: str
    lines: Sequence[MarginLine]
    leads: str
    sentence: str
    turning: str
    outside: str
    disputed: str
    desc: str
    chart: SpanChart
    stations: str
    assumed: str


def tell_margin(page: Page, asked: QueryScope, answer: MarginAnswer) -> ShownMargin:
    """The basis that was chosen, for people."""
    t = page.t
    told = next(told for told in answer.bases if told.basis == answer.basis)
    closest = told.margins[0] if told.margins else None
    spans = [
        Span(
            name=f"{line.first} – {line.other}",
            told=t.number(line.known),
            low=line.least,
            high=line.most,
            mark=min(max(line.known, line.least), line.most),
        )
        for line in told.margins[:_DRAWN]
    ]
    return ShownMargin(
        basis=t(f"margin.basis_{told.basis}"),
        lines=told.margins,
        leads=_say_lead(page, answer, closest) if closest else "",
        sentence=closest.sentence[t.language] if closest else "",
        turning=say_turning(t, closest) if closest else "",
        outside=say_outside(t, told),
        disputed=say_disputed(t, told),
        desc=t("margin.desc"),
        chart=draw_spans(spans),
        stations=say_stations(t, told),
        assumed=say_assumed(t, told, asked.profile.most_assumed),
    )


def _say_lead(page: Page, answer: MarginAnswer, line: MarginLine) -> str:
    """Who is ahead of whom, by name and by how much; "": nobody is."""
    if line.known <= 0:
        return ""
    first, other = (
        f"{id_} {answer.candidates.get(id_, '')}".strip()
        for id_ in (line.first, line.other)
    )
    votes = page.t.number(line.known)
    return page.t("margin.leads", first=first, other=other, votes=votes)
