"""A feed out of plain files: a folder, or one file that holds a folder.

Rule: `Files` is all that differs between the two: the bytes at a path, bounded. Paths
are those of `feeds/feed.py`, with `/` between their parts on every system; a path that
could lead elsewhere is refused before a file is looked for. Files vouch for nothing:
whoever brings a stick is believed no more than whoever answers over the network.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Final, Protocol

from federation.errors import (
    FormatError,
    NotFoundError,
    PeerError,
    UnreadableError,
)
from federation.feeds.feed import (
    ABOUT_PATH,
    ELECTIONS_PATH,
    LOGS_PATH,
    MAX_ABOUT_BYTES,
    MAX_BASIS_BYTES,
    MAX_CHECKPOINT_BYTES,
    MAX_COSIGNED_BYTES,
    MAX_ELECTIONS_BYTES,
    MAX_FORK_BYTES,
    MAX_KEYS_BYTES,
    MAX_MAP_BYTES,
    MAX_STATUS_BYTES,
    basis_path,
    full,
    log_path,
    map_path,
    max_bytes_of,
    truncate,
)
from federation.text import Sentence
from federation.tlog.tile import WIDTH, Bundle, Tile, format_tile_path

MAX_PATH_CHARS: Final = 400
_ANY: Final = 1 << 53


class Files(Protocol):
    """Bytes by path, wherever they lie."""

    def read(self, path: str, max_bytes: int) -> bytes:
        """All that is at a path.

        Raises:
            NotFoundError: There is no such file.
            UnreadableError: It is there, and cannot be read.
            FormatError: It is damaged, or has more than `max_bytes`.
        """
        ...

    def names(self) -> Iterator[str]:
        """The path of every file, sorted."""
        ...


class FileFeed:
    """A `Feed` over files."""

    def __init__(self, files: Files, label: str) -> None:
        """`label` names the files in errors: the path that somebody typed."""
        self._files, self._label = files, label

    async def about(self) -> bytes:
        """The about note of whoever wrote the files.

        Raises:
            PeerError: it is not there, or damaged. So for all that follow.
        """
        return await self._read(ABOUT_PATH, MAX_ABOUT_BYTES)

    async def logs(self, etag: str | None) -> tuple[bytes, str] | None:
        """The status vector and its digest as an ETag; None for the same `etag`."""
        body = await self._read(LOGS_PATH, MAX_STATUS_BYTES)
        found = f'"{hashlib.sha256(body).hexdigest()}"'
        return None if found == etag else (body, found)

    async def checkpoint(self, origin: str) -> bytes:
        """The note of a log's checkpoint, with cosignatures."""
        return await self._read(log_path(origin, "checkpoint"), MAX_CHECKPOINT_BYTES)

    async def tile(
        self, origin: str, tile: Tile | Bundle, most: int | None = None
    ) -> bytes:
        """A hash tile or bundle; a partial one that is not there, from the full one."""
        path = log_path(origin, format_tile_path(tile))
        try:
            return await self._read(path, min(max_bytes_of(tile), most or _ANY))
        except PeerError as error:
            if not error.is_absent or tile.width == WIDTH:
                raise
        whole = full(tile)
        path = log_path(origin, format_tile_path(whole))
        data = await self._read(path, min(max_bytes_of(whole), most or _ANY))
        try:
            return truncate(data, tile)
        except FormatError as error:
            raise PeerError(self._label, path, None, error.what, "wrong") from error

    async def keys(self, origin: str) -> bytes:
        """A log's key statements."""
        return await self._read(log_path(origin, "keys"), MAX_KEYS_BYTES)

    async def log_about(self, origin: str) -> bytes:
        """The about note of the organisation behind a log."""
        return await self._read(log_path(origin, "about"), MAX_ABOUT_BYTES)

    async def fork(self, origin: str) -> bytes:
        """The evidence that an origin signed two histories."""
        return await self._read(log_path(origin, "fork"), MAX_FORK_BYTES)

    async def cosigned(self, origin: str) -> bytes:
        """Earlier checkpoints of a log that others cosigned."""
        return await self._read(log_path(origin, "cosigned"), MAX_COSIGNED_BYTES)

    async def elections(self) -> bytes:
        """What the writer's maps rest on."""
        return await self._read(ELECTIONS_PATH, MAX_ELECTIONS_BYTES)

    async def map(self, election: str) -> bytes:
        """The map that the writer publishes."""
        return await self._read(map_path(election), MAX_MAP_BYTES)

    async def basis(self, digest: str) -> bytes:
        """A profile or register by its digest."""
        return await self._read(basis_path(digest), MAX_BASIS_BYTES)

    async def notify(self, org: str) -> None:
        """Nothing: nobody listens behind a file."""

    async def _read(self, path: str, max_bytes: int) -> bytes:
        try:
            # In a thread: a slow stick must not hold up a node that serves.
            return await asyncio.to_thread(self._files.read, path, max_bytes)
        except NotFoundError as error:
            missing = Sentence("network.no-file-inside")
            raise PeerError(self._label, path, None, missing, "absent") from error
        except UnreadableError as error:
            what = error.what
            raise PeerError(self._label, path, None, what, "unreadable") from error
        except FormatError as error:
            raise PeerError(self._label, path, None, error.what, "wrong") from error


def is_path(path: str) -> bool:
    """Whether this is a path of files that stays where it begins."""
    # A backslash or a colon would lead elsewhere on other systems.
    return (
        0 < len(path) <= MAX_PATH_CHARS
        and path.isprintable()
        and not any(bad in path for bad in '\\:*?"<>|')
        and not any(part in ("", ".", "..") for part in path.split("/"))
    )
