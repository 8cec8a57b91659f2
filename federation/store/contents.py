"""What a log holds, for those who ask: tiles, bundles, leaves.

Rule: what is handed to others (`read_tile`, `read_bundle`, `read_packed`) ends at the
visible size of the log; what this node reads for itself (`read_leaf`, `read_leaves`,
`frontier`) ends where leaves are stored.
"""

from federation.errors import FormatError, NotFoundError, StoredError
from federation.store import leaves
from federation.store.db import View
from federation.tlog.merkle import Frontier
from federation.tlog.tile import HEIGHT, WIDTH, Bundle, Tile, decode_bundle


def frontier(view: View, log_id: int, size: int) -> Frontier:
    """The compact range over the first `size` leaves that are stored.

    Raises:
        NotFoundError: fewer are stored.
    """
    return leaves.frontier(view, log_id, size)


def edge_hashes(view: View, log_id: int, size: int) -> list[bytes]:
    """The hashes of the leaves of the partial tile at the edge of `size`.

    Raises:
        NotFoundError: fewer are stored.
    """
    index, width = divmod(size, WIDTH)
    if not width:
        return []
    body = leaves.tile_bytes(view, log_id, Tile(0, index, width))
    return [body[at : at + 32] for at in range(0, len(body), 32)]


def read_tile(view: View, log_id: int, tile: Tile) -> bytes:
    """The bytes of a tile, as wide as asked for.

    Raises:
        NotFoundError: the visible tree has no such tile.
    """
    visible = _visible(view, log_id) >> HEIGHT * tile.level
    if visible < tile.index * WIDTH + tile.width:
        raise NotFoundError(f"no tile {tile.level}/{tile.index}.p/{tile.width}")
    return leaves.tile_bytes(view, log_id, tile)


def read_bundle(view: View, log_id: int, bundle: Bundle) -> bytes:
    """The bytes of a bundle, as wide as asked for.

    Raises:
        NotFoundError: the visible tree has no such bundle.
    """
    _check_visible(view, log_id, bundle)
    return leaves.bundle_bytes(view, log_id, bundle)


def read_packed(view: View, log_id: int, index: int) -> bytes:
    """A full, visible bundle in the form in which it is stored and sent.

    Raises:
        NotFoundError: it is not there, not full, or not visible.
    """
    _check_visible(view, log_id, Bundle(index, WIDTH))
    return leaves.packed_bundle(view, log_id, index)


def read_leaf(view: View, log_id: int, index: int) -> bytes:
    """The stored leaf at `index`.

    Raises:
        NotFoundError: none is stored there.
    """
    bundle, at = divmod(index, WIDTH)
    body = leaves.bundle_bytes(view, log_id, Bundle(bundle, at + 1))
    try:
        return decode_bundle(body, at + 1)[at]
    except FormatError as error:
        raise StoredError(f"a stored bundle: {error}", f"bundle {bundle}") from error


def read_leaves(view: View, log_id: int, start: int, end: int) -> list[bytes]:
    """The stored leaves [start, end).

    Raises:
        NotFoundError: fewer are stored.
    """
    return [
        leaf for bundle in leaves.bundles(view, log_id, start, end) for leaf in bundle
    ]


def _check_visible(view: View, log_id: int, bundle: Bundle) -> None:
    if _visible(view, log_id) < bundle.index * WIDTH + bundle.width:
        raise NotFoundError(f"no bundle {bundle.index}.p/{bundle.width}")


def _visible(view: View, log_id: int) -> int:
    row = view.execute("SELECT size FROM log WHERE id = ?", (log_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"no log {log_id}")
    size: int = row[0]
    return size
