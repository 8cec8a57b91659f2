"""The pictures of a contest in a region: as a page, as JSON, as the rows behind each.

    /gambar   /gambar/{code}   ?candidate=   ?whose=   ?turnout=&share=   an opened cell
    /v1/pictures?region=&picture=&candidate=&whose=&turnout=&share=&format=

Rule: counting goes on behind who asks (`countedpictures.py`). The page shows what the
API answers, and a table stands behind each picture. A cell opens: which parts of the
region its stations are in, down to the kecamatan, where each is a dot that opens.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import hdrs, web
from msgspec import structs

from federation.errors import FormatError
from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.query.pictures.answers import (
    PICTURES,
    WHOSE,
    CellPart,
    CoverageStep,
    DigitCount,
    PicturesAnswer,
    UntimedStations,
    add_dots,
    answer_pictures,
    cell_of,
    read_candidate,
)
from federation.flows.query.pictures.count import KPU
from federation.flows.query.pictures.dots import KECAMATAN
from federation.flows.query.pictures.tables import orgs_of, picture_table
from federation.flows.query.region import count_expected, require_region
from federation.flows.query.scope import (
    QueryScope,
    ask,
    parents_of,
    places,
    read_names,
)
from federation.flows.query.state import sources
from federation.flows.query.table import Credit
from federation.records.timezones import tell_moment
from federation.records.turnout import cell_from
from federation.store.view import View
from federation.text import Sentence, Text
from federation.web.charts.bars import BarChart, BarShare, draw_bars
from federation.web.charts.columns import ColumnChart, draw_columns
from federation.web.charts.dots import draw_dots
from federation.web.charts.lines import LineChart, Series, draw_lines
from federation.web.context import SITE, WebContext
from federation.web.dashboard import (
    ask_page,
    page_handler,
    read_region_of,
    tell_contest,
    tell_fresh,
)
from federation.web.keptpages import Shows, kept
from federation.web.openapi import Endpoint
from federation.web.page import Page, query_of, static_address
from federation.web.queries import PicturesQuery
from federation.web.responses import reply
from federation.web.turnoutpage import (
    PictureChoice,
    TurnoutPage,
    draw_turnout,
    show_turnout,
)

#: So many seconds until a page that is still counting asks again.
_AGAIN_S: Final = "2"


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/gambar", page_handler(show, is_kept=True, shows=Shows.PICTURES)),
        # Below a kabupaten they are counted when read.
        web.get("/gambar/{code:.{5,}}", page_handler(show, is_kept=True)),
        web.get(
            "/gambar/{code}", page_handler(show, is_kept=True, shows=Shows.PICTURES)
        ),
    ]


def endpoints() -> list[Endpoint[Any]]:
    """The same for programs."""
    return [
        Endpoint(
            path="/v1/pictures",
            summary="What the pictures of a region show; as a table: one of them",
            handler=kept(get_pictures),
            query=PicturesQuery,
            response=PicturesAnswer,
        )
    ]


async def read_pictures(
    site: WebContext, asked: QueryScope, code: str, chosen: PictureChoice
) -> PicturesAnswer:
    """What the pictures of a region show.

    Raises:
        FormatError: not the code of a region, or no such source or cell.
        NotFoundError: there is no such region or candidate.
    """
    await site.db.read(require_region, asked, code)
    typed, whose, turnout, share = chosen
    cell = cell_from(turnout, share)
    if (turnout or share) and cell is None:
        raise FormatError(Sentence("page.no_such_list"), repr(turnout[:40]))
    if whose not in WHOSE:
        raise FormatError(Sentence("page.no_such_list"), repr(whose[:40]))
    candidate = read_candidate(asked, code, typed)
    now = site.clock()
    counted = await site.pictures.read(site.db, asked, code, now)

    def answer(view: View) -> PicturesAnswer:
        place = places(view, asked.election, [code])[0]
        register = count_expected(view, asked, code)
        told = answer_pictures(asked, place, register, counted, now, candidate, whose)
        return add_dots(view, asked, told)

    told = await site.db.read(answer)
    if cell is None or not told.voted:
        return told
    if len(code) >= KECAMATAN:
        stations = sum(dot.cell == cell for dot in told.dots)
        return structs.replace(told, cell=cell_of(*cell, stations))
    split = await site.pictures.split(site.db, asked, code, whose, told.candidate, cell)
    regions = await site.db.read(places, asked.election, sorted(split))
    parts = [CellPart(region=one, stations=split[one.code]) for one in regions]
    parts.sort(key=lambda part: -part.stations)
    return structs.replace(told, cell=cell_of(*cell, split.total()), parts=parts)


async def get_pictures(
    request: web.Request, query: PicturesQuery
) -> web.StreamResponse:
    """The pictures as data."""
    site = request.app[SITE]
    asked = ask(site.profiles, site.settings.elections, query.election, query.contest)
    chosen = PictureChoice(query.candidate, query.whose, query.turnout, query.share)
    answer = await read_pictures(site, asked, query.region, chosen)
    if query.format == "json":
        return reply(request, "json", answer)
    if not query.picture:
        raise FormatError(Sentence("pictures.which"), "query parameter 'picture'")
    listed = await site.db.read(sources, asked.election, site.settings)
    credit = Credit(answer.cursor, listed)
    return reply(
        request, query.format, answer, picture_table(answer, query.picture, credit)
    )


async def show(page: Page) -> web.StreamResponse:
    """The page of a region's pictures."""
    site, asked = page.request.app[SITE], ask_page(page)
    query = page.request.query
    code = read_region_of(page)
    candidate, whose = query.get("candidate", ""), query.get("whose", WHOSE[0])
    choice = PictureChoice(
        candidate, whose, query.get("turnout", ""), query.get("share", "")
    )
    answer = await read_pictures(site, asked, code, choice)
    parents = await site.db.read(places, asked.election, parents_of(code))
    stations = [dot.tps for dot in answer.dots]
    names = await site.db.read(read_names, asked.election, stations)
    turnout = show_turnout(page, answer, choice, names)
    of_all = {"election": asked.election, "contest": asked.contest, "region": code}
    chosen = {"candidate": answer.candidate, "whose": whose}
    address = f"/gambar/{code}" if code else "/gambar"
    answered = await page.answer(
        "pictures.html",
        site.settings.name,
        answer=answer,
        parents=parents,
        address=address,
        styles=[
            page.to(static_address(name)) for name in ("tilemap.css", "charts.css")
        ],
        held=tell_contest(page, asked),
        over_time={
            "coverage": (answer.coverage, orgs_of(answer.coverage)),
            "observed": (answer.observed, orgs_of(answer.observed)),
        },
        untimed=_tell_untimed(page, answer),
        when=_when(page.t, answer, site.clock()),
        fresh=await tell_fresh(page, asked, code),
        # What was not chosen is left out of addresses.
        chosen={
            "candidate": candidate,
            "whose": whose if whose != WHOSE[0] else "",
        },
        sources=WHOSE,
        turnout=turnout,
        charts=_draw(page, answer, turnout),
        data=query_of("/v1/pictures", {**of_all, **chosen}),
        files={
            picture: {
                form: query_of(
                    "/v1/pictures",
                    {**of_all, **chosen, "picture": picture, "format": form},
                )
                for form in PAGE_FORMS
            }
            for picture in PICTURES
        },
    )
    if answer.of:
        answered.headers["Refresh"] = _AGAIN_S
        answered.headers[hdrs.CACHE_CONTROL] = "no-store"
    return answered


