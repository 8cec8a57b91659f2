"""Which numbering ids of candidates belong to: votes by two are never compared.

Rule: told by the ids alone, so that every node tells it alike.

    01 02              ballot numbers: one or two digits
    1000561 1000562    ids of KPU: more digits
    kolom-kosong       words
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

BALLOT: Final = "b"  # the numbering of ballot numbers alone
_BALLOT_DIGITS: Final = 2


def numbering(votes: Iterable[str]) -> str:
    """Which numbering these ids belong to: votes of two are never compared.

    Ballot numbers have up to two digits, KPU's ids more; words are neither. Who counts
    by several kinds at once is comparable with those who do the same.
    """
    return _numbering(tuple(votes))


def find_id(typed: str, ids: Iterable[str]) -> str:
    """Which of these ids is meant: itself, or the ballot number that is 2 as 02 is.

    Returns:
        "" where it is none of them.
    """
    held = list(ids)
    if typed in held:
        return typed
    if not (typed.isascii() and typed.isdigit()) or len(typed) > _BALLOT_DIGITS:
        return ""
    same = [one for one in held if _kind(one) == BALLOT and int(one) == int(typed)]
    return same[0] if len(same) == 1 else ""


@lru_cache(maxsize=4096)
def _numbering(names: tuple[str, ...]) -> str:
    """The same, kept: a contest has one ballot for thousands of stations."""
    return "".join(sorted(set(map(_kind, names))))


def _kind(name: str) -> str:
    if not name.isdigit():
        return "w"
    return BALLOT if len(name) <= _BALLOT_DIGITS else "k"
