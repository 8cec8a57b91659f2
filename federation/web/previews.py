"""Pictures for shared addresses: what the page says, in one glance.

    /pratinjau.png   /pratinjau/{code}.png      ?election=&contest=&lang=

Rule: drawn when somebody asks, one at a time and not too often, and given again until
the map changes, for a minute in any case; so many are kept and no more. A page names
its picture where the node knows its own address (`listen.public_url`) and has a font.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from aiohttp import hdrs, web

from federation.flows.query import answers, region, tps
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.scope import QueryScope, places
from federation.records.register import LEVELS
from federation.records.tps import parse_tps, regions_of
from federation.store.view import View
from federation.web.bucket import Bucket
from federation.web.context import SITE, WebContext
from federation.web.dashboard import (
    ask_page,
    page_handler,
    tell_contest,
    tell_fresh,
)
from federation.web.page import Page
from federation.web.previewcard import (
    CardFigure,
    CardLine,
    PreviewCard,
    draw_card,
)

#: How often a picture may be drawn, whoever asks; one takes 60 ms.
DRAWN: Final[web.AppKey[Bucket]] = web.AppKey("drawn", Bucket)
_KEPT_S: Final = 60
_MOST: Final = 200
_PNG: Final = "image/png"


class _KeptPicture(NamedTuple):
    cursor: str
    at: int
    data: bytes


class Previews:
    """The pictures that were drawn; those used longest ago go first."""

    def __init__(self) -> None:
        """None yet."""
        self._kept: OrderedDict[tuple[str, ...], _KeptPicture] = OrderedDict()
        #: One at a time is drawn.
        self.drawing = asyncio.Lock()

    def find(self, key: tuple[str, ...], cursor: str, now: int) -> bytes | None:
        """The picture, if the map is as it was or the minute is not over."""
        kept = self._kept.get(key)
        if kept is None or (kept.cursor != cursor and now - kept.at >= _KEPT_S):
            return None
        self._kept.move_to_end(key)
        return kept.data

    def keep(self, key: tuple[str, ...], cursor: str, now: int, data: bytes) -> None:
        """Keep what was drawn."""
        self._kept[key] = _KeptPicture(cursor, now, data)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)


PREVIEWS: Final[web.AppKey[Previews]] = web.AppKey("previews", Previews)


def routes() -> list[web.RouteDef]:
    """The pictures."""
    return [
        web.get("/pratinjau.png", page_handler(show)),
        web.get("/pratinjau/{code}.png", page_handler(show)),
    ]


async def show(page: Page) -> web.StreamResponse:
    """The picture of a region, or of a polling station.

    Raises:
        FormatError: no code.
        NotFoundError: nobody ever heard of it.
        HTTPTooManyRequests: too many were drawn.
    """
    site, asked = page.request.app[SITE], ask_page(page)
    code = page.request.match_info.get("code", "")
    previews, now = page.request.app[PREVIEWS], site.clock()
    key = (asked.election, asked.contest, page.t.language, code)
    async with previews.drawing:
        cursor = format_cursor(await site.db.read(read_cursor, asked.election))
        data = previews.find(key, cursor, now)
        if data is None:
            card = await _read_card(page, site, asked, code)
            if not page.request.app[DRAWN].take("", now):
                wait = {hdrs.RETRY_AFTER: "5"}
                raise web.HTTPTooManyRequests(headers=wait, text="drawing too much\n")
            data = await asyncio.to_thread(draw_card, card)
            previews.keep(key, cursor, now, data)
    return web.Response(
        body=data,
        content_type=_PNG,
        headers={
            hdrs.CACHE_CONTROL: f"public, max-age={_KEPT_S}",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _read_card(
    page: Page, site: WebContext, asked: QueryScope, code: str
) -> PreviewCard:
    held = tell_contest(page, asked)
    foot = " | ".join(
        filter(
            None,
            (
                page.t("page.node_of", org=site.settings.name),
                await tell_fresh(page, asked, code),
            ),
        )
    )
    if len(code) in LEVELS:
        told = await site.db.read(region.region, asked, code, "", 1)
        return _region_card(page, told, held, foot)
    station = parse_tps(code)

    def read(view: View) -> tuple[answers.TpsAnswer, list[answers.Place]]:
        around = places(view, asked.election, regions_of(station)[1:])
        return tps.tps(view, site.profiles, asked.election, station), around

    found, around = await site.db.read(read)
    return _station_card(page, found, around, asked, foot)


def _region_card(
    page: Page, told: answers.RegionAnswer, held: str, foot: str
) -> PreviewCard:
    t, place = page.t, told.region
    seen = place.coverage
    covered, register = t.number(seen.covered), t.number(seen.register)
    line = t("page.coverage_line", covered=covered, register=register)
    around = ", ".join(page.name(parent) for parent in reversed(told.parents))
    return PreviewCard(
        title=page.name(place),
        around=" | ".join(filter(None, (around, held))),
        covered=f"{t.percent(seen.covered, seen.register)} {line}"
        if place.listed
        else t("page.coverage_unlisted", covered=covered),
        part=seen.covered / seen.register if place.listed and seen.register else None,
        figures=[
            *(
                CardFigure(
                    t.number(seen.status.get(name, 0)), page.word("status", name)
                )
                for name in ("agreed", "single")
            ),
            CardFigure(
                t.number(seen.status.get("disputed", 0)),
                page.word("status", "disputed"),
                is_apart=True,
            ),
            CardFigure(
                t.number(seen.official.get("differs", 0)),
                page.word("official", "differs"),
                is_apart=True,
            ),
        ],
        lines=_lines(page, place.tally.votes if place.tally else {}, told.candidates),
        foot=foot,
    )


def _station_card(
    page: Page,
    found: answers.TpsAnswer,
    around: Sequence[answers.Place],
    asked: QueryScope,
    foot: str,
) -> PreviewCard:
    t = page.t
    told = next((one for one in found.contests if one.contest == asked.contest), None)
    groups = told.groups if told else []
    numbers = sorted({number for group in groups for number in group.votes})
    votes = {
        number: (min(read), max(read))
        for number in numbers
        if (read := [group.votes.get(number, 0) for group in groups])
    }
    status = page.word("status", told.status if told else "missing")
    official = told.official if told and isinstance(told.official, str) else ""
    names = [page.name(place) for place in around if place.name]
    speakers = {org for group in groups for org in group.orgs}
    figures = [CardFigure(t.number(len(speakers)), t("page.organisation"))]
    if official in {"matches", "differs"}:
        figures.append(
            CardFigure("KPU", page.word("official", official), official == "differs")
        )
    return PreviewCard(
        title=t("page.station_number", number=found.tps[10:])
        + (f", {names[-1]}" if names else ""),
        around=" | ".join(
            [
                *filter(None, [", ".join(reversed(names[:-1]))]),
                tell_contest(page, asked),
            ]
        ),
        covered=f"{status} | {found.tps}",
        part=None,
        figures=figures if told else [],
        lines=_lines(page, votes, told.candidates if told else {}),
        foot=foot,
    )


def _lines(
    page: Page, votes: Mapping[str, tuple[int, int]], names: Mapping[str, str]
) -> list[CardLine]:
    """Candidates and their votes, those with the most first."""
    most = max((high for _, high in votes.values()), default=0) or 1
    ranked = sorted(votes.items(), key=lambda line: (-line[1][1], line[0]))
    return [
        CardLine(
            words=f"{number} {names.get(number, '')}".strip(),
            told=page.t.span((low, high)),
            least=low / most,
            most=high / most,
        )
        for number, (low, high) in ranked
    ]
