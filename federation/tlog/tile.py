"""Tiles: a log as static files of 256 hashes and bundles of 256 leaves.

Rule: which tiles a tree of some size has, what they are called and how their bytes
read; fetching and storing is for others. A hash tile at level L holds the nodes of
tree level 8 * L. Only full tiles hash upwards; a tile of width 0 does not exist.

    tile/0/x001/x234/067        256 hashes: 8,192 bytes
    tile/1/000.p/17             the first 17 of them: 544 bytes
    tile/entries/x001/234       256 leaves, each: uint16 big-endian length, bytes

Source: C2SP tlog-tiles v0.1
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from federation.errors import FormatError, NotFoundError
from federation.text import Sentence
from federation.tlog.merkle import HashReader, root_of

HEIGHT: Final = 8
WIDTH: Final = 256
MAX_LEAF_BYTES: Final = 65535

_MAX_LEVEL: Final = 63
_MAX_PATH_CHARS: Final = 60
# [0-9], never \d: that takes digits of every script.
_PATH: Final = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,4}[0-9]{3})(?:\.p/([0-9]{1,3}))?"
)


class Tile(NamedTuple):
    """`width` hashes of the nodes from `index` * 256 on, at tree level 8 * `level`."""

    level: int
    index: int  # type: ignore[assignment]  # the field's name; tuple.index is unused
    width: int


class Bundle(NamedTuple):
    """`width` leaves from `index` * 256 on."""

    index: int  # type: ignore[assignment]  # the field's name; tuple.index is unused
    width: int


def format_tile_path(tile: Tile | Bundle) -> str:
    """The path of a tile or bundle below the log's address."""
    level = tile.level if isinstance(tile, Tile) else "entries"
    number = f"{tile.index % 1000:03d}"
    rest = tile.index // 1000
    while rest:
        number = f"x{rest % 1000:03d}/{number}"
        rest //= 1000
    partial = "" if tile.width == WIDTH else f".p/{tile.width}"
    return f"tile/{level}/{number}{partial}"


def parse_tile_path(path: str) -> Tile | Bundle:
    """The tile or bundle that a path names.

    Raises:
        FormatError: not the one path of any tile.
    """
    # Checked before the expression sees it: the length comes from outside.
    match = _PATH.fullmatch(path) if len(path) <= _MAX_PATH_CHARS else None
    if match is None:
        raise FormatError(Sentence("protocol.no-tile-path"))
    kind, number, partial = match.groups()
    index = int(number.replace("x", "").replace("/", ""))
    width = WIDTH if partial is None else int(partial)
    tile: Tile | Bundle
    if kind == "entries":
        tile = Bundle(index, width)
    else:
        tile = Tile(int(kind), index, width)
        if tile.level > _MAX_LEVEL:
            raise FormatError(Sentence("protocol.tile-level", level=tile.level))
    if not 0 < width <= WIDTH or format_tile_path(tile) != path:
        raise FormatError(Sentence("protocol.tile-path-form"))
    return tile


def tile_at(level: int, index: int, size: int) -> Tile:
    """The hash tile as it is in a tree of `size`.

    Raises:
        NotFoundError: a tree of this size has no such tile.
    """
    width = min(WIDTH, (size >> HEIGHT * level) - index * WIDTH)
    if width <= 0 or index < 0:
        raise NotFoundError(
            Sentence("protocol.no-tile-in-tree", level=level, index=index, size=size)
        )
    return Tile(level, index, width)


