"""Where a station's row stands: one whole number per (election, contest, TPS).

Rule: numbers sort as (election number, contest, code) do, so that a region is one range
of the table's own order, and finding a row is SQLite's fastest look-up.

    bits 62…48  the election's number      bits 47…44  the contest, alphabetically
    bits 43…0   the code; the two letters or digits after 99 of an overseas code count
                as base 36, which keeps the order of ASCII

The numbers are positions of this database only: they are never shown or sent.
"""

from federation.records.result import CONTESTS

_CONTESTS = tuple(sorted(CONTESTS))
_NUMBER = {name: number << 44 for number, name in enumerate(_CONTESTS)}
_ELECTION_SHIFT = 48
_CODE_MASK = (1 << 44) - 1
_OVERSEAS = 99 * 10**11
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def encode_key(election: int, contest: str, tps: str) -> int:
    """The number of this row.

    Args:
        election: The election's number, at most 15 bits.
        contest: One of the contests of docs/reference/domain.md.
        tps: A checked code.
    """
    return (election << _ELECTION_SHIFT) | _NUMBER[contest] | _code(tps)


def decode_key(key: int) -> tuple[str, str]:
    """The (contest, TPS) of this number."""
    code = key & _CODE_MASK
    if code >= _OVERSEAS:
        letters, rest = divmod(code - _OVERSEAS, 10**9)
        tps = f"99{_DIGITS[letters // 36]}{_DIGITS[letters % 36]}{rest:09d}"
    else:
        tps = f"{code:013d}"
    return _CONTESTS[(key >> 44) & 0xF], tps


def region_range(election: int, contest: str, region: str) -> tuple[int, int]:
    """The numbers [first, last] of every row of a region: "" is the nation."""
    base = (election << _ELECTION_SHIFT) | _NUMBER[contest]
    first, last = region.ljust(13, "0"), region.ljust(13, "9")
    if region in {"", "9", "99"}:
        last = "99ZZ" + "9" * 9
    elif region.startswith("99") and len(region) == 3:
        last = region + "Z" + "9" * 9
    return base | _code(first), base | _code(last)


def election_range(election: int) -> tuple[int, int]:
    """The numbers [first, last] of every row of an election."""
    return election << _ELECTION_SHIFT, ((election + 1) << _ELECTION_SHIFT) - 1


def _code(tps: str) -> int:
    if tps.startswith("99"):
        return _OVERSEAS + int(tps[2:4], 36) * 10**9 + int(tps[4:])
    return int(tps)
