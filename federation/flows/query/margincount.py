"""What is known of the stations of a region, by each basis; kept while nothing changes.

Rule: every station of the register where the contest is held counts once, those that
nobody spoke of too; others never. Most stations are the same by every basis and are
counted for all at once. What a kabupaten comes to is kept (`partshelf.py`).
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from federation.flows.query.partshelf import PartProgress, PartShelf, list_kabupaten
from federation.flows.query.region import read_line, require_region
from federation.flows.query.scope import QueryScope
from federation.records.margin import BASES, Basis, Knowledge, OpenStation, read_open
from federation.records.margin import is_plain as is_plain_row
from federation.records.merge import decode_row
from federation.records.numbering import numbering
from federation.records.tps import TpsId
from federation.store import mapreading, registers
from federation.store.view import View

#: Of so many unseen stations a part that is kept has the codes.
KEPT_NAMES: Final = 50
_PAIRS: Final[tuple[tuple[Basis, Basis], ...]] = (
    ("monitors", "plausible"),
    ("kpu", "kpu-plausible"),
)


def find_numbering(view: View, asked: QueryScope, code: str) -> tuple[str, list[str]]:
    """The numbering that most stations of a region have, and who stands there by it.

    Nobody where the candidates are not the same everywhere in the region.

    Raises:
        FormatError: `code` is not the code of a region.
        NotFoundError: there is no such region.
    """
    tally = read_line(view, asked, require_region(view, asked, code)).tally
    standing = list(tally.votes) if tally else []
    return numbering(standing), standing


class _PartKnowledge(NamedTuple):
    """The stations of a region that are alike by every basis, and the others."""

    alike: Knowledge
    apart: Mapping[Basis, Knowledge]


class MarginShelf:
    """What is kept of the kabupaten of a node; for one thread at a time."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._parts: PartShelf[_PartKnowledge] = PartShelf()

    def read(
        self, view: View, asked: QueryScope, code: str, by: str
    ) -> dict[Basis, Knowledge]:
        """What each basis knows of a region.

        Args: as of `count_knowledge`.
        """

        def count(part: str) -> _PartKnowledge:
            return _count(view, asked, part, by, KEPT_NAMES)

        return _join(self._parts.read(view, asked, code, (by,), count), KEPT_NAMES)

    def advance(
        self, view: View, asked: QueryScope, code: str, by: str
    ) -> PartProgress:
        """Count one kabupaten of a region that is not kept; how many are, of how many.

        Args: as of `read`.
        """

        def count(part: str) -> _PartKnowledge:
            return _count(view, asked, part, by, KEPT_NAMES)

        return self._parts.advance(view, asked, code, (by,), count)

    def reached(
        self, view: View, asked: QueryScope, code: str, by: str
    ) -> PartProgress:
        """How many kabupaten of a region are counted; for any thread.

        Args: as of `read`.
        """
        return self._parts.reached(view, asked, code, (by,))


def count_knowledge(
    view: View, asked: QueryScope, code: str, by: str, named: int
) -> dict[Basis, Knowledge]:
    """What each basis knows of a region, read station by station.

    Args:
        view: The snapshot.
        asked: Election and contest.
        code: Of the region, "" for the nation.
        by: The numbering of who stands there.
        named: Of how many unseen stations the codes are kept.
    """
    parts = list_kabupaten(view, asked, code)
    return _join((_count(view, asked, part, by, named) for part in parts), named)


def _join(parts: Iterable[_PartKnowledge], named: int) -> dict[Basis, Knowledge]:
    alike = Knowledge(named)
    found = {basis: Knowledge(named) for basis in BASES}
    for part in parts:
        alike.include(part.alike)
        for basis, knowledge in part.apart.items():
            found[basis].include(knowledge)
    for knowledge in found.values():
        knowledge.include(alike)
    return found


def _count(
    view: View, asked: QueryScope, code: str, by: str, named: int
) -> _PartKnowledge:
    rules = asked.rules
    held, spared = rules.only or ("",), rules.without or ()
    most: dict[str, int | None] = {
        tps: voters
        for tps, voters in registers.each_station(view, asked.election, code)
        if tps.startswith(held) and not (spared and tps.startswith(spared))
    }
    alike, apart = Knowledge(named), {basis: Knowledge(named) for basis in BASES}
    for station in mapreading.each_packed(view, asked.election, asked.contest, code):
        row = decode_row(station.row)
        if row.tps not in most:
            continue
        voters = most.pop(row.tps)
        unseen = _unseen(asked, row.tps, voters)
        if is_plain_row(row):
            alike.add(read_open(row, (), BASES[0], unseen, by), assumed=not voters)
            continue
        claims = station.claims()
        # Most have no figure that would be dropped: half of the work.
        is_doubted = any(claim.rules for claim in claims)
        for basis, plausible in _PAIRS:
            read = read_open(row, claims, basis, unseen, by)
            apart[basis].add(read, assumed=not voters)
            if is_doubted:
                read = read_open(row, claims, plausible, unseen, by)
            apart[plausible].add(read, assumed=not voters)
    for tps, voters in most.items():
        alike.add(_unseen(asked, tps, voters), assumed=not voters)
    return _PartKnowledge(alike, apart)


def _unseen(asked: QueryScope, tps: str, voters: int | None) -> OpenStation:
    """A station while nobody's votes of it are known.

    Args:
        asked: Election and contest.
        tps: Its code.
        voters: Of the register, if it says how many.
    """
    profile = asked.profile
    most = profile.ballots(voters) if voters else profile.most_assumed
    is_bounded = (
        bool(voters) or profile.max_votes(asked.contest, TpsId(tps)) is not None
    )
    return OpenStation(tps, (), most, is_bounded)
