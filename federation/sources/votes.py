"""The columns of votes, figures, parties and files: what they hold, by our ids.

Rule: which column is which candidate is decided once for a contest, not for each row.
Whoever stands has a column, and nobody has two. An empty cell is "not read", never
zero.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from federation.records.profile import Profile
from federation.sources.cell import is_blank, parse_count
from federation.sources.columns import Header
from federation.sources.mapping import Options
from federation.sources.member import DraftBeginner
from federation.sources.row import BadCell, clip
from federation.text import Sentence

#: Our id, number of the column, its header.
CountColumns: TypeAlias = list[tuple[str, int, str]]


class VoteColumns:
    """Those of one table."""

    def __init__(
        self, header: Header, options: Options, members: DraftBeginner, profile: Profile
    ) -> None:
        """Find them in the header; nothing is refused yet."""
        self._options, self._members, self._profile = options, members, profile
        self.candidates = _group(header, "candidates.")
        self.figures = _group(header, "figures.")
        self.parties = _group(header, "parties.")
        self.evidence = _group(header, "evidence.")
        self._party_headers = {name: header for name, _, header in self.parties}
        self._mapped: dict[str, CountColumns] = {}

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

    def find_candidates(self, contest: str) -> CountColumns:
        """The columns of candidates, by the ids that the contest has for them.

        Raises:
            BadCell: somebody has two columns or none, or one is nobody's.
        """
        if contest not in self._mapped:
            aliases = self._members.aliases(contest)
            columns = [(aliases.find(n, h), at, h) for n, at, h in self.candidates]
            known = {who for who, _, _ in columns}
            if len(known) < len(columns):
                names = ", ".join(clip(h) for _, _, h in columns)
                two = Sentence("columns.two-columns", headers=names)
                raise BadCell("candidate", two)
            if known and (lacking := self.lacking(contest, "", known)):
                who, name = lacking[0][:2], lacking[0]
                missing = Sentence("columns.missing-candidate", id=who, name=name)
                raise BadCell("candidate", missing)
            self._mapped[contest] = columns
        return self._mapped[contest]

    def read_candidates(
        self, contest: str, tps: str, cells: Sequence[str]
    ) -> dict[str, int]:
        """Votes by our ids, of those who stand where the row is of.

        Raises:
            BadCell: A cell is no count, or who stands there is not who has columns.
        """
        votes = _read_counts(self.find_candidates(contest), cells)
        if votes and self._members.aliases(contest).differ_by_region:
            return self._read_regional(contest, tps, votes)
        return votes

    def _read_regional(
        self, contest: str, tps: str, votes: Mapping[str, int]
    ) -> dict[str, int]:
        """Votes by the ids of those who stand in this region.

        Raises:
            BadCell: Somebody does not, or one who does has no column.
        """
        aliases = self._members.aliases(contest)
        counts = {aliases.find(who, who, tps): count for who, count in votes.items()}
        if len(counts) < len(votes):
            names = ", ".join(clip(h) for _, _, h in self.candidates)
            raise BadCell("candidate", Sentence("columns.two-columns", headers=names))
        columns = {who for who, _, _ in self.find_candidates(contest)}
        present = counts.keys() | {
            known
            for who in columns
            if (known := self._profile.roster(contest, tps).find(who)) is not None
        }
        if lacking := self.lacking(contest, tps, present):
            names = ", ".join(lacking)
            raise BadCell(
                "candidate", Sentence("row.no-such-column", tps=tps, names=names)
            )
        return counts

    def read_blocks(
        self, fields: Mapping[str, Any], cells: Sequence[str]
    ) -> dict[str, Any]:
        """Figures, parties and files.

        Raises:
            BadCell: A cell is no count, or a party does not stand there.
        """
        blocks: dict[str, Any] = {"figures": _read_counts(self.figures, cells)}
        if self.parties:
            blocks["parties"] = self._read_parties(fields, cells)
        if self.evidence:
            blocks["evidence"] = _read_evidence(self.evidence, cells)
        return blocks

    def _read_parties(
        self, fields: Mapping[str, Any], cells: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        aliases = self._members.aliases(fields["contest"])
        parties: dict[str, dict[str, Any]] = {}
        for name, count in _read_counts(self.parties, cells).items():
            number, _, part = name.partition(".")
            column = self._party_headers[name]
            known = aliases.find_party(number, fields["tps"], column)
            party = parties.setdefault(known, {})
            if part.startswith("caleg."):
                party.setdefault("caleg", {})[part.removeprefix("caleg.")] = count
            else:
                party[part] = count
        return parties


def _group(header: Header, prefix: str) -> CountColumns:
    return [
        (target[len(prefix) :], at, header.uses[at].header)
        for target, at in header.columns.items()
        if target.startswith(prefix)
    ]


def _read_counts(counts: CountColumns, cells: Sequence[str]) -> dict[str, int]:
    read = {}
    for name, at, header in counts:
        count = parse_count(cells[at], header)
        if count is not None:
            read[name] = count
    return read


def _read_evidence(columns: CountColumns, cells: Sequence[str]) -> list[dict[str, Any]]:
    photo: dict[str, Any] = {}
    for name, at, header in columns:
        text = cells[at].strip()
        if is_blank(text):
            continue
        if name in ("page", "size"):
            if not re.fullmatch(r"[0-9]{1,12}", text):
                no_number = Sentence("row.no-whole", value=clip(text))
                raise BadCell("count", no_number, header)
            photo[name] = int(text)
        else:
            photo[name] = text
    return [photo] if photo else []
