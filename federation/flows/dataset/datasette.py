"""A contest as one SQLite file, and `metadata.json`, as Datasette reads them.

Rule: the rows are those of the tables `stations`, `gaps` and `results`; what all rows
of a table say alike stands in the metadata, names of places in `regions`, licences in
`organisations`. One snapshot; it is there whole or not at all.

    regions        code → name, level, region above
    organisations  domain → name, licence, attribution
    stations       code → village, status, votes from and to; the silent ones too
    claims         a statement each → station, organisation, votes, where it is signed

Source: https://docs.datasette.io/en/0.65/metadata.html
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from federation.config.settings import Settings
from federation.files import make_folders, write_durably
from federation.flows.dataset.columns import column_of, is_described
from federation.flows.dataset.packagefile import meaning_of
from federation.flows.query.answers import Source
from federation.flows.query.export import Export, What
from federation.flows.query.scope import QueryScope
from federation.flows.query.table import QueryTable
from federation.records.tps import regions_of
from federation.store.datasetfile import (
    DatasetFile,
    DatasetTable,
    write_dataset_file,
)
from federation.store.view import View

METADATA: Final = "metadata.json"
_PLACES: Final = ("province", "kabupaten", "kecamatan", "kelurahan")
_LEVELS: Final = {0: "nation", 2: "province", 4: "kabupaten", 6: "kecamatan",
                  10: "kelurahan"}  # fmt: skip
_REGIONS: Final = DatasetTable(
    "regions",
    {"code": False, "name": False, "level": False, "above": False},
    ("code",),
    points={"above": "regions"},
    searched=("name",),
)
_ORGS: Final = DatasetTable(
    "organisations",
    dict.fromkeys(("org", "name", "licence", "attribution"), False),
    ("org",),
)


class DatasetteDone(NamedTuple):
    """What was written."""

    path: Path
    stations: int
    claims: int
    cursor: str


def write_datasette(
    view: View,
    settings: Settings,
    scope: QueryScope,
    folder: Path,
    made: datetime,
    advance: Callable[[int], object],
) -> DatasetteDone:
    """Write both files; `advance` is told how many rows more were read.

    Raises:
        OSError: the disk is full or failed.
    """
    make_folders(folder)
    exports = {what: Export(view, settings, scope, what) for what in _WHATS}
    first = exports["stations"]
    numbers = scope.numbers()
    tables = _Tables(numbers)
    path = folder / f"{scope.election}-{scope.contest}.db"
    listed = (_ORGS, _REGIONS, tables.stations, tables.claims)
    with write_dataset_file(path, listed) as file:
        file.add(_ORGS, map(_org_row, first.sources))
        writing = _Filling(view, file, advance)
        stations = writing.add(exports["stations"], tables.stations)
        stations += writing.add(exports["gaps"], tables.stations)
        claims = writing.add(exports["results"], tables.claims)
        writing.add_regions()
    about = _metadata(scope, listed, first, path.stem, made)
    with write_durably(folder / METADATA, 0o644) as out:
        out.write(msgspec.json.format(msgspec.json.encode(about), indent=1) + b"\n")
    return DatasetteDone(path, stations, claims, first.cursor)


_WHATS: Final[tuple[What, ...]] = ("stations", "gaps", "results")


class _Tables:
    """The two tables whose columns follow from who stands."""

    def __init__(self, numbers: Sequence[str]) -> None:
        spans = [f"{part}_{n}" for n in numbers for part in ("least", "most", "kpu")]
        station = ("tps", "village", *_PLACES, "status", "compared_with_kpu", "flags",
                   "orgs", "versions", *spans, "voters")  # fmt: skip
        votes = [f"votes_{number}" for number in numbers]
        claim = ("record", "tps", "org", "source", "round", "counted", "kind",
                 "complete", "failed_sums", *votes, "votes_other", "valid", "invalid",
                 "files", "origin", "index")  # fmt: skip
        self.stations = DatasetTable(
            "stations",
            _columns(station),
            ("tps",),
            points={"village": "regions"},
            searched=_PLACES[1:],
            sorted_by=("province", "status", "compared_with_kpu"),
        )
        self.claims = DatasetTable(
            "claims",
            _columns(claim),
            ("origin", "index"),
            points={"tps": "stations", "org": "organisations"},
            sorted_by=("source",),
        )


class _Filling:
    """Rows on their way to the file, and the regions that they lie in."""

    def __init__(
        self, view: View, file: DatasetFile, advance: Callable[[int], object]
    ) -> None:
        self._view, self._file, self._advance = view, file, advance
        self._names: dict[str, str] = {"": "Indonesia"}

    def add(self, export: Export, table: DatasetTable) -> int:
        """All rows of an export; how many were not there yet."""
        count = 0
        while not export.done:
            page = export.read(self._view)
            count += self._file.add(table, self._rows(page, table))
            self._advance(len(page.rows))
        return count

    def add_regions(self) -> None:
        """Those that any row lies in."""
        rows = [
            (code or "0", name, _LEVELS[len(code)], _above(code))
            for code, name in sorted(self._names.items())
        ]
        self._file.add(_REGIONS, rows)

    def _rows(self, page: QueryTable, table: DatasetTable) -> list[list[object]]:
        rows: list[list[object]] = []
        for row in page.rows:
            cells: dict[str, object] = dict(zip(page.columns, row, strict=True))
            codes = regions_of(str(cells["tps"]))[1:]
            self._names |= {
                code: str(cells[place])
                for code, place in zip(codes, _PLACES, strict=True)
            }
            cells = {"village": codes[-1], "status": "missing", **cells}
            rows.append([_known(cells.get(name)) for name in table.columns])
        return rows


def _known(cell: object) -> object:
    return None if cell == "" else cell


def _above(code: str) -> str | None:
    above = [length for length in _LEVELS if length < len(code)]
    return (code[: above[-1]] or "0") if above else None


def _columns(names: Sequence[str]) -> dict[str, bool]:
    return {name: column_of(name).kind == "integer" for name in names}


def _org_row(source: Source) -> tuple[str, str, str, str]:
    name = source.name or source.org
    return source.org, name, source.licence, source.attribution or name


def _metadata(
    scope: QueryScope,
    tables: Sequence[DatasetTable],
    first: Export,
    database: str,
    made: datetime,
) -> dict[str, Any]:
    names = scope.profile.file.name
    licences = sorted({one.licence for one in first.sources if one.licence})
    facets = {
        "stations": ["province", "status", "compared_with_kpu"],
        "claims": ["org", "source", "round"],
        "regions": ["level"],
    }
    return {
        "title": f"{names.id} / {names.en}",
        "license": ", ".join(licences),
        "source": ", ".join(sorted({one.name or one.org for one in first.sources})),
        "description": (
            f"{scope.contest}: results of polling stations as election monitors signed "
            f"them, merged; cursor {first.cursor}, written {made:%Y-%m-%dT%H:%M:%SZ}. "
            "Where monitors differ, least and most are given; nobody's figure wins."
        ),
        "databases": {
            database: {
                "tables": {
                    table.name: {
                        "facets": facets.get(table.name, []),
                        "columns": _meanings(table),
                        **({"label_column": "name"} if "name" in table.columns else {}),
                    }
                    for table in tables
                }
            }
        },
    }


def _meanings(table: DatasetTable) -> dict[str, str]:
    known = [name for name in table.columns if is_described(name)]
    return {
        name: " / ".join(meaning_of(column_of(name), one) for one in ("id", "en"))
        for name in known
    }
