"""What an answer is to a question for the rest of a file: the rest, or all of it.

Rule: pure. Whoever answers with another part than was asked for hands over bytes that
are not what they should be. A server that knows no ranges answers with all of it; then
the beginning is passed over.

    Range: bytes=100-                        what is asked
    206, Content-Range: bytes 100-199/200    the rest of it
    200                                      all of it
    416, Content-Range: bytes */100          there is no rest: it ends at 100

Source: RFC 9110 sections 14.2, 14.4, 15.3.7 and 15.5.17
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.text import Sentence

#: What an answer to such a question may have as its status.
STATUSES: Final = frozenset({200, 206, 416})

# A file of ours has less than 10^15 bytes; a number of a million digits is none.
_RANGE: Final = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\*)")
_NONE: Final = re.compile(r"bytes \*/([0-9]{1,15})")


class Rest(NamedTuple):
    """The part of a body that was asked for.

    Attributes:
        skip: so many bytes stand before it.
        most: so many bytes the body may have with those.
        least: so many it must have with those.
    """

    skip: int
    most: int
    least: int


def judge_rest(
    status: int, headers: Mapping[str, str], start: int, max_bytes: int
) -> Rest | None:
    """What of a body is the rest from `start` on; None: there is none.

    Args:
        status: One of `STATUSES`; 200 where `start` is 0.
        headers: Of the answer; their names in any case.
        start: From which byte on it was asked for.
        max_bytes: The file never has more.

    Raises:
        FormatError: another part comes, or the file is not as long as `start`, or
            longer than it may be.
    """
    said = headers.get("Content-Range", "")
    if status == 200:
        return Rest(start, max_bytes, start)
    if status == 416:
        none = _NONE.fullmatch(said)
        if none is not None and int(none[1]) == start:
            return None
        raise FormatError(Sentence("network.too-short", start=start))
    part = _RANGE.fullmatch(said)
    if part is None or int(part[1]) != start:
        raise FormatError(Sentence("network.other-part", start=start))
    last, whole = int(part[2]), part[3]
    # All of the rest: a part of it would end as if that were the end of the file.
    if last < start or (whole != "*" and last + 1 != int(whole)):
        raise FormatError(Sentence("network.other-part", start=start))
    if last >= max_bytes:
        raise FormatError(Sentence("network.too-long", count=max_bytes))
    return Rest(0, last + 1 - start, last + 1 - start)
