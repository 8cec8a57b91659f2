"""The merged map, read: a station, a list, the changes since a number, the digest.

Rule: nothing is written here (`flows/merge` does, by `maprows`, `mapstate`, `rollup`).
A row is given as the bytes that are digested, canonical JSON and LF.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from federation.records import coverage, tally
from federation.records.claim import Claim
from federation.records.merge import decode_row, digest_rows
from federation.records.readingqueue import ReadingReason
from federation.records.result import CONTESTS
from federation.records.slots import unpack_slots
from federation.records.tps import parse_tps
from federation.store import maprows, mapstate
from federation.store.mapkey import (
    decode_key,
    election_range,
    encode_key,
    region_range,
)
from federation.store.maprows import StoredRow
from federation.store.view import View

_VILLAGE = 10
_QUEUES = frozenset({"disputed", "unread"})


class MergedTps(NamedTuple):
    """One station in one contest: its row, the claims behind it, what they replaced.

    `claims` are the latest statement of each slot, withdrawals too, each with the
    origin of its log; `history` names what they replaced by (origin, index), of each
    log the newest hundred.
    """

    contest: str
    tps: str
    row: bytes
    claims: list[tuple[str, Claim]]
    history: list[tuple[str, int]]


class ChangedRow(NamedTuple):
    """A row that changed, and the number of its last change."""

    seq: int
    contest: str
    tps: str
    row: bytes


def read_tps(view: View, election: str, tps: str) -> list[MergedTps]:
    """What is said about one station, a contest each, sorted by contest."""
    number = view.keep(mapstate.find_election, election)
    if number is None:
        return []
    held = maprows.load(view, [encode_key(number, name, tps) for name in CONTESTS])
    if not held:
        return []
    origins = view.keep(_origins, election)
    # Asked of all at once: nearly nothing was replaced, and each log is a look-up.
    replaced = origins if maprows.has_superseded(view, held) else {}
    return [_merged_tps(view, held[key], origins, replaced) for key in sorted(held)]


def read_standing(
    view: View, election: str, places: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], list[tuple[str, Claim]]]:
    """The (origin, claim) of every slot of those of these (contest, TPS) in the map."""
    number = mapstate.find_election(view, election)
    if number is None:
        return {}
    keys = {encode_key(number, *place): place for place in places}
    held = maprows.load(view, sorted(keys))
    origins = _origins(view, election) if held else {}
    return {
        keys[key]: [(origins[slot.log_id], slot.claim) for slot in row.slots]
        for key, row in held.items()
    }


def _merged_tps(
    view: View, held: StoredRow, origins: dict[int, str], replaced: dict[int, str]
) -> MergedTps:
    contest, tps = decode_key(held.key)
    claims = sorted(
        ((origins[slot.log_id], slot.claim) for slot in held.slots),
        key=lambda placed: (placed[0], placed[1].index),
    )
    history = [
        (origin, index)
        for log_id, origin in replaced.items()
        for index in maprows.list_superseded(view, held.key, log_id)
    ]
    return MergedTps(contest, tps, held.row, claims, sorted(history))


def list_rows(  # noqa: PLR0913  the filters of one list, all but three optional
    view: View,
    election: str,
    contest: str,
    region: str = "",
    *,
    status: str | None = None,
    flag: str | None = None,
    after: str = "",
    limit: int = 1000,
) -> list[bytes]:
    """The rows of a region, by code.

    Args:
        view: The snapshot.
        election: Of the map.
        contest: Of the rows.
        region: A code of at most 10 characters, "" for the nation; or a whole TPS.
        status: Only rows with this status.
        flag: Only rows with this flag.
        after: Only codes above this one: the last of the page before.
        limit: At most so many.

    Raises:
        FormatError: `after` is not the code of a station.
    """
    keys = _range(view, election, contest, region, after)
    if keys is None:
        return []
    where, values = "key BETWEEN ? AND ?", [*keys]
    if status is not None:
        where += " AND status = ?"
        values.append(status)  # type: ignore[arg-type]
        if status in _QUEUES:  # says to SQLite that the small index is enough
            where += " AND status IN ('disputed', 'unread')"
    if flag is not None:
        where += " AND flags <> 0 AND (flags & ?) <> 0"
        values.append(maprows.flag_bit(flag))
    rows = view.execute(
        f"SELECT row FROM merged WHERE {where} ORDER BY key LIMIT ?",  # noqa: S608  constants
        (*values, limit),
    )
    return [row[0] for row in rows]


class StationRow(NamedTuple):
    """A station of a list, as `MergedTps` has it."""

    tps: str
    row: bytes
    claims: list[tuple[str, Claim]]


def list_waiting(  # noqa: PLR0913  the filters of one list
    view: View,
    election: str,
    contest: str,
    region: str,
    *,
    reason: ReadingReason,
    after: str = "",
    limit: int = 100,
) -> list[StationRow]:
    """The stations of a region of which a photograph waits for this reason, by code.

    Args:
        view: The snapshot.
        election: Of the map.
        contest: Of the rows.
        region: A code of at most 10 characters, "" for the nation; or a whole TPS.
        reason: Why it waits.
        after: Only codes above this one.
        limit: At most so many.

    Raises:
        FormatError: `after` is not the code of a station.
    """
    keys = _range(view, election, contest, region, after)
    if keys is None:
        return []
    rows = view.execute(
        "SELECT key, seq, row, slots FROM merged WHERE reading = ? AND reading <> 0"
        " AND key BETWEEN ? AND ? ORDER BY key LIMIT ?",
        (maprows.reading_place(reason), *keys, limit),
    ).fetchall()
    return _station_rows(view, election, rows)


def list_stations(  # noqa: PLR0913  the filters of one list
    view: View,
    election: str,
    contest: str,
    region: str,
    *,
    status: str | None = None,
    flag: str | None = None,
    after: str = "",
    limit: int = 10_000,
) -> list[StationRow]:
    """The stations of a district or village with what stands there, by code.

    Args:
        view: The snapshot.
        election: Of the map.
        contest: Of the rows.
        region: A code of at least 6 characters: more is too much to hold at once.
        status: Only rows with this status.
        flag: Only rows with this flag.
        after: Only codes above this one.
        limit: At most so many.

    Raises:
        FormatError: `after` is not the code of a station.
    """
    keys = _range(view, election, contest, region, after)
    if keys is None:
        return []
    where, values = "key BETWEEN ? AND ?", list[int | str](keys)
    if status is not None:
        where += " AND status = ?"
        values.append(status)
    if flag is not None:
        where += " AND flags <> 0 AND (flags & ?) <> 0"
        values.append(maprows.flag_bit(flag))
    rows = view.execute(
        f"SELECT key, seq, row, slots FROM merged WHERE {where} ORDER BY key LIMIT ?",  # noqa: S608  constants
        (*values, limit),
    ).fetchall()
    return _station_rows(view, election, rows)


def list_chosen(
    view: View, election: str, contest: str, codes: Sequence[str]
) -> list[StationRow]:
    """These stations with what stands there, by code; without those that are not.

    Args:
        view: The snapshot.
        election: Of the map.
        contest: Of the rows.
        codes: Of stations, a few hundred.
    """
    number = mapstate.find_election(view, election)
    if number is None or not codes:
        return []
    keys = [encode_key(number, contest, tps) for tps in codes]
    marks = ",".join("?" * len(keys))
    rows = view.execute(
        f"SELECT key, seq, row, slots FROM merged WHERE key IN ({marks}) ORDER BY key",  # noqa: S608  marks
        keys,
    ).fetchall()
    return _station_rows(view, election, rows)


def each_station(
    view: View, election: str, contest: str, region: str
) -> Iterator[StationRow]:
    """Every station of a region with what stands there, by code; one at a time."""
    origins = _origins(view, election)
    for held in _list_region(view, election, contest, region):
        claims = [(origins[slot.log_id], slot.claim) for slot in held.slots]
        yield StationRow(decode_key(held.key)[1], held.row, claims)


class PackedStation(NamedTuple):
    """A station whose claims are unpacked when they are asked for."""

    row: bytes
    slots: bytes

    def claims(self) -> list[Claim]:
        """The latest statement of each of its slots."""
        return [slot.claim for slot in unpack_slots(self.slots)]


def each_packed(
    view: View, election: str, contest: str, region: str
) -> Iterator[PackedStation]:
    """Every station of a region of which anything was said, by code."""
    keys = _range(view, election, contest, region)
    if keys is None:
        return
    rows = view.walk(
        "SELECT row, slots FROM merged WHERE key BETWEEN ? AND ? ORDER BY key", keys
    )
    for row in rows:
        yield PackedStation(*row)


def first_superseded(
    view: View, election: str, contest: str, region: str
) -> dict[tuple[str, str], int]:
    """The first replaced entry of each (origin, TPS) of a region that has any."""
    keys = _range(view, election, contest, region)
    if keys is None:
        return {}
    origins = _origins(view, election)
    rows = view.execute(
        "SELECT key, log_id, min(idx) FROM superseded WHERE key BETWEEN ? AND ?"
        " GROUP BY key, log_id",
        keys,
    )
    return {(origins[log_id], decode_key(key)[1]): index for key, log_id, index in rows}


def changed_regions(
    view: View, election: str, contest: str, since: int, length: int
) -> set[str]:
    """The regions, by codes of this length, with a row changed after number `since`."""
    number = mapstate.find_election(view, election)
    if number is None:
        return set()
    rows = view.execute(
        "SELECT key FROM merged WHERE seq > ? AND seq < ?",
        (maprows.pack_seq(number, since), maprows.pack_seq(number + 1, 0)),
    )
    places = (decode_key(key) for (key,) in rows)
    return {tps[:length] for name, tps in places if name == contest}


def _station_rows(
    view: View, election: str, rows: Iterable[Sequence[bytes | int]]
) -> list[StationRow]:
    origins = _origins(view, election) if rows else {}
    listed = []
    for columns in rows:
        held = maprows.held_row(columns)
        claims = [(origins[slot.log_id], slot.claim) for slot in held.slots]
        listed.append(StationRow(decode_key(held.key)[1], held.row, claims))
    return listed


def changes(
    view: View,
    election: str,
    since: int,
    limit: int = 1000,
    exclude_org: str | None = None,
) -> tuple[list[ChangedRow], int]:
    """The rows that changed after change number `since`, by number, and the next one.

    Args:
        view: The snapshot.
        election: Of the map.
        since: 0, or the second value of the call before.
        limit: At most so many rows are looked at.
        exclude_org: Leave out rows about which only this organisation has spoken.
            Where others have, its own change is given, too: who reads in pages would
            otherwise miss a partner's change that an own, later one has moved on.

    Returns:
        The rows; and the number to go on from: equal to `since` where all was seen.
    """
    number = mapstate.find_election(view, election)
    if number is None:
        return [], since
    rows = view.execute(
        "SELECT key, seq, row, slots FROM merged WHERE seq > ? AND seq < ?"
        " ORDER BY seq LIMIT ?",
        (maprows.pack_seq(number, since), maprows.pack_seq(number + 1, 0), limit),
    )
    rows_changed, last = [], since
    for columns in rows:
        held = maprows.held_row(columns)
        last = held.seq
        if any(slot.claim.org != exclude_org for slot in held.slots):
            rows_changed.append(ChangedRow(held.seq, *decode_key(held.key), held.row))
    return rows_changed, last


def map_digest(view: View, election: str) -> str:
    """The digest of the whole map: reads all of it, about 2 µs a row."""
    number = mapstate.find_election(view, election)
    if number is None:
        return digest_rows(())
    rows = view.walk(
        "SELECT row FROM merged WHERE key BETWEEN ? AND ? ORDER BY key",
        election_range(number),
    )
    return digest_rows(row[0] for row in rows)


def count_rows(view: View, election: str) -> int:
    """How many rows the map has, of stations and contests of which anything is said."""
    number = mapstate.find_election(view, election)
    if number is None:
        return 0
    row = view.execute(
        "SELECT count(*) FROM merged WHERE key BETWEEN ? AND ?", election_range(number)
    ).fetchone()
    return int(row[0])


def sum_region(view: View, election: str, contest: str, region: str) -> dict[str, int]:
    """A region's counters, summed now: for what the roll-up does not keep."""
    total: dict[str, int] = {}
    for held in _list_region(view, election, contest, region):
        _add(total, held)
    return {name: count for name, count in total.items() if count}


