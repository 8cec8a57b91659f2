"""The columns of a table put to work: cells of a row in, a draft out.

Rule: everything that can be decided once per file (which column is which candidate) is
decided before the first row; a row then costs a few look-ups and one regular expression
per cell. An empty cell is "not read", never zero.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.records.tps import TpsId
from federation.sources.asked import name_headers
from federation.sources.cell import (
    BLANK,
    check_beside,
    is_blank,
    join_place,
    parse_count,
    parse_place,
)
from federation.sources.columns import Header
from federation.sources.headers import guess
from federation.sources.longform import FIGURE, CandidateRow
from federation.sources.mapping import TEXTS, Options
from federation.sources.member import DraftBeginner
from federation.sources.numbered import HeaderNames, OtherCandidateError, name_candidate
from federation.sources.row import BadCell, Draft, Remark, SourceRow, Use, clip
from federation.text import Sentence

CountColumns = list[tuple[str, int, str]]  # our id, number of the column, its header

# What a row can do without: its votes are worth more than the moment it was made.
SPARED: Final = frozenset({"observed_at", "form", "review", "contributor", "note"})
_VALUE: Final = "value-left-out"


class TablePlan:
    """How one table is read."""

    def __init__(
        self,
        header: Header,
        options: Options,
        members: DraftBeginner,
        profile: Profile,
        *,
        people: HeaderNames,
        row: int = 1,
    ) -> None:
        """Prepare the columns of `header`, which stands in `row`.

        `people`: what the profile calls those who stand.

        Raises:
            FormatError: No contest is said, a candidate is unknown or has no column, or
                no column holds anything of a result.
        """
        self._uses = header.uses
        self._header = [use.header for use in header.uses]
        self._at = Sentence("file.row", row=row)
        self._columns = columns = header.columns
        self._members, self._options, self._profile = members, options, profile
        self.people = people
        self._texts = [
            (t, columns[t], self._header[columns[t]]) for t in TEXTS if t in columns
        ]
        self._candidates = self._group("candidates.")
        self._figures = self._group("figures.")
        self._parties = self._group("parties.")
        self._party_headers = {name: header for name, _, header in self._parties}
        self._evidence = self._group("evidence.")
        self._mapped: dict[str, CountColumns] = {}
        self._checks = self._places_beside()
        self._turned_down = columns.get("rejected")
        self._of_election = [columns[t] for t in ("election", "year") if t in columns]
        self.remarks: list[Remark] = []
        self._elsewhere = 0  # times without a zone, where another one holds
        self._names = [
            (int(target.removeprefix("place.")), at)
            for target, at in columns.items()
            if target.startswith("place.")
        ]
        self._labels = [at for at, use in enumerate(header.uses) if _is_label(at, use)]
        self.is_long = "votes" in columns and "candidate" in columns
        self._check()

    @property
    def place_column(self) -> int:
        """The column in which every row says its place."""
        return self._columns.get("tps", self._columns.get("kelurahan", 0))

    def _group(self, prefix: str) -> CountColumns:
        return [
            (target[len(prefix) :], at, self._header[at])
            for target, at in self._columns.items()
            if target.startswith(prefix)
        ]

    def _places_beside(self) -> list[tuple[str, int, str]]:
        """The parts of a place that stand beside its whole code: they must agree."""
        if "tps" not in self._columns:
            return []
        return [
            (name, self._columns[name], self._header[self._columns[name]])
            for name in ("kelurahan", "number")
            if name in self._columns
        ]

    def lacking(self, contest: str, tps: str, ids: Collection[str]) -> list[str]:
        """Those who stand there and are not among `ids`: id, and name in brackets."""
        if self._profile.is_party_contest(contest):
            return []
        left_out = {name.removeprefix("candidates.") for name in self._options.left_out}
        return [
            f"{who} ({listed.name})"
            for who, listed in self._profile.candidates(contest, tps).items()
            if who not in ids and left_out.isdisjoint((who, *listed.aliases))
        ]

    def _check(self) -> None:
        has_votes = self._candidates or self._parties or self.is_long
        if not (has_votes or self._figures or self._evidence):
            raise FormatError(self._say_why("no-votes"), self._at)
        if not (has_votes or self._evidence or self._options.figures_only):
            raise FormatError(self._say_why("only-figures"), self._at)
        if self._members.contest is None and "contest" not in self._columns:
            raise FormatError(Sentence("columns.no-contest"), self._at)
        if self._members.contest is None or self.is_long:
            return
        try:
            self._map_candidates(self._members.contest)
        except BadCell as bad:
            column = clip(bad.column)
            of_column = Sentence("columns.of-column", column=column, reason=bad.reason)
            reason = of_column if bad.column else bad.reason
            raise FormatError(reason, self._at) from bad

    def _say_why(self, key: str) -> Sentence:
        """Why there are no votes: a column that nearly was one tells more."""
        for use in self._uses:
            if use.key in {"behind", "other-office"}:
                values = {"column": clip(use.header), "reason": use.why}
                return Sentence("columns.of-column", **values)
        return Sentence(f"columns.{key}", there=name_headers(self._header))

    def _map_candidates(self, contest: str) -> CountColumns:
        if contest not in self._mapped:
            aliases = self._members.aliases(contest)
            found = [(aliases.find(n, h), at, h) for n, at, h in self._candidates]
            known = {who for who, _, _ in found}
            if len(known) < len(found):
                names = ", ".join(clip(h) for _, _, h in found)
                two = Sentence("columns.two-columns", headers=names)
                raise BadCell("candidate", two)
            if known and (lacking := self.lacking(contest, "", known)):
                who, name = lacking[0][:2], lacking[0]
                missing = Sentence("columns.missing-candidate", id=who, name=name)
                raise BadCell("candidate", missing)
            self._mapped[contest] = found
        return self._mapped[contest]

    def finish(self) -> Iterator[Remark]:
        """What there is to say of the table as a whole, once it was read."""
        if self._elsewhere:
            said = Sentence("row.zone", rows=self._elsewhere)
            yield Remark(0, "zone", said)

    def take_remarks(self) -> list[Remark]:
        """What there is to say of the rows since the last call."""
        remarks, self.remarks = self.remarks, []
        return remarks

    def read(self, row: int, cells: Sequence[str]) -> SourceRow:
        """One row as a draft; as a remark where nothing was counted yet.

        Raises:
            BadCell: The row cannot be taken.
        """
        if total := self.find_total(cells):
            return Remark(row, TOTAL, total)
        fields = self._begin(row, cells)
        contest = fields["contest"]
        blocks = self._read_blocks(fields, cells)
        votes = _read_counts(self._map_candidates(contest), cells)
        if votes and self._members.aliases(contest).differ_by_region:
            votes = self._read_regional(contest, fields["tps"], votes)
        blocks["candidates"] = votes
        draft = self._members.finish(row, fields, blocks)
        if self._names and isinstance(draft, Draft):
            return draft._replace(names=self._read_names(cells))
        return draft

    def _read_names(self, cells: Sequence[str]) -> dict[int, str]:
        """What the row calls its regions."""
        return {
            level: cells[at] for level, at in self._names if not is_blank(cells[at])
        }

    def _read_regional(
        self, contest: str, tps: str, votes: Mapping[str, int]
    ) -> dict[str, int]:
        """Votes by the ids of those who stand in this region.

        Raises:
            BadCell: Somebody does not, or one who does has no column.
        """
        aliases = self._members.aliases(contest)
        found = {aliases.find(who, who, tps): count for who, count in votes.items()}
        if len(found) < len(votes):
            names = ", ".join(clip(h) for _, _, h in self._candidates)
            raise BadCell("candidate", Sentence("columns.two-columns", headers=names))
        columns = {who for who, _, _ in self._map_candidates(contest)}
        present = found.keys() | {
            known
            for who in columns
            if (known := self._profile.roster(contest, tps).find(who)) is not None
        }
        if lacking := self.lacking(contest, tps, present):
            names = ", ".join(lacking)
            raise BadCell(
                "candidate", Sentence("row.no-such-column", tps=tps, names=names)
            )
        return found

    def find_total(self, cells: Sequence[str]) -> Sentence | None:
        """Why a row is the sum of others, if a label says that it is."""
        for at in self._labels:
            # Nearly all of these cells are codes and numbers: one look is enough.
            if cells[at][:1] > "9" and _TOTAL.fullmatch(cells[at].strip().casefold()):
                return Sentence("row.total", text=clip(cells[at].strip()))
        return None

    def read_part(self, row: int, cells: Sequence[str]) -> CandidateRow | Remark:
        """One candidate's row of a long table.

        Raises:
            BadCell: The row cannot be taken.
        """
        if total := self.find_total(cells):
            return Remark(row, TOTAL, total)
        fields = self._begin(row, cells)
        votes = self._columns["votes"]
        count = parse_count(cells[votes], self._header[votes])
        blocks = self._read_blocks(fields, cells)
        names = self._read_names(cells)
        figure = self._read_figure(cells)
        if figure:
            if count is not None:
                blocks["figures"][figure] = count
            return CandidateRow(row, fields, FIGURE, None, blocks, names)
        candidate = self._read_candidate(fields, cells)
        return CandidateRow(row, fields, candidate, count, blocks, names)

    def _read_figure(self, cells: Sequence[str]) -> str:
        """The figure that a row of a long table is about, where it is about one."""
        at = self._columns["candidate"]
        found = self._guess(cells[at], self._header[at])
        return found.removeprefix("figures.") if found.startswith("figures.") else ""

    def _guess(self, text: str, header: str) -> str:
        """What a cell means by what would be a header elsewhere.

        Raises:
            BadCell: It has one candidate's number and another one's name.
        """
        try:
            return guess(text, self.people, parties=False).target
        except OtherCandidateError:
            number = clip(text.split(maxsplit=1)[0])
            reason = Sentence("row.two-candidates", name=number, other=clip(text))
            raise BadCell("candidate", reason, header) from None

    def _read_candidate(self, fields: Mapping[str, Any], cells: Sequence[str]) -> str:
        """Whom a row of a long table is about; its number and its name must agree.

        Raises:
            BadCell: Nobody who stands there, or two.
        """
        at = self._columns["candidate"]
        aliases, text = self._members.aliases(fields["contest"]), cells[at].strip()
        try:
            candidate = aliases.find(text, self._header[at], fields["tps"])
        except BadCell:
            candidate = name_candidate(text, self.people)
            if not candidate:
                raise
        if "candidate-name" in self._columns:
            beside = self._columns["candidate-name"]
            header, text = self._header[beside], cells[beside].strip()
            if text.isdigit():
                named = aliases.find(text, header, fields["tps"])
            elif not (named := name_candidate(text, self.people)):
                named = self._guess(text, header).partition("candidates.")[2]
            if named and named != candidate:
                other = clip(text)
                reason = Sentence("row.two-candidates", name=candidate, other=other)
                raise BadCell("candidate", reason, header)
        return candidate

    def mark_station(self, row: int, cells: Sequence[str]) -> Iterator[CandidateRow]:
        """The station of a row of a long table that cannot be taken, if it is known."""
        with suppress(BadCell):
            yield CandidateRow(row, {"tps": self._read_place(cells)})

    def read_slot(self, cells: Sequence[str]) -> Mapping[str, Any]:
        """Of what a row speaks whose votes or figures cannot be read; {}: unknown."""
        said = {n: (cells[at], h) for n, at, h in self._texts if cells[at] not in BLANK}
        return self._members.slot(self._read_place(cells), said)

    def _begin(self, row: int, cells: Sequence[str]) -> dict[str, Any]:
        said = {n: (cells[at], h) for n, at, h in self._texts if cells[at] not in BLANK}
        place = self._read_place(cells)
        if self._turned_down is not None:
            self._see_whether_taken(place, cells[self._turned_down])
        for at in self._of_election:
            self._check_election(cells[at], self._header[at])
        fields: dict[str, Any] | None = None
        while fields is None:
            try:
                fields = self._members.begin(place, said)
            except BadCell as bad:
                self._spare(row, said, bad)
        if "observed_at" in said and place[:2] in EAST:
            self._elsewhere += not _ZONED.search(said["observed_at"][0])
        return fields

    def _spare(self, row: int, said: dict[str, tuple[str, str]], bad: BadCell) -> None:
        """Leave a value out that a row can do without, and note it.

        Raises:
            BadCell: The row cannot do without it.
        """
        name = next((name for name in said if said[name][1] == bad.column), "")
        if name and is_blank(said[name][0]):
            del said[name]  # an unusual spelling of nothing
            return
        if name not in SPARED:
            raise bad
        del said[name]
        reason = Sentence("row.left-out", column=bad.column, reason=bad.reason)
        self.remarks.append(Remark(row, _VALUE, reason))

    def _check_election(self, cell: str, column: str) -> None:
        """See that a row is not of another election, or of another year's.

        Raises:
            BadCell: It is.
        """
        ours, said = self._profile.election, cell.strip().lower()
        years = set(_YEAR.findall(said))
        is_other = bool(years) and years.isdisjoint(_YEAR.findall(ours))
        if is_other or (re.fullmatch(r"[a-z]+-20[0-9]{2}", said) and said != ours):
            other = Sentence("row.other-election", said=clip(cell), election=ours)
            raise BadCell("election", other, column)

    def _see_whether_taken(self, place: TpsId, value: str) -> None:
        if not is_blank(value) and value.strip().lower() not in APPROVED:
            assert self._turned_down is not None
            header = self._header[self._turned_down]
            values = {"column": header, "value": clip(value.strip())}
            reason = Sentence("row.turned-down", tps=place, **values)
            raise BadCell("turned-down", reason, header)

    def _read_blocks(
        self, fields: Mapping[str, Any], cells: Sequence[str]
    ) -> dict[str, Any]:
        """Figures, parties and files."""
        blocks: dict[str, Any] = {"figures": _read_counts(self._figures, cells)}
        if self._parties:
            blocks["parties"] = self._read_parties(fields, cells)
        if self._evidence:
            blocks["evidence"] = _read_evidence(self._evidence, cells)
        return blocks

    def _read_parties(
        self, fields: Mapping[str, Any], cells: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        aliases = self._members.aliases(fields["contest"])
        parties: dict[str, dict[str, Any]] = {}
        for name, count in _read_counts(self._parties, cells).items():
            number, _, part = name.partition(".")
            column = self._party_headers[name]
            known = aliases.find_party(number, fields["tps"], column)
            party = parties.setdefault(known, {})
            if part.startswith("caleg."):
                party.setdefault("caleg", {})[part.removeprefix("caleg.")] = count
            else:
                party[part] = count
        return parties

    def _read_place(self, cells: Sequence[str]) -> TpsId:
        columns = self._columns
        if "tps" in columns:
            at = columns["tps"]
            header = self._header[at]
            place = parse_place(cells[at], header, unpadded=self._options.unpadded)
            for name, beside, other in self._checks:
                check_beside(place, name, cells[beside], other)
            return place
        a, b = columns["kelurahan"], columns["number"]
        return join_place(cells[a], cells[b], (self._header[a], self._header[b]))


# Provinces where it is not Jakarta's time: Bali, Nusa Tenggara, the south, east and
# north of Kalimantan, Sulawesi (WITA); Maluku and Papua (WIT).
EAST: Final = frozenset(
    str(province)
    for first, end in ((51, 54), (63, 66), (71, 77), (81, 83), (91, 97))
    for province in range(first, end)
)
_ZONED: Final = re.compile(
    r"z$|wib|wita?|utc|gmt|[+\u2212-][0-9]{1,2}(?::?[0-9]{2})?\)?$", re.IGNORECASE
)
_YEAR: Final = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])")
TOTAL: Final = "total-row"
_TOTAL: Final = re.compile(
    r"(?:grand |sub[ -]?)?(?:total|jumlah|jml|rekap(?:itulasi)?)\b.*"
)


_LABELS: Final = frozenset({"running", "place-name", "person"})


def _is_label(at: int, use: Use) -> bool:
    """Whether a cell of this column can say that its row is a sum."""
    if use.target in {"tps", "kelurahan", "number"} or use.target.startswith("place."):
        return True
    return not use.target and (at == 0 or use.key in _LABELS)


# What reviewers write of a row that is to count; by no other word is it approved.
# "received" and "edited" are what ODK Central says while nobody has decided.
APPROVED: Final = frozenset(
    ("approved", "validation_status_approved", "received", "edited", "valid", "ok")
) | {"verified", "terverifikasi", "disetujui", "setuju", "diterima", "sah"}


def _read_counts(counts: CountColumns, cells: Sequence[str]) -> dict[str, int]:
    read = {}
    for name, at, header in counts:
        count = parse_count(cells[at], header)
        if count is not None:
            read[name] = count
    return read


def _read_evidence(columns: CountColumns, cells: Sequence[str]) -> list[dict[str, Any]]:
    found: dict[str, Any] = {}
    for name, at, header in columns:
        text = cells[at].strip()
        if is_blank(text):
            continue
        if name in ("page", "size"):
            if not re.fullmatch(r"[0-9]{1,12}", text):
                no_number = Sentence("row.no-whole", value=clip(text))
                raise BadCell("count", no_number, header)
            found[name] = int(text)
        else:
            found[name] = text
    return [found] if found else []
