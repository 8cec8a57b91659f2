"""What everybody may know of reports, as a page shows it: on a node, or as a file.

Rule: the figures of `records/incidentcounts.py` and nothing beside them; whoever shows
them says where the same are as files.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from federation.flows.incidents.counts import name_cell
from federation.records.incidentcounts import (
    CountKey,
    CountRow,
    IncidentCounts,
    monday_of,
)
from federation.text import Text
from federation.web.incidentmap import map_for_everybody

#: The forms that the figures have beside the page, and what people call these.
FORMS: Final = {"csv": "CSV", "ndjson": "NDJSON", "geojson": "GeoJSON"}
#: What a form is called, where it is, and what it is called when it is kept.
FileLink: TypeAlias = tuple[str, str, str]


def _by_count(row: CountRow) -> tuple[int, CountKey]:
    """The most first."""
    return -row.count, row.of


def _by_time(row: CountRow) -> tuple[int, CountKey]:
    return 0, row.of


_ORDERS: Final = {"week": _by_time}


def tell_counts(
    t: Text,
    counts: IncidentCounts,
    provinces: Mapping[str, str],
    files: list[FileLink],
) -> dict[str, object]:
    """What the template `counts.html` prints.

    Args:
        t: The reader's language.
        counts: The figures.
        provinces: The names of all provinces of the election, by code.
        files: The same as files.
    """
    tables = [
        (
            table.by,
            max(row.count for row in table.rows),
            [
                (name_cell(t, table, row.of, provinces), row.count)
                for row in sorted(table.rows, key=_ORDERS.get(table.by, _by_count))
            ],
        )
        for table in counts.tables
        if table.rows and table.by != "province"
    ]

    def lead(code: str) -> str:
        return f"#r-{code}"

    return {
        "counts": counts,
        "map": map_for_everybody(t, counts, provinces, lead),
        "until": monday_of(counts.until),
        "tables": tables,
        "files": files,
    }
