"""Counters of each region, kept while the map changes.

Rule: a region's counters are the sum of its stations' contributions (coverage and
tally), kept for the nation, provinces, kabupaten and kecamatan; below that they are
summed when read (`mapreading.sum_region`). A batch adds its differences once per
region, in the transaction that moves the cursor. Which names there are is not known.
"""

from collections.abc import Iterable, Mapping

import msgspec

from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE rollup (
            election TEXT NOT NULL,
            contest TEXT NOT NULL,
            region TEXT NOT NULL,
            counters BLOB NOT NULL,
            PRIMARY KEY (election, contest, region)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)

LEVELS = (0, 2, 4, 6)  # how long the codes of the kept regions are
_CHILD = {0: 2, 2: 4, 4: 6}

_encode = msgspec.msgpack.Encoder(order="sorted").encode
_decode = msgspec.msgpack.Decoder(dict[str, int]).decode


def add(
    tx: Transaction,
    election: str,
    contest: str,
    deltas: Mapping[str, Mapping[str, int]],
) -> None:
    """Add the differences of a batch to the counters of these regions.

    Args:
        tx: The transaction.
        election: Of the contest.
        contest: Of the counters.
        deltas: By region code ("" the nation), then by counter.
    """
    rows = []
    held = _read_regions(tx, election, contest, deltas)
    for region, changes in deltas.items():
        counters = held.get(region, {})
        for name, change in changes.items():
            counters[name] = counters.get(name, 0) + change
        kept = {name: count for name, count in counters.items() if count}
        rows.append((election, contest, region, _encode(kept)))
    tx.executemany(
        "INSERT INTO rollup (election, contest, region, counters) VALUES (?,?,?,?)"
        " ON CONFLICT (election, contest, region)"
        " DO UPDATE SET counters = excluded.counters",
        rows,
    )


def _read_regions(
    view: View, election: str, contest: str, regions: Iterable[str]
) -> dict[str, dict[str, int]]:
    rows = view.select_among(
        "SELECT region, counters FROM rollup WHERE election=? AND contest=?"
        " AND region IN ({marks})",
        election,
        contest,
        among=regions,
    )
    return {region: _decode(counters) for region, counters in rows}


def read_region(view: View, election: str, contest: str, region: str) -> dict[str, int]:
    """The counters of a region of at most six digits; none, where nothing is known."""
    assert len(region) in LEVELS, "summed when read: see mapreading.sum_region"
    row = view.execute(
        "SELECT counters FROM rollup WHERE election=? AND contest=? AND region=?",
        (election, contest, region),
    ).fetchone()
    return {} if row is None else _decode(row[0])


def list_children(
    view: View, election: str, contest: str, region: str
) -> dict[str, dict[str, int]]:
    """The counters of the regions right below one of at most four digits, by code."""
    # A region stands before all that lies within it, so the next one behind them is the
    # next child: a look-up each, where to read all in between would be 7,000 rows.
    children: dict[str, dict[str, int]] = {}
    behind, end = region, region + "~"
    while row := view.execute(
        "SELECT region, counters FROM rollup WHERE election=? AND contest=?"
        " AND region>? AND region<? ORDER BY region LIMIT 1",
        (election, contest, behind, end),
    ).fetchone():
        code = row[0][: _CHILD[len(region)]]
        # Whoever damages the database may leave what lies within without its own row.
        if code == row[0]:
            children[code] = _decode(row[1])
        behind = code + "~"
    return children


def list_regions(
    view: View, election: str
) -> Iterable[tuple[str, str, dict[str, int]]]:
    """Every kept (contest, region, counters), sorted: for whoever checks them all."""
    rows = view.execute(
        "SELECT contest, region, counters FROM rollup WHERE election=?"
        " ORDER BY contest, region",
        (election,),
    )
    for contest, region, counters in rows:
        yield contest, region, _decode(counters)


def clear(tx: Transaction, election: str) -> None:
    """Forget the counters of an election: they will be made again from the map."""
    tx.execute("DELETE FROM rollup WHERE election=?", (election,))
