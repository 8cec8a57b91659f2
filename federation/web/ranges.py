"""Which part of a file a caller asks for.

Rule: pure. One part, or all: what asks for several parts, or in a form that is none, is
answered with all of it, as a server may that does not know ranges.

    Range: bytes=100-199   bytes 100 to 199, or to the end where that comes first
    Range: bytes=100-      from byte 100 on
    Range: bytes=-100      the last 100 bytes, or all of them where there are fewer

Source: RFC 9110 sections 14.1.2, 14.2 and 15.5.17
"""

import re
from typing import Final, NamedTuple

_UNIT: Final = re.compile(r"[ \t]*bytes[ \t]*=", re.IGNORECASE)
# A number of more digits is beyond the end of every file.
_ONE: Final = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")


class ByteRange(NamedTuple):
    """Bytes from `start` up to, and without, `end`; none are asked for that exist."""

    start: int
    end: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the file is in it: it cannot be answered."""
        return self.start >= self.end


def parse_range(header: str, size: int) -> ByteRange | None:
    """The part that a `Range` asks for of a file of `size` bytes; None: all of it."""
    unit = _UNIT.match(header)
    if unit is None:
        return None
    asked = header[unit.end() :].split(",")
    parts = [part.strip(" \t") for part in asked if part.strip(" \t")]
    one = _ONE.fullmatch(parts[0]) if len(parts) == 1 else None
    if one is None:
        return None
    first, last = one[1], one[2]
    if not first:
        if not last:
            return None
        return ByteRange(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return ByteRange(int(first), min(size, int(last) + 1) if last else size)
