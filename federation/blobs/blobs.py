"""Bytes by the SHA-256 of them, in a folder of this machine or in an object store.

Rule: who puts something has verified that its name is its digest, and `put` returns
when it is durable: bytes, then the names of the folders above them. So a name without
durable bytes is what a crash left; nobody has been told of it, and the next `put` of
that digest compares it with what it brings, and writes it again where they differ.
Which of them count, and whose they are, stands in the database (`store/blobs.py`).

    ab/ab34…   the first two of 64 hex digits, then all of them

Source: docs/adr/0020-photographs-by-their-digest.md
"""

import re
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from federation.blobs.probe import PhotoTraits

#: No blob is larger; a photograph drawn anew is a tenth of it.
MAX_BLOB_BYTES: Final = 16 << 20
DIGEST_PATTERN: Final = r"[0-9a-f]{64}"
_DIGEST: Final = re.compile(DIGEST_PATTERN)
_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.-]*://")


class Blobs(Protocol):
    """Where bytes lie by their digest: lower-case hex SHA-256, 64 digits."""

    async def put(self, digest: str, data: bytes) -> bool:
        """Keep these bytes, durably; False: they were there.

        Raises:
            OSError: the disk is full or failed, or the object store; ask again.
        """

    async def put_file(
        self, digest: str, path: Path, finish: Callable[[], object] = lambda: None
    ) -> bool:
        """As `put`, of the bytes in a file, which is written to no more.

        The file stays, and may be the blob's own now: whoever wants it gone deletes it.

        Args:
            digest: Hex SHA-256 of the bytes.
            path: Of the file.
            finish: Is called first, by the same thread: then the file is whole. What it
                raises is raised, and nothing is kept.

        Raises:
            FileNotFoundError: it is gone.
            OSError: as `put`. What the system may have forgotten to write is gone.
        """

    async def get(
        self, digest: str, start: int = 0, length: int | None = None
    ) -> bytes:
        """The bytes from `start` on, at most `length` of them; none behind the end.

        Raises:
            NotFoundError: they are not here.
            OSError: the disk failed, or the object store.
        """

    def pieces(
        self, digest: str, start: int, end: int, size: int
    ) -> Generator[memoryview]:
        """Bytes [start, end) of one that has `size` of them; to be read in a thread.

        Each holds until the next is asked for. They end early where the bytes are gone
        or are not as many as they should be.

        Raises:
            OSError: the disk failed, or the object store.
        """

    async def size(self, digest: str) -> int | None:
        """How many bytes there are; None: they are not here.

        Raises:
            OSError: the disk failed, or the object store.
        """

    def list(self, prefix: str = "") -> AsyncIterator[tuple[str, int]]:
        """Digest and size of each whose digest begins so, in no order.

        Raises:
            OSError: the disk failed, or the object store.
        """

    async def delete(self, digest: str) -> bool:
        """Forget these bytes; False: they were not here.

        Raises:
            OSError: the disk failed, or the object store.
        """

    @property
    def has_refused(self) -> bool:
        """Whether an object store did not take what was put there last."""

    async def traits(self) -> "PhotoTraits":
        """What the place does with what is deleted, and with what is there.

        Raises:
            OSError: the object store did not answer.
        """

    def alone(self, digest: str) -> AbstractAsyncContextManager[None]:
        """Nobody else of this process is in such a block about these bytes."""


def open_blobs(address: str, folder: Path) -> Blobs:
    """The blobs at an address; nothing is made or asked before the first use.

    Args:
        address: A folder, or that of an object store: `s3://bucket/below`. Its
            credentials are those of the environment, never of the address.
        folder: Where an address that is a relative path begins.
    """
    # The library is loaded where there may be photographs, not where they are named.
    from federation.blobs.folder import FolderBlobs  # noqa: PLC0415
    from federation.blobs.objects import ObjectBlobs  # noqa: PLC0415

    return ObjectBlobs(address) if is_remote(address) else FolderBlobs(folder / address)


def is_remote(address: str) -> bool:
    """Whether it is the address of an object store, not a folder."""
    return _REMOTE.match(address) is not None


def is_digest(text: str) -> bool:
    """Whether it is the name of a blob, as far as one can see."""
    return _DIGEST.fullmatch(text) is not None