def tiles_of(size: int) -> list[Tile]:
    """The partial tiles of a tree of `size`, lowest level first.

    Together they hold all that its root is computed from.
    """
    tiles = []
    level = 0
    while size:
        if size % WIDTH:
            tiles.append(Tile(level, size // WIDTH, size % WIDTH))
        size >>= HEIGHT
        level += 1
    return tiles


def new_tiles(old_size: int, new_size: int) -> list[Tile]:
    """The hash tiles of `new_size` that are not, or not as wide, in `old_size`.

    Returns:
        By level, then index: full tiles, and at most one partial one at each level.
    """
    tiles = []
    level, old, new = 0, old_size, new_size
    while old < new:
        tiles += [
            Tile(level, index, min(WIDTH, new - index * WIDTH))
            for index in range(old // WIDTH, -(-new // WIDTH))
        ]
        level, old, new = level + 1, old >> HEIGHT, new >> HEIGHT
    return tiles


def bundles_of(start: int, end: int) -> list[Bundle]:
    """The bundles, as in a tree of size `end`, that hold the leaves [start, end)."""
    if start >= end:
        return []
    return [
        Bundle(index, min(WIDTH, end - index * WIDTH))
        for index in range(start // WIDTH, -(-end // WIDTH))
    ]


def encode_bundle(leaves: Sequence[bytes]) -> bytes:
    """The bytes of a bundle.

    Raises:
        FormatError: not 1 to 256 leaves, or one longer than 65,535 bytes.
    """
    if not 0 < len(leaves) <= WIDTH:
        raise FormatError(Sentence("protocol.bundle-leaves", count=len(leaves)))
    try:
        lengths = [len(leaf).to_bytes(2, "big") for leaf in leaves]
    except OverflowError:
        raise FormatError(Sentence("protocol.leaf-too-large")) from None
    return b"".join(chain.from_iterable(zip(lengths, leaves, strict=True)))


def decode_bundle(data: bytes, width: int | None = None) -> list[bytes]:
    """The leaves of a bundle.

    Args:
        data: All of it and nothing more.
        width: How many leaves it must have; 1 to 256 where not given.

    Raises:
        FormatError: another number of leaves, or one that is cut off.
    """
    leaves = list[bytes]()
    at, end = 0, len(data)
    most = WIDTH if width is None else width
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > end:
            raise FormatError(
                Sentence("protocol.bundle-cut-off"),
                f"leaf {len(leaves)}",
                cause="cut-off",
            )
        # Counted before it is kept: 65,535 bytes of zeros are 32,767 empty leaves.
        if len(leaves) == most:
            raise FormatError(Sentence("protocol.bundle-too-many", most=most))
        leaves.append(data[start:at])
    if not leaves or len(leaves) != (width or len(leaves)):
        raise FormatError(
            Sentence("protocol.bundle-other-width", count=len(leaves), width=width)
        )
    return leaves


def split_hashes(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile of this width.

    Raises:
        FormatError: the bytes are not `width` times 32.
    """
    if len(data) != 32 * width:
        raise FormatError(
            Sentence("protocol.tile-width", width=width, bytes=32 * width)
        )
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def tile_root(hashes: bytes) -> bytes:
    """The root over the hashes of a tile: of a full one, the hash above it."""
    return root_of(split_hashes(hashes, len(hashes) // 32))


def tiles_over(hashes: Iterable[bytes], level: int = 0) -> Iterator[tuple[Tile, bytes]]:
    """The tiles of a tree and their bytes, from its hashes: each as soon as it is full.

    Memory stays at one tile of each level.

    Args:
        hashes: All hashes of the tiles of `level`, in order; at level 0 of the leaves.
        level: The lowest level that is wanted.

    Yields:
        Full tiles, a lower one before the one above it; then the partial ones, of each
        level at most one, the lowest first.
    """
    rows, full = list[list[bytes]](), list[int]()
    for lowest in hashes:
        node, above = lowest, 0
        while True:
            if above == len(rows):
                rows.append([])
                full.append(0)
            row = rows[above]
            row.append(node)
            if len(row) < WIDTH:
                break
            yield Tile(level + above, full[above], WIDTH), b"".join(row)
            node = root_of(row)
            rows[above] = []
            full[above] += 1
            above += 1
    for above, row in enumerate(rows):
        if row:
            yield Tile(level + above, full[above], len(row)), b"".join(row)


def hash_reader(read_tile: Callable[[Tile], bytes], size: int) -> HashReader:
    """What reads the nodes of a tree of `size` out of its tiles.

    Args:
        read_tile: The bytes of a tile, exactly as wide as asked for.
        size: Of the tree. Nodes that it does not have raise `NotFoundError`.

    Returns:
        A reader that remembers a few tiles, for one proof or one walk.
    """

    @lru_cache(maxsize=32)
    def hashes_of(level: int, index: int) -> list[bytes]:
        tile = tile_at(level, index, size)
        return split_hashes(read_tile(tile), tile.width)

    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        hashes = hashes_of(tile_level, first // WIDTH)
        at = first % WIDTH
        if at + (1 << height) > len(hashes):
            raise NotFoundError(
                Sentence("protocol.no-node", level=level, index=index, size=size)
            )
        return root_of(hashes[at : at + (1 << height)])

    return read
