"""What the kabupaten of a region come to, each kept until a station of it changes.

Rule: a country whose map moves is not read whole for each question, and what takes
seconds is done a kabupaten at a time: whoever asks is told how far it is. Whatever is
asked, what is kept stays below `MOST_BYTES`: those asked for longest ago make room. A
region of which more is counted than that is answered, too: the kabupaten that do not
fit are counted again, one after another, for each answer.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Final, Generic, NamedTuple, TypeVar

from federation.flows.query.cursor import Cursor, read_cursor
from federation.flows.query.scope import QueryScope
from federation.store import mapreading, mapstate, registers
from federation.store.view import View

KeptPart = TypeVar("KeptPart")

#: The length of the code of what is kept.
KABUPATEN: Final = 4
#: About so many bytes the parts that a shelf keeps take together.
MOST_BYTES: Final = 32_000_000


class PartProgress(NamedTuple):
    """How many kabupaten of a region are counted, of how many."""

    done: int
    of: int


class _SizedPart(NamedTuple, Generic[KeptPart]):
    """What a kabupaten comes to, and about how many bytes that takes."""

    part: KeptPart
    size: int


class _KeptParts(NamedTuple, Generic[KeptPart]):
    """The parts of one contest, as they were at a change of the map, oldest first."""

    stand: object
    change: Cursor
    parts: dict[str, _SizedPart[KeptPart]]


class PartShelf(Generic[KeptPart]):
    """What is kept of the kabupaten of a node; for one thread at a time.

    `by`, below: the way to look at a contest, of which the parts are kept apart;
    `count`: gives what a kabupaten, by its code, comes to in this snapshot.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Nothing is counted yet; `most_bytes`: so much is kept, about."""
        self._kept: dict[tuple[str, ...], _KeptParts[KeptPart]] = {}
        self._most_bytes = most_bytes

    @property
    def bytes_kept(self) -> int:
        """About how many bytes the parts take together."""
        return sum(
            one.size for kept in self._kept.values() for one in kept.parts.values()
        )

    def read(
        self,
        view: View,
        asked: QueryScope,
        code: str,
        by: tuple[str, ...],
        count: Callable[[str], KeptPart],
    ) -> Iterator[KeptPart]:
        """What each kabupaten of a region comes to; of a smaller region: it alone.

        One after another, so that whoever adds them up need not hold them all.
        """
        if len(code) > KABUPATEN:
            yield count(code)
            return
        parts = self._open(view, asked, by).parts
        codes = list(list_kabupaten(view, asked, code))
        for kabupaten in codes:
            known = parts.pop(kabupaten, None)
            if known is None:
                part = count(kabupaten)
                self._keep(parts, kabupaten, part, codes)
            else:
                part = known.part
                parts[kabupaten] = known  # asked for last
            yield part

    def advance(
        self,
        view: View,
        asked: QueryScope,
        code: str,
        by: tuple[str, ...],
        count: Callable[[str], KeptPart],
    ) -> PartProgress:
        """Count one kabupaten of a region that is not kept; how many are, of how many.

        All are, where no further one fits: `read` counts what is left.

        Args: as of `read`.
        """
        if len(code) > KABUPATEN:
            return PartProgress(1, 1)
        parts = self._open(view, asked, by).parts
        codes = list(list_kabupaten(view, asked, code))
        missing = [kabupaten for kabupaten in codes if kabupaten not in parts]
        for kabupaten in missing[:1]:
            if not self._keep(parts, kabupaten, count(kabupaten), codes):
                return PartProgress(len(codes), len(codes))
        return PartProgress(len(codes) - len(missing[1:]), len(codes))

    def reached(
        self, view: View, asked: QueryScope, code: str, by: tuple[str, ...]
    ) -> PartProgress:
        """How many kabupaten of a region are kept, of how many; for any thread.

        Args: as of `read`.
        """
        kept = self._kept.get((asked.election, asked.contest, *by))
        codes = list(list_kabupaten(view, asked, code))
        known = kept.parts if kept else {}
        return PartProgress(sum(part in known for part in codes), len(codes))

    def _open(
        self, view: View, asked: QueryScope, by: tuple[str, ...]
    ) -> _KeptParts[KeptPart]:
        """What is kept of the contest, without the parts that changed since."""
        key = asked.election, asked.contest, *by
        stand = mapstate.epoch(view), mapstate.read_basis(view, asked.election)
        register = registers.register_digest(view, asked.election)
        cursor = read_cursor(view, asked.election)
        kept = self._kept.pop(key, None)
        if kept is None or kept.stand != (stand, register):
            kept = _KeptParts((stand, register), cursor, {})
        elif kept.change != cursor:
            changed = mapreading.changed_regions(
                view, asked.election, asked.contest, kept.change.change, KABUPATEN
            )
            for part in changed:
                kept.parts.pop(part, None)
            kept = kept._replace(change=cursor)
        # What holds nothing is forgotten: there are many ways to look at a contest.
        self._kept = {held: one for held, one in self._kept.items() if one.parts}
        self._kept[key] = kept
        return kept

    def _keep(
        self,
        parts: dict[str, _SizedPart[KeptPart]],
        kabupaten: str,
        part: KeptPart,
        region: list[str],
    ) -> bool:
        """Whether a part fits: others make room, but none of the region asked for."""
        size = _size_of(part)
        spare = self._most_bytes - self.bytes_kept
        asked_for = frozenset(region)
        for kept in self._kept.values():
            for other in list(kept.parts):
                if size <= spare:
                    break
                if kept.parts is not parts or other not in asked_for:
                    spare += kept.parts.pop(other).size
        if size <= spare:
            parts[kabupaten] = _SizedPart(part, size)
        return size <= spare


def _size_of(part: object) -> int:
    """About how many bytes a part takes, with all that it holds."""
    seen: set[int] = set()
    total, left = 0, [part]
    while left:
        one = left.pop()
        # What there is once in the whole program is nobody's.
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        left += gc.get_referents(one)
    return total


def list_kabupaten(view: View, asked: QueryScope, code: str) -> Iterator[str]:
    """The kabupaten of the register in a region, or the region where it is smaller."""
    if len(code) >= KABUPATEN:
        yield code
        return
    for child in registers.children(view, asked.election, code):
        yield from list_kabupaten(view, asked, child)