def sum_villages(
    view: View, election: str, contest: str, district: str
) -> dict[str, dict[str, int]]:
    """The counters of each village of a district that has any, by code."""
    totals: dict[str, dict[str, int]] = {}
    for held in _list_region(view, election, contest, district):
        _add(totals.setdefault(decode_key(held.key)[1][:_VILLAGE], {}), held)
    return {
        village: {name: count for name, count in total.items() if count}
        for village, total in totals.items()
    }


def _add(total: dict[str, int], held: StoredRow) -> None:
    """Add what a station counts to the counters of a region."""
    row, claims = decode_row(held.row), [slot.claim for slot in held.slots]
    for counters in (coverage.contribution(row), tally.contribution(row, claims)):
        for name, count in counters.items():
            total[name] = total.get(name, 0) + count


def _list_region(
    view: View, election: str, contest: str, region: str
) -> Iterator[StoredRow]:
    keys = _range(view, election, contest, region)
    if keys is None:
        return
    rows = view.walk(
        "SELECT key, seq, row, slots FROM merged WHERE key BETWEEN ? AND ?", keys
    )
    for row in rows:
        yield maprows.held_row(row)


def _range(
    view: View, election: str, contest: str, region: str, after: str = ""
) -> tuple[int, int] | None:
    """The first and the last key of a region, behind `after`; None: there is no map.

    Raises:
        FormatError: `after` is not the code of a station.
    """
    number = mapstate.find_election(view, election)
    if number is None:
        return None
    first, last = region_range(number, contest, region)
    if after:
        first = max(first, encode_key(number, contest, parse_tps(after)) + 1)
    return first, last


def _origins(view: View, election: str) -> dict[int, str]:
    rows = view.execute("SELECT id, origin FROM log WHERE election=?", (election,))
    return dict(rows.fetchall())
