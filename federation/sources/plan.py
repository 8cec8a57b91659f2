"""The columns of a table put to work: cells of a row in, a draft out.

Rule: everything that can be decided once per file (which column is which candidate) is
decided before the first row; a row then costs a few look-ups and one regular expression
per cell. What stands before the votes: `rowhead.py`; the votes: `votes.py`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.sources.asked import name_headers
from federation.sources.cell import is_blank, parse_count
from federation.sources.columns import Header
from federation.sources.headers import guess
from federation.sources.longform import FIGURE, CandidateRow
from federation.sources.mapping import Options
from federation.sources.member import DraftBeginner
from federation.sources.numbered import HeaderNames, OtherCandidateError, name_candidate
from federation.sources.row import BadCell, Draft, Remark, SourceRow, Use, clip
from federation.sources.rowhead import RowHead
from federation.sources.votes import VoteColumns
from federation.text import Sentence

TOTAL: Final = "total-row"
_TOTAL: Final = re.compile(
    r"(?:grand |sub[ -]?)?(?:total|jumlah|jml|rekap(?:itulasi)?)\b.*"
)
_LABELS: Final = frozenset({"running", "place-name", "person"})


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
        self._members, self._options = members, options
        self.people = people
        self.head = RowHead(header, options, members, profile)
        self.votes = VoteColumns(header, options, members, profile)
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

    def _check(self) -> None:
        votes = self.votes
        has_votes = votes.candidates or votes.parties or self.is_long
        shows_form = votes.evidence or self.head.photos
        if not (has_votes or votes.figures or shows_form):
            raise FormatError(self._say_why("no-votes"), self._at)
        if not (has_votes or shows_form or self._options.figures_only):
            raise FormatError(self._say_why("only-figures"), self._at)
        if self._members.contest is None and "contest" not in self._columns:
            raise FormatError(Sentence("columns.no-contest"), self._at)
        if self._members.contest is None or self.is_long:
            return
        try:
            votes.find_candidates(self._members.contest)
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

    def finish(self) -> Iterator[Remark]:
        """What there is to say of the table as a whole, once it was read."""
        if rows := self.head.elsewhere:
            yield Remark(0, "zone", Sentence("row.zone", rows=rows))

    def read(self, row: int, cells: Sequence[str]) -> SourceRow:
        """One row as a draft; as a remark where nothing was counted yet.

        Raises:
            BadCell: The row cannot be taken.
        """
        if total := self.find_total(cells):
            return Remark(row, TOTAL, total)
        fields = self.head.begin(row, cells)
        blocks = self.votes.read_blocks(fields, cells)
        blocks["candidates"] = self.votes.read_candidates(
            fields["contest"], fields["tps"], cells
        )
        draft = self._members.finish(row, fields, blocks)
        if self._names and isinstance(draft, Draft):
            return draft._replace(names=self._read_names(cells))
        return draft

    def _read_names(self, cells: Sequence[str]) -> dict[int, str]:
        """What the row calls its regions."""
        return {
            level: cells[at] for level, at in self._names if not is_blank(cells[at])
        }

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
        fields = self.head.begin(row, cells)
        votes = self._columns["votes"]
        count = parse_count(cells[votes], self._header[votes])
        blocks = self.votes.read_blocks(fields, cells)
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
        target = self._guess(cells[at], self._header[at])
        return target.removeprefix("figures.") if target.startswith("figures.") else ""

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
            yield CandidateRow(row, {"tps": self.head.read_place(cells)})


def _is_label(at: int, use: Use) -> bool:
    """Whether a cell of this column can say that its row is a sum."""
    if use.target in {"tps", "kelurahan", "number"} or use.target.startswith("place."):
        return True
    return not use.target and (at == 0 or use.key in _LABELS)
