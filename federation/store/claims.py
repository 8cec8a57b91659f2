"""What the logs claim about stations: all that merging needs of a record.

Rule: written with the leaves, a row for each entry bundle whose leaves claim anything;
nothing here knows of the map, which follows behind its own cursor (`mapstate`). A row
is the value that was made where the bundle was verified (`records/claim.py`), packed as
its leaves are: it takes a third of the room, and less time to write. Where a log grows
or is judged again within a bundle, the row is made again from both. A row that cannot
be read is told as ours (`StoredError`): whoever hands in the next leaves of its bundle
is not to blame.

    claim_bundle    log_id, idx: of the bundle    body: packed claims, by index

Source: docs/adr/0055-claims-by-the-bundle.md
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

from federation.errors import FormatError, StoredError
from federation.records.claim import (
    Claim,
    ClaimPlace,
    EncodedClaims,
    count_digests,
    decode_claim,
    decode_claims,
    decode_places,
    list_indexes,
    put_together,
    split_claims,
)
from federation.store import evidence, recordindex
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.packing import pack, unpack
from federation.tlog.tile import WIDTH

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE claim (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    (
        # Bundle by bundle: grouped at once, SQLite would sort all rows first.
        "0005-by-bundle",
        """
        CREATE TABLE claim_bundle (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT;
        INSERT INTO claim_bundle (log_id, idx, body)
            SELECT log_id, number, (
                SELECT pack_claims(idx, body) FROM claim
                WHERE claim.log_id = numbered.log_id
                AND idx >= number * 256 AND idx < number * 256 + 256
            ) FROM (
                SELECT DISTINCT log_id, idx / 256 AS number FROM claim
            ) AS numbered;
        DROP TABLE claim;
        """,
    ),
)


class _PackClaims:
    """The aggregate that makes the row of a bundle of rows of one claim each."""

    def __init__(self) -> None:
        self._claims: dict[int, bytes] = {}

    def step(self, index: int, body: bytes) -> None:
        self._claims[index] = body

    def finalize(self) -> bytes:
        return pack(put_together(self._claims))


#: What the steps call that SQL has not, by name: of how many values.
AGGREGATES: Final = {"pack_claims": (2, _PackClaims)}

P = TypeVar("P", Claim, ClaimPlace)
T = TypeVar("T")

#: Claims are shorter than the leaves that they are of, but for a record's id and for
#: what a profile calls a candidate; leaves of a bundle are at most 16 MB.
MAX_BYTES: Final = 1 << 26

_PUT: Final = (
    "INSERT INTO claim_bundle (log_id, idx, body) VALUES (?,?,?)"
    " ON CONFLICT (log_id, idx) DO UPDATE SET body = excluded.body"
)


def save_claims(tx: Transaction, log_id: int, bundles: Iterable[EncodedClaims]) -> None:
    """Keep what an admission found; saying it twice changes nothing.

    Args:
        tx: The transaction that also appends the leaves.
        log_id: Of the log.
        bundles: `Admission.claims`.

    Raises:
        StoredError: what is held of a bundle is no claims.
    """
    for bundle, body in bundles:
        held = _split_held(tx, log_id, bundle)
        # As nearly always nothing is: then the value is kept as it came.
        every = put_together(held | split_claims(body)) if held else body
        tx.execute(_PUT, (log_id, bundle, pack(every)))


def has_claims(
    view: View, log_id: int, start: int, end: int, bundles: Iterable[EncodedClaims]
) -> bool:
    """Whether these are the claims of leaves [start, end), byte for byte.

    Raises:
        StoredError: what is held is no claims.
    """
    held, said = dict[int, bytes](), dict[int, bytes]()
    for bundle, body in _bodies(view, log_id, start, end):
        held |= _between(_read(split_claims, bundle, body), start, end)
    for _, body in bundles:
        said |= split_claims(body)
    return held == said


def replace_claims(
    tx: Transaction,
    log_id: int,
    start: int,
    end: int,
    bundles: Iterable[EncodedClaims],
) -> None:
    """Put these claims in the place of those of leaves [start, end).

    Raises:
        StoredError: what is held of a bundle that begins before `start`, or ends behind
            `end`, is no claims; where neither does, nothing that is held is read.
    """
    first, last = start // WIDTH, -(-end // WIDTH)
    edges = {at // WIDTH for at in (start, end) if at % WIDTH}
    outside = list[EncodedClaims]()
    for bundle in edges:
        held = _split_held(tx, log_id, bundle)
        kept = {at: one for at, one in held.items() if not start <= at < end}
        if kept:
            outside.append(EncodedClaims(bundle, put_together(kept)))
    tx.execute(
        "DELETE FROM claim_bundle WHERE log_id=? AND idx>=? AND idx<?",
        (log_id, first, last),
    )
    recordindex.forget_from(tx, log_id, start)
    evidence.forget_from(tx, log_id, start)
    save_claims(tx, log_id, outside)
    save_claims(tx, log_id, bundles)


def list_unclaimed(view: View, log_id: int, start: int, end: int) -> list[int]:
    """The indexes in [start, end) of leaves that claim nothing about a station.

    Raises:
        StoredError: what is held is no claims.
    """
    claimed = set[int]()
    for bundle, body in _bodies(view, log_id, start, end):
        claimed.update(_read(list_indexes, bundle, body))
    return [index for index in range(start, end) if index not in claimed]


def read_claim(view: View, log_id: int, index: int) -> Claim | None:
    """What the leaf at an index claims, if it claims anything.

    Raises:
        StoredError: what is held is no claims.
    """
    return dict(read_at(view, [(log_id, index)])).get((log_id, index))


def read_claims(
    view: View, log_id: int, start: int, end: int, limit: int
) -> list[Claim]:
    """The claims of leaves [start, end), by index, at most `limit` of them.

    Raises:
        StoredError: what is held is no claims.
    """
    return list(islice(_each(decode_claims, view, log_id, start, end), limit))


def read_places(
    view: View, log_id: int, start: int, end: int, limit: int
) -> list[ClaimPlace]:
    """Where those claims stand: the same with less of each.

    Raises:
        StoredError: what is held is no claims.
    """
    return list(islice(walk_places(view, log_id, start, end), limit))


def walk_places(view: View, log_id: int, start: int, end: int) -> Iterator[ClaimPlace]:
    """The same, of all of them, holding one bundle at a time.

    Raises:
        StoredError: what is held is no claims.
    """
    return _each(decode_places, view, log_id, start, end)


def read_at(
    view: View, places: Iterable[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], Claim]]:
    """The claims at these places, each a log and an index, with their places.

    In no order; each bundle is unpacked once, and only the claims of one are held.

    Raises:
        StoredError: what is held is no claims.
    """
    of_bundle = defaultdict[tuple[int, int], list[int]](list)
    for log_id, index in places:
        of_bundle[log_id, index // WIDTH].append(index)
    for (log_id, bundle), indexes in of_bundle.items():
        held = _split_held(view, log_id, bundle)
        for at in indexes:
            if at in held:
                yield (log_id, at), _read(decode_claim, bundle, held[at])


def read_with_files(
    view: View, log_id: int, start: int, end: int, limit: int
) -> tuple[list[Claim], int]:
    """The claims that have files of all the bundles that hold the next `limit` claims.

    Returns:
        Also the index behind those bundles, or `end`.

    Raises:
        StoredError: what is held is no claims.
    """
    found, seen = list[Claim](), 0
    for bundle, body in _bodies(view, log_id, start, end):
        if seen >= limit:
            return found, bundle * WIDTH
        count = len(_read(list_indexes, bundle, body))
        seen += count
        # In some logs nearly none has: not one claim of such a bundle is decoded.
        if count_digests(body) > count:
            found += [
                claim
                for claim in _read(decode_claims, bundle, body)
                if claim.files and start <= claim.index < end
            ]
    return found, end


def _each(
    decode: Callable[[bytes], list[P]], view: View, log_id: int, start: int, end: int
) -> Iterator[P]:
    """What the claims of leaves [start, end) are, or say, by index."""
    for bundle, body in _bodies(view, log_id, start, end):
        for one in _checked(bundle, _read(decode, bundle, body)):
            if start <= one.index < end:
                yield one


def _bodies(
    view: View, log_id: int, start: int, end: int
) -> Iterator[tuple[int, bytes]]:
    """What is held of the bundles of leaves [start, end), in their order, unpacked."""
    rows = view.walk(
        "SELECT idx, body FROM claim_bundle WHERE log_id=? AND idx>=? AND idx<?"
        " ORDER BY idx",
        (log_id, start // WIDTH, -(-end // WIDTH)),
    )
    for bundle, body in rows:
        yield bundle, _read(_unpack, bundle, body)


def _split_held(view: View, log_id: int, bundle: int) -> dict[int, bytes]:
    """What is held of one bundle, each claim by the index of its leaf."""
    row = view.execute(
        "SELECT body FROM claim_bundle WHERE log_id=? AND idx=?", (log_id, bundle)
    ).fetchone()
    if row is None:
        return {}
    return _read(split_claims, bundle, _read(_unpack, bundle, row[0]))


def _unpack(body: bytes) -> bytes:
    return unpack(body, MAX_BYTES)


def _read(decode: Callable[[bytes], T], bundle: int, held: bytes) -> T:
    """What `decode` makes of what is held of a bundle.

    Raises:
        StoredError: nothing.
    """
    try:
        return decode(held)
    except FormatError as error:
        told = {"index": bundle * WIDTH, "error": error.told}
        raise StoredError(Sentence("held.claims-damaged", **told)) from error


def _checked(bundle: int, found: list[P]) -> list[P]:
    """What was decoded of the row of a bundle, if it is of leaves of that bundle.

    Raises:
        StoredError: it is of others.
    """
    if any(one.index // WIDTH != bundle for one in (*found[:1], *found[-1:])):
        raise StoredError(Sentence("held.claims-of-others", index=bundle * WIDTH))
    return found


def _between(claims: dict[int, bytes], start: int, end: int) -> dict[int, bytes]:
    return {at: one for at, one in claims.items() if start <= at < end}
