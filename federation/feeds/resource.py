"""What a feed can be asked for: values, so that one thing more is no method more.

Rule: pure. Each thing has one path everywhere: below a node's address, in a folder of
plain files, in a bundle file (`<hex>` is the SHA-256 of the log's origin):

    .well-known/tps-federation       the about note of whoever hands it over
    logs                             the status vector
    <hex>/checkpoint  keys  about  fork  cosigned  pending  tile/…
    v1/elections                     what its maps rest on
    v1/maps/<election>               the map that it publishes: its digest and vector
    v1/basis/<hex sha256>            a profile or register that a map rests on
    blob/<hex sha256>                a photograph that a record names
    blobs/<hex>+<hex>+…              several of them in one answer (nodes only)

Source: docs/reference/protocol.md, "HTTP"
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from federation.errors import FormatError
from federation.feeds.shape import (
    JSON,
    NOTES,
    NOTES_OR_NONE,
    PHOTO,
    Shape,
    text_shape,
    tile_shape,
)
from federation.records.keystatement import parse_origin
from federation.records.readers import NOBODY, may_read
from federation.tlog.tile import MAX_LEAF_BYTES, WIDTH, Bundle, Tile, format_tile_path

#: How a copy is kept: until its ETag is another, for ever, or for moments only.
Caching = Literal["conditional", "immutable", "brief"]
#: What whoever hands something over says of how a copy of it is kept.
CACHE_CONTROL: Final[Mapping[Caching, str]] = {
    "conditional": "no-cache",
    "immutable": "public, max-age=31536000, immutable",
    "brief": "public, max-age=2",
}


class Resource(NamedTuple):
    """Something that a node hands over.

    Attributes:
        path: where it is, below whatever hands it over.
        max_bytes: it never has more.
        shape: what tells it from what others say in its place.
        cached: how a copy of it is kept.
        origin: whose log it belongs to; empty: to none.
        is_required: whether whoever has the log has it, too.
        is_packed: whether it may come as Zstandard.
        is_gated: whether partners may get what strangers do not, so that it is signed.
    """

    path: str
    max_bytes: int
    shape: Shape
    cached: Caching = "brief"
    origin: str = ""
    is_required: bool = False
    is_packed: bool = False
    is_gated: bool = False


# A node may say nothing of itself.
_ABOUT: Final = text_shape(b"{", member="org", may_be_empty=True)
_FORK: Final = text_shape(b"tps-federation/")
_MAP: Final = text_shape(b"{", member="digest")
# A profile, or the codes of a register.
_BASIS: Final = text_shape(b"{", *(b"%d" % digit for digit in range(10)))
_FRAMES: Final = text_shape(*(b"%x" % digit for digit in range(16)))
_MAX_ABOUT_BYTES: Final = 1 << 18
#: So many photographs are asked for at once at most, and so many bytes answered.
MAX_TOGETHER: Final = 32
MAX_TOGETHER_BYTES: Final = 32 << 20
#: What stands before each of them.
_MAX_HEAD_BYTES: Final = 80
# What `blobs/` holds at most.
_MAX_BLOB_BYTES: Final = 16 << 20

ABOUT: Final = Resource(".well-known/tps-federation", _MAX_ABOUT_BYTES, _ABOUT)
LOGS: Final = Resource(
    "logs",
    1 << 24,
    text_shape(b"{", member="logs"),
    cached="conditional",
    is_gated=True,
)
ELECTIONS: Final = Resource("v1/elections", 1 << 20, JSON)


def map_of(election: str) -> Resource:
    """The map that a node publishes: digest and vector; not signed."""
    return Resource(f"v1/maps/{election}", 1 << 20, _MAP)


def basis_of(digest: str) -> Resource:
    """The profile or register whose SHA-256 this is, in lower-case hex."""
    return Resource(f"v1/basis/{digest}", 1 << 26, _BASIS, cached="immutable")


def blob_of(digest: str) -> Resource:
    """The photograph whose SHA-256 this is, in lower-case hex; not for everybody."""
    path, most = f"blob/{digest}", _MAX_BLOB_BYTES
    return Resource(path, most, PHOTO, cached="immutable", is_gated=True)


def blobs_of(digests: Sequence[str], most: int) -> Resource:
    """Several photographs, at most `MAX_TOGETHER`, of at most `most` bytes in all."""
    most += len(digests) * _MAX_HEAD_BYTES
    return Resource(f"blobs/{'+'.join(digests)}", most, _FRAMES, is_gated=True)


#: What is named by the SHA-256 of its bytes, so that its name proves it.
BY_DIGEST: Final = (basis_of, blob_of)


def checkpoint_of(origin: str) -> Resource:
    """The note of a log's checkpoint, with cosignatures."""
    shape = text_shape(f"{origin}\n".encode())
    return _of_log(origin, "checkpoint", 1 << 16, shape, is_required=True)


def keys_of(origin: str) -> Resource:
    """A log's key statements, each with its uint16 length before it."""
    return _of_log(origin, "keys", 1 << 20, NOTES, is_required=True)


def about_of(origin: str) -> Resource:
    """The about note of the organisation behind a log, as relayed."""
    return _of_log(origin, "about", _MAX_ABOUT_BYTES, _ABOUT)


def fork_of(origin: str) -> Resource:
    """The evidence that an origin signed two histories."""
    return _of_log(origin, "fork", 1 << 18, _FORK)


def cosigned_of(origin: str) -> Resource:
    """Earlier checkpoints of a log that others cosigned, as `note.encode_notes`."""
    return _of_log(origin, "cosigned", 1 << 26, NOTES_OR_NONE)


def pending_of(origin: str) -> Resource:
    """Checkpoints of a log that it signed, and whose records have not come there."""
    return _of_log(origin, "pending", 1 << 17, NOTES)


def tile_of(origin: str, tile: Tile | Bundle, most: int | None = None) -> Resource:
    """A hash tile or bundle; of not more than `most` bytes."""
    max_bytes = max_bytes_of(tile)
    return Resource(
        path=log_path(origin, format_tile_path(tile)),
        max_bytes=max_bytes if most is None else min(most, max_bytes),
        shape=tile_shape(tile),
        cached=caching_of(tile),
        origin=origin,
        is_required=True,
        # Only full bundles are stored packed; a node never packs for a request.
        is_packed=isinstance(tile, Bundle) and tile.width == WIDTH,
        is_gated=_is_gated(origin),
    )


def log_path(origin: str, name: str) -> str:
    """Where something of a log is found: `keys`, `tile/0/000`, …."""
    return f"{hashlib.sha256(origin.encode()).hexdigest()}/{name}"


def max_bytes_of(tile: Tile | Bundle) -> int:
    """The most bytes that a tile or bundle of this width can have."""
    return tile.width * (32 if isinstance(tile, Tile) else 2 + MAX_LEAF_BYTES)


def caching_of(tile: Tile | Bundle) -> Caching:
    """How a copy of a tile is kept."""
    # A partial tile never changes either, but a cache that keeps it for a year keeps
    # 255 of them for every full one.
    return "immutable" if tile.width == WIDTH else "brief"


def _of_log(
    origin: str, name: str, max_bytes: int, shape: Shape, *, is_required: bool = False
) -> Resource:
    return Resource(
        log_path(origin, name),
        max_bytes,
        shape,
        origin=origin,
        is_required=is_required,
        is_gated=_is_gated(origin),
    )


@lru_cache(maxsize=4096)
def _is_gated(origin: str) -> bool:
    """Whether this log is not for everybody."""
    try:
        return not may_read(NOBODY, parse_origin(origin))
    except FormatError:
        return False
