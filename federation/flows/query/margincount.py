"""What is known of the stations of a region, by each basis; kept while nothing changes.

Rule: every station of the register where the contest is held counts once, those that
nobody spoke of too; others never. Most stations are the same by every basis and are
counted for all at once. What a kabupaten comes to is kept until a station of it
changes: a country whose map moves is not read whole for each question.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from federation.flows.query.cursor import Cursor, read_cursor
from federation.flows.query.region import read_line
from federation.flows.query.scope import QueryScope, parse_region
from federation.records.margin import BASES, Basis, Knowledge, OpenStation, read_open
from federation.records.margin import is_plain as is_plain_row
from federation.records.merge import decode_row
from federation.records.numbering import numbering
from federation.records.tps import TpsId
from federation.store import mapreading, mapstate, registers
from federation.store.db import View

#: Of so many unseen stations a part that is kept has the codes.
KEPT_NAMES: Final = 50
_CONTESTS: Final = 4
_KABUPATEN: Final = 4
_PAIRS: Final[tuple[tuple[Basis, Basis], ...]] = (
    ("monitors", "plausible"),
    ("kpu", "kpu-plausible"),
)


def find_numbering(view: View, asked: QueryScope, code: str) -> tuple[str, list[str]]:
    """The numbering that most stations of a region have, and who stands there by it.

    Nobody where the candidates are not the same everywhere in the region.

    Raises:
        FormatError: `code` is not the code of a region.
    """
    tally = read_line(view, asked, parse_region(code)).tally
    standing = list(tally.votes) if tally else []
    return numbering(standing), standing


class MarginProgress(NamedTuple):
    """How many kabupaten of a region are counted, of how many."""

    done: int
    of: int


class _PartKnowledge(NamedTuple):
    """The stations of a region that are alike by every basis, and the others."""

    alike: Knowledge
    apart: Mapping[Basis, Knowledge]


class _KeptParts(NamedTuple):
    """The parts of one contest, as they were at a change of the map."""

    stand: object
    change: Cursor
    parts: dict[str, _PartKnowledge]


class MarginShelf:
    """What is kept of the kabupaten of a node; for one thread at a time."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._kept: dict[tuple[str, str, str], _KeptParts] = {}

    def read(
        self, view: View, asked: QueryScope, code: str, by: str
    ) -> dict[Basis, Knowledge]:
        """What each basis knows of a region.

        Args: as of `count_knowledge`.
        """
        if len(code) > _KABUPATEN:
            return count_knowledge(view, asked, code, by, KEPT_NAMES)
        kept = self._open(view, asked, by)
        codes = list(list_parts(view, asked, code))
        for part in codes:
            if part not in kept.parts:
                kept.parts[part] = _count(view, asked, part, by, KEPT_NAMES)
        return _join((kept.parts[part] for part in codes), KEPT_NAMES)

    def advance(
        self, view: View, asked: QueryScope, code: str, by: str
    ) -> MarginProgress:
        """Count one kabupaten of a region that is not kept; how many are, of how many.

        Args: as of `read`.
        """
        if len(code) > _KABUPATEN:
            return MarginProgress(1, 1)
        kept = self._open(view, asked, by)
        codes = list(list_parts(view, asked, code))
        missing = [part for part in codes if part not in kept.parts]
        for part in missing[:1]:
            kept.parts[part] = _count(view, asked, part, by, KEPT_NAMES)
        return MarginProgress(len(codes) - len(missing[1:]), len(codes))

    def _open(self, view: View, asked: QueryScope, by: str) -> _KeptParts:
        """What is kept of the contest, without the parts that changed since."""
        key = asked.election, asked.contest, by
        stand = mapstate.epoch(view), mapstate.read_basis(view, asked.election)
        register = registers.register_digest(view, asked.election)
        cursor = read_cursor(view, asked.election)
        kept = self._kept.pop(key, None)
        if kept is None or kept.stand != (stand, register):
            kept = _KeptParts((stand, register), cursor, {})
        elif kept.change != cursor:
            changed = mapreading.changed_regions(
                view, asked.election, asked.contest, kept.change.change, _KABUPATEN
            )
            for part in changed:
                kept.parts.pop(part, None)
            kept = kept._replace(change=cursor)
        self._kept[key] = kept
        while len(self._kept) > _CONTESTS:
            del self._kept[next(iter(self._kept))]
        return kept


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
    parts = [code] if len(code) >= _KABUPATEN else list_parts(view, asked, code)
    return _join((_count(view, asked, part, by, named) for part in parts), named)


def list_parts(view: View, asked: QueryScope, code: str) -> Iterator[str]:
    """The kabupaten of the register in a region, or the region where it is smaller."""
    if len(code) >= _KABUPATEN:
        yield code
        return
    for child in registers.children(view, asked.election, code):
        yield from list_parts(view, asked, child)


def _join(parts: Iterator[_PartKnowledge], named: int) -> dict[Basis, Knowledge]:
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
