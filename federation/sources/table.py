"""Tables of results, wherever their rows come from: every row as draft or refusal.

Rule: what a header is guessed to mean must show in the first rows (`fitting.py`); then
one plan reads every row (`plan.py`). A table has a column for each candidate, or a row
for each (`longform.py`).
"""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Final, Protocol

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.sources.columns import Header, looks_like_header, read_header
from federation.sources.csv import Cells, CsvLine, CsvTable, IsHeader
from federation.sources.fitting import (
    SAMPLE_ROWS,
    find_by_values,
    is_rounded,
    leave_out_unfit,
)
from federation.sources.longform import CandidateRow, join_parts
from federation.sources.mapping import PHOTOS, Options
from federation.sources.member import DraftBeginner
from federation.sources.names import names_of
from federation.sources.numbered import HeaderNames
from federation.sources.onetable import OneTable
from federation.sources.photonames import PAGE, is_of_photos
from federation.sources.plan import TablePlan
from federation.sources.row import Bad, BadCell, Columns, SourceRow
from federation.sources.spread import Spread
from federation.sources.stream import SourceFile
from federation.text import Sentence

_FILE: Final = frozenset(f"evidence.{n}" for n in ("sha256", "media_type", "size"))


def read_csv(
    source: SourceFile,
    options: Options,
    profile: Profile,
    *,
    spread: Spread | None = None,
) -> Iterator[SourceRow]:
    """Every row of a table of results as draft, refusal or remark.

    `spread`: reads rows in several processes.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The header cannot be understood, or the file cannot be read.
    """
    is_header = is_header_of(options, names_of(profile, options))
    table = CsvTable(source, options.delimiter, is_header=is_header)
    return read_table(table, options, profile, spread=spread)


def is_header_of(options: Options, names: HeaderNames) -> IsHeader:
    """Whether cells are surely the header of a table of results."""
    return lambda cells: looks_like_header(cells, options.read, names)


class AnyTable(Protocol):
    """Whatever has a header and rows of as many cells: see `CsvTable`."""

    @property
    def header(self) -> list[str]:
        """The headers, in their order."""
        ...

    @property
    def header_row(self) -> int:
        """The number of the row that they stand in."""
        ...

    def rows(self) -> Iterator[CsvLine]:
        """Each row below the header."""
        ...


def read_table(
    table: AnyTable,
    options: Options,
    profile: Profile,
    *,
    spread: Spread | None = None,
) -> Iterator[SourceRow]:
    """The same of a table that is open.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The header cannot be understood, or the file cannot be read.
    """
    members = DraftBeginner(options, profile)
    names = names_of(profile, options)
    of_parties = members.contest is not None and profile.is_party_contest(
        members.contest
    )
    row = table.header_row
    where = Sentence("file.row", row=row)
    header = read_header(
        table.header, options.columns, names, parties=of_parties, row=row
    )
    rows = table.rows()
    sample = list(islice(rows, SAMPLE_ROWS))
    cells = [line.cells for line in sample if isinstance(line, Cells)]
    if is_rounded(header, cells):
        raise FormatError(Sentence("cell.place-rounded"), where)
    header = find_by_values(leave_out_unfit(header, cells, where), cells)
    header = _settle_files(header, options)
    plan = TablePlan(header, options, members, profile, people=names, row=row)
    yield Columns(row, header.uses)
    is_header = is_header_of(options, names)
    lines = OneTable(plan, table.header, is_header).read(chain(sample, rows))
    if plan.is_long:
        yield from join_parts(_read_parts(plan, lines), members, plan.votes.lacking)
        yield from plan.finish()
        return
    if spread is None:
        yield from _read_lines(plan, lines)
    else:
        # As it is now: this process reads some rows by the plan itself, which notes
        # what it sees, while the pool packs what it sends in a thread of its own.
        read = partial(_read_some, pickle.dumps(plan))
        for some, elsewhere in spread(read, lines, _weigh):
            plan.head.elsewhere += elsewhere
            yield from some
    yield from plan.finish()


def _read_some(packed: bytes, lines: Sequence[CsvLine]) -> tuple[list[SourceRow], int]:
    """Some rows, and what a copy of the plan has counted of them."""
    plan: TablePlan = pickle.loads(packed)  # noqa: S301  packed by `read_table`
    before = plan.head.elsewhere
    rows = list(_read_lines(plan, lines))
    return rows, plan.head.elsewhere - before


def _weigh(line: CsvLine) -> int:
    return sum(map(len, line.cells)) if isinstance(line, Cells) else 0


def _read_lines(plan: TablePlan, lines: Iterable[CsvLine]) -> Iterator[SourceRow]:
    for line in lines:
        if not isinstance(line, Cells):
            yield line
            continue
        try:
            yield plan.read(line.row, line.cells)
        except BadCell as bad:
            slot = plan.head.read_slot(line.cells) if bad.code == "count" else {}
            yield Bad(line.row, bad.code, bad.reason, bad.column, slot)
        if plan.head.remarks:
            yield from plan.head.take_remarks()


def _settle_files(header: Header, options: Options) -> Header:
    """The same without what only looks like files of a result."""
    if not options.photos and PHOTOS in header.guessed:
        header = header.without({PHOTOS: Sentence("columns.photos")})
    lacking = _FILE - header.columns.keys()
    if not lacking:
        return header
    # `page` and `size` alone are of something else, or of a photo that is named.
    half = Sentence("columns.half-file", name=min(lacking).partition(".")[2])
    guessed = [t for t in header.guessed if t.startswith("evidence.")]
    page = header.columns["evidence.page"] if "evidence.page" in guessed else None
    header = header.without(dict.fromkeys(guessed, half))
    has_photos = any(is_of_photos(target) for target in header.columns)
    return header.having(PAGE, page) if has_photos and page is not None else header


def _read_parts(
    plan: TablePlan, lines: Iterator[CsvLine]
) -> Iterator[CandidateRow | SourceRow]:
    for line in lines:
        if not isinstance(line, Cells):
            yield line
            continue
        try:
            yield plan.read_part(line.row, line.cells)
        except BadCell as bad:
            yield Bad(line.row, bad.code, bad.reason, bad.column)
            yield from plan.mark_station(line.row, line.cells)
        yield from plan.head.take_remarks()
