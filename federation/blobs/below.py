"""The objects below one address of a store, each call as errors of the system.

Rule: one place asks the library, for all that photographs are to it: those that are
held (`objects.py`, `folder.py`) and those that have only come (`incoming.py`). Every
call is one piece of work for a thread of the caller's, and a list is walked page by
page, so it ends where whoever waits for it does.

Source: https://developmentseed.org/obstore/latest/api/
"""

import contextlib
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import obstore

from federation.blobs.bucket import open_store
from federation.blobs.fault import refused, shown_address
from federation.blobs.probe import PhotoTraits, try_for_photos

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from obstore import ObjectMeta
    from obstore.store import ObjectStore

_PAGE: Final = 1000
#: Somebody waits for the answer: what fails at once is asked again, and a request that
#: was waited for in vain, half a minute where AWS_TIMEOUT says nothing else, is not.
_RETRY_FOR: Final = timedelta(seconds=10)
#: For so long what was found out of a store is believed, in seconds.
_TRIED_S: Final = 600.0


class ObjectsBelow:
    """Objects by their keys; the store is opened when something is asked of it."""

    def __init__(self, address: str, store: "ObjectStore | None" = None) -> None:
        """`store`: one that is open; None: that of the address."""
        self._url, self._opened = address, store
        self._tried: tuple[float, PhotoTraits] | None = None
        self._trying = threading.Lock()
        #: What was written last was not taken, and nothing was tried since.
        self.has_refused = False
        self.address = shown_address(address).rstrip("/")

    def size(self, key: str) -> int | None:
        """How many bytes an object has; None: there is none.

        Raises:
            OSError: the store did not answer, or refuses.
        """
        with refused(self.place(key)):
            try:
                return obstore.head(self.open(), key)["size"]
            except FileNotFoundError:
                return None

    def read(self, key: str, start: int, length: int) -> bytes:
        """Bytes [start, start + length) of an object, or as many as there are.

        Raises:
            FileNotFoundError: there is none.
            OSError: the store did not answer, or refuses; or has nothing from there on.
        """
        with refused(self.place(key)):
            got = obstore.get_range(self.open(), key, start=start, length=length)
        return got.to_bytes()

    def write(self, key: str, data: bytes) -> None:
        """Put an object there, in the place of one that may be there.

        Raises:
            OSError: the store did not take it, or did not say so.
        """
        try:
            with refused(self.place(key)):
                obstore.put(self.open(), key, data, use_multipart=False)
        except OSError:
            self.has_refused = True
            raise
        self.has_refused = False

    def delete(self, *keys: str) -> None:
        """These are there no longer.

        Raises:
            OSError: the store did not answer, or refuses.
        """
        place = self.place(keys[0]) if len(keys) == 1 else self.address
        with refused(place), contextlib.suppress(FileNotFoundError):
            obstore.delete(self.open(), list(keys) if len(keys) > 1 else keys[0])

    def traits(self, now: float) -> PhotoTraits:
        """What the store does; tried anew after ten minutes, or a refusal.

        Args:
            now: Seconds of a clock that only goes forward.

        Raises:
            OSError: the store did not answer, or refuses.
        """
        with self._trying:
            found = self._tried
            if found is None or self.has_refused or now - found[0] >= _TRIED_S:
                self._tried = found = now, try_for_photos(self.open(), self.address)
                self.has_refused = False
            return found[1]

    def pages(self, prefix: str | None) -> "Iterator[Sequence[ObjectMeta]]":
        """What there is below a prefix, some at a time.

        Raises:
            OSError: the store did not answer, or refuses.
        """
        with refused(self.address):
            pages = iter(obstore.list(self.open(), prefix, chunk_size=_PAGE))
        while True:
            with refused(self.address):
                page = next(pages, ())
            if not page:
                return
            yield page

    def place(self, key: str) -> str:
        """Where an object lies, for people."""
        return f"{self.address}/{key}"

    def open(self) -> "ObjectStore":
        """The store.

        Raises:
            OSError: it is no address.
        """
        if self._opened is None:
            self._opened = open_store(self._url, retry_for=_RETRY_FOR)
        return self._opened
