"""What happened to a bundle that does not hold the signed records, by name.

Rule: pure. What was signed is known, hash by hash, from tiles that lead to the signed
root; what is here is compared with it in a window of three bundles, because a record
that was taken out or put in moves all that follow.

    altered      what stands at i is nowhere signed for, and what was is not here
    dropped      what was signed at i is not here, and nothing stands for it
    duplicated   what was signed once, at i, is here more than once
    swapped      what was signed at i stands at j, and the other way round
    cut-off      the bytes end within record i
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from federation.tlog.merkle import hash_leaf


class Culprit(NamedTuple):
    """What is wrong, at which leaf of the signed history, and how it shows."""

    kind: str
    index: int  # type: ignore[assignment]  # the field's name; tuple.index is unused
    detail: str = ""


class Read(NamedTuple):
    """The leaf hashes of a bundle as it is here; `is_cut`: one more is not whole."""

    hashes: Sequence[bytes]
    is_cut: bool


class Window(NamedTuple):
    """Three bundles: what was signed by index, what is here by position."""

    signed: Mapping[int, bytes]
    here: Mapping[int, bytes]


def read_loosely(data: bytes) -> Read:
    """The leaf hashes in the bytes of a bundle, however many there are.

    `tile.decode_bundle` refuses what is to be named here: too few, too many, cut.
    """
    hashes = list[bytes]()
    at = 0
    while at < len(data):
        start = at + 2
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data) or start > len(data):
            return Read(hashes, is_cut=True)
        hashes.append(hash_leaf(data[start:end]))
        at = end
    return Read(hashes, is_cut=not hashes)


def place(start: int, hashes: Iterable[bytes]) -> dict[int, bytes]:
    """These hashes by index, the first at `start`."""
    return dict(enumerate(hashes, start))


def name_culprits(
    window: Window, signed: range, here: range, *, is_cut: bool
) -> list[Culprit]:
    """What happened to one bundle; nothing where it only moved with its neighbours.

    Args:
        window: The bundle and, where they can be had, those beside it.
        signed: The indexes that the bundle should hold.
        here: The positions that it does hold.
        is_cut: Whether its bytes end within a record.
    """
    at_index = dict[bytes, int]()
    for index, hash_ in window.signed.items():
        at_index.setdefault(hash_, index)
    present = set(window.here.values())
    lost = [i for i in signed if window.signed[i] not in present]
    strange = [j for j in here if window.here[j] not in at_index]
    if is_cut:
        lost = [i for i in lost if i < here.stop]
    found = list(_altered(lost, strange))
    left = set(lost) - {one.index for one in found}
    found += (Culprit("dropped", i) for i in sorted(left))
    found += _duplicated(window, here)
    found += _swapped(window, here, at_index)
    if is_cut:
        found.append(Culprit("cut-off", here.stop, "the bundle ends within it"))
    return found


def _altered(lost: Sequence[int], strange: Sequence[int]) -> Iterator[Culprit]:
    # One stands for the other where they are in one place; else in their order.
    same = set(lost) & set(strange)
    yield from (Culprit("altered", i) for i in sorted(same))
    others = (j for j in strange if j not in same)
    places = (i for i in lost if i not in same)
    for position in others:
        index = next(places, None)
        if index is None:
            yield Culprit("altered", position, "was never signed for")
        else:
            yield Culprit("altered", index, f"stands at {position}")


def _duplicated(window: Window, here: range) -> Iterator[Culprit]:
    should = Counter(window.signed.values())
    times = Counter(window.here.values())
    for position in here:
        hash_ = window.here[position]
        if times[hash_] <= should[hash_] or not should[hash_]:
            continue
        first = next(i for i, one in window.signed.items() if one == hash_)
        before = (j for j, one in window.here.items() if one == hash_ and j < position)
        # Told where it stands again, not where it stands first.
        if next(before, None) is not None:
            yield Culprit("duplicated", first, f"again at {position}")


def _swapped(
    window: Window, here: range, at_index: Mapping[bytes, int]
) -> Iterator[Culprit]:
    for position in here:
        mine = window.here[position]
        other = at_index.get(mine, position)
        # A pair is told once in a bundle: at the first of its places that is in it.
        if other == position or (other < position and other in here):
            continue
        should = window.signed.get(position)
        if should is not None and should != mine and window.here.get(other) == should:
            low, high = sorted((position, other))
            yield Culprit("swapped", low, f"with {high}")
