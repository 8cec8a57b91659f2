"""The bytes of every log: bundles of 256 leaves and tiles of 256 hashes, a row each.

Rule: this module knows indexes and widths, not origins or signatures. The last row of
each kind is partial and grows; a full bundle is stored packed (`tlog/packing.py`), as
it is sent. Sizes are never counted: they stand in `logs`. What is handed to others
(`read_tile`, `read_bundle`, `read_packed`) ends at the visible size of the log, all
else where leaves are stored.

Source: C2SP tlog-tiles v0.1
"""

from collections.abc import Iterator, Sequence

from federation.errors import FormatError, NotFoundError, StoredError
from federation.records.sealed import Sealed, reopen_leaf
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.merkle import Frontier, HashReader
from federation.tlog.packing import pack, unpack
from federation.tlog.tile import (
    HEIGHT,
    MAX_LEAF_BYTES,
    WIDTH,
    Bundle,
    Tile,
    decode_bundle,
    encode_bundle,
    hash_reader,
    tile_root,
)

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE bundle (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            width INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT;
        CREATE TABLE tile (
            log_id INTEGER NOT NULL,
            level INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (log_id, level, idx)
        ) STRICT;
        """,
    ),
)

HASH_BYTES = 32
MAX_BUNDLE_BYTES = WIDTH * (2 + MAX_LEAF_BYTES)

_PUT_BUNDLE = (
    "INSERT INTO bundle (log_id, idx, width, body) VALUES (?,?,?,?)"
    " ON CONFLICT (log_id, idx) DO UPDATE SET width = excluded.width,"
    " body = excluded.body"
)
_PUT_TILE = (
    "INSERT INTO tile (log_id, level, idx, body) VALUES (?,?,?,?)"
    " ON CONFLICT (log_id, level, idx) DO UPDATE SET body = excluded.body"
)


def append(
    tx: Transaction,
    log_id: int,
    start: int,
    leaves: Sequence[bytes],
    leaf_hashes: Sequence[bytes],
) -> int:
    """Store `leaves` from index `start` on, and every hash above them.

    Returns:
        How many bytes the bundles take that are full now.

    Raises:
        FormatError: a leaf of more than 65,535 bytes.
    """
    assert len(leaves) == len(leaf_hashes), "a hash for each leaf"
    size = _append_bundles(tx, log_id, start, leaves)
    append_hashes(tx, log_id, start, leaf_hashes)
    return size


def append_hashes(
    tx: Transaction, log_id: int, start: int, leaf_hashes: Sequence[bytes]
) -> None:
    """Store the hashes of leaves from index `start` on, and every hash above them."""
    level, hashes = 0, b"".join(leaf_hashes)
    while hashes:
        hashes = _append_hashes(tx, log_id, level, start, hashes)
        level, start = level + 1, start >> HEIGHT


def _append_bundles(
    tx: Transaction, log_id: int, start: int, leaves: Sequence[bytes]
) -> int:
    first, filled = divmod(start, WIDTH)
    edge = bundle_bytes(tx, log_id, Bundle(first, filled)) if filled else b""
    at = size = 0
    while at < len(leaves):
        part = leaves[at : at + WIDTH - filled]
        at += len(part)
        width = filled + len(part)
        body = edge + encode_bundle(part)
        if width == WIDTH:
            body = pack(body)
            size += len(body)
        # Each by itself: together they would be held twice, and may be 16 MB each.
        tx.execute(_PUT_BUNDLE, (log_id, first, width, body))
        first, filled, edge = first + 1, 0, b""
    return size


def _append_hashes(
    tx: Transaction, log_id: int, level: int, start: int, hashes: bytes
) -> bytes:
    """Store hashes from position `start` of a level; the roots of tiles now full."""
    index, filled = divmod(start, WIDTH)
    if filled:
        hashes = tile_bytes(tx, log_id, Tile(level, index, filled)) + hashes
    step = WIDTH * HASH_BYTES
    bodies = [hashes[at : at + step] for at in range(0, len(hashes), step)]
    tx.executemany(
        _PUT_TILE, [(log_id, level, index + n, body) for n, body in enumerate(bodies)]
    )
    return b"".join(tile_root(body) for body in bodies if len(body) == step)


def drop_above(tx: Transaction, log_id: int, size: int) -> None:
    """Forget every leaf from index `size` on, and the hashes above them."""
    index, filled = divmod(size, WIDTH)
    if filled:
        body = bundle_bytes(tx, log_id, Bundle(index, filled))
        tx.execute(_PUT_BUNDLE, (log_id, index, filled, body))
    tx.execute(
        "DELETE FROM bundle WHERE log_id = ? AND idx >= ?",
        (log_id, index + bool(filled)),
    )
    levels = tx.execute(
        "SELECT max(level) FROM tile WHERE log_id = ?", (log_id,)
    ).fetchone()[0]
    for level in range(0 if levels is None else levels + 1):
        index, filled = divmod(size >> HEIGHT * level, WIDTH)
        if filled:
            body = tile_bytes(tx, log_id, Tile(level, index, filled))
            tx.execute(_PUT_TILE, (log_id, level, index, body))
        tx.execute(
            "DELETE FROM tile WHERE log_id = ? AND level = ? AND idx >= ?",
            (log_id, level, index + bool(filled)),
        )


def tile_bytes(view: View, log_id: int, tile: Tile) -> bytes:
    """The first `width` hashes of a stored tile.

    Raises:
        NotFoundError: it is not stored, or not that wide.
    """
    row = view.execute(
        "SELECT body FROM tile WHERE log_id = ? AND level = ? AND idx = ?",
        (log_id, tile.level, tile.index),
    ).fetchone()
    if row is None or len(row[0]) < tile.width * HASH_BYTES:
        raise NotFoundError(
            Sentence(
                "held.no-tile", level=tile.level, index=tile.index, width=tile.width
            )
        )
    body: bytes = row[0]
    return body[: tile.width * HASH_BYTES]


def bundle_bytes(view: View, log_id: int, bundle: Bundle) -> bytes:
    """The first `width` leaves of a stored bundle, as bytes.

    Raises:
        NotFoundError: it is not stored, or not that wide.
        StoredError: it is damaged.
    """
    row = view.execute(
        "SELECT width, body FROM bundle WHERE log_id = ? AND idx = ?",
        (log_id, bundle.index),
    ).fetchone()
    if row is None or row[0] < bundle.width:
        raise NotFoundError(
            Sentence("held.no-bundle", index=bundle.index, width=bundle.width)
        )
    body = _unpacked(row[0], row[1])
    if row[0] == bundle.width:
        return body
    at = 0
    for _ in range(bundle.width):
        at += 2 + int.from_bytes(body[at : at + 2], "big")
    return body[:at]


def _unpacked(width: int, body: bytes) -> bytes:
    if width != WIDTH:
        return body
    try:
        return unpack(body, MAX_BUNDLE_BYTES)
    except FormatError as error:
        raise StoredError(Sentence("held.stored-bundle", error=error.told)) from error


def bundles(view: View, log_id: int, start: int, end: int) -> Iterator[list[bytes]]:
    """The leaves [start, end), a bundle at a time: memory stays flat.

    Raises:
        NotFoundError: a bundle is missing or too short.
        StoredError: a stored bundle is damaged.
    """
    for index in range(start // WIDTH, -(-end // WIDTH)):
        width = min(WIDTH, end - index * WIDTH)
        body = bundle_bytes(view, log_id, Bundle(index, width))
        try:
            leaves = decode_bundle(body, width)
        except FormatError as error:
            raise StoredError(
                Sentence("held.stored-bundle", error=error.told), f"bundle {index}"
            ) from error
        yield leaves[max(0, start - index * WIDTH) :]


def list_bundles(view: View, log_id: int) -> Iterator[tuple[int, int, bytes]]:
    """Every stored bundle as (index, width, bytes), by index: for `doctor`.

    Raises:
        StoredError: a bundle is damaged.
    """
    rows = view.walk(
        "SELECT idx, width, body FROM bundle WHERE log_id = ? ORDER BY idx", (log_id,)
    )
    for index, width, body in rows:
        yield index, width, _unpacked(width, body)


def stored_tile(view: View, log_id: int, level: int, index: int) -> bytes:
    """The bytes of a tile as it is stored, of any width; none where it is not."""
    row = view.execute(
        "SELECT body FROM tile WHERE log_id = ? AND level = ? AND idx = ?",
        (log_id, level, index),
    ).fetchone()
    return b"" if row is None else row[0]


def count_tiles(view: View, log_id: int) -> int:
    """How many tiles are stored: counts them, for `doctor` only."""
    row = view.execute(
        "SELECT count(*) FROM tile WHERE log_id = ?", (log_id,)
    ).fetchone()
    return int(row[0])


def reader(view: View, log_id: int, size: int) -> HashReader:
    """What reads the nodes of the stored tree of `size`."""
    return hash_reader(lambda tile: tile_bytes(view, log_id, tile), size)


def frontier(view: View, log_id: int, size: int) -> Frontier:
    """The compact range over the first `size` leaves that are stored.

    Raises:
        NotFoundError: fewer are stored.
    """
    read = reader(view, log_id, size)
    peaks = []
    at = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            peaks.append(read(level, at >> level))
            at += 1 << level
    return Frontier(size, peaks)


def edge_hashes(view: View, log_id: int, size: int) -> list[bytes]:
    """The hashes of the leaves of the partial tile at the edge of `size`.

    Raises:
        NotFoundError: fewer are stored.
    """
    index, width = divmod(size, WIDTH)
    if not width:
        return []
    body = tile_bytes(view, log_id, Tile(0, index, width))
    return [body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)]


def read_tile(view: View, log_id: int, tile: Tile) -> bytes:
    """The bytes of a tile, as wide as asked for.

    Raises:
        NotFoundError: the visible tree has no such tile.
    """
    visible = _visible(view, log_id) >> HEIGHT * tile.level
    if visible < tile.index * WIDTH + tile.width:
        raise NotFoundError(
            Sentence(
                "held.no-partial-tile",
                level=tile.level,
                index=tile.index,
                width=tile.width,
            )
        )
    return tile_bytes(view, log_id, tile)


def read_bundle(view: View, log_id: int, bundle: Bundle) -> bytes:
    """The bytes of a bundle, as wide as asked for.

    Raises:
        NotFoundError: the visible tree has no such bundle.
    """
    _check_visible(view, log_id, bundle)
    return bundle_bytes(view, log_id, bundle)


def read_packed(view: View, log_id: int, index: int) -> bytes:
    """A full, visible bundle in the form in which it is stored and sent.

    Raises:
        NotFoundError: it is not there, not full, or not visible.
    """
    _check_visible(view, log_id, Bundle(index, WIDTH))
    row = view.execute(
        "SELECT body FROM bundle WHERE log_id = ? AND idx = ? AND width = ?",
        (log_id, index, WIDTH),
    ).fetchone()
    if row is None:
        raise NotFoundError(Sentence("held.no-full-bundle", index=index))
    body: bytes = row[0]
    return body


def read_leaf(view: View, log_id: int, index: int) -> bytes:
    """The stored leaf at `index`.

    Raises:
        NotFoundError: none is stored there.
    """
    bundle, at = divmod(index, WIDTH)
    body = bundle_bytes(view, log_id, Bundle(bundle, at + 1))
    try:
        return decode_bundle(body, at + 1)[at]
    except FormatError as error:
        raise StoredError(
            Sentence("held.stored-bundle", error=error.told), f"bundle {bundle}"
        ) from error


def read_record(view: View, log_id: int, index: int) -> Sealed:
    """The record in the leaf at `index`: verified, or quarantined, when it was stored.

    Raises:
        NotFoundError: none is stored there.
        FormatError: not a leaf, or not canonical.
        RecordError: it breaks a rule of its type, or has none.
    """
    return reopen_leaf(read_leaf(view, log_id, index), index)


def read_leaves(view: View, log_id: int, start: int, end: int) -> list[bytes]:
    """The stored leaves [start, end).

    Raises:
        NotFoundError: fewer are stored.
    """
    return [leaf for bundle in bundles(view, log_id, start, end) for leaf in bundle]


def _check_visible(view: View, log_id: int, bundle: Bundle) -> None:
    if _visible(view, log_id) < bundle.index * WIDTH + bundle.width:
        raise NotFoundError(
            Sentence("held.no-partial-bundle", index=bundle.index, width=bundle.width)
        )


def _visible(view: View, log_id: int) -> int:
    row = view.execute("SELECT size FROM log WHERE id = ?", (log_id,)).fetchone()
    if row is None:
        raise NotFoundError(Sentence("held.no-log", log=log_id))
    size: int = row[0]
    return size
