"""A region and its parts; the nation is the first page.

    /   /wilayah/{code}      ?sort=   order of the parts   ?map=   what the map shows

Rule: it shows what `/v1/regions` answers. Its parts can be put in order by links, and
each figure opens the list of what it counts (`stationlist.py`): no script is needed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aiohttp import web
from msgspec import structs

from federation.config.settings import Settings
from federation.errors import FormatError
from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.query import answers, region
from federation.flows.query.kpu import count_turned
from federation.flows.query.partorder import PART_FIGURES, PART_ORDERS, order_parts
from federation.flows.query.scope import QueryScope, contests_of
from federation.flows.recap.answers import RecapDocument
from federation.flows.recap.list import RecapFilter, list_recaps
from federation.records.profile import Profile
from federation.records.tally import count_added
from federation.store.view import View
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.dashboard import (
    PAGE_SIZE,
    ask_page,
    fresh_at,
    live_address,
    page_handler,
    preview_at,
    tell_contest,
)
from federation.web.keptpages import Shows
from federation.web.margin import find_sentence
from federation.web.page import Page, query_of
from federation.web.resultmap import SHOWN, ResultMap, draw_results


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/", page_handler(show_region, is_kept=True, shows=Shows.MAP)),
        web.get(
            "/wilayah/{code}", page_handler(show_region, is_kept=True, shows=Shows.MAP)
        ),
    ]


async def show_region(page: Page) -> web.StreamResponse:
    """A region and its parts.

    Raises:
        FormatError: no such code, order or map.
        NotFoundError: nobody ever heard of that region.
    """
    site, asked = page.request.app[SITE], ask_page(page)
    query = page.request.query
    code = page.request.match_info.get("code", "")
    sort, shown = query.get("sort", ""), query.get("map", SHOWN[0])
    if sort not in PART_ORDERS or shown not in SHOWN:
        raise FormatError(Sentence("page.no_such_list"), repr(sort[:40]))
    after = query.get("after", "")
    margin = await find_sentence(site, asked, code)

    given = RegionShown(
        settings=site.settings,
        profiles=site.profiles,
        asked=asked,
        code=code,
        path=page.request.path,
        now=site.clock(),
        sort=sort,
        shown=shown,
        after=after,
        margin=margin.get(page.t.language, ""),
    )

    def read(view: View) -> Mapping[str, object]:
        return read_page(view, page, given)

    return await page.answer_with("region.html", site.settings.name, read)


class RegionShown(NamedTuple):
    """What a page of a region is asked for, and where.

    Attributes:
        settings: Of the node.
        profiles: By election.
        asked: What is looked at.
        code: Of the region; "": the nation.
        path: Of the page, as links name it.
        now: Unix seconds.
        sort: See `PART_ORDERS`.
        shown: What the map of provinces shows.
        after: Behind which station a list goes on.
        margin: What is said of the order of candidates; "": nothing is.
    """

    settings: Settings
    profiles: Mapping[str, Profile]
    asked: QueryScope
    code: str
    path: str
    now: int
    sort: str = ""
    shown: str = SHOWN[0]
    after: str = ""
    margin: str = ""


def read_page(view: View, page: Page, given: RegionShown) -> Mapping[str, object]:
    """The values of the template, out of one snapshot.

    Raises:
        FormatError: no such code.
        NotFoundError: nobody ever heard of that region.
    """
    asked, code, sort = given.asked, given.code, given.sort
    after, settings = given.after, given.settings
    answer = region.region(view, asked, code, after, PAGE_SIZE, tells_votes=False)
    told = {
        election: region.told_contests(view, given.profiles[election])
        for election in settings.elections
    }
    export = {"election": asked.election, "contest": asked.contest}
    return {
        # Where the map stands is told by `live` and `fresh` alone; the parts are
        # there in their order.
        "answer": structs.replace(answer, cursor="", vector={}, children=[]),
        "children": order_parts(answer.children, sort),
        "choices": _choices(page, given, told),
        "data": _data(asked, f"/v1/regions/{code}" if code else "/v1/regions", sort),
        "files": {
            what: query_of("/v1/export", {**export, "what": what, "region": code})
            for what in ("stations", "gaps")
        },
        "page_forms": PAGE_FORMS,
        "fresh": fresh_at(view, page, asked, code, (settings.org, given.now)),
        "held": tell_contest(page, asked),
        "live": live_address(asked.election, answer.cursor),
        "map": None if code else _map(page, answer, given.shown),
        "orders": _orders(sort),
        "recaps": _recaps(view, asked, code),
        "preview": preview_at(settings, page, asked, code),
        "shown": given.shown,
        "suggests": True,
        "shows": SHOWN,
        "margin": given.margin,
        "most": _most_votes(answer.region),
        "tally_told": _tell_tally(page, answer.region),
        "turned": count_turned(view, asked, code),
    }


def _recaps(view: View, asked: QueryScope, code: str) -> Sequence[RecapDocument]:
    """The documents that add up this region."""
    return list_recaps(view, asked, RecapFilter(code, exact=True)).documents


def _orders(sort: str) -> Mapping[str, tuple[str, str]]:
    """Of each column, what its head asks for and how it is in order (`aria-sort`)."""
    orders = {"": ("", "ascending" if not sort else "none")}
    for name in PART_FIGURES:
        is_here = sort.removeprefix("-") == name
        turned = f"-{name}" if sort == name else name
        way = "ascending" if sort.startswith("-") else "descending"
        orders[name] = turned, way if is_here else "none"
    return orders


def _map(page: Page, answer: answers.RegionAnswer, shown: str) -> ResultMap | None:
    if not answer.children:
        return None
    names = {child.code: page.name(child) for child in answer.children}
    return draw_results(
        page.t,
        answer.children,
        shown,
        names,
        lambda code: page.link(f"/wilayah/{code}"),
    )


def _choices(
    page: Page, given: RegionShown, told: Mapping[str, Sequence[str]]
) -> list[Mapping[str, object]]:
    """The elections and contests that can be looked at: those with a record, `told`.

    What is shown is among them, with a record or without.
    """
    asked, elections = given.asked, given.settings.elections
    choices: list[Mapping[str, object]] = []
    for election in elections:
        profile, is_shown = given.profiles[election], election == asked.election
        for contest in contests_of(profile):
            is_here = is_shown and contest == asked.contest
            if contest not in told[election] and not is_here:
                continue
            if not is_shown and contest != told[election][0]:
                continue  # one for each other election
            words = [page.word("contest", contest)]
            if len(elections) > 1:
                words.append(getattr(profile.file.name, page.t.language))
            query = {"election": election, "contest": contest}
            choices.append(
                {
                    "text": " · ".join(words),
                    "href": page.link(given.path, **query),
                    "here": is_here,
                }
            )
    return choices


def _data(asked: QueryScope, path: str, sort: str) -> str:
    order = f"&sort={sort}" if sort else ""
    return f"{path}?election={asked.election}&contest={asked.contest}{order}"


def _most_votes(place: answers.Region) -> int:
    """The most votes of anybody: what the longest bar is."""
    if not place.tally:
        return 1
    return max((most for _, most in place.tally.votes.values()), default=1) or 1


class TallyTold(NamedTuple):
    """What stands below the votes: of how many stations, and what else of them."""

    stations: int
    words: str
    note: str


def _tell_tally(page: Page, place: answers.Region) -> TallyTold | None:
    """How much of the region has votes; None: they are not added here."""
    if not place.tally:
        return None
    left = place.tally.not_added or 0
    count, register = count_added(place.tally) + left, place.coverage.register
    given = {"count": page.t.number(count), "register": page.t.number(register)}
    note = page.t("page.tally_note")
    if left:
        note += " " + page.t("numbering.not-added", count=page.t.number(left))
    return TallyTold(count, page.t("page.tally_count", **given), note)
