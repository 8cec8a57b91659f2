"""Tables of results: comma, semicolon, tab or bar; one row a polling station.

Rule: a row is taken whole or refused whole, with its row number, the column and the
reason. Spoilt quotes cost the one row they stand in: `csv` would swallow what follows
into one cell, so the lines after it are read again.

    kode_kelurahan,no_tps,paslon_01,paslon_02,sah,tidak_sah,diunggah
    1371011001,1,127,27,154,0,2019-04-17T22:53:46Z

Spec: RFC 4180, wider: any of four delimiters, LF, UTF-16, `sep=;` as Excel writes it.
"""

import csv
from collections import deque
from collections.abc import Iterator

from msgspec import UNSET

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.sources.columns import read_header
from federation.sources.mapping import Options
from federation.sources.member import only_contest
from federation.sources.row import Bad, BadCell, Row, Said, clip
from federation.sources.stream import LongLine, Source
from federation.sources.table import TablePlan

DELIMITERS = ";\t|,"  # the first wins a draw: decimal commas are more common than ;
MAX_SPAN = 20  # lines of one quoted cell; more is a quote that was never closed


class _Lines:
    """Lines for `csv.reader`, remembered since the row began so they can be re-read."""

    def __init__(self, source: Source) -> None:
        self._source = source.lines()
        self._again: deque[str] = deque()
        self.span: list[str] = []
        self.said: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if len(self.span) >= MAX_SPAN:
            self._again.appendleft(line)
            raise csv.Error(f"a quote is not closed within {MAX_SPAN} lines")
        self.span.append(line)
        return line

    def _read(self) -> str:
        line = next(self._source)
        if isinstance(line, LongLine):
            return "\0too long\n"
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.said.append("latin-1")
            return line.decode("cp1252", "replace")

    def back(self) -> None:
        """Give back all lines of the row but its first."""
        self._again.extendleft(reversed(self.span[1:]))
        self.span.clear()


def find_delimiter(header: str) -> str:
    """The one of `DELIMITERS` that parts a header most often (`,` if none does)."""
    counts = {d: len(next(csv.reader([header], delimiter=d), [])) for d in DELIMITERS}
    best = max(counts, key=lambda d: counts[d])
    return best if counts[best] > 1 else ","


def read_csv(source: Source, options: Options, profile: Profile) -> Iterator[Row]:
    """Every row of the table as draft, refusal or remark.

    Raises:
        FormatError: The header cannot be understood, or the file cannot be read.
    """
    lines = _Lines(source)
    first = next(lines, "")
    row = 1
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        options_delimiter, first, row = first[4], next(lines, ""), 2
    else:
        options_delimiter = options.delimiter or find_delimiter(first)
    if not first.strip():
        raise FormatError("the file is empty, or its first row is", str(source.path))
    header = _split_header(first, options_delimiter)
    aliases = _header_aliases(profile, options)
    plan = TablePlan(
        header, read_header(header, options.columns, aliases), options, profile
    )
    yield from plan.remarks()
    lines.span.clear()
    yield from _read_rows(lines, options_delimiter, plan, row)


def _split_header(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise FormatError(f"the header cannot be read: {error}", "row 1") from error


def _header_aliases(profile: Profile, options: Options) -> dict[str, str]:
    contest = options.contest or only_contest(profile)
    rules = profile.file.contests.get(contest)  # type: ignore[call-overload]  # any text may be asked for
    if rules is None or rules.candidates is UNSET:
        return {}
    return {
        alias: known
        for known, candidate in rules.candidates.items()
        for alias in (known, *candidate.aliases)
    }


def _read_rows(
    lines: _Lines, delimiter: str, plan: TablePlan, row: int
) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    told = False
    while True:
        row += 1
        lines.span.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.back()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            yield Bad(row, "quotes", f"the row cannot be read: {error}")
            continue
        if lines.said and not told:
            told = True
            yield Said(row, "latin-1", "not UTF-8: read as Windows-1252")
        if not any(cells):
            continue
        yield _read_row(row, cells, plan)


def _read_row(row: int, cells: list[str], plan: TablePlan) -> Row:
    if "\0too long\n".strip() in cells[0]:
        return Bad(row, "long", "the line is longer than a megabyte")
    if len(cells) != plan.width:
        return Bad(
            row,
            "cells",
            f"{len(cells)} cells, the header has {plan.width}"
            f" (it begins with {clip(cells[0])})",
        )
    try:
        return plan.read(row, cells)
    except BadCell as bad:
        return Bad(row, bad.code, bad.reason, bad.column)