def _draw(
    page: Page, answer: PicturesAnswer, turnout: TurnoutPage
) -> Mapping[str, object]:
    """The drawings, by picture; None where there is nothing to show."""
    drawn: dict[str, object] = dict.fromkeys(PICTURES)
    if answer.coverage:
        drawn["coverage"] = _draw_over_time(page, answer, answer.coverage)
    if answer.observed:
        drawn["observed"] = _draw_over_time(page, answer, answer.observed)
    if answer.agreement:
        drawn["agreement"] = _draw_agreement(page, answer)
    if answer.dots:
        drawn["dots"] = draw_dots(turnout.dots, _tell_percent)
    elif answer.turnout:
        drawn["turnout"] = draw_turnout(page.t, answer, turnout.cells, _tell_percent)
    for name, digits in (("last", answer.last), ("second", answer.second)):
        if digits:
            drawn[name] = _draw_digits(digits)
    return drawn


def _draw_over_time(
    page: Page, answer: PicturesAnswer, steps: Sequence[CoverageStep]
) -> LineChart:
    series = [
        Series(page.t("pictures.together"), [step.together for step in steps]),
        *(
            Series(page.named(org), [step.orgs[org] for step in steps])
            for org in orgs_of(steps)
        ),
    ]
    when = _when(page.t, answer, 0)
    middle = steps[len(steps) // 2]
    ends = tuple(when[step.until] for step in (steps[0], middle, steps[-1]))
    first, between, last = ends
    return draw_lines(
        series, (first, between if len(steps) > 3 else "", last), page.t.number
    )


def _when(t: Text, answer: PicturesAnswer, now: int) -> Mapping[int, str]:
    """Each step's end as people of the region read it."""
    return {
        step.until: t.say(tell_moment(step.until, now, answer.region.code))
        for step in (*answer.coverage, *answer.observed)
    }


def _tell_untimed(page: Page, answer: PicturesAnswer) -> str:
    """Of how many stations no record says when its form was photographed, and whose."""
    untimed = answer.untimed
    if not isinstance(untimed, UntimedStations):
        return ""
    told = {
        "count": page.t.number(untimed.together),
        "of": page.t.number(answer.coverage[-1].together),
        "orgs": "; ".join(
            f"{page.named(org)} {page.t.number(count)}"
            for org, count in untimed.orgs.items()
        ),
    }
    return page.t("pictures.untimed", **told)


def _draw_agreement(page: Page, answer: PicturesAnswer) -> BarChart:
    return draw_bars(
        BarShare(
            name=f"{_speaker(page, pair.one)} – {_speaker(page, pair.other)}",
            part=pair.same,
            whole=pair.both,
            told=page.t.percent(pair.same, pair.both),
        )
        for pair in answer.agreement
    )


def _speaker(page: Page, org: str) -> str:
    return "KPU" if org == KPU else page.named(org)


def _tell_percent(part: int) -> str:
    return f"{part} %"


def _draw_digits(digits: Sequence[DigitCount]) -> ColumnChart:
    return draw_columns(
        [digit.count for digit in digits],
        [digit.expected for digit in digits],
        _tell_percent,
    )
