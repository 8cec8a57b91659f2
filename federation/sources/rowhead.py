"""What a row says before its votes: of which station, which election, whose and when.

Rule: votes are worth more than the moment they were written down: a value that a row
can do without is left out where it cannot be read, and noted. What another election's
row says, or one that its reviewers turned down, is not taken.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from federation.records.profile import Profile
from federation.records.tps import TpsId
from federation.sources.cell import (
    BLANK,
    check_beside,
    is_blank,
    join_place,
    parse_place,
)
from federation.sources.columns import Header
from federation.sources.mapping import PHOTOS, TEXTS, Options
from federation.sources.member import DraftBeginner
from federation.sources.photonames import PhotoColumns
from federation.sources.row import BadCell, Remark, clip
from federation.text import Sentence

# What a row can do without.
SPARED: Final = frozenset({"observed_at", "form", "review", "contributor", "note"})
_VALUE: Final = "value-left-out"
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

# What reviewers write of a row that is to count; by no other word is it approved.
# "received" and "edited" are what ODK Central says while nobody has decided.
APPROVED: Final = frozenset(
    ("approved", "validation_status_approved", "received", "edited", "valid", "ok")
) | {"verified", "terverifikasi", "disetujui", "setuju", "diterima", "sah"}


class RowHead:
    """The columns of one table that are not about votes."""

    def __init__(
        self, header: Header, options: Options, members: DraftBeginner, profile: Profile
    ) -> None:
        """Find them in the header; nothing is refused yet."""
        self._columns = columns = header.columns
        self._header = [use.header for use in header.uses]
        self._options, self._members, self._profile = options, members, profile
        self._texts = [
            (t, columns[t], self._header[columns[t]]) for t in TEXTS if t in columns
        ]
        self._checks = self._places_beside()
        self.photos = PhotoColumns(header)
        self._turned_down = columns.get("rejected")
        self._of_election = [columns[t] for t in ("election", "year") if t in columns]
        self.remarks: list[Remark] = []
        self.elsewhere = 0  # times without a zone, where another one holds

    def take_remarks(self) -> list[Remark]:
        """What there is to say of the rows since the last call."""
        remarks, self.remarks = self.remarks, []
        return remarks

    def _places_beside(self) -> list[tuple[str, int, str]]:
        """The parts of a place that stand beside its whole code: they must agree."""
        if "tps" not in self._columns:
            return []
        return [
            (name, self._columns[name], self._header[self._columns[name]])
            for name in ("kelurahan", "number")
            if name in self._columns
        ]

    def begin(self, row: int, cells: Sequence[str]) -> dict[str, Any]:
        """The members of a draft before its votes.

        Raises:
            BadCell: The row cannot be taken.
        """
        texts = {
            n: (cells[at], h) for n, at, h in self._texts if cells[at] not in BLANK
        }
        place = self.read_place(cells)
        if self._turned_down is not None:
            self._see_whether_taken(place, cells[self._turned_down])
        for at in self._of_election:
            self._check_election(cells[at], self._header[at])
        fields: dict[str, Any] | None = None
        while fields is None:
            try:
                fields = self._members.begin(place, texts)
            except BadCell as bad:
                self._spare(row, texts, bad)
        if "observed_at" in texts and place[:2] in EAST:
            self.elsewhere += not _ZONED.search(texts["observed_at"][0])
        if self.photos and (named := self.photos.read(cells)):
            fields[PHOTOS] = named
        return fields

    def read_slot(self, cells: Sequence[str]) -> Mapping[str, Any]:
        """Of what a row speaks whose votes or figures cannot be read; {}: unknown."""
        texts = {
            n: (cells[at], h) for n, at, h in self._texts if cells[at] not in BLANK
        }
        return self._members.slot(self.read_place(cells), texts)

    def read_place(self, cells: Sequence[str]) -> TpsId:
        """The station that the row is of.

        Raises:
            BadCell: It says none, or two.
        """
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

    def _spare(self, row: int, texts: dict[str, tuple[str, str]], bad: BadCell) -> None:
        """Leave a value out that a row can do without, and note it.

        Raises:
            BadCell: The row cannot do without it.
        """
        name = next((name for name in texts if texts[name][1] == bad.column), "")
        if name and is_blank(texts[name][0]):
            del texts[name]  # an unusual spelling of nothing
            return
        if name not in SPARED:
            raise bad
        del texts[name]
        reason = Sentence("row.left-out", column=bad.column, reason=bad.reason)
        self.remarks.append(Remark(row, _VALUE, reason))

    def _check_election(self, cell: str, column: str) -> None:
        """See that a row is not of another election, or of another year's.

        Raises:
            BadCell: It is.
        """
        ours, given = self._profile.election, cell.strip().lower()
        years = set(_YEAR.findall(given))
        is_other = bool(years) and years.isdisjoint(_YEAR.findall(ours))
        if is_other or (re.fullmatch(r"[a-z]+-20[0-9]{2}", given) and given != ours):
            other = Sentence("row.other-election", said=clip(cell), election=ours)
            raise BadCell("election", other, column)

    def _see_whether_taken(self, place: TpsId, value: str) -> None:
        if not is_blank(value) and value.strip().lower() not in APPROVED:
            assert self._turned_down is not None
            header = self._header[self._turned_down]
            values = {"column": header, "value": clip(value.strip())}
            reason = Sentence("row.turned-down", tps=place, **values)
            raise BadCell("turned-down", reason, header)
