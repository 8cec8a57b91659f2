"""What changed in KPU's figures: a row for each statement that changed any.

Rule: nothing here is new. Each row follows from the statements behind a row of the map
and from its groups, and is made again when that row may have changed (`official_due`);
all of it can be dropped and made again. Votes are not kept twice: a row says where the
statement stands, and where the one before it.

    at         Unix seconds: when KPU published it, as far as the record says, else when
               it was signed; `recorded` when it was signed. 0: the leaf is damaged
    since      of a figure that differs: `at` of the one since which they differ
    is_apart   another organisation's snapshot says something else there now
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from federation.records.officialchange import KINDS, ChangeKind, VotesComparison
from federation.store.mapkey import election_range
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0004-official",
        """
        CREATE TABLE official_change (
            key INTEGER NOT NULL,
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            org TEXT NOT NULL,
            round TEXT NOT NULL,
            kind TEXT NOT NULL,
            was TEXT NOT NULL,
            compared TEXT NOT NULL,
            at INTEGER NOT NULL,
            recorded INTEGER NOT NULL,
            before_log INTEGER,
            before_idx INTEGER,
            since INTEGER,
            is_standing INTEGER NOT NULL,
            is_apart INTEGER NOT NULL,
            PRIMARY KEY (key, log_id, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX official_counted
            ON official_change (key, kind, was, compared, is_standing, is_apart, at);
        CREATE INDEX official_latest
            ON official_change (at DESC, key, log_id, idx DESC);
        CREATE TABLE official_due (
            key INTEGER PRIMARY KEY
        ) STRICT;
        INSERT INTO official_due (key) SELECT key FROM merged;
        """,
    ),
    (
        # Most changes are figures that appeared: the others are counted without them.
        "0006-official-kinds",
        """
        DROP INDEX official_counted;
        CREATE INDEX official_counted
            ON official_change (kind, key, was, compared, is_standing, is_apart, at);
        """,
    ),
)

_COLUMNS: Final = (
    "key, log_id, idx, org, round, kind, was, compared, at, recorded, before_log,"
    " before_idx, since, is_standing, is_apart"
)
_TABLES: Final = ("official_change", "official_due")
ChangeOrder: TypeAlias = Literal["", "place", "since"]
_ORDERS: Final[Mapping[ChangeOrder, str]] = {
    "": "at DESC, key, log_id, idx DESC",
    "place": "key, log_id, idx",
    "since": "since, key, log_id, idx",
}
_WITHIN: Final = "key > ? OR (key = ? AND (log_id > ? OR (log_id = ? AND idx {} ?)))"
_NAMES: Final = ("key", "key", "log_id", "log_id", "index")
#: What is behind a place, and which of its members are asked for.
_BEHIND: Final[Mapping[ChangeOrder, tuple[str, Sequence[str]]]] = {
    "": (f"at < ? OR (at = ? AND ({_WITHIN.format('<')}))", ("at", "at", *_NAMES)),
    "place": (_WITHIN.format(">"), _NAMES),
    "since": (
        f"since > ? OR (since = ? AND ({_WITHIN.format('>')}))",
        ("since", "since", *_NAMES),
    ),
}


class OfficialRow(NamedTuple):
    """One statement that changed KPU's figures; see the head of this file.

    Attributes:
        key: Of the station's row in the map.
        log_id: Of its log.
        index: Its index there.
        org: Who copied it from KPU.
        round: Of the election.
        kind: What it changed.
        was: How the votes before it compare with the monitors.
        compared: How its own compare.
        at: See the head of this file, as `recorded` and `since`.
        recorded: When it was signed.
        before_log: Of the statement before it; None: there was none.
        before_index: The index of that one.
        since: Since when they differ.
        is_standing: It is what that organisation says now.
        is_apart: Another organisation's snapshot says something else.
    """

    key: int
    log_id: int
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    org: str
    round: str
    kind: ChangeKind
    was: VotesComparison
    compared: VotesComparison
    at: int
    recorded: int
    before_log: int | None
    before_index: int | None
    since: int | None
    is_standing: bool
    is_apart: bool

    @property
    def place(self) -> tuple[int, int]:
        """Its log and its index there."""
        return self.log_id, self.index

    @property
    def place_before(self) -> tuple[int, int] | None:
        """Those of the statement before it."""
        if self.before_log is None or self.before_index is None:
            return None
        return self.before_log, self.before_index


class ChangeFilter(NamedTuple):
    """Which changes: all that is given holds of each.

    Attributes:
        kind: What was changed.
        compared: How the votes compare now.
        org: Whose snapshot.
        is_standing: Only what stands now.
        is_apart: Only where two organisations' snapshots differ now.
    """

    kind: str = ""
    compared: str = ""
    org: str = ""
    is_standing: bool = False
    is_apart: bool = False


class ChangePlace(NamedTuple):
    """Where a row stands in each order of a list."""

    at: int
    since: int
    key: int
    log_id: int
    index: int  # type: ignore[assignment]  # as of `OfficialRow`


class ChangeCount(NamedTuple):
    """How many rows are so."""

    kind: ChangeKind
    was: VotesComparison
    compared: VotesComparison
    is_standing: bool
    is_apart: bool
    rows: int


class DayCount(NamedTuple):
    """How many rows of one day are so; `day`: days since 1970."""

    day: int
    kind: ChangeKind
    was: VotesComparison
    compared: VotesComparison
    rows: int


def mark_due(tx: Transaction, keys: Iterable[int]) -> None:
    """These rows of the map may have changed what is said here."""
    tx.executemany(
        "INSERT INTO official_due (key) VALUES (?) ON CONFLICT (key) DO NOTHING",
        ((key,) for key in keys),
    )


def list_due(view: View, limit: int) -> list[int]:
    """The next rows of the map that are to be looked at."""
    rows = view.execute("SELECT key FROM official_due ORDER BY key LIMIT ?", (limit,))
    return [key for (key,) in rows]


def count_due(view: View, election: int, limit: int) -> int:
    """How many rows of an election's map are to be looked at; at most `limit`."""
    (count,) = view.execute(
        "SELECT count(*) FROM (SELECT key FROM official_due"
        " WHERE key BETWEEN ? AND ? LIMIT ?) AS due",
        (*election_range(election), limit),
    ).fetchone()
    return int(count)


def list_settled(view: View, between: tuple[int, int], limit: int) -> list[int]:
    """The next rows of the map of which all is said here, in their order."""
    rows = view.execute(
        "SELECT key FROM merged WHERE key BETWEEN ? AND ?"
        " AND key NOT IN (SELECT key FROM official_due) ORDER BY key LIMIT ?",
        (*between, limit),
    )
    return [key for (key,) in rows]


def find_strays(view: View) -> list[tuple[str, int]]:
    """What is said, or due, of no row of the map: (table, key)."""
    return [
        (table, key)
        for table in _TABLES
        for (key,) in view.execute(
            f"SELECT DISTINCT key FROM {table}"  # noqa: S608  a constant
            " WHERE key NOT IN (SELECT key FROM merged) ORDER BY key"
        )
    ]


def read_rows(view: View, keys: Sequence[int]) -> list[OfficialRow]:
    """What is said of these rows of the map."""
    rows = view.select_among(
        f"SELECT {_COLUMNS} FROM official_change WHERE key IN ({{marks}})",  # noqa: S608  a constant
        among=keys,
    )
    return [_row(row) for row in rows]


def replace_rows(
    tx: Transaction, keys: Sequence[int], rows: Iterable[OfficialRow]
) -> None:
    """Say this of these rows of the map; they are due no longer."""
    among = [(key,) for key in keys]
    tx.executemany("DELETE FROM official_change WHERE key = ?", among)
    marks = ",".join("?" * len(OfficialRow._fields))
    tx.executemany(
        f"INSERT INTO official_change ({_COLUMNS}) VALUES ({marks})",  # noqa: S608  a constant
        ((*row[:-2], int(row.is_standing), int(row.is_apart)) for row in rows),
    )
    tx.executemany("DELETE FROM official_due WHERE key = ?", among)


def clear(tx: Transaction, election: int) -> None:
    """Forget what is said of an election: its map is made again."""
    between = election_range(election)
    for table in _TABLES:
        tx.execute(
            f"DELETE FROM {table} WHERE key BETWEEN ? AND ?",  # noqa: S608  a constant
            between,
        )


def list_changes(
    view: View,
    between: tuple[int, int],
    which: ChangeFilter,
    order: ChangeOrder,
    after: ChangePlace | None,
    limit: int,
) -> list[OfficialRow]:
    """A page of changes.

    Args:
        view: The snapshot.
        between: The first and the last key of a region.
        which: Which changes.
        order: "": the newest first; "place": by station, of each in the order of its
            logs; "since": what has differed longest first, of what differs alone.
        after: Where the page before ended.
        limit: At most so many.
    """
    if after is not None and order == "place":
        between = max(between[0], after.key), between[1]
    where, values = _where(between, which)
    if order == "since":
        where += " AND since IS NOT NULL"
    if after is not None:
        behind, names = _BEHIND[order]
        where += f" AND ({behind})"
        values += [getattr(after, name) for name in names]
    rows = view.execute(
        f"SELECT {_COLUMNS} FROM official_change WHERE {where}"  # noqa: S608  constants
        f" ORDER BY {_ORDERS[order]} LIMIT ?",
        (*values, limit),
    )
    return [_row(row) for row in rows]


def count_changes(
    view: View,
    between: tuple[int, int],
    org: str = "",
    kinds: Sequence[ChangeKind] = KINDS,
) -> list[ChangeCount]:
    """How many changes of a region are of each sort.

    Args:
        view: The snapshot.
        between: The first and the last key of the region.
        org: Of the snapshots of this one alone.
        kinds: Of these alone: without those that appeared it costs next to nothing.
    """
    where, values = _where(between, ChangeFilter(org=org))
    marks = ", ".join("?" * len(kinds))
    return _count(view, f"{where} AND kind IN ({marks})", [*values, *kinds])


def count_since(
    view: View, between: tuple[int, int], log_id: int, index: int
) -> list[ChangeCount]:
    """The same of the statements of one log from an index on."""
    where, values = _where(between, ChangeFilter())
    return _count(
        view, f"{where} AND log_id = ? AND idx >= ?", [*values, log_id, index]
    )


def _count(view: View, where: str, values: list[int | str]) -> list[ChangeCount]:
    rows = view.execute(
        "SELECT kind, was, compared, is_standing, is_apart, count(*)"  # noqa: S608  constants
        f" FROM official_change WHERE {where}"
        " GROUP BY kind, was, compared, is_standing, is_apart",
        values,
    )
    return [
        ChangeCount(kind, was, compared, bool(standing), bool(apart), count)
        for kind, was, compared, standing, apart, count in rows
    ]


def count_days(
    view: View, between: tuple[int, int], org: str, offset_s: int
) -> list[DayCount]:
    """How many changes of a region each day has, by day, of one organisation.

    Args:
        view: The snapshot.
        between: The first and the last key of the region.
        org: Whose snapshots.
        offset_s: How far the clocks of the days are ahead of UTC.
    """
    rows = view.execute(
        "SELECT day, kind, was, compared, count(*) FROM"
        " (SELECT (at + ?) / 86400 AS day, kind, was, compared FROM official_change"
        " WHERE key BETWEEN ? AND ? AND org = ?) AS dated"
        " GROUP BY day, kind, was, compared ORDER BY day",
        (offset_s, *between, org),
    )
    return [DayCount(*row) for row in rows]


def list_orgs(view: View, between: tuple[int, int]) -> list[tuple[str, int, int, int]]:
    """Whose snapshots there are: (org, changes, first signed, last signed)."""
    rows = view.execute(
        "SELECT org, count(*), min(recorded), max(recorded)"
        " FROM official_change WHERE key BETWEEN ? AND ? GROUP BY org ORDER BY org",
        between,
    )
    return rows.fetchall()


def _where(
    between: tuple[int, int], which: ChangeFilter
) -> tuple[str, list[int | str]]:
    where, values = "key BETWEEN ? AND ?", list[int | str](between)
    for column in ("kind", "compared", "org"):
        if asked := getattr(which, column):
            where += f" AND {column} = ?"
            values.append(asked)
    for column in ("is_standing", "is_apart"):
        if getattr(which, column):
            where += f" AND {column} = 1"
    return where, values


def _row(columns: Sequence[Any]) -> OfficialRow:
    return OfficialRow(*columns[:-2], *map(bool, columns[-2:]))
