"""A feed out of plain files: a folder, or one file that holds a folder.

Rule: `Files` is all that differs between the two: the bytes at a path, bounded. Paths
are those of `feeds/resource.py`, with `/` between their parts on every system; a path
that could lead elsewhere is refused before a file is looked for. Files vouch for
nothing: whoever brings a stick is believed no more than whoever answers over the
network.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator
from typing import Final, Protocol

from federation.errors import FormatError, NotFoundError, PeerError
from federation.feeds.cutting import CuttingFeed
from federation.feeds.resource import LOGS, Resource
from federation.text import Sentence

MAX_PATH_CHARS: Final = 400

#: What is handed on at once of a file that is read in pieces.
PIECE_BYTES: Final = 1 << 18


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


class FileFeed(CuttingFeed):
    """A `Feed` over files."""

    def __init__(self, files: Files, label: str) -> None:
        """`label` names the files in errors: the path that somebody typed."""
        self._files, self._label = files, label

    async def fetch(self, resource: Resource) -> bytes:
        """All that is in a file.

        Raises:
            PeerError: it is not there, or damaged.
        """
        path = resource.path
        try:
            # In a thread: a slow stick must not hold up a node that serves.
            return await asyncio.to_thread(self._files.read, path, resource.max_bytes)
        except NotFoundError as error:
            missing = Sentence("network.no-file-inside")
            raise PeerError(self._label, path, None, missing, "absent") from error
        except FormatError as error:
            raise self._wrong(path, error) from error

    async def stream(self, resource: Resource, start: int = 0) -> AsyncGenerator[bytes]:
        """What is in a file from `start` on; it is small enough to be read whole.

        Raises:
            PeerError: it is not there, or damaged, or shorter.
        """
        data = await self.fetch(resource)
        if start > len(data):
            few = Sentence("network.too-short", start=start)
            raise PeerError(self._label, resource.path, None, few, "wrong")
        for at in range(start, len(data), PIECE_BYTES):
            yield data[at : at + PIECE_BYTES]

    async def logs(self, etag: str | None) -> tuple[bytes, str] | None:
        """The status vector and its digest as an ETag; None for the same `etag`.

        Raises:
            PeerError: it is not there, or damaged.
        """
        body = await self.fetch(LOGS)
        digest = f'"{hashlib.sha256(body).hexdigest()}"'
        return None if digest == etag else (body, digest)

    async def notify(self, org: str) -> None:
        """Nothing: nobody listens behind a file."""

    def _wrong(self, path: str, error: FormatError) -> PeerError:
        return PeerError(self._label, path, None, error.what, error.cause)


def is_path(path: str) -> bool:
    """Whether this is a path of files that stays where it begins."""
    # A backslash or a colon would lead elsewhere on other systems.
    return (
        0 < len(path) <= MAX_PATH_CHARS
        and path.isprintable()
        and not any(bad in path for bad in '\\:*?"<>|')
        and not any(part in ("", ".", "..") for part in path.split("/"))
    )
