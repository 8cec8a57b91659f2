"""What waits for somebody, in one frame: the lists that most people open, side by side.

Rule: each is a list like any other (`stationlist.py`) with its number; for people of
ours the reading queue and the reports stand beside them. Which list is shown is said.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from federation.flows.query.region import read_line
from federation.flows.query.scope import QueryScope
from federation.flows.query.stations import StationFilter, count_stations
from federation.records.readers import may_do
from federation.store.recaps import has_recaps
from federation.store.view import View
from federation.web.page import Page, query_of
from federation.web.sessions import SIGNED_IN

#: By what they are called (`page.queue_<name>`), in the order of what to do first.
QUEUES: Final[Mapping[str, StationFilter]] = {
    "disputed": StationFilter(status="disputed"),
    "differs": StationFilter(official="differs"),
    "one_digit": StationFilter(flag="one_digit"),
    "implausible": StationFilter(flag="implausible"),
    "unread": StationFilter(status="unread"),
    "missing": StationFilter(status="missing"),
}
#: Ours that others dispute.
OURS: Final = StationFilter(status="disputed")
#: Of so many disputed stations it is told beside the lists how many are ours: each is
#: looked at.
MAX_LOOKED_AT: Final = 2_000
_KEPT: Final = ("election", "contest", "lang")
OVER_TIME: Final = "/kpu"
READING: Final = "/antrean"
REPORTS: Final = "/laporan/daftar"
#: Documents of sums; in the frame where the contest has any.
RECAPS: Final = "/rekapitulasi"


_PAGES: Final = {
    OVER_TIME: "kpu.title",
    READING: "queue.title",
    REPORTS: "reports.list",
    RECAPS: "recap.title",
}


class QueueCounts(NamedTuple):
    """How many stations each list has (None: not told); whether there are sums."""

    stations: Mapping[StationFilter, int | None]
    has_recaps: bool


class QueueLink(NamedTuple):
    """A list: where it opens, how many it has (None: not told), whether it is here."""

    words: str
    href: str
    number: int | None
    is_here: bool


def count_queues(view: View, asked: QueryScope, code: str, ours: str) -> QueueCounts:
    """How many stations each list of a region has, and whether there are sums.

    Args:
        view: The snapshot.
        asked: Election and contest.
        code: Of the region.
        ours: Our own organisation.
    """
    seen = read_line(view, asked, code).coverage
    counts = {which: which.count_in(seen) for which in QUEUES.values()}
    of_ours = OURS._replace(org=ours)
    is_few = seen.status["disputed"] <= MAX_LOOKED_AT
    counts[of_ours] = count_stations(view, asked, of_ours, code) if is_few else None
    return QueueCounts(counts, has_recaps(view, asked.election, asked.contest))


def queue_links(
    page: Page,
    counts: QueueCounts,
    ours: str,
    here: StationFilter | str,
    code: str = "",
) -> Sequence[QueueLink]:
    """The lists that the reader may open.

    Args:
        page: Of the reader.
        counts: What `count_queues` told.
        ours: Our own organisation.
        here: The list that is shown: a filter, or the path of a page.
        code: Of the region.
    """
    words = {which: page.t(f"page.queue_{name}") for name, which in QUEUES.items()}
    of_ours = OURS._replace(org=ours)
    words[of_ours] = page.t("page.queue_ours", org=page.named(ours))
    links = [
        QueueLink(
            words=words[which],
            href=_address(page, "/daftar", region=code, **which.given),
            number=count,
            is_here=which == here,
        )
        for which, count in counts.stations.items()
        if count != 0 or which == here
    ]
    links.append(_page_link(page, OVER_TIME, here, code))
    if counts.has_recaps or here == RECAPS:
        links.append(_page_link(page, RECAPS, here, code))
    session = page.request.get(SIGNED_IN)
    if session is not None and may_do(session.person, "read-forms"):
        links.append(_page_link(page, READING, here, code))
    if session is not None:
        links.append(_page_link(page, REPORTS, here, code))
    return links


def _page_link(
    page: Page, path: str, here: StationFilter | str, code: str
) -> QueueLink:
    words = page.t(_PAGES[path])
    return QueueLink(words, _address(page, path, region=code), None, path == here)


def _address(page: Page, path: str, **query: str) -> str:
    """Of a list; of what was chosen before only election, contest and language."""
    kept = {name: page.chosen.get(name, "") for name in _KEPT}
    return page.to(query_of(path, {**kept, **query}))
