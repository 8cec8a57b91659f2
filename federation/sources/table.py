"""The columns of a table put to work: cells of a row in, a draft out.

Rule: everything that can be decided once per file (which column is which candidate) is
decided before the first row; a row then costs a few look-ups and one regular expression
per cell. An empty cell is "not read", never zero.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.records.tps import TpsId
from federation.sources.cell import BLANK, join_place, parse_count, parse_place
from federation.sources.columns import read_header
from federation.sources.csv import Cells, Table
from federation.sources.mapping import TEXTS, Options
from federation.sources.member import Members, only_contest
from federation.sources.row import Bad, BadCell, Row, Said, clip
from federation.sources.stream import Source

Counts = list[tuple[str, int, str]]  # our id, number of the column, its header


def read_csv(source: Source, options: Options, profile: Profile) -> Iterator[Row]:
    """Every row of a table of results as draft, refusal or remark.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The header cannot be understood, or the file cannot be read.
    """
    table = Table(source, options.delimiter)
    columns = read_header(
        table.header, options.columns, _header_aliases(profile, options)
    )
    plan = TablePlan(table.header, columns, options, profile)
    yield from plan.remarks()
    for line in table.rows():
        if not isinstance(line, Cells):
            yield line
            continue
        try:
            yield plan.read(line.row, line.cells)
        except BadCell as bad:
            yield Bad(line.row, bad.code, bad.reason, bad.column)


def _header_aliases(profile: Profile, options: Options) -> dict[str, str]:
    contest = options.contest or only_contest(profile)
    return {
        alias: known
        for name, rules in profile.file.contests.items()
        if contest in (None, name) and rules.candidates is not UNSET
        for known, candidate in rules.candidates.items()
        for alias in (known, *candidate.aliases)
    }


class TablePlan:
    """How one table is read."""

    def __init__(
        self,
        header: Sequence[str],
        columns: Mapping[str, int],
        options: Options,
        profile: Profile,
    ) -> None:
        """Prepare `columns`, as `read_header` found them.

        Raises:
            ConfigError: A default is none that a result may have.
            FormatError: No contest is said, a candidate is unknown, or no column holds
                anything of a result.
        """
        self._header = header
        self._columns = columns
        self._members = Members(options, profile)
        self._texts = [
            (t, columns[t], header[columns[t]]) for t in TEXTS if t in columns
        ]
        self._candidates = self._group("candidates.")
        self._figures = self._group("figures.")
        self._parties = self._group("parties.")
        self._evidence = self._group("evidence.")
        self._mapped: dict[str, Counts] = {}
        self._check()

    def _group(self, prefix: str) -> Counts:
        return [
            (target[len(prefix) :], at, self._header[at])
            for target, at in self._columns.items()
            if target.startswith(prefix)
        ]

    def _check(self) -> None:
        if not (self._candidates or self._figures or self._parties or self._evidence):
            raise FormatError(
                "no column with votes is known by its header: say --map 01=…"
                " (a list of polling stations goes to `federation tps-list import`)",
                "row 1",
            )
        if self._members.contest is None and "contest" not in self._columns:
            raise FormatError("no contest is said: say --contest", "row 1")
        if self._members.contest is None:
            return
        try:
            self._map_candidates(self._members.contest)
        except BadCell as bad:
            raise FormatError(f"{clip(bad.column)}: {bad.reason}", "row 1") from bad

    def _map_candidates(self, contest: str) -> Counts:
        if contest not in self._mapped:
            aliases = self._members.aliases(contest)
            found = [(aliases.find(n, h), at, h) for n, at, h in self._candidates]
            if len({known for known, _, _ in found}) < len(found):
                names = ", ".join(clip(h) for _, _, h in found)
                raise BadCell("candidate", f"two columns are one candidate: {names}")
            self._mapped[contest] = found
        return self._mapped[contest]

    def remarks(self) -> Iterator[Said]:
        """What a person should know of the header: the columns that are left out."""
        used = set(self._columns.values())
        left = [clip(h) for at, h in enumerate(self._header) if at not in used]
        if left:
            yield Said(1, "columns", "columns left out: " + ", ".join(left[:20]))

    def read(self, row: int, cells: Sequence[str]) -> Row:
        """One row as a draft; as a remark where nothing was counted yet.

        Raises:
            BadCell: The row cannot be taken.
        """
        said = {n: (cells[at], h) for n, at, h in self._texts if cells[at] not in BLANK}
        fields = self._members.begin(self._read_place(cells), said)
        contest = fields["contest"]
        blocks: dict[str, Any] = {
            "candidates": _read_counts(self._map_candidates(contest), cells),
            "figures": _read_counts(self._figures, cells),
        }
        if self._parties:
            blocks["parties"] = self._read_parties(fields, cells)
        if self._evidence:
            blocks["evidence"] = _read_evidence(self._evidence, cells)
        return self._members.finish(row, fields, blocks)

    def _read_parties(
        self, fields: Mapping[str, Any], cells: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        aliases = self._members.aliases(fields["contest"])
        parties: dict[str, dict[str, Any]] = {}
        for name, count in _read_counts(self._parties, cells).items():
            number, _, part = name.partition(".")
            party = parties.setdefault(aliases.find_party(number, fields["tps"]), {})
            if part.startswith("caleg."):
                party.setdefault("caleg", {})[part.removeprefix("caleg.")] = count
            else:
                party[part] = count
        return parties

    def _read_place(self, cells: Sequence[str]) -> TpsId:
        columns = self._columns
        if "tps" in columns:
            at = columns["tps"]
            return parse_place(cells[at], self._header[at])
        a, b = columns["kelurahan"], columns["number"]
        return join_place(cells[a], cells[b], (self._header[a], self._header[b]))


def _read_counts(counts: Counts, cells: Sequence[str]) -> dict[str, int]:
    read = {}
    for name, at, header in counts:
        count = parse_count(cells[at], header)
        if count is not None:
            read[name] = count
    return read


def _read_evidence(columns: Counts, cells: Sequence[str]) -> list[dict[str, Any]]:
    found: dict[str, Any] = {}
    for name, at, header in columns:
        text = cells[at].strip()
        if text in BLANK:
            continue
        if name in ("page", "size"):
            if not re.fullmatch(r"[0-9]{1,12}", text):
                raise BadCell("count", f"{clip(text)} is not a whole number", header)
            found[name] = int(text)
        else:
            found[name] = text
    return [found] if found else []
