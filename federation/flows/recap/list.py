"""The documents of a region and of those within it: as they are asked for.

Rule: all of them are compared, and again when the map has changed, so that no finding
is older than the map. Pages are in the order of the codes; `next` is what to give as
`after`.
"""

from collections import Counter
from typing import NamedTuple

from msgspec import UNSET

from federation.errors import FormatError
from federation.flows.query.answers import Place
from federation.flows.query.cells import Cell
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.scope import QueryScope, parse_region, places
from federation.flows.query.table import Credit, QueryTable
from federation.flows.recap.answers import (
    RecapCounts,
    RecapDocument,
    RecapsAnswer,
    RecapSum,
)
from federation.flows.recap.compare import RecapComparison, compare_recaps
from federation.flows.recap.shelf import Compare
from federation.records.recap import NATION_CODE
from federation.records.recapitulation import level_of
from federation.store import registers
from federation.store.view import View
from federation.text import Sentence


class RecapFilter(NamedTuple):
    """Which documents: all that is given holds of each.

    Attributes:
        region: Of this region or of one within it.
        verdict: `follows`, `undecided` or `broken`.
        first: Only those at which something breaks, and not only again.
        org: Who signs it.
        exact: Of the region itself only.
    """

    region: str = ""
    verdict: str = ""
    first: bool = False
    org: str = ""
    exact: bool = False

    @property
    def given(self) -> dict[str, str]:
        """What is asked for, as an address says it."""
        flags = {"first": "1" if self.first else "", "exact": "1" if self.exact else ""}
        return {
            "region": self.region, "verdict": self.verdict, "org": self.org, **flags
        }  # fmt: skip

    def has(self, one: RecapComparison) -> bool:
        """Whether a document of the region is meant."""
        return (
            self.verdict in ("", one.verdict)
            and (one.first or not self.first)
            and self.org in ("", one.entry.org)
        )


def list_recaps(
    view: View,
    asked: QueryScope,
    which: RecapFilter,
    after: str = "",
    limit: int = 100,
    compare: Compare = compare_recaps,
) -> RecapsAnswer:
    """A page of the documents; `counts` are of all of the region, whatever is meant.

    `compare`: does it, or has it done already.

    Raises:
        FormatError: no region has this code, or `after` is no `next` of a page.
    """
    region = parse_region(which.region)
    longest = len(region) if which.exact else 6
    audited = compare(view, asked, region, longest) if len(region) <= 6 else []
    chosen = [one for one in audited if which.has(one)]
    if after:
        keys = [_key(one) for one in audited]
        if after not in keys:
            raise FormatError(Sentence("asked.cursor"), repr(after[:80]))
        shown = set(keys[: keys.index(after) + 1])
        chosen = [one for one in chosen if _key(one) not in shown]
    page = chosen[:limit]
    codes = [one.entry.region for one in page]
    names = registers.names(view, asked.election, codes)
    verdicts = Counter(one.verdict for one in audited)
    [place] = places(view, asked.election, [region])
    return RecapsAnswer(
        election=asked.election,
        contest=asked.contest,
        cursor=format_cursor(read_cursor(view, asked.election)),
        region=place,
        counts=RecapCounts(
            follows=verdicts["follows"],
            undecided=verdicts["undecided"],
            broken=verdicts["broken"],
            first=sum(one.first for one in audited),
        ),
        documents=[_document(one, names) for one in page],
        candidates=asked.candidates(region),
        next=_key(page[-1]) if len(chosen) > limit else UNSET,
    )


def recap_table(answer: RecapsAnswer, credit: Credit) -> QueryTable:
    """One row for each candidate's sum of the documents."""
    columns = (
        "contest", "region", "name", "level", "org", "source", "document", "first",
        "candidate", "said", "least", "most", "difference", "verdict", "missing",
        "missing_names", "stations_counted", "stations_total", "origin", "index",
        "record", "licence", "attribution", "cursor",
    )  # fmt: skip
    rows = [
        [
            answer.contest,
            *_of_document(one),
            *(row.candidate, row.said, row.least, row.most, row.difference),
            row.verdict,
            "" if one.missing is UNSET else one.missing,
            " ".join(one.missing_names),
            one.stations.counted if one.stations else "",
            one.stations.total if one.stations else "",
            *(one.origin, one.index, one.record),
            *credit.end(one.org),
        ]
        for one in answer.documents
        for row in one.sums
    ]
    return QueryTable(columns, rows)


def _of_document(one: RecapDocument) -> list[Cell]:
    source = "kpu" if one.official else "monitor"
    code = one.region.code or NATION_CODE
    place = code, one.region.name, one.level
    return [*place, one.org, source, one.verdict, int(one.first)]


def _key(one: RecapComparison) -> str:
    """Where a document stands in the list, as `after` says it."""
    source = "kpu" if one.entry.official else "monitor"
    return f"{one.entry.region or NATION_CODE}:{one.entry.org}:{source}"


def _document(one: RecapComparison, names: dict[str, str]) -> RecapDocument:
    code, recap = one.entry.region, one.recap
    return RecapDocument(
        region=Place(code=code, name=names.get(code, "")),
        level=level_of(code),
        org=one.entry.org,
        official=one.entry.official,
        verdict=one.verdict,
        first=one.first,
        sums=[RecapSum(**row._asdict()) for row in one.compared],
        origin=one.origin,
        index=one.entry.index,
        record=one.entry.record,
        missing=UNSET if one.below.missing is None else one.below.missing,
        missing_names=list(one.below.names),
        stations=recap.stations,
        figures=dict[str, int](recap.figures.items()) if recap.figures else UNSET,
        files=[file.sha256 for file in recap.evidence or ()],
        observed_at=recap.observed_at,
    )
