"""Reports of violations in somebody's table: which column is which member of a report.

Rule: a column is read where its header is a member's name, one that people give it, or
where the operator says so. Who reported it and where exactly is for the annex alone
(`annexcolumns.py`); whatever else stands in the row is left out and named. Times of a
column that says it is in UTC are.

    Ushahidi      Post ID → ref, Post Date (UTC) → reported_at, Title → summary,
                  Description, Unstructured Description → description,
                  Categories → category; a survey that calls its title and description
                  otherwise is mapped by the operator
    KoboToolbox   _uuid → ref, _submission_time → reported_at; a question by its name,
                  below its groups (`kejadian/summary`), or by its label; what follows a
                  question that is a column itself (`jenis`, `jenis/tps`) is an answer
                  of it, not a question

Both may write a second header, of tags (`#date +reported`): it is none of the reports.

Source: https://github.com/ushahidi/platform/blob/develop/src/App/Formatter/Post/CSV.php
and https://github.com/kobotoolbox/formpack/blob/master/src/formpack/reporting/export.py
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from federation.errors import ConfigError
from federation.sources.annexcolumns import AnnexColumns
from federation.sources.csv import Cells, CsvTable
from federation.sources.incidentdraft import INCIDENT_MEMBERS
from federation.sources.row import Bad, clip
from federation.sources.stream import SourceFile
from federation.sources.workbook import Workbook
from federation.text import Sentence

_NAMES: Final[Mapping[str, str]] = {
    word: member
    for member, words in {
        "category": "kategori jenis jenis_pelanggaran",
        "description": "uraian uraian_kejadian deskripsi kronologi",
        "happened_at": "waktu_kejadian tanggal_kejadian",
        "known_at": "waktu_diketahui tanggal_diketahui",
        "law": "hukum bidang_hukum",
        "ref": "nomor_laporan no_laporan",
        "region": "wilayah kode_wilayah",
        "reported_at": "waktu_laporan tanggal_laporan",
        "revision": "revisi",
        "summary": "ringkasan judul",
        "tps": "kode_tps",
    }.items()
    for word in words.split()
}
_USHAHIDI: Final[Mapping[str, str]] = {
    "Post ID": "ref",
    "Post Date (UTC)": "reported_at",
    "Title": "summary",
    "Description": "description",
    "Unstructured Description": "description",
    "Categories": "category",
}
_KOBO: Final[Mapping[str, str]] = {"_uuid": "ref", "_submission_time": "reported_at"}
#: By so many of these headers an export is known; what its columns mean then.
_TOOLS: Final = (({"Post ID", "Post Date (UTC)"}, _USHAHIDI), (set(_KOBO), _KOBO))
#: What happened may be told in many paragraphs.
_MOST_LINES: Final = 400
_TAG: Final = re.compile(r"#[A-Za-z][A-Za-z0-9_]*(?: *\+[A-Za-z0-9_]+)*$")
_TIMES: Final = frozenset({"happened_at", "known_at", "reported_at"})


class ReportRow(NamedTuple):
    """A row of a table: its number, and what it says, or why it cannot be read."""

    row: int
    members: dict[str, Any]
    bad: Bad | None = None
    #: What is for the annex, as JSON has it.
    personal: Mapping[str, Any] = MappingProxyType({})


class ReportColumns:
    """What the columns of one file mean; `unread`: the headers that mean nothing."""

    def __init__(
        self,
        headers: Iterable[str],
        named: Mapping[str, str],
        sealed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Say what each of these headers means.

        Args:
            headers: As they stand in the file.
            named: What the operator says: our member → their header.
            sealed: The same of what is for the annex.

        Raises:
            ConfigError: it names a member or a header that there is not.
        """
        self._member: dict[str, str] = {}
        given = dict.fromkeys(headers)
        for member, header in named.items():
            if member not in INCIDENT_MEMBERS:
                names = ", ".join(sorted(INCIDENT_MEMBERS))
                why = Sentence("incidents.map-member", name=clip(member), names=names)
                raise ConfigError("--map", member, why)
            if header not in given:
                why = Sentence("incidents.map-header", name=clip(header))
                raise ConfigError("--map", member, why)
        tool = next((means for signs, means in _TOOLS if signs <= set(given)), {})
        for header in given:
            mapped = [member for member, name in named.items() if name == header]
            is_answer = header.rpartition("/")[0] in given
            guessed = "" if is_answer else _guess(header, tool)
            # A tool's column keeps its meaning beside the one that it is given.
            if guessed and guessed not in named and (header in tool or not mapped):
                mapped.append(guessed)
            for member in mapped:
                self._member.setdefault(member, header)
        read = set(self._member.values())
        self.annex = AnnexColumns(given, sealed, read)
        known = read | self.annex.member_of.keys()
        self.unread = [header for header in given if header not in known]
        self._is_utc = {
            header
            for header in given
            if "(UTC)" in header or header == "_submission_time"
        }

    def read_row(
        self, number: int, row: Mapping[str, Any], defaults: Mapping[str, str]
    ) -> ReportRow:
        """A row of the table, `number` as people count."""
        members = self.read(row, defaults)
        return ReportRow(number, members, personal=self.annex.read(row))

    def read(
        self, row: Mapping[str, Any], defaults: Mapping[str, str]
    ) -> dict[str, Any]:
        """The members that a row gives, with what holds where it gives none."""
        members: dict[str, Any] = dict(defaults)
        for member, header in self._member.items():
            value = row.get(header)
            if value in (None, ""):
                continue
            if member in _TIMES and header in self._is_utc and isinstance(value, str):
                value = value.strip().removesuffix("Z") + " UTC"
            members[member] = value
        return members


def _guess(header: str, tool: Mapping[str, str]) -> str:
    if header in tool:
        return tool[header]
    name = header.rpartition("/")[2].strip().lower().replace(" ", "_")
    return name if name in INCIDENT_MEMBERS else _NAMES.get(name, "")


def read_report_table(
    source: SourceFile | Workbook,
    named: Mapping[str, str],
    sealed: Mapping[str, str],
    defaults: Mapping[str, str],
) -> tuple[ReportColumns, Iterator[ReportRow]]:
    """What the columns of a CSV or of a sheet mean, and its rows.

    Raises:
        ConfigError: see `ReportColumns`.
        FormatError: there is no header, or the file cannot be read.
    """
    table = (
        source if isinstance(source, Workbook) else CsvTable(source, span=_MOST_LINES)
    )
    columns = ReportColumns(table.header, named, sealed)

    def rows() -> Iterator[ReportRow]:
        for line in table.rows():
            if isinstance(line, Cells):
                if _is_of_tags(line.cells):
                    continue
                # Of two columns of one name the first that holds something.
                row: dict[str, str] = {}
                for header, cell in zip(table.header, line.cells, strict=True):
                    if not row.get(header):
                        row[header] = cell.strip()
                yield columns.read_row(line.row, row, defaults)
            elif isinstance(line, Bad):
                yield ReportRow(line.row, {}, line)

    return columns, rows()


def _is_of_tags(cells: Iterable[str]) -> bool:
    """Whether a row has tags (HXL) and nothing else."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(map(_TAG.match, filled))
