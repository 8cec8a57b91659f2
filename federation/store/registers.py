"""The registers of elections, as they were last imported.

Rule: a register is replaced whole, in one transaction, or not at all; merging sees by
its digest that it has another one and makes the map anew. One row per village, with
its stations' numbers and voters packed (uint16 and int32, big-endian): 84,000 rows
instead of 823,000, and a look-up stays one read. Counts are kept per region, never
counted when asked.
"""

import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from federation.records.register import LEVELS, UNKNOWN_VOTERS, Register, Village
from federation.records.tps import TpsId
from federation.store import mapstate, rollup
from federation.store.engine import CHUNK
from federation.store.mapkey import decode_key, region_range
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE register (
            election TEXT PRIMARY KEY,
            digest TEXT NOT NULL,
            source TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE register_region (
            election TEXT NOT NULL,
            level INTEGER NOT NULL,
            region TEXT NOT NULL,
            stations INTEGER NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (election, level, region)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE register_village (
            election TEXT NOT NULL,
            village TEXT NOT NULL,
            numbers BLOB NOT NULL,
            voters BLOB NOT NULL,
            PRIMARY KEY (election, village)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        "0002-twice",
        write_twice("register", "election TEXT", "digest TEXT, source TEXT")
        + write_twice(
            "register_region",
            "election TEXT, level INTEGER, region TEXT",
            "stations INTEGER, name TEXT",
        )
        + write_twice(
            "register_village",
            "election TEXT, village TEXT",
            "numbers BLOB, voters BLOB",
        ),
    ),
)

_DISTRICT = 6  # the smallest region whose counters are kept
_SILENT = "status.missing"


class Missing(NamedTuple):
    """A station nobody has reported from; `voters` None where not known."""

    tps: TpsId
    voters: int | None


class RegisterSource(NamedTuple):
    """What a register is: its digest, where it came from, how many stations."""

    digest: str
    source: str
    stations: int


class RegisterLine(NamedTuple):
    """What the register of an election says of one station.

    Attributes:
        is_known: There is a register.
        in_register: It has the station.
        voters: How many that has (DPT); None: nothing is said of them.
    """

    is_known: bool
    in_register: bool
    voters: int | None


def save_register(tx: Transaction, register: Register, source: str) -> None:
    """Put `register` in the place of what the election had."""
    election = register.election
    for table in ("register", "register_region", "register_village"):
        tx.execute(f"DELETE FROM {table} WHERE election=?", (election,))  # noqa: S608  a constant
    tx.execute(
        "INSERT INTO register VALUES (?,?,?)", (election, register.digest(), source)
    )
    tx.executemany(
        "INSERT INTO register_village VALUES (?,?,?,?)",
        (
            (election, village.code, _pack(village.numbers), _pack(village.voters))
            for village in register.villages()
        ),
    )
    counts = register.count_regions()
    tx.executemany(
        "INSERT INTO register_region VALUES (?,?,?,?,?)",
        (
            (
                election,
                len(region),
                region,
                counts[region],
                register.names.get(region, ""),
            )
            for region in sorted(counts, key=lambda code: (len(code), code))
        ),
    )


def list_registers(view: View) -> list[tuple[str, str]]:
    """Every election that has a register, with its digest."""
    rows = view.execute("SELECT election, digest FROM register ORDER BY election")
    return rows.fetchall()


def read_source(view: View, election: str) -> RegisterSource | None:
    """What register the election has, if any."""
    row = view.execute(
        "SELECT digest, source FROM register WHERE election=?", (election,)
    ).fetchone()
    return RegisterSource(row[0], row[1], count(view, election)) if row else None


def register_digest(view: View, election: str) -> str:
    """The digest of the election's register; "" where there is none."""
    row = view.execute(
        "SELECT digest FROM register WHERE election=?", (election,)
    ).fetchone()
    return str(row[0]) if row else ""


def is_known(view: View, election: str) -> bool:
    """Whether the election has a register here."""
    return register_digest(view, election) != ""


def count(view: View, election: str, region: str = "") -> int:
    """How many stations of a region the register has; 0 without a register."""
    row = view.execute(
        "SELECT stations FROM register_region"
        " WHERE election=? AND level=? AND region=?",
        (election, len(region), region),
    ).fetchone()
    return int(row[0]) if row else 0


def count_each(view: View, election: str, codes: Collection[str]) -> dict[str, int]:
    """How many stations each of these regions has, of those that the register has."""
    counts: dict[str, int] = {}
    for level in sorted({len(code) for code in codes}):
        rows = view.select_among(
            "SELECT region, stations FROM register_region"
            " WHERE election=? AND level=? AND region IN ({marks})",
            election,
            level,
            among=sorted(code for code in codes if len(code) == level),
        )
        counts.update(rows)
    return counts


def names(view: View, election: str, codes: Collection[str]) -> dict[str, str]:
    """The names of these regions, of those that have one; by level, then by code."""
    rest = iter(sorted((len(code), code) for code in set(codes)))
    named: dict[str, str] = {}
    while chunk := list(islice(rest, CHUNK // 2)):
        marks = ",".join(["(?,?)"] * len(chunk))
        rows = view.execute(
            "SELECT region, name FROM register_region WHERE election=? AND name<>''"  # noqa: S608  marks
            f" AND (level, region) IN (VALUES {marks})",
            (election, *chain.from_iterable(chunk)),
        )
        # Here: for a handful SQLite's own sorting takes longer than to find them.
        named.update(sorted(rows, key=lambda row: (len(row[0]), row[0])))
    return named


def list_named(view: View, election: str) -> Iterator[tuple[str, str]]:
    """Every region of the register that has a name, by level, then by code."""
    rows = view.execute(
        "SELECT region, name FROM register_region WHERE election=? AND name<>''"
        " ORDER BY level, region",
        (election,),
    )
    yield from rows


def children(view: View, election: str, region: str) -> dict[str, str]:
    """The regions right below one, with their names ("" where not known), by code."""
    below = [level for level in LEVELS if level > len(region)]
    if not below:
        return {}
    rows = view.execute(
        "SELECT region, name FROM register_region"
        " WHERE election=? AND level=? AND region>=? AND region<? ORDER BY region",
        (election, below[0], region, region + "~"),
    )
    return dict(rows.fetchall())


def among(view: View, election: str, codes: Iterable[str]) -> set[str]:
    """Those of `codes` that the register has: one look-up per village."""
    by_village: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        by_village[code[:10]].append(code)
    known: set[str] = set()
    rows = view.select_among(
        "SELECT village, numbers FROM register_village"
        " WHERE election=? AND village IN ({marks})",
        election,
        among=sorted(by_village),
    )
    for village, numbers in rows:
        held = set(_unpack("H", numbers))
        known.update(c for c in by_village[village] if int(c[10:]) in held)
    return known


def has_region(view: View, election: str, region: str) -> bool:
    """Whether the register has a station in a region of two to ten characters."""
    row = view.execute(
        "SELECT 1 FROM register_village"
        " WHERE election=? AND village>=? AND village<? LIMIT 1",
        (election, region, region + "~"),
    ).fetchone()
    return row is not None


def look_up(view: View, election: str, tps: str) -> RegisterLine:
    """What the register says of one station."""
    # Whoever asks for all asks for those of a village one after another.
    village = view.keep(_find_village, election, tps[:10])
    number, at = int(tps[10:]), bisect_left(village.numbers, int(tps[10:]))
    if at == len(village.numbers) or village.numbers[at] != number:
        return RegisterLine(is_known(view, election), in_register=False, voters=None)
    told = village.voters[at]
    voters = None if told == UNKNOWN_VOTERS else told
    return RegisterLine(is_known=True, in_register=True, voters=voters)


def _find_village(view: View, election: str, code: str) -> Village:
    """The stations of a village; of one that the register has not, none."""
    row = view.execute(
        "SELECT numbers, voters FROM register_village WHERE election=? AND village=?",
        (election, code),
    ).fetchone()
    numbers, voters = row or (b"", b"")
    return Village(code, _unpack("H", numbers), _unpack("i", voters))


def voters_among(view: View, election: str, codes: Iterable[str]) -> dict[str, int]:
    """The same of those of `codes` of which it is known: one look-up per village."""
    asked = set(codes)
    rows = view.select_among(
        "SELECT village, numbers, voters FROM register_village"
        " WHERE election=? AND village IN ({marks})",
        election,
        among=sorted({code[:10] for code in asked}),
    )
    villages = (Village(v, _unpack("H", n), _unpack("i", held)) for v, n, held in rows)
    return {
        tps: voters
        for village in villages
        for tps, voters in zip(village.codes(), village.voters, strict=True)
        if tps in asked and voters != UNKNOWN_VOTERS
    }


def list_voters(view: View, election: str, region: str) -> dict[str, int]:
    """How many voters (DPT) each station of a region has, where the register says."""
    return {
        tps: voters
        for tps, voters in each_station(view, election, region)
        if voters is not None
    }


def each_station(
    view: View, election: str, region: str
) -> Iterator[tuple[TpsId, int | None]]:
    """Every station of a region with its voters (DPT), None: not known; by code."""
    for village in _list_villages(view, election, region, ""):
        for tps, voters in zip(village.codes(), village.voters, strict=True):
            yield tps, None if voters == UNKNOWN_VOTERS else voters


def list_missing(  # noqa: PLR0913  the filters of one list, all but three optional
    view: View,
    election: str,
    contest: str,
    region: str = "",
    after: str = "",
    limit: int = 100,
    *,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
) -> list[Missing]:
    """Stations of the register from which no monitor has a result, by code.

    Args:
        view: Of the database.
        election: Of the register.
        contest: Whose results are looked for.
        region: Within this region only.
        after: The last code of the page before.
        limit: How many at most.
        only: Regions that the contest is held in; none: everywhere.
        without: Regions that it is not held in.
    """
    held, spared = tuple(only) or ("",), tuple(without)
    silent: list[Missing] = []
    for part in _incomplete(view, election, contest, region, after):
        villages = [
            village
            for village in _list_villages(view, election, part, after[:10])
            if village.code.startswith(held)
            and not (spared and village.code.startswith(spared))
        ]
        if villages:
            silent += _missing_of(view, election, contest, villages, after)
        if len(silent) >= limit:
            break
    return silent[:limit]


def _missing_of(
    view: View, election: str, contest: str, villages: list[Village], after: str
) -> Iterator[Missing]:
    seen = _reported(view, election, contest, villages[0].code, villages[-1].code)
    for village in villages:
        for tps, voters in zip(village.codes(), village.voters, strict=True):
            if tps > after and tps not in seen:
                yield Missing(tps, None if voters == UNKNOWN_VOTERS else voters)


def _incomplete(
    view: View, election: str, contest: str, region: str, after: str
) -> Iterator[str]:
    """The districts of a region that can hold a missing station behind `after`.

    What the roll-up shows to be complete is passed over with all that is below it: a
    country with a handful of gaps is not read whole to find them.
    """
    if region < after[: len(region)]:
        return
    if len(region) > _DISTRICT:
        yield region
        return
    # The roll-up follows the register a few batches behind: until it does, look.
    basis = mapstate.read_basis(view, election)
    is_current = basis and basis.register == register_digest(view, election)
    if is_current and len(region) in rollup.LEVELS:
        counters = rollup.read_region(view, election, contest, region)
        names = (n for n in counters if n.startswith("status.") and n != _SILENT)
        if sum(counters[n] for n in names) >= count(view, election, region):
            return
    if len(region) == _DISTRICT:
        yield region
        return
    for child in children(view, election, region):
        yield from _incomplete(view, election, contest, child, after)


def list_codes(view: View, election: str, region: str = "") -> Iterator[TpsId]:
    """Every station of a region, sorted; read while it is walked."""
    for village in _list_villages(view, election, region, ""):
        yield from village.codes()


def _list_villages(
    view: View, election: str, region: str, start: str
) -> Iterator[Village]:
    rows = view.execute(
        "SELECT village, numbers, voters FROM register_village"
        " WHERE election=? AND village>=? AND village<? ORDER BY village",
        (election, max(region, start), region + "~"),
    )
    for village, numbers, held in rows:
        yield Village(village, _unpack("H", numbers), _unpack("i", held))


def _reported(
    view: View, election: str, contest: str, first: str, last: str
) -> set[str]:
    """The stations of villages `first` … `last` that a monitor has a result of."""
    number = mapstate.find_election(view, election)
    if number is None:
        return set()
    low, _ = region_range(number, contest, first)
    _, high = region_range(number, contest, last)
    rows = view.execute(
        "SELECT key FROM merged WHERE key BETWEEN ? AND ? AND status<>'missing'",
        (low, high),
    )
    return {decode_key(key)[1] for (key,) in rows}


def _pack(values: "array[int]") -> bytes:
    if sys.byteorder == "little":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()


def _unpack(typecode: str, data: bytes) -> "array[int]":
    values = array(typecode, data)
    if sys.byteorder == "little":
        values.byteswap()
    return values
