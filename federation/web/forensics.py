"""Patterns of many stations together, beside made-up honest counts of the same ones.

    /pola   /pola/{code}   ?candidate=   ?whose=
    /v1/forensics?region=&candidate=&whose=&pattern=&limit=&format=

Rule: honest counts are made up a kabupaten at a time (`countedparts.py`) and kept until
a station of it changes; of a region that is too large none are, and that is said. The
page shows what the API answers; a pattern leads to the stations that it names, and is
no colour of the map.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiohttp import hdrs, web
from msgspec import structs

from federation.errors import FormatError
from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.forensics.answers import (
    PatternChoice,
    PatternFinding,
    PatternsAnswer,
    answer_patterns,
    find_lack,
    say_figure,
    say_left_out,
    say_reason,
)
from federation.flows.query.forensics.part import KEPT
from federation.flows.query.forensics.rows import pattern_table
from federation.flows.query.partshelf import PartProgress
from federation.flows.query.pictures.answers import WHOSE, read_candidate
from federation.flows.query.region import require_region
from federation.flows.query.scope import (
    QueryScope,
    ask,
    parents_of,
    places,
    read_names,
)
from federation.flows.query.state import sources
from federation.flows.query.table import Credit
from federation.records.honest import ROUNDS
from federation.store.view import View
from federation.text import Sentence
from federation.web.charts.columns import ColumnChart, draw_columns
from federation.web.charts.within import WithinChart, draw_within
from federation.web.context import SITE, WebContext
from federation.web.countedparts import AGAIN_S, PATIENCE_S
from federation.web.countqueries import ForensicsQuery
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


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/pola", page_handler(show, is_kept=True, shows=Shows.MAP)),
        web.get("/pola/{code}", page_handler(show, is_kept=True, shows=Shows.MAP)),
    ]


def endpoints() -> list[Endpoint[Any]]:
    """For programs."""
    return [
        Endpoint(
            path="/v1/forensics",
            summary="Patterns beside made-up honest counts; as a table: the stations",
            handler=giving_way(kept(get_forensics)),
            query=ForensicsQuery,
            response=PatternsAnswer,
        )
    ]


async def read_region(
    site: WebContext,
    asked: QueryScope,
    code: str,
    choice: PatternChoice,
    patience_s: float = math.inf,
) -> PatternsAnswer | PartProgress:
    """The patterns of a region; where that takes longer, how far it is.

    Raises:
        FormatError: not the code of a region.
        NotFoundError: there is no such region or candidate.
    """
    await site.db.read(require_region, asked, code)
    whom = read_candidate(asked, code, choice.candidate)
    choice = structs.replace(choice, candidate=whom)

    def advance(view: View) -> PartProgress:
        return site.patterns.advance(view, asked, code, choice)

    def read(view: View) -> PatternsAnswer:
        whole = find_lack(view, asked, code) or site.patterns.read(
            view, asked, code, choice
        )
        cursor = format_cursor(read_cursor(view, asked.election))
        [here] = places(view, asked.election, [code])
        return answer_patterns(asked, here, whole, choice, cursor)

    def reached(view: View) -> PartProgress:
        return site.patterns.reached(view, asked, code, choice)

    if await site.db.read(find_lack, asked, code):
        return await site.db.read(read)
    return await site.patterns_counting.read(
        site.db, advance, reached, read, patience_s
    )


async def get_forensics(
    request: web.Request, query: ForensicsQuery
) -> web.StreamResponse:
    """The patterns as data."""
    site = request.app[SITE]
    asked = ask(site.profiles, site.settings.elections, query.election, query.contest)
    choice = PatternChoice(
        candidate=query.candidate,
        whose=query.whose,
        pattern=query.pattern,
        limit=query.limit,
    )
    answer = await read_region(site, asked, query.region, choice)
    assert isinstance(answer, PatternsAnswer), "waited for"
    if query.format == "json":
        return reply(request, "json", answer)
    codes = [one.tps for found in answer.patterns for one in found.stations]
    names = await site.db.read(read_names, asked.election, codes)
    listed = await site.db.read(sources, asked.election, site.settings)
    table = pattern_table(answer, names, Credit(answer.cursor, listed))
    return reply(request, query.format, answer, table)


class ShownPattern(NamedTuple):
    """A pattern as the page shows it: words, drawings, why it names each station."""

    found: PatternFinding
    within: WithinChart | None
    columns: ColumnChart | None
    range: str
    figures: Sequence[str]
    reasons: Sequence[str]


async def show(page: Page) -> web.StreamResponse:
    """The page of a region's patterns.

    Raises:
        FormatError: not the code of a region, or no such source.
        NotFoundError: there is no such region or candidate.
    """
    site, asked = page.request.app[SITE], ask_page(page)
    query = page.request.query
    code = read_region_of(page)
    candidate, whose = query.get("candidate", ""), query.get("whose", WHOSE[0])
    if whose not in WHOSE:
        raise FormatError(Sentence("page.no_such_list"), repr(whose[:40]))
    choice = structs.replace(
        PatternChoice(candidate=candidate), whose="kpu" if whose == "kpu" else WHOSE[0]
    )
    answer = await read_region(site, asked, code, choice, PATIENCE_S)
    told = answer if isinstance(answer, PatternsAnswer) else None
    around = await site.db.read(places, asked.election, [*parents_of(code), code])
    codes = (
        [one.tps for found in told.patterns for one in found.stations] if told else []
    )
    of_all = {"election": asked.election, "contest": asked.contest, "region": code}
    chosen = {"candidate": candidate, "whose": whose if whose != WHOSE[0] else ""}
    answered = await page.answer(
        "patterns.html",
        site.settings.name,
        answer=told,
        counting=None if told else answer,
        region=around[-1],
        parents=around[:-1],
        rounds=ROUNDS,
        patterns=[_show(page, found) for found in told.patterns] if told else [],
        left_out=say_left_out(page.t, told) if told else "",
        names=await site.db.read(read_names, asked.election, codes),
        address=f"/pola/{code}" if code else "/pola",
        charts_styles=page.to(static_address("charts.css")),
        chosen=chosen,
        sources=WHOSE,
        held=tell_contest(page, asked),
        fresh=await tell_fresh(page, asked, code),
        files={
            form: query_of(
                "/v1/forensics",
                {**of_all, **chosen, "format": form, "limit": str(KEPT)},
            )
            for form in PAGE_FORMS
        },
    )
    if not told:
        answered.headers["Refresh"] = AGAIN_S
        answered.headers[hdrs.CACHE_CONTROL] = "no-store"
    return answered


def _show(page: Page, found: PatternFinding) -> ShownPattern:
    t = page.t

    def tell(figure: float) -> str:
        return say_figure(t, figure)

    within = None
    figures: list[str] = []
    if not found.lacks:
        assert isinstance(found.observed, float), "there is a figure"
        assert isinstance(found.low, float), "and a range"
        assert isinstance(found.high, float), "of two ends"
        figures = [tell(one) for one in (found.observed, found.low, found.high)]
        within = draw_within(
            found.observed, (found.low, found.high), found.honest, tell
        )
    columns = None
    if found.digits:
        columns = draw_columns(
            [one.count for one in found.digits],
            [one.expected for one in found.digits],
            lambda percent: f"{percent} %",
            [(one.low, one.high) for one in found.digits],
        )
    return ShownPattern(
        found,
        within,
        columns,
        t("patterns.range", low=figures[1], high=figures[2]) if figures else "",
        figures,
        [say_reason(t, found.pattern, one) for one in found.stations],
    )
