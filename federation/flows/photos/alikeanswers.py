"""Which photos look alike, as the API, `--json` and `--csv` say it: a page at a time.

Rule: as in `flows/query/answers.py`: members are added, never renamed. What is said is
what the records say of their photos (`alike.py`), of each pair once a page.
"""

from typing import Final

from msgspec import UNSET, Struct, UnsetType

from federation.flows.photos.alike import AlikePair, alike_in_region, only_once
from federation.flows.query.table import QueryTable, TableRow
from federation.records.readers import Caller
from federation.store.evidence import NamedEvidence
from federation.store.view import View

#: So many stations are looked at for one page, however few have something to tell.
MOST_STATIONS: Final = 1_000
_COLUMNS: Final = (
    "tps", "org", "sha256", "record", "like_tps", "like_org", "like_sha256",
    "like_record", "bits",
)  # fmt: skip


class PhotoOfRecord(Struct, frozen=True, kw_only=True):
    """A photo by its SHA-256, the record that names it, and for which station."""

    contest: str
    org: str
    record: str
    sha256: str
    tps: str


class AlikePhotos(Struct, frozen=True, kw_only=True):
    """Two photos that look alike; `bits`: of 256 so many differ, 0 for none.

    `elsewhere`: they are of two stations; else of one, by two organisations.
    `checked`: both are held here, and whether we find them alike ourselves.
    """

    bits: int
    elsewhere: bool
    here: PhotoOfRecord
    there: PhotoOfRecord
    checked: bool | UnsetType = UNSET


class AlikeAnswer(Struct, frozen=True, kw_only=True):
    """A page of them; `next` is what to give as `after`, "" where nothing is left."""

    election: str
    region: str
    alike: list[AlikePhotos]
    next: str


def list_alike(
    view: View, election: str, region: str, caller: Caller, after: str, limit: int
) -> AlikeAnswer:
    """The next stations of a region that have photos which look like others.

    Args:
        view: A snapshot.
        election: Which.
        region: What the codes begin with; "" for all.
        caller: Told of what it may read only.
        after: `next` of the page before.
        limit: So many pairs end a page; a station is never divided.
    """
    found: list[AlikePair] = []
    following = ""
    looked_at = alike_in_region(view, election, region, caller, after)
    for count, (tps, pairs) in enumerate(looked_at, 1):
        found += pairs
        if len(found) >= limit or count == MOST_STATIONS:
            following = tps
            break
    alike = [describe_pair(pair) for pair in only_once(found)]
    return AlikeAnswer(election=election, region=region, alike=alike, next=following)


def describe_pair(pair: AlikePair) -> AlikePhotos:
    """A pair as it is answered."""
    return AlikePhotos(
        bits=pair.bits,
        elsewhere=pair.is_elsewhere,
        here=_describe(pair.here),
        there=_describe(pair.there),
    )


def alike_table(alike: list[AlikePhotos]) -> QueryTable:
    """The same for a spreadsheet, a row for each pair."""
    rows: list[TableRow] = [
        [*_cells(one.here), *_cells(one.there), one.bits] for one in alike
    ]
    return QueryTable(_COLUMNS, rows)


def _cells(photo: PhotoOfRecord) -> TableRow:
    return [photo.tps, photo.org, photo.sha256, photo.record]


def _describe(named: NamedEvidence) -> PhotoOfRecord:
    entry = named.entry
    return PhotoOfRecord(
        contest=entry.contest,
        org=named.log.org,
        record=entry.record,
        sha256=entry.digest,
        tps=entry.tps,
    )
