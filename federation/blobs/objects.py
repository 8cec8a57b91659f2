"""The library's object store behind the few calls that photographs need.

Rule: one way for all: a folder is an object store on this machine (`folder.py`). What
has its digest for a name is never changed, so what is there is compared and not
replaced. Each call is one piece of work in one thread, so it costs one change of
threads, and nothing of the library's own loop is at work when the process ends.

Source: https://developmentseed.org/obstore/latest/api/
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple
from weakref import WeakValueDictionary

from federation.blobs.below import ObjectsBelow
from federation.blobs.fault import shown_address
from federation.blobs.probe import PhotoTraits
from federation.errors import NotFoundError
from federation.text import Sentence

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

_KEY: Final = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})")
#: What is asked of a store at once where all of a blob is wanted: more than one has.
MOST: Final = 1 << 25
#: What is read at once where all of a blob is handed over.
PIECE_BYTES: Final = 1 << 18
#: So many wait for a disk or a store at the same time; others wait for them.
_THREADS: Final = 16
_A = TypeVarTuple("_A")
_T = TypeVar("_T")


class ObjectBlobs:
    """Blobs in an object store, which makes durable what it acknowledges."""

    def __init__(self, address: str, store: "ObjectStore | None" = None) -> None:
        """Nothing is asked yet; `store` is one that is open, by its address if not."""
        self.address = shown_address(address)
        self._objects = ObjectsBelow(address, store)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._threads = ThreadPoolExecutor(_THREADS, "blobs")

    async def put(self, digest: str, data: bytes) -> bool:
        """Keep these bytes; see `Blobs.put`."""
        return await self._finish(self._put, digest, data)

    async def put_file(
        self, digest: str, path: Path, finish: Callable[[], object] = lambda: None
    ) -> bool:
        """Keep the bytes of a file; see `Blobs.put_file`."""

        def work() -> bool:
            finish()
            return self._put_file(digest, path)

        return await self._finish(work)

    async def get(
        self, digest: str, start: int = 0, length: int | None = None
    ) -> bytes:
        """Some of the bytes; see `Blobs.get`."""
        most = MOST if length is None else length
        body = await self._run(self._read, digest, start, most)
        if body is None:
            raise NotFoundError(Sentence("blobs.not-here", digest=digest))
        return body

    def pieces(
        self, digest: str, start: int, end: int, size: int
    ) -> Generator[memoryview]:
        """Some of the bytes, piece by piece; see `Blobs.pieces`."""
        for at in range(start, end, PIECE_BYTES):
            length = min(PIECE_BYTES, end - at)
            # Of the last with one byte more than there should be.
            piece = self._read(digest, at, length + (at + length == size))
            if piece is None or len(piece) != length:
                return
            yield memoryview(piece)

    async def size(self, digest: str) -> int | None:
        """How many bytes; see `Blobs.size`."""
        return await self._run(self._size, digest)

    async def list(self, prefix: str = "") -> AsyncIterator[tuple[str, int]]:
        """Every blob whose digest begins so; see `Blobs.list`."""
        if not await self._run(self._is_there):
            return
        pages = self._objects.pages(prefix[:2] if len(prefix) > 1 else None)
        while page := await self._run(self._next, pages):
            for found in page:
                match = _KEY.fullmatch(found["path"])
                if match and match[2].startswith(prefix):
                    yield match[2], found["size"]

    async def delete(self, digest: str) -> bool:
        """Forget these bytes; see `Blobs.delete`."""
        return await self._finish(self._delete, digest)

    @property
    def has_refused(self) -> bool:
        """What was put there last was not taken; of a folder its disk is asked."""
        return self._objects.has_refused

    async def traits(self) -> PhotoTraits:
        """What the store does; see `Blobs.traits`."""
        now = asyncio.get_running_loop().time()
        return await self._run(self._objects.traits, now)

    @contextlib.asynccontextmanager
    async def alone(self, digest: str) -> AsyncIterator[None]:
        """Nobody else is in such a block; see `Blobs.alone`."""
        lock = self._locks.setdefault(digest, asyncio.Lock())
        async with lock:
            yield

    async def _run(self, work: Callable[[*_A], _T], *given: *_A) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *given)

    async def _finish(self, work: Callable[[*_A], _T], *given: *_A) -> _T:
        """As `_run`; whoever is stopped meanwhile waits until it is done.

        A thread cannot be stopped: who leaves `alone` before it would let others in,
        and a photo that is removed then would lie there again.
        """
        done = asyncio.ensure_future(self._run(work, *given))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait([done])
            if not done.cancelled():
                done.exception()  # nobody is left to hear it
            raise

    def _put(self, digest: str, data: bytes) -> bool:
        # Asked first: nearly all are new, and what is not there is not read.
        is_new = self._size(digest) != len(data) or self._read(digest) != data
        if is_new:
            self._write(digest, data)
        self._make_durable(digest, is_new=is_new)
        return is_new

    def _put_file(self, digest: str, path: Path) -> bool:
        return self._put(digest, path.read_bytes())

    def _size(self, digest: str) -> int | None:
        return self._objects.size(key_of(digest))

    def _read(self, digest: str, start: int = 0, length: int = MOST) -> bytes | None:
        """Some of the bytes; None: they are not here."""
        try:
            # No store has a range of nothing.
            data = self._objects.read(key_of(digest), start, length or 1)
        except FileNotFoundError:
            return None
        except OSError:
            # Behind the end there is nothing, which each store says in its own words.
            size = self._size(digest)
            if size is None or start < size:
                raise
            return b""
        return data if length else b""

    def _write(self, digest: str, data: bytes) -> None:
        self._objects.write(key_of(digest), data)

    def _make_durable(self, digest: str, *, is_new: bool) -> None:
        """It is, in an object store that has acknowledged it."""

    def _next(self, pages: "Iterator[Sequence[ObjectMeta]]") -> "Sequence[ObjectMeta]":
        """Some of what there is; nothing: that was all."""
        return next(pages, ())

    def _delete(self, digest: str) -> bool:
        # Stores do not say whether there was something to delete.
        if self._size(digest) is None:
            return False
        self._objects.delete(key_of(digest))
        return True

    def _is_there(self) -> bool:
        """Whether anything can have been put there yet."""
        return True


def key_of(digest: str) -> str:
    """Where it lies below the folder or the bucket."""
    key = f"{digest[:2]}/{digest}"
    assert _KEY.fullmatch(key), "callers hand in digests"
    return key
