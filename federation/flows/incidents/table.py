"""Reports and incidents as rows of cells: the one layout behind CSV, NDJSON, GeoJSON.

Rule: a row says what the list says of the same report or incident, with the names of
the regions beside their codes. No row has a point on a map: where exactly it was is in
the sealed annex, if anywhere, and a point that stands for a whole region would be read
as the place. Whoever has boundaries joins them by the codes.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from federation.flows.incidents.answers import ShownIncident
from federation.flows.incidents.merged import FoundIncident
from federation.flows.incidents.places import read_places, regions_around
from federation.flows.query.table import QueryTable, TableRow
from federation.store.view import View

_REGIONS: Final = ("province", "kabupaten", "kecamatan", "kelurahan")
_REPORT: Final = (
    "incident", "org", "reported_at", "happened_at", "known_at", "category", "law",
    "place", *_REGIONS, "summary", "description", "ref", "due", "said", "recorded_at",
    "record",
)  # fmt: skip
_MERGED: Final = (
    "incident", "status", "contradicted", "categories", "laws", "orgs", "reports",
    "happened_at", "places", *_REGIONS, "summary", "agencies", "due", "is_cut",
    "digest",
)  # fmt: skip


def read_reports_table(
    view: View, election: str, reports: Iterable[ShownIncident]
) -> QueryTable:
    """A row for each report, as its organisation says it last."""
    shown = list(reports)
    places = [_place_of(one) for one in shown]
    names = _read_names(view, election, places)
    rows = [
        _report(one, place, names) for one, place in zip(shown, places, strict=True)
    ]
    return QueryTable(_REPORT, rows)


def read_merged_table(
    view: View, election: str, incidents: Iterable[FoundIncident]
) -> QueryTable:
    """A row for each incident; the names are of the regions of its first place."""
    shown = list(incidents)
    names = _read_names(view, election, [one.merged.places[0] for one in shown])
    return QueryTable(_MERGED, [_merged(one, names) for one in shown])


def _read_names(view: View, election: str, places: Iterable[str]) -> Mapping[str, str]:
    codes = {code for place in places for code in regions_around(place)}
    return read_places(view, election, codes)


def _place_of(report: ShownIncident) -> str:
    return str(report.said.get("tps") or report.said["region"])


def _names_of(place: str, names: Mapping[str, str]) -> list[str]:
    """One for each level, "" where the place names none or nobody knows it."""
    around = [names.get(code, "") for code in regions_around(place)]
    return [*around, *[""] * len(_REGIONS)][: len(_REGIONS)]


def _report(report: ShownIncident, place: str, names: Mapping[str, str]) -> TableRow:
    said = report.said
    standing = [
        f"{it.org}: {it.said.get('status') or it.said.get('stage')}"
        for it in report.standing
    ]
    cells = {
        "incident": report.incident,
        "org": report.org,
        "place": place,
        **dict(zip(_REGIONS, _names_of(place, names), strict=True)),
        "due": report.due.last_day if report.due else "",
        "said": "; ".join(standing),
        "recorded_at": report.recorded_at,
        "record": report.record,
    }
    return [cells[it] if it in cells else str(said.get(it, "")) for it in _REPORT]


def _merged(found: FoundIncident, names: Mapping[str, str]) -> TableRow:
    merged = found.merged
    due = [one.due.last_day for one in found.reports if one.due]
    return [
        str(merged.incident),
        " ".join(merged.status or ["received"]),
        " ".join(merged.contradicted),
        " ".join(merged.categories),
        " ".join(merged.laws),
        " ".join(sorted({one.org for one in merged.reports})),
        len(merged.reports),
        min(one.happened_at for one in found.reports),
        " ".join(merged.places),
        *_names_of(merged.places[0], names),
        found.reports[0].summary,
        " ".join(one.agency for one in merged.referrals),
        min(due, default=""),
        int(found.is_cut),
        found.digest,
    ]
