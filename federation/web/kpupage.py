"""KPU's figures over time, as a page: what changed, what still differs, since when.

    /kpu?kind=&org=&region=&sort=&after=

Rule: it shows what `/v1/kpu` answers, and offers all of it as the files of
`/v1/kpu/export`. Who names no kind is shown what still differs: that is what most ask
for, and the figures that appeared are as many as stations; `kind=all` is every change.
Each organisation's copy of KPU's figures has a line of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate, groupby
from typing import Any, Final, NamedTuple

from aiohttp import web

from federation.errors import FormatError
from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.query.kpu import ask_kpu
from federation.flows.query.kpuanswers import LISTED, ListedChanges, say_differing
from federation.flows.query.kpudays import KpuDay
from federation.flows.query.scope import parents_of, places
from federation.records.officialchange import KINDS, ChangeKind
from federation.records.timezones import tell_local
from federation.store.officialchanges import ChangeOrder
from federation.store.view import View
from federation.text import Sentence
from federation.web.charts.lines import LineChart, Series, draw_lines
from federation.web.context import SITE
from federation.web.dashboard import (
    PAGE_SIZE,
    ask_page,
    live_address,
    page_handler,
    tell_contest,
    tell_fresh,
)
from federation.web.page import Page, query_of, static_address
from federation.web.queues import count_queues, queue_links

PATH: Final = "/kpu"
#: Steps of a day each, at most; of a longer time only days that changed anything.
_MOST_DAYS: Final = 400
#: Asks for every change.
EVERY: Final = "all"
#: What is drawn beside the figures that differ: how many there were until then.
_DRAWN: Final[tuple[ChangeKind, ...]] = ("corrected", "away", "withdrawn")


class DrawnDays(NamedTuple):
    """The days of one organisation's copy, drawn; None: one day is no line."""

    org: str
    chart: LineChart | None
    days: Sequence[KpuDay]


def routes() -> list[web.RouteDef]:
    """The page."""
    return [web.get(PATH, page_handler(show, is_kept=True))]


async def show(page: Page) -> web.StreamResponse:
    """What changed in KPU's figures."""
    site, asked = page.request.app[SITE], ask_page(page)
    query = page.request.query
    code, after = query.get("region", ""), query.get("after", "")
    kind, org, now = _read_kind(query), query.get("org", ""), int(site.clock())
    order = _read_order(query, kind)

    def read(view: View) -> dict[str, Any]:
        return {
            "answer": ask_kpu(
                view, asked, now, code, kind, org, after, PAGE_SIZE, order
            ),
            "parents": places(view, asked.election, parents_of(code)),
            "counts": count_queues(view, asked, code, site.settings.org),
        }

    async with site.kpu_answers:
        found = await site.db.read(read)
    answer, counts = found["answer"], found.pop("counts")
    differing = answer.differing
    given = {"kind": kind, "org": org, "region": code}
    of_all = {"election": asked.election, "contest": asked.contest, **given}
    given["kind"] = kind or EVERY
    fields = {name: value for name, value in given.items() if value}
    return await page.answer(
        "kpu.html",
        site.settings.name,
        **found,
        held=tell_contest(page, asked),
        queues=queue_links(page, counts, site.settings.org, PATH, code),
        kinds=LISTED,
        all_kinds=KINDS,
        kind=kind,
        every=EVERY,
        org=org,
        fields=fields,
        order=order,
        orders=_orders(kind),
        divided=page.t("kpu.divided-too", list=page.t("page.queue_differs")),
        after=after,
        differing=say_differing(page.t, differing) if differing else "",
        drawn=[_draw(page, *one) for one in _by_org(answer.days)],
        styles=[page.to(static_address("charts.css"))],
        local=_tell_when,
        live=live_address(asked.election, answer.cursor),
        fresh=await tell_fresh(page, asked, code),
        data=query_of("/v1/kpu", {**of_all, "sort": order, "after": after}),
        files={
            form: query_of("/v1/kpu/export", {**of_all, "format": form})
            for form in PAGE_FORMS
        },
    )


def _read_kind(query: Mapping[str, str]) -> ListedChanges:
    """Which changes the reader asks for.

    Raises:
        FormatError: there are none of that name.
    """
    given = query.get("kind") or LISTED[0]
    if given == EVERY:
        return ""
    for known in LISTED:
        if given == known:
            return known
    raise FormatError(Sentence("page.no_such_list"), repr(given[:40]))


def _orders(kind: ListedChanges) -> Sequence[ChangeOrder]:
    """In which a list can be: how long only what differs has differed."""
    return ("", "since", "place") if kind == "wrong" else ("", "place")


def _read_order(query: Mapping[str, str], kind: ListedChanges) -> ChangeOrder:
    """In which order the reader asks for them; the newest first where there is none."""
    return next((one for one in _orders(kind) if one == query.get("sort")), "")


def _tell_when(stamp: str, place: str) -> str:
    """A moment in the time of a place; a dash for one that is not known."""
    return tell_local(stamp, place) if stamp else "–"


def _by_org(days: Sequence[KpuDay]) -> list[tuple[str, list[KpuDay]]]:
    return [(org, list(group)) for org, group in groupby(days, lambda day: day.org)]


def _draw(page: Page, org: str, days: Sequence[KpuDay]) -> DrawnDays:
    steps = _steps(days)
    if len(steps) < 2:
        return DrawnDays(org, None, days)
    series = [Series(page.t("kpu.differing"), [step.differing for step in steps])]
    for kind in _DRAWN:
        until = list(accumulate(step.kinds[kind] for step in steps))
        series.append(Series(page.t(f"kpu.kind_{kind}"), until))
    middle = steps[len(steps) // 2].day if len(steps) > 3 else ""
    ends = steps[0].day, middle, steps[-1].day
    return DrawnDays(org, draw_lines(series, ends, page.t.number), days)


def _steps(days: Sequence[KpuDay]) -> Sequence[KpuDay]:
    """One for each day from the first to the last, where these are not too many."""
    first, last = (date.fromisoformat(days[at].day) for at in (0, -1))
    if (last - first).days > _MOST_DAYS:
        return days
    held = {one.day: one for one in days}
    steps: list[KpuDay] = []
    for number in range((last - first).days + 1):
        day = (first + timedelta(number)).isoformat()
        before = steps[-1] if steps else days[0]
        steps.append(held.get(day) or _quiet(before, day))
    return steps


def _quiet(before: KpuDay, day: str) -> KpuDay:
    """A day on which nothing changed."""
    kinds = dict.fromkeys(before.kinds, 0)
    return KpuDay(org=before.org, day=day, kinds=kinds, differing=before.differing)
