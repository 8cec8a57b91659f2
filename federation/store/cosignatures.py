"""What others confirm of a log: cosignatures, and how many hold an entry by them.

Rule: a cosignature of a size by an organisation's mirror key says "I hold and have
verified everything below it". Who saves one has verified it. An organisation counts
once, and never for its own log. Another key's, a witness's, says that it saw nothing
else: it is kept and shown, and makes nobody a holder.

Source: docs/reference/protocol.md, "Pulling" step 5
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby, islice
from typing import NamedTuple, TypeAlias

from federation.errors import FormatError
from federation.records.keystatement import key_name
from federation.store.view import Transaction, View
from federation.tlog.keys import VerifierKey, parse_vkey

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE cosignature (
            log_id INTEGER NOT NULL,
            size INTEGER NOT NULL,
            vkey TEXT NOT NULL,
            time INTEGER NOT NULL,
            line BLOB NOT NULL,
            PRIMARY KEY (log_id, size, vkey)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0004-first-cosignature",
        """
        ALTER TABLE cosignature ADD COLUMN first_time INTEGER;
        ALTER TABLE cosignature ADD COLUMN first_line BLOB;
        """,
    ),
)

# The first that was kept of a cosignature; absent while there is only one.
_FIRST_TIME = "coalesce(cosignature.first_time, cosignature.time)"
_FIRST_LINE = "coalesce(cosignature.first_line, cosignature.line)"
_EARLIER = f"excluded.time < {_FIRST_TIME}"
_LATER = "excluded.time > cosignature.time"

_NEWEST = 1_000
# Of a log whose partners never met at one size, no more is looked through than this.
_FIRST = 10_000

_KEPT = (
    "SELECT c.vkey, c.size FROM cosignature AS c JOIN checkpoint AS k"
    " ON k.log_id = c.log_id AND k.size = c.size WHERE c.log_id = ? "
)


class ConfirmedSize(NamedTuple):
    """The largest size that somebody confirmed, first when, and when last any size.

    Times are Unix seconds as its maker says.
    """

    size: int
    first_at: int
    last_at: int


HolderSizes: TypeAlias = Mapping[str, Mapping[str, int]]


def save_cosignature(
    tx: Transaction, log_id: int, size: int, line: bytes, key: VerifierKey, time: int
) -> None:
    """Keep a verified cosignature of the checkpoint of `size`: newest and first.

    The newest says that its maker is alive, the first since when it holds the log.

    Args:
        tx: The transaction.
        log_id: Of the log.
        size: Of the checkpoint that it signs.
        line: The signature line of the note, with its LF.
        key: That signed.
        time: That it says, in seconds of Unix time.
    """
    tx.execute(
        "INSERT INTO cosignature (log_id, size, vkey, time, line) VALUES (?,?,?,?,?)"  # noqa: S608  constants
        " ON CONFLICT (log_id, size, vkey) DO UPDATE"
        f" SET first_time = CASE WHEN {_EARLIER} THEN excluded.time"
        f" ELSE {_FIRST_TIME} END,"
        f" first_line = CASE WHEN {_EARLIER} THEN excluded.line ELSE {_FIRST_LINE} END,"
        f" time = CASE WHEN {_LATER} THEN excluded.time ELSE cosignature.time END,"
        f" line = CASE WHEN {_LATER} THEN excluded.line ELSE cosignature.line END"
        f" WHERE {_LATER} OR {_EARLIER}",
        (log_id, size, str(key), time, line),
    )


def read_cosignatures(view: View, log_id: int, size: int) -> list[bytes]:
    """The signature lines over the checkpoint of `size`, in a fixed order."""
    rows = view.execute(
        "SELECT line FROM cosignature WHERE log_id = ? AND size = ? ORDER BY vkey",
        (log_id, size),
    )
    return [row[0] for row in rows]


def first_cosignatures(view: View, log_id: int, size: int) -> list[bytes]:
    """The first line kept of each key over the checkpoint of `size`: since when."""
    rows = view.execute(
        f"SELECT {_FIRST_LINE} FROM cosignature WHERE log_id = ? AND size = ?"  # noqa: S608  a constant
        " ORDER BY vkey",
        (log_id, size),
    )
    return [row[0] for row in rows]


def list_cosignatures(
    view: View, log_id: int
) -> Iterator[tuple[int, str, int | None, bytes]]:
    """Every cosignature kept of a log, as (size, vkey, time, signature line)."""
    return iter(
        view.execute(
            "SELECT size, vkey, time, line FROM cosignature WHERE log_id = ?"
            " UNION SELECT size, vkey, first_time, coalesce(first_line, ?)"
            " FROM cosignature WHERE log_id = ?"
            " AND (first_line IS NOT NULL OR first_time IS NOT NULL)"
            " ORDER BY size, vkey",
            (log_id, b"", log_id),
        )
    )


def load_holders(view: View, origins: Iterable[str]) -> HolderSizes:
    """The largest size that each other organisation confirmed, by origin and name.

    Only the newest confirmations are looked at, so that the cost does not grow with
    the history: a partner long silent is not counted.
    """
    return {origin: view.keep(_load_holders_of, origin) for origin in set(origins)}


def _load_holders_of(view: View, origin: str) -> Mapping[str, int]:
    sizes: dict[str, int] = {}
    rows = view.execute(
        "SELECT org, vkey, max(size) FROM (SELECT l.org, c.vkey, c.size"
        " FROM cosignature AS c JOIN log AS l ON l.id = c.log_id"
        " WHERE l.origin = ? ORDER BY c.log_id, c.size DESC LIMIT ?) AS newest"
        " GROUP BY org, vkey",
        (origin, _NEWEST),
    )
    for owner, vkey, size in rows:
        org = _org_of(vkey)
        if org not in {"", owner}:
            sizes[org] = max(size, sizes.get(org, 0))
    return sizes


def list_largest(view: View, election: str) -> list[tuple[str, str, int]]:
    """Who first confirmed the largest size of each log of an election, and when.

    Returns:
        (Origin, verifier key, seconds of Unix time as its maker says), unsorted.
    """
    rows = view.execute(
        f"SELECT log.origin, cosignature.vkey, {_FIRST_TIME} FROM log"  # noqa: S608  a constant
        " JOIN cosignature ON cosignature.log_id = log.id"
        " WHERE log.election = ? AND cosignature.size ="
        " (SELECT max(other.size) FROM cosignature AS other"
        " WHERE other.log_id = log.id)",
        (election,),
    )
    return rows.fetchall()


class NewestLine(NamedTuple):
    """The largest size that a key signed, and when last, in Unix seconds as it says."""

    size: int
    time: int


def newest_by(view: View, log_id: int, key: VerifierKey) -> NewestLine | None:
    """What this key signed last of a log; None: nothing that is kept."""
    row = view.execute(
        "SELECT size, time FROM cosignature WHERE log_id = ? AND vkey = ?"
        " ORDER BY size DESC LIMIT 1",
        (log_id, str(key)),
    ).fetchone()
    return None if row is None else NewestLine(*row)


def list_witnesses(view: View, log_id: int, size: int) -> list[str]:
    """The names of the keys, no organisation's mirror, that signed this size."""
    rows = view.execute(
        "SELECT vkey FROM cosignature WHERE log_id = ? AND size = ? ORDER BY vkey",
        (log_id, size),
    )
    return [vkey.partition("+")[0] for (vkey,) in rows if not _org_of(vkey)]


