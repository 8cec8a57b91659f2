"""The library's object store behind the few calls that photographs need.

Rule: one way for all: a folder is an object store on this machine, whose writes the
library does not make durable; that is done here, behind it. What has its digest for a
name is never changed, so what is there is compared and not replaced.

A folder that is not there yet holds nothing, and is made by the first `put`.

Source: https://developmentseed.org/obstore/latest/api/
"""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

import obstore
from obstore.store import LocalStore, from_url

from federation.blobs.fault import refused, shown_address
from federation.errors import NotFoundError
from federation.files import make_folders, sync_folder
from federation.text import Sentence

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_KEY: Final = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})")
#: What is asked of a store at once where all of a blob is wanted: more than one has.
_MOST: Final = 1 << 25
_RETRIES: Final = 3
_PAGE: Final = 1000


class ObjectBlobs:
    """Blobs in an object store, which makes durable what it acknowledges."""

    def __init__(self, address: str, store: "ObjectStore | None" = None) -> None:
        """Nothing is asked yet; `store` is one that is open, by its address if not."""
        self.address = shown_address(address)
        self._address, self._opened = address, store
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def put(self, digest: str, data: bytes) -> bool:
        """Keep these bytes; see `Blobs.put`."""
        # Asked first: nearly all are new, and what is not there is not read.
        is_new = (
            await self.size(digest) != len(data) or await self._read(digest) != data
        )
        if is_new:
            await self._write(digest, data)
        await self._make_durable(digest)
        return is_new

    async def get(
        self, digest: str, start: int = 0, length: int | None = None
    ) -> bytes:
        """Some of the bytes; see `Blobs.get`."""
        body = await self._read(digest, start, _MOST if length is None else length)
        if body is None:
            raise NotFoundError(Sentence("blobs.not-here", digest=digest))
        return body

    async def size(self, digest: str) -> int | None:
        """How many bytes; see `Blobs.size`."""
        store = self._store()
        if store is None:
            return None
        with refused(self._place(digest)):
            try:
                return (await obstore.head_async(store, _key(digest)))["size"]
            except FileNotFoundError:
                return None

    async def list(self, prefix: str = "") -> AsyncIterator[tuple[str, int]]:
        """Every blob whose digest begins so; see `Blobs.list`."""
        store = self._store()
        if store is None:
            return
        folder = prefix[:2] if len(prefix) > 1 else None
        with refused(self.address):
            async for page in obstore.list(store, folder, chunk_size=_PAGE):
                for found in page:
                    match = _KEY.fullmatch(found["path"])
                    if match and match[2].startswith(prefix):
                        yield match[2], found["size"]

    async def delete(self, digest: str) -> bool:
        """Forget these bytes; see `Blobs.delete`."""
        # Stores do not say whether there was something to delete.
        store = self._store()
        if store is None or await self.size(digest) is None:
            return False
        with refused(self._place(digest)), contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(store, _key(digest))
        return True

    @contextlib.asynccontextmanager
    async def alone(self, digest: str) -> AsyncIterator[None]:
        """Nobody else is in such a block; see `Blobs.alone`."""
        lock = self._locks.setdefault(digest, asyncio.Lock())
        async with lock:
            yield

    async def _read(
        self, digest: str, start: int = 0, length: int = _MOST
    ) -> bytes | None:
        """Some of the bytes; None: they are not here."""
        store = self._store()
        if store is None:
            return None
        try:
            # No store has a range of nothing.
            with refused(self._place(digest)):
                got = await obstore.get_range_async(
                    store, _key(digest), start=start, length=length or 1
                )
        except FileNotFoundError:
            return None
        except OSError:
            # Behind the end there is nothing, which each store says in its own words.
            size = await self.size(digest)
            if size is None or start < size:
                raise
            return b""
        return got.to_bytes() if length else b""

    async def _write(self, digest: str, data: bytes) -> None:
        store = self._store()
        assert store is not None, "there is one to write to"
        with refused(self._place(digest)):
            await obstore.put_async(store, _key(digest), data, use_multipart=False)

    async def _make_durable(self, digest: str) -> None:
        """It is, in an object store that has acknowledged it."""

    def _store(self) -> "ObjectStore | None":
        """What is asked; None: nothing has been put there yet."""
        if self._opened is None:
            with refused(self.address):
                # No options of the client: they would replace those of the environment.
                self._opened = from_url(
                    self._address, retry_config={"max_retries": _RETRIES}
                )
        return self._opened

    def _place(self, digest: str) -> str:
        return f"{self.address.rstrip('/')}/{_key(digest)}"


class FolderBlobs(ObjectBlobs):
    """Blobs in a folder of this machine: what the library wrote is synced here."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet."""
        super().__init__(str(folder))
        self._folder = folder
        self._synced: set[str] = set()  # folders whose own names are durable
        self._is_ready, self._preparing = False, asyncio.Lock()

    async def _write(self, digest: str, data: bytes) -> None:
        async with self._preparing:
            if not self._is_ready:
                await asyncio.to_thread(self._prepare)
                self._is_ready = True
        await super()._write(digest, data)

    def _prepare(self) -> None:
        """Make the folder, and remove what a process left that was killed amid a put.

        Only one process writes (`store/lock.py`), and this one has not begun to.
        """
        make_folders(self._folder, 0o700)
        for below in self._folder.iterdir():
            if below.is_dir():
                for part in below.glob("*#*"):
                    part.unlink(missing_ok=True)

    async def _make_durable(self, digest: str) -> None:
        """Bytes first, then names: a name that is durable has all its bytes.

        Raises:
            OSError: the disk does not take it; then nothing of it stays. What the
                system forgot to write it calls written when it is asked again.
        """
        try:
            await asyncio.to_thread(self._sync, digest)
        except OSError:
            with contextlib.suppress(OSError):
                (self._folder / _key(digest)).unlink()
            raise

    def _sync(self, digest: str) -> None:
        path = self._folder / _key(digest)
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(path.parent)
        if path.parent.name not in self._synced:
            sync_folder(self._folder)
            self._synced.add(path.parent.name)

    def _store(self) -> "ObjectStore | None":
        if self._opened is None and self._folder.is_dir():
            with refused(self.address):
                self._opened = LocalStore(self._folder)
        return self._opened


def _key(digest: str) -> str:
    key = f"{digest[:2]}/{digest}"
    assert _KEY.fullmatch(key), "callers hand in digests"
    return key
