"""Regions found by their names, as people type them: SQLite's full text search.

Rule: made again from the register whenever that is another, in memory and in no file:
there is nothing to migrate, to copy or to damage. Names are folded before they are
indexed and before they are looked for: letters and digits only, no case, no accents.
One connection, one thread at a time; whoever waits longest is answered next.
"""

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final, NamedTuple
from unicodedata import combining, normalize

from federation.records.tps import regions_of
from federation.store import registers, sqlite
from federation.store.view import View

#: So many letters in a row are looked for: less finds nothing.
GRAM: Final = 3
#: A longer word with one wrong letter still has three right ones in a row.
_SHORT: Final = 12
_STATION: Final = "000"


class FoundName(NamedTuple):
    """A region, with its folded name and those of the regions around it."""

    code: str
    name: str
    around: str


def fold(text: str) -> str:
    """The text as names are compared: words of plain letters and digits."""
    plain = normalize("NFKD", text).casefold()
    kept = (c if c.isalnum() else " " for c in plain if not combining(c))
    return " ".join("".join(kept).split())


class NameIndex:
    """The named regions of one register."""

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        """`named`: code and name, those around a region before it."""
        self._lock = Lock()
        folded: dict[str, str] = {}
        rows = []
        for code, name in named:
            folded[code] = fold(name)
            above = regions_of(code.ljust(10, "0") + _STATION)[1:]
            around = [folded.get(one, "") for one in above if len(one) < len(code)]
            rows.append((code, folded[code], " ".join(filter(None, around))))
        self._names = sqlite.FullText(rows)

    def with_all(self, words: Sequence[str], limit: int) -> list[FoundName]:
        """Those that have all of these folded words in their names or around them."""
        long = [word for word in words if len(word) >= GRAM]
        if not long:
            return []
        found = self._match(" AND ".join(f'"{word}"' for word in long), limit)
        short = [word for word in words if len(word) < GRAM]
        return [
            one
            for one in found
            if set(short) <= {*one.name.split(), *one.around.split()}
        ]

    def with_some(self, words: Sequence[str], limit: int) -> list[FoundName]:
        """Those whose names share the most with these folded words."""
        parts = {part for word in words for part in _parts(word)}
        if not parts:
            return []
        alternatives = " OR ".join(f'"{part}"' for part in sorted(parts))
        return self._match(f"{{name}} : ({alternatives})", limit)

    def _match(self, expression: str, limit: int) -> list[FoundName]:
        with self._lock:
            return [FoundName(*row) for row in self._names.find(expression, limit)]


def _parts(word: str) -> set[str]:
    """What of a word may be right where a letter of it is not.

    Three letters in a row; and, as a short word with two letters exchanged shares none
    with what was meant, the word with each two of them put back, and without each one.
    """
    grams = {word[at : at + GRAM] for at in range(len(word) - GRAM + 1)}
    if not GRAM < len(word) <= _SHORT:
        return grams
    swapped = {
        word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        for at in range(len(word) - 1)
    }
    shorter = {word[:at] + word[at + 1 :] for at in range(len(word))}
    return grams | swapped | {part for part in shorter if len(part) >= GRAM}


class NameIndexes:
    """The index of each election's register, made again when that is another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[str, tuple[str, NameIndex]] = {}

    def index(self, view: View, election: str) -> NameIndex:
        """The index of the register as this view has it: a country takes a second."""
        with self._lock:
            digest = registers.register_digest(view, election)
            known = self._made.get(election)
            if known is None or known[0] != digest:
                known = digest, NameIndex(registers.list_named(view, election))
                self._made[election] = known
            return known[1]