def newest_time(view: View, origin: str) -> int | None:
    """When another organisation last confirmed what it holds of this log, as it says.

    Returns:
        Unix seconds of the newest confirmation; None before the first.
    """
    rows = view.execute(
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
    rows = view.execute(
        "SELECT vkey, size FROM cosignature WHERE log_id = ? AND size > ?"
        " AND size <= ? ORDER BY size DESC LIMIT ?",
        between,
    )
    sizes = {size for _, size in _others(rows, owner)}
    if not own:
        rows = view.execute(
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
    rows = view.execute(_KEPT + "AND c.size < ? ORDER BY c.size DESC", (log_id, below))
    sizes = groupby(size for _, size in _others(rows, owner))
    return sorted(islice((size for size, _ in sizes), _NEWEST))


def largest_below(view: View, log_id: int, owner: str, below: int) -> dict[str, int]:
    """The largest size below `below` that each other organisation confirmed, ever."""
    rows = view.execute(
        "SELECT vkey, max(size) FROM cosignature WHERE log_id = ? AND size < ?"
        " GROUP BY vkey",
        (log_id, below),
    )
    largest: dict[str, int] = {}
    for org, size in _others(rows, owner):
        largest[org] = max(size, largest.get(org, 0))
    return largest


def covering_size(
    view: View, log_id: int, owner: str, index: int, below: int, quorum: int
) -> int | None:
    """The size at which an entry was first confirmed, as well as it ever was.

    Args:
        view: The snapshot.
        log_id: Of the log.
        owner: Its organisation, which does not count.
        index: Of the entry.
        below: Only sizes below this one.
        quorum: So many others are asked for.

    Returns:
        The earliest kept checkpoint above `index` that `quorum` others cosigned; else
        the earliest that as many did as ever; None where nobody did.
    """
    rows = view.execute(
        _KEPT + "AND c.size > ? AND c.size < ? ORDER BY c.size LIMIT ?",
        (log_id, index, below, _FIRST),
    )
    orgs: dict[int, set[str]] = {}
    for org, size in _others(rows, owner):
        orgs.setdefault(size, set()).add(org)
        if len(orgs[size]) == quorum:
            return size
    # Of several with as many the first: `max` keeps it, and sizes come ascending.
    return max(orgs, key=lambda size: len(orgs[size]), default=None)


def first_times(view: View, log_id: int, owner: str, size: int) -> dict[str, int]:
    """When each other organisation first confirmed the checkpoint of this size."""
    rows = view.execute(
        "SELECT vkey, coalesce(first_time, time) FROM cosignature"
        " WHERE log_id = ? AND size = ?",
        (log_id, size),
    )
    times: dict[str, int] = {}
    for org, time in _others(rows, owner):
        times[org] = min(time, times.get(org, time))
    return times


def confirmations(view: View, log_id: int, owner: str) -> dict[str, ConfirmedSize]:
    """What each other organisation confirmed to hold of a log, and since when.

    Only the newest confirmations are looked at, as by `load_holders`.
    """
    rows = view.execute(
        f"SELECT vkey, size, {_FIRST_TIME}, time FROM cosignature"  # noqa: S608  a constant
        " WHERE log_id = ? ORDER BY size DESC LIMIT ?",
        (log_id, _NEWEST),
    )
    found: dict[str, ConfirmedSize] = {}
    for vkey, size, first, last in rows:
        org = _org_of(vkey)
        if org in {"", owner}:
            continue
        known = found.get(org, ConfirmedSize(size, first, last))
        if known.size == size:
            known = known._replace(first_at=min(known.first_at, first))
        found[org] = known._replace(last_at=max(known.last_at, last))
    return found


def list_holders(confirmed: HolderSizes, origin: str, index: int) -> list[str]:
    """The other organisations that confirmed that they hold this entry, sorted.

    Args:
        confirmed: As `load_holders` gives it.
        origin: Of the log.
        index: Of the entry; below 0 nobody holds anything.
    """
    sizes = confirmed.get(origin, {})
    return sorted(org for org, size in sizes.items() if size > index >= 0)


def count_holders(confirmed: HolderSizes, origin: str, index: int) -> int:
    """How many other organisations confirmed that they hold this entry.

    The arguments are those of `list_holders`.
    """
    return len(list_holders(confirmed, origin, index))


def _others(rows: Iterable[tuple[str, int]], owner: str) -> Iterator[tuple[str, int]]:
    """The organisation and the number of those (key, number) that are of others."""
    for vkey, number in rows:
        org = _org_of(vkey)
        if org not in {"", owner}:
            yield org, number


@lru_cache(maxsize=1024)
def _org_of(vkey: str) -> str:
    """Whose mirror key it is; "" where it is none."""
    try:
        name = parse_vkey(vkey).name
    except FormatError:
        return ""
    org = name.partition("/")[0]
    return org if name == key_name("mirror", org, "") else ""
