"""Which commit wrote which table last: what is made of a table stands until the next.

Commits are counted, from 1 on, since a database was opened; nothing of it is stored.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

#: As all statements of the store begin; what begins otherwise may do anything.
_WRITES: Final = re.compile(
    r"\s*(?:insert\s+into|update|delete\s+from)\s+(?!or\b)(\w+)", re.IGNORECASE
)
_READS: Final = re.compile(
    r"\s*(?:select|with\b(?!.*\b(?:insert|replace|update|delete)\b))\b",
    re.IGNORECASE | re.DOTALL,
)
#: What is written by a statement that says it otherwise.
ANY_TABLE: Final = "*"


@lru_cache(maxsize=1000)
def written_table(sql: str) -> str:
    """The table that a statement writes to; "": none."""
    if found := _WRITES.match(sql):
        return found[1].lower()
    return "" if _READS.match(sql) else ANY_TABLE


class CommitCounts:
    """How many commits there were; each table has the number of its last."""

    def __init__(self) -> None:
        """There was none."""
        #: Goes up with whatever is written: read it before what is made of the tables.
        self.newest = 0
        self._last: dict[str, int] = {}
        self._others = 0  # the last of those that wrote any table not in `_last`

    def last_of(self, tables: Iterable[str]) -> int:
        """The number of the last that wrote one of these tables; 0: none has."""
        last = self._last
        named = (last.get(table, self._others) for table in tables)
        return max((last.get(ANY_TABLE, 0), *named))

    def expect(self, tables: Iterable[str]) -> None:
        """The next one writes these tables: told before it is counted."""
        self._last |= dict.fromkeys(tables, self.newest + 1)

    def count(self) -> None:
        """One more is made."""
        self.newest += 1

    def count_foreign(self, but: Iterable[str] = ()) -> None:
        """Another process has made one: of any table, for what is known, but `but`."""
        self._last = {table: self.last_of((table,)) for table in but}
        self._others = self.newest + 1
        self.newest += 1
