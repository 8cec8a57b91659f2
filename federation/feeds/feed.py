"""A feed: whatever can hand over a node's logs, and the status vector it begins with.

Rule: a feed carries bytes and vouches for nothing; whoever takes them verifies them.
Every failure to deliver is a `PeerError`. No network here: HTTP, a folder, a bundle
file and the fake of the tests all stand behind this one Protocol.

What is fetched has one name everywhere: below a node's address, in a folder of plain
files, in a bundle file (`<hex>` is the SHA-256 of the log's origin):

    .well-known/tps-federation       the about note of whoever hands it over
    logs                             the status vector
    <hex>/checkpoint  keys  about  fork  cosigned  tile/…
    v1/elections                     what its maps rest on
    v1/maps/<election>               the map that it publishes: its digest and vector
    v1/basis/<hex sha256>            a profile or register that a map rests on

The status vector, one line of canonical JSON (members sorted, no white space), its
rows sorted by origin, each origin once:

    {"logs":[{"about":"<64 hex>","checkpoint":"<note>","keys":"<64 hex>","origin":"…"}]}

`about` and `keys` are the SHA-256 of what `log_about` and `keys` hand over, `about`
is 64 zeros where there is none; the note is the checkpoint without cosignatures.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from federation.decoding import json_parser
from federation.errors import FormatError
from federation.tlog.tile import (
    MAX_LEAF_BYTES,
    WIDTH,
    Bundle,
    Tile,
    decode_bundle,
    encode_bundle,
)

MAX_ABOUT_BYTES: Final = 1 << 18
MAX_STATUS_BYTES: Final = 1 << 24
MAX_CHECKPOINT_BYTES: Final = 1 << 16
MAX_KEYS_BYTES: Final = 1 << 20
MAX_ELECTIONS_BYTES: Final = 1 << 20
MAX_FORK_BYTES: Final = 1 << 18
MAX_COSIGNED_BYTES: Final = 1 << 26
MAX_MAP_BYTES: Final = 1 << 20
MAX_BASIS_BYTES: Final = 1 << 26
MAX_LOGS: Final = 10_000
NO_DIGEST: Final = "0" * 64

ABOUT_PATH: Final = ".well-known/tps-federation"
LOGS_PATH: Final = "logs"
ELECTIONS_PATH: Final = "v1/elections"

_DIGEST: Final = re.compile("[0-9a-f]{64}")


class Feed(Protocol):
    """One node, seen from outside. Every method may raise `PeerError`."""

    async def about(self) -> bytes:
        """The node's own signed about note."""
        ...

    async def logs(self, etag: str | None) -> tuple[bytes, str] | None:
        """The status vector and its ETag; None when it still has this `etag`."""
        ...

    async def checkpoint(self, origin: str) -> bytes:
        """The note of a log's checkpoint, with cosignatures."""
        ...

    async def tile(
        self, origin: str, tile: Tile | Bundle, most: int | None = None
    ) -> bytes:
        """A hash tile or entry bundle, exactly as wide as asked for.

        Where it has more than `most` bytes, the `PeerError` has the cause `wrong`.
        """
        ...

    async def keys(self, origin: str) -> bytes:
        """A log's key statements, each with its uint16 length before it."""
        ...

    async def log_about(self, origin: str) -> bytes:
        """The about note of the organisation behind a log, as relayed."""
        ...

    async def fork(self, origin: str) -> bytes:
        """The evidence that an origin signed two histories, where the node has it."""
        ...

    async def cosigned(self, origin: str) -> bytes:
        """Earlier checkpoints of a log that others cosigned, as `note.encode_notes`."""
        ...

    async def elections(self) -> bytes:
        """What the node's maps rest on, as `/v1/elections` answers; not signed."""
        ...

    async def map(self, election: str) -> bytes:
        """The map that the node publishes: digest and vector; not signed."""
        ...

    async def basis(self, digest: str) -> bytes:
        """The profile or register whose SHA-256 this is, in lower-case hex."""
        ...

    async def notify(self, org: str) -> None:
        """Say that `org` has news here."""
        ...


class StatusEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What a node says of one log that it holds."""

    about: str
    checkpoint: str
    keys: str
    origin: str


class StatusVector(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Every log that a node holds and may show, sorted by origin."""

    logs: tuple[StatusEntry, ...]


_decode: Final = json_parser(StatusVector, what="a status vector")


def format_status(entries: Iterable[StatusEntry]) -> bytes:
    """The one line of JSON, without a line feed, for these logs in any order."""
    logs = tuple(sorted(entries, key=lambda entry: entry.origin))
    return msgspec.json.encode(StatusVector(logs=logs), order="sorted")


def parse_status(data: bytes) -> StatusVector:
    """The status vector that these bytes are; nothing in it is verified.

    Raises:
        FormatError: not the one canonical form, or too much of it.
    """
    if len(data) > MAX_STATUS_BYTES:
        raise FormatError(f"a status vector of {len(data)} bytes")
    vector = _decode(data)
    _check_rows(vector.logs)
    try:
        again = format_status(vector.logs)
    except UnicodeEncodeError:
        raise FormatError("a lone surrogate in a status vector") from None
    if again != data:
        raise FormatError("a status vector that is not canonical")
    return vector


def read_status(data: bytes, url: str) -> StatusVector:
    """The status vector that a node at this address showed.

    Raises:
        FormatError: as `parse_status`, with the address.
    """
    try:
        return parse_status(data)
    except FormatError as error:
        raise FormatError(error.what, f"{url}/{LOGS_PATH}") from error


def _check_rows(logs: tuple[StatusEntry, ...]) -> None:
    if len(logs) > MAX_LOGS:
        raise FormatError(f"a status vector of {len(logs)} logs")
    if len({entry.origin for entry in logs}) != len(logs):
        raise FormatError("a status vector that lists a log twice")
    for entry in logs:
        if not (_DIGEST.fullmatch(entry.about) and _DIGEST.fullmatch(entry.keys)):
            raise FormatError("not a SHA-256 in lower-case hex", entry.origin)


def log_path(origin: str, name: str) -> str:
    """Where something of a log is found: `keys`, `tile/0/000`, ….

    Source: docs/reference/protocol.md, "HTTP"
    """
    return f"{hashlib.sha256(origin.encode()).hexdigest()}/{name}"


def map_path(election: str) -> str:
    """Where the published map of an election is found."""
    return f"v1/maps/{election}"


def basis_path(digest: str) -> str:
    """Where a profile or register is found."""
    return f"v1/basis/{digest}"


def max_bytes_of(tile: Tile | Bundle) -> int:
    """The most bytes that a tile or bundle of this width can have."""
    return tile.width * (32 if isinstance(tile, Tile) else 2 + MAX_LEAF_BYTES)


def full(tile: Tile | Bundle) -> Tile | Bundle:
    """The full tile that a partial one is the beginning of."""
    return tile._replace(width=WIDTH)


def truncate(data: bytes, tile: Tile | Bundle) -> bytes:
    """The beginning of a full tile or bundle: what a partial one has.

    Raises:
        FormatError: there is less in it than that.
    """
    if isinstance(tile, Tile):
        if len(data) < 32 * tile.width:
            raise FormatError(f"a tile of {len(data)} bytes")
        return data[: 32 * tile.width]
    leaves = decode_bundle(data)
    if len(leaves) < tile.width:
        raise FormatError(f"a bundle of {len(leaves)} leaves")
    return encode_bundle(leaves[: tile.width])
