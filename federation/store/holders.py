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

Holders: TypeAlias = Mapping[str, Mapping[str, int]]


def load_holders(view: View, origins: Iterable[str]) -> Holders:
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


def count_holders(confirmed: Holders, origin: str, index: int) -> int:
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
