"""The arrays of one object of JSON, and which of them holds the results.

Rule: what lies beside the results is not read as results (`"deleted": [{…}]`). Of
several arrays of objects the one that is named so is read, and the others are told;
where none is, or two are, nothing is.

    {"count":2,"results":[{…},{…}],"deleted":[{…}]}
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from federation.errors import FormatError
from federation.sorting import BLOCK, SortedBlock, Spool
from federation.sources.row import Remark, clip
from federation.text import Sentence

#: What an array of results is called, in any case.
RESULTS: Final = frozenset(
    ("results", "result", "hasil", "value", "data", "records", "rows", "features")
)
MAX_NAMED: Final = 20


class Arrays:
    """The arrays of one object, on the disk."""

    def __init__(self, spool: Spool) -> None:
        """`spool`: where they are kept."""
        self._spool = spool
        self._names: dict[int, str] = {}  # by the number of the member
        self._holding: dict[int, str] = {}  # of those, which hold objects
        self._parts: dict[int, list[SortedBlock]] = {}
        self._block: list[bytes] = []
        self._at = -1

    def add(self, at: int, name: str, item: object) -> None:
        """Keep an item of the array that is member `at`."""
        if at != self._at or len(self._block) == BLOCK:
            self._flush()
            self._at = at
            self._names[at] = name
        if isinstance(item, dict):
            self._holding[at] = name
        self._block.append(json.dumps(item).encode())

    def read(self) -> Iterator[Any]:
        """The items of the array that is meant; which others are left out.

        Raises:
            FormatError: It cannot be told which one is.
        """
        self._flush()
        held = self._holding or dict(list(self._names.items())[:1])
        meant = [at for at, n in held.items() if len(held) == 1 or n.lower() in RESULTS]
        if held and len(meant) != 1:
            names = _quote(held.values())
            raise FormatError(Sentence("file.json-arrays", names=names))
        for at in meant:
            yield from map(json.loads, self._spool.read(self._parts[at]))
            others = [name for other, name in held.items() if other != at]
            if others:
                values = {"name": clip(held[at]), "names": _quote(others)}
                yield Remark(0, "arrays", Sentence("file.json-array-left", **values))

    def _flush(self) -> None:
        if self._block:
            parts = self._spool.write(self._block)
            self._parts.setdefault(self._at, []).extend(parts)
            self._block = []


def _quote(names: Iterable[str]) -> str:
    return ", ".join(map(clip, islice(names, MAX_NAMED)))
