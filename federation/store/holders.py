"""How many others hold an entry: read from the cosignatures that `chains` keeps.

Rule: a partner's cosignature of a size says "I hold and have verified everything below
it". An organisation counts once, and never for its own log.

Source: docs/reference/protocol.md, "Pulling" step 5
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

from federation.errors import FormatError
from federation.store.db import View
from federation.tlog.keys import parse_vkey

_NEWEST = 1_000
# Of a log whose partners never met at one size, no more is looked through than this.
_FIRST = 10_000
_TWO = 2

_KEPT = (
    "SELECT c.size, c.vkey FROM cosignature AS c JOIN checkpoint AS k"
    " ON k.log_id = c.log_id AND k.size = c.size WHERE c.log_id = ? "
)

HolderTimes: TypeAlias = Mapping[str, Mapping[str, int]]


def load_holders(view: View, origins: Iterable[str]) -> HolderTimes:
    """The largest size that each other organisation confirmed, by origin and name.

    Only the newest confirmations are looked at, so that the cost does not grow with
    the history: a partner long silent is not counted.
    """
    return {origin: _holders_of(view, origin) for origin in set(origins)}


def _holders_of(view: View, origin: str) -> dict[str, int]:
    rows = view.connection.execute(
        "SELECT l.org, c.vkey, c.size FROM cosignature AS c"
        " JOIN log AS l ON l.id = c.log_id WHERE l.origin = ?"
        " ORDER BY c.log_id, c.size DESC LIMIT ?",
        (origin, _NEWEST),
    )
    sizes: dict[str, int] = {}
    for owner, vkey, size in rows:
        org = _org_of(vkey)
        if org not in {"", owner}:
            sizes.setdefault(org, size)
    return sizes


def newest_time(view: View, origin: str) -> int | None:
    """When another organisation last confirmed what it holds of this log, as it says.

    Returns:
        Unix seconds of the newest confirmation; None before the first.
    """
    rows = view.connection.execute(
        "SELECT l.org, c.vkey, c.time FROM cosignature AS c"
        " JOIN log AS l ON l.id = c.log_id WHERE l.origin = ?"
        " ORDER BY c.log_id, c.size DESC LIMIT ?",
        (origin, _NEWEST),
    )
    times = (time for owner, vkey, time in rows if _org_of(vkey) not in {"", owner})
    return max(times, default=None)


def sizes_held(
    view: View, log_id: int, owner: str, *, own: bool, low: int, high: int
) -> list[int]:
    """At which sizes in (low, high] others held a log of `owner`, in order.

    Others: organisations that cosigned it; and we, where it is not our `own`.
    """
    between = (log_id, low, high, _NEWEST)
    rows = view.connection.execute(
        "SELECT vkey, size FROM cosignature WHERE log_id = ? AND size > ?"
        " AND size <= ? ORDER BY size DESC LIMIT ?",
        between,
    )
    sizes = {size for vkey, size in rows if _org_of(vkey) not in {"", owner}}
    if not own:
        rows = view.connection.execute(
            "SELECT size FROM checkpoint WHERE log_id = ? AND size > ?"
            " AND size <= ? ORDER BY size DESC LIMIT ?",
            between,
        )
        sizes.update(size for (size,) in rows)
    return sorted(sizes)


def cosigned_sizes(view: View, log_id: int, owner: str, below: int) -> list[int]:
    """The sizes below `below` of which a checkpoint is kept that others cosigned.

    Returns:
        Ascending; of very many the newest thousand.
    """
    rows = view.connection.execute(
        _KEPT + "AND c.size < ? ORDER BY c.size DESC", (log_id, below)
    )
    found: dict[int, None] = {}
    for size, vkey in rows:
        if _org_of(vkey) not in {"", owner}:
            found[size] = None
            if len(found) == _NEWEST:
                break
    return sorted(found)


def covering_size(
    view: View, log_id: int, owner: str, index: int, below: int
) -> int | None:
    """The size at which an entry was first confirmed, as well as it ever was.

    Args:
        view: The snapshot.
        log_id: Of the log.
        owner: Its organisation, which does not count.
        index: Of the entry.
        below: Only sizes below this one.

    Returns:
        The earliest kept checkpoint above `index` that two others cosigned; else
        the earliest that one did; None where nobody did.
    """
    rows = view.connection.execute(
        _KEPT + "AND c.size > ? AND c.size < ? ORDER BY c.size LIMIT ?",
        (log_id, index, below, _FIRST),
    )
    once: int | None = None
    orgs: dict[int, set[str]] = {}
    for size, vkey in rows:
        org = _org_of(vkey)
        if org in {"", owner}:
            continue
        once = size if once is None else once
        orgs.setdefault(size, set()).add(org)
        if len(orgs[size]) == _TWO:
            return int(size)
    return once


def first_times(view: View, log_id: int, owner: str, size: int) -> dict[str, int]:
    """When each other organisation first confirmed the checkpoint of this size."""
    rows = view.connection.execute(
        "SELECT vkey, coalesce(first_time, time) FROM cosignature"
        " WHERE log_id = ? AND size = ?",
        (log_id, size),
    )
    times: dict[str, int] = {}
    for vkey, time in rows:
        org = _org_of(vkey)
        if org not in {"", owner}:
            times[org] = min(time, times.get(org, time))
    return times


def count_holders(confirmed: HolderTimes, origin: str, index: int) -> int:
    """How many other organisations confirmed that they hold this entry.

    Args:
        confirmed: As `load_holders` gives it.
        origin: Of the log.
        index: Of the entry; below 0 nobody holds anything.
    """
    sizes = confirmed.get(origin, {}).values()
    return sum(size > index >= 0 for size in sizes)


@lru_cache(maxsize=1024)
def _org_of(vkey: str) -> str:
    try:
        return parse_vkey(vkey).name.partition("/")[0]
    except FormatError:
        return ""
