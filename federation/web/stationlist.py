"""The stations that a figure counts, as a page: what is a number anywhere opens here.

    /daftar?status=&official=&flag=&org=&only=&lacks=&outside=&covered=&region=&sort=&after=
    /berbeda    /daftar?status=disputed         /kosong    /daftar?status=missing

Rule: one list for every figure; it shows what `/v1/stations` answers, and offers all of
it, not the page alone, as the files that `/v1/export` makes of the same question.
"""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from msgspec import UNSET

from federation.errors import FormatError
from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.query import answers, region
from federation.flows.query.scope import QueryScope, parents_of, places
from federation.flows.query.stations import (
    COVERED,
    MAX_SORTED,
    StationFilter,
    stations,
)
from federation.records.coverage import OFFICIAL
from federation.records.merge import FLAGS, STATUSES
from federation.store.view import View
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.dashboard import (
    PAGE_SIZE,
    ask_page,
    live_address,
    page_handler,
    tell_contest,
    tell_fresh,
)
from federation.web.page import Page, query_of
from federation.web.queues import count_queues, queue_links

_VILLAGE: Final = 10
#: What may be chosen of each, in the order of the form.
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "status": ("disputed", "agreed", "single", "unread", "missing"),
    "official": tuple(OFFICIAL),
    "flag": FLAGS,
    "covered": tuple(COVERED),
}
_KNOWN: Final = {**_CHOICES, "status": STATUSES, "outside": ("1",)}
_SORTS: Final = ("", "apart")


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/daftar", page_handler(every, is_kept=True)),
        web.get("/berbeda", page_handler(disputed, is_kept=True)),
        web.get("/kosong", page_handler(missing, is_kept=True)),
    ]


async def every(page: Page) -> web.StreamResponse:
    """The stations that are as the reader asks."""
    return await _list(page, _read_filter(page))


async def disputed(page: Page) -> web.StreamResponse:
    """Where monitors differ."""
    return await _list(page, _read_filter(page)._replace(status="disputed"))


async def missing(page: Page) -> web.StreamResponse:
    """Where nobody has been."""
    return await _list(page, _read_filter(page)._replace(status="missing"))


def _read_filter(page: Page) -> StationFilter:
    """What the reader asks for.

    Raises:
        FormatError: it is none of what there is.
    """
    query = page.request.query
    given = {name: query.get(name, "") for name in StationFilter._fields}
    for name, known in _KNOWN.items():
        if given[name] and given[name] not in known:
            raise FormatError(Sentence("page.no_such_list"), repr(given[name][:40]))
    return StationFilter(**given)


async def _list(page: Page, which: StationFilter) -> web.StreamResponse:
    site, asked = page.request.app[SITE], ask_page(page)
    query = page.request.query
    code, after = query.get("region", ""), query.get("after", "")
    sort = query.get("sort", "")
    if sort not in _SORTS:
        raise FormatError(Sentence("page.no_such_list"), repr(sort[:40]))

    def read(view: View) -> dict[str, Any]:
        answer = stations(view, asked, which, code, after, PAGE_SIZE, sort)
        return {
            "answer": answer,
            "parents": places(view, asked.election, parents_of(code)),
            "orgs": sorted(region.read_line(view, asked, code).coverage.orgs),
            "within": _parts(view, asked, which, code),
            "counts": count_queues(view, asked, code, site.settings.org),
        }

    if sort:  # reads all of them for each page
        async with site.large_answers:
            found = await site.db.read(read)
    else:
        found = await site.db.read(read)
    answer = found["answer"]
    counts = found.pop("counts")
    fields = {**which.given, **({"region": code} if code else {})}
    of_all = {"election": asked.election, "contest": asked.contest, **fields}
    export = {**of_all, "what": "stations", "sort": answer.sort}
    return await page.answer(
        "stations.html",
        site.settings.name,
        **found,
        which=which.given,
        title=_title(page, which),
        held=tell_contest(page, asked),
        lead=f"page.lead_{which.status}" if len(which.given) == 1 else "",
        total=None if answer.total is UNSET else answer.total,
        can_sort=_can_sort(answer, which),
        queues=queue_links(page, counts, site.settings.org, which, code),
        fields=fields,
        sorted_fields={**fields, **({"sort": answer.sort} if answer.sort else {})},
        choices=_CHOICES,
        after=after,
        fresh=await tell_fresh(page, asked, code),
        live=live_address(asked.election, answer.cursor),
        data=query_of("/v1/stations", {**of_all, "sort": sort, "after": after}),
        files={
            form: query_of("/v1/export", {**export, "format": form})
            for form in PAGE_FORMS
        },
    )


def _can_sort(answer: answers.StationsAnswer, which: StationFilter) -> bool:
    """Whether another order than that of the codes is of any use, and can be had."""
    is_few = answer.total is not UNSET and answer.total <= MAX_SORTED
    return is_few and which.status != "missing"


def _parts(
    view: View, asked: QueryScope, which: StationFilter, code: str
) -> list[tuple[answers.Region, int]]:
    """How many of them each part of the region has, those with the most first."""
    if len(code) >= _VILLAGE or len(which.given) != 1:
        return []
    counted = (
        (part, which.count_in(part.coverage) or 0)
        for part in region.list_parts(view, asked, code)
    )
    return sorted(
        ((part, count) for part, count in counted if count),
        key=lambda counted: (-counted[1], counted[0].code),
    )


def _title(page: Page, which: StationFilter) -> str:
    """What these stations have in common, in words."""
    alone = f"page.title_{which.status}"
    if len(which.given) == 1 and page.t.has(alone):
        return page.t(alone)
    words = [_word(page, name, value) for name, value in which.given.items()]
    told = ", ".join(words) or page.t("page.list_every")
    return told[:1].upper() + told[1:]


def _word(page: Page, name: str, value: str) -> str:
    if name in _CHOICES:
        return page.word(name, value)
    return page.t(f"page.list_{name}", org=page.named(value))
