"""Backups in a bucket of an object store: one address for one node.

    <org>-<time>.backup.making    a name that is taken while its backup comes

Rule: a name is taken by a small object that a store makes only where there is none, so
two never write under one; a backup itself comes in pieces, and the store shows it when
the last one is there, or never. So what a killed process left is no backup. Pieces that
nothing became of are forgotten by the store, where its owner told it to.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import obstore
from obstore.exceptions import AlreadyExistsError

from federation.blobs.blobs import Blobs
from federation.blobs.bucket import open_store
from federation.blobs.fault import refused, shown_address
from federation.blobs.objects import ObjectBlobs
from federation.config.home import Home
from federation.errors import ConfigError
from federation.flows.backup.folder import LOCK, MAKING, emptied, held
from federation.flows.backup.place import ENDING, PHOTOS_FOLDER
from federation.text import Sentence

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore.store import ObjectStore

_CLAIM: Final = ".making"
#: No backup takes longer: whoever took a name before that was killed.
_LONGEST: Final = timedelta(days=2)
#: Pieces, of which a store takes 10,000 of a file.
_PIECE_BYTES: Final = 5 << 20
_MOST_PIECES: Final = 9_000
#: At the same time: of the memory, and of a slow line in the time of one request.
_AT_ONCE: Final = 2
_BUFFER_BYTES: Final = 1 << 20


class BucketPlace:
    """Backups in a bucket, see `BackupPlace`."""

    def __init__(
        self,
        address: str,
        given: Mapping[str, str] | None = None,
        *,
        work: Path | None = None,
        opened: "Callable[[str], ObjectStore] | None" = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            address: `s3://bucket/below`.
            given: What a file says of the store and who asks (`blobs/bucket.py`).
            work: A folder of this machine to make backups in; None: none are made.
            opened: Gives the store at an address; None: the one that is there.

        Raises:
            OSError: it is no address.
        """
        self._url = address.rstrip("/")
        self.address = shown_address(self._url)
        self._opened = opened or (lambda url: open_store(url, given))
        self._store = self._opened(self._url)
        self._work = work

    def path_of(self, name: str) -> str:
        """Where a backup lies."""
        return f"{self.address}/{name}"

    def check(self, home: Home, public: Path | None) -> None:  # noqa: ARG002  no folder of this machine
        """Refuse a bucket that has the node's own photographs where these would be."""
        if home.blobs.rstrip("/") == f"{self._url}/{PHOTOS_FOLDER}":
            told = {"place": self.address, "photos": shown_address(home.blobs)}
            raise ConfigError(self.address, "", Sentence("backup.live-photos", **told))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else of this node; the bucket is there, and lets us look."""
        assert self._work is not None, "a place to make backups in"
        with held(self._work / LOCK, self.address):
            self.names()
            yield

    def workshop(self) -> contextlib.AbstractContextManager[Path]:
        """On the disk of the database."""
        assert self._work is not None, "a place to make backups in"
        return emptied(self._work / MAKING)

    def publish(
        self, made: Path, names: Iterator[str], step: Callable[[], None]
    ) -> str:
        """Take a name, and send the file piece by piece."""
        for name in names:
            with self._claimed(name) as is_ours:
                if is_ours:
                    self._send(made, name, step)
                    return name
        raise AssertionError("names have no end")

    def names(self) -> list[str]:
        """Of what ends as a backup does."""
        with refused(self.address):
            found = obstore.list_with_delimiter(self._store)["objects"]
        return [one["path"] for one in found if one["path"].endswith(ENDING)]

    def open(self, name: str) -> BinaryIO:
        """Read from the store where it is asked for."""
        reader = _ObjectReader(self._store, name, self.path_of(name))
        return io.BufferedReader(reader, _BUFFER_BYTES)

    def delete(self, names: Iterable[str]) -> None:
        """Delete them."""
        for name in names:
            with refused(self.path_of(name)), contextlib.suppress(FileNotFoundError):
                obstore.delete(self._store, name)

    def beside(self, folder: str) -> Blobs:
        """Those below the address."""
        url = f"{self._url}/{folder}"
        return ObjectBlobs(url, self._opened(url))

    def scratch(self) -> list[Path]:
        """Where temporary files lie."""
        return [Path(tempfile.gettempdir())]

    def is_known(self, path: str) -> bool:  # noqa: ARG002  an address is of one bucket
        """A bucket is there, or it is not."""
        return True

    @contextlib.contextmanager
    def _claimed(self, name: str) -> Iterator[bool]:
        """Whether a name is ours alone in this block."""
        claim = f"{name}{_CLAIM}"
        with refused(self.path_of(claim)):
            try:
                obstore.put(self._store, claim, b"", mode="create")
                is_ours = True
            except AlreadyExistsError:
                is_ours = False
        if not is_ours:
            yield False
            return
        try:
            # Whoever wrote under that name had taken it, and let it go behind that.
            yield name not in self.names()
        finally:
            with contextlib.suppress(OSError):
                self._drop_claims(claim)

    def _drop_claims(self, ours: str) -> None:
        """Ours, and those of processes that were killed, by the store's own clock."""
        with refused(self.address):
            found = obstore.list_with_delimiter(self._store)["objects"]
        times = {one["path"]: one["last_modified"] for one in found}
        self.delete([ours])
        if ours not in times:
            return  # a list that is not up to date says nothing of the others
        oldest = times[ours] - _LONGEST
        ending = f"{ENDING}{_CLAIM}"
        claims = (name for name in times if name.endswith(ending))
        self.delete(name for name in claims if times[name] < oldest)

    def _send(self, made: Path, name: str, step: Callable[[], None]) -> None:
        size = made.stat().st_size
        length = max(_PIECE_BYTES, size // _MOST_PIECES + 1)

        def pieces() -> Iterator[bytes]:
            with made.open("rb") as file:
                while piece := file.read(length):
                    step()
                    yield piece

        with refused(self.path_of(name)):
            obstore.put(
                self._store,
                name,
                pieces(),
                chunk_size=length,
                max_concurrency=_AT_ONCE,
            )


class _ObjectReader(io.RawIOBase):
    """An object that is read at any position; another one of its name is refused."""

    def __init__(self, store: "ObjectStore", key: str, place: str) -> None:
        self._store, self._key, self._place = store, key, place
        with refused(place):
            found = obstore.head(store, key)
        self._size, self._tag, self._at = found["size"], found["e_tag"], 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}
        self._at = max(0, start[whence] + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        end = min(self._at + len(target), self._size)
        if end <= self._at:
            return 0
        with refused(self._place):
            got = obstore.get(
                self._store,
                self._key,
                options={"range": (self._at, end), "if_match": self._tag},
            ).bytes()
        target[: len(got)] = memoryview(got)
        self._at += len(got)
        return len(got)
