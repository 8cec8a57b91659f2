"""What the kabupaten of a region come to, each kept until a station of it changes.

Rule: a country whose map moves is not read whole for each question, and what takes
seconds is done a kabupaten at a time: whoever asks is told how far it is.
"""

from collections.abc import Callable, Iterator
from typing import Final, Generic, NamedTuple, TypeVar

from federation.flows.query.cursor import Cursor, read_cursor
from federation.flows.query.scope import QueryScope
from federation.store import mapreading, mapstate, registers
from federation.store.db import View

KeptPart = TypeVar("KeptPart")

#: The length of the code of what is kept.
KABUPATEN: Final = 4
#: Of so many contests, or ways to look at one, the parts are kept.
_CONTESTS: Final = 4


class PartProgress(NamedTuple):
    """How many kabupaten of a region are counted, of how many."""

    done: int
    of: int


class _KeptParts(NamedTuple, Generic[KeptPart]):
    """The parts of one contest, as they were at a change of the map."""

    stand: object
    change: Cursor
    parts: dict[str, KeptPart]


class PartShelf(Generic[KeptPart]):
    """What is kept of the kabupaten of a node; for one thread at a time.

    `by`, below: the way to look at a contest, of which the parts are kept apart;
    `count`: gives what a kabupaten, by its code, comes to in this snapshot.
    """

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._kept: dict[tuple[str, ...], _KeptParts[KeptPart]] = {}

    def read(
        self,
        view: View,
        asked: QueryScope,
        code: str,
        by: tuple[str, ...],
        count: Callable[[str], KeptPart],
    ) -> list[KeptPart]:
        """What each kabupaten of a region comes to; of a smaller region: it alone."""
        if len(code) > KABUPATEN:
            return [count(code)]
        parts = self._open(view, asked, by).parts
        found = []
        for part in list_parts(view, asked, code):
            if part not in parts:
                parts[part] = count(part)
            found.append(parts[part])
        return found

    def advance(
        self,
        view: View,
        asked: QueryScope,
        code: str,
        by: tuple[str, ...],
        count: Callable[[str], KeptPart],
    ) -> PartProgress:
        """Count one kabupaten of a region that is not kept; how many are, of how many.

        Args: as of `read`.
        """
        if len(code) > KABUPATEN:
            return PartProgress(1, 1)
        parts = self._open(view, asked, by).parts
        codes = list(list_parts(view, asked, code))
        missing = [part for part in codes if part not in parts]
        for part in missing[:1]:
            parts[part] = count(part)
        return PartProgress(len(codes) - len(missing[1:]), len(codes))

    def reached(
        self, view: View, asked: QueryScope, code: str, by: tuple[str, ...]
    ) -> PartProgress:
        """How many kabupaten of a region are kept, of how many; for any thread.

        Args: as of `read`.
        """
        kept = self._kept.get((asked.election, asked.contest, *by))
        codes = list(list_parts(view, asked, code))
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
        self._kept[key] = kept
        while len(self._kept) > _CONTESTS:
            del self._kept[next(iter(self._kept))]
        return kept


def list_parts(view: View, asked: QueryScope, code: str) -> Iterator[str]:
    """The kabupaten of the register in a region, or the region where it is smaller."""
    if len(code) >= KABUPATEN:
        yield code
        return
    for child in registers.children(view, asked.election, code):
        yield from list_parts(view, asked, child)
