"""Photos that look alike: found by what their records say, told to who may know.

Rule: a pointer, never a verdict, and no part of the map. A likeness is what an
organisation signed about its photo; it may be wrong or a lie, so all that is said is
that two of them are alike. Both photos are laid side by side by people, or compared
here where both are held. The same file at two stations is `shared_file` of the map and
not told again.

What is looked at does not grow with what is stored: so many photos of a station, and of
each the values of its parts (`store/likenesses.py`).
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from federation.photos.likeness import BITS, LIKE, distance, probes_of, turned
from federation.records.readers import Caller, may_read
from federation.store import evidence, likenesses
from federation.store.evidence import NamedEvidence
from federation.store.view import View

#: So many different photos of one station are looked up, the newest of each log.
MOST_PHOTOS: Final = 64
#: Of one station so many pairs are told, the nearest.
MOST_PAIRS: Final = 100
_PAGE: Final = 1_000


class LikePhoto(NamedTuple):
    """A record whose photo is said to look like another one.

    Attributes:
        named: The record's entry, and of which log it is.
        bits: In how many bits the two differ, 0 to LIKE.
    """

    named: NamedEvidence
    bits: int


class AlikePair(NamedTuple):
    """Two records whose photos are said to look alike, `bits` of BITS apart."""

    here: NamedEvidence
    there: NamedEvidence
    bits: int

    @property
    def is_elsewhere(self) -> bool:
        """Whether they are of two stations; else of one, by two organisations."""
        return self.here.entry.tps != self.there.entry.tps


def find_like(view: View, likeness: str, caller: Caller) -> list[LikePhoto]:
    """The records whose photos look like this, the nearest first, however turned.

    Args:
        view: A snapshot.
        likeness: 64 hexadecimal digits.
        caller: Told of what it may read only.
    """
    near = [(distance(likeness, one), one) for one in _candidates(view, likeness)]
    return [
        LikePhoto(named, bits)
        for bits, one in sorted(near)
        if bits <= LIKE
        for named in evidence.evidence_like(view, one)
        if may_read(caller, named.log)
    ]


def _candidates(view: View, likeness: str) -> set[str]:
    found: set[str] = set()
    for turn in turned(int(likeness, 16)):
        probes = probes_of(f"{turn:0{BITS // 4}x}")
        found |= likenesses.find_candidates(view, probes)
    return found


def alike_of_station(
    view: View, election: str, tps: str, caller: Caller
) -> list[AlikePair]:
    """Photos of other files that look like a photo of this station.

    Of another station; or of this one, by another organisation: one photo in two hands.
    A record that cites another one claims no photo, and is not told.

    Args:
        view: A snapshot.
        election: Of which the station is.
        tps: Its code.
        caller: Told of what it may read only.
    """
    named = evidence.evidence_of_tps(view, election, tps)
    mine = [one for one in named if one.entry.likeness and may_read(caller, one.log)]
    # Whoever read a partner's photo names it again, and has no photo of its own there.
    mine = [one for one in mine if not one.entry.is_derived]
    newest = {one.entry.digest: one for one in mine}
    pairs: dict[tuple[str, str, str, str], AlikePair] = {}
    for here in list(newest.values())[-MOST_PHOTOS:]:
        for there, bits in find_like(view, here.entry.likeness, caller):
            pair = AlikePair(here, there, bits)
            if _is_told(pair, election):
                pairs.setdefault(_names(pair), pair)
    return sorted(pairs.values(), key=_by_nearness)[:MOST_PAIRS]


def _is_told(pair: AlikePair, election: str) -> bool:
    here, there, _ = pair
    if here.entry.digest == there.entry.digest or there.log.election != election:
        return False
    if there.entry.is_derived:
        return False
    return pair.is_elsewhere or here.log.org != there.log.org


def _names(pair: AlikePair) -> tuple[str, str, str, str]:
    here, there, _ = pair
    return here.entry.digest, there.entry.digest, there.entry.tps, there.log.org


def _by_nearness(pair: AlikePair) -> tuple[bool, int, str, str, str]:
    there = pair.there
    key = pair.bits, there.entry.tps, there.log.org, there.entry.digest
    return not pair.is_elsewhere, *key


def alike_in_region(
    view: View, election: str, region: str, caller: Caller, after: str = ""
) -> Iterator[tuple[str, list[AlikePair]]]:
    """Each station with what `alike_of_station` says of it, also where it is nothing.

    Args:
        view: A snapshot.
        election: Which.
        region: What the codes of its stations begin with; "" for all.
        caller: Told of what it may read only.
        after: The station after which to begin.
    """
    while stations := evidence.stations_with_likeness(
        view, election, region, after, _PAGE
    ):
        for tps in stations:
            yield tps, alike_of_station(view, election, tps, caller)
        after = stations[-1]


def only_once(pairs: Iterable[AlikePair]) -> Iterator[AlikePair]:
    """Of pairs that stand there from both sides the first one of each."""
    seen: set[frozenset[tuple[str, str]]] = set()
    for pair in pairs:
        both = frozenset(
            (one.entry.digest, one.entry.tps) for one in (pair.here, pair.there)
        )
        if both not in seen:
            seen.add(both)
            yield pair
