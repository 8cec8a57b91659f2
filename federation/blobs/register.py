"""Small objects in a bucket that change by compare-and-swap alone.

Rule: whoever changes one names what it holds (If-Match), or that there is none yet
(If-None-Match: *), so of two that change it at once one is told that it came too late.
Such a request is sent once, and never again by the library: done twice, the second is
answered as if somebody else had been first. An error of `swap` leaves open whether it
was done; what is there then says so, so the caller reads.

Not every store keeps to it: `prove` tries this one, before anything depends on it.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import errno
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from federation.blobs.bucket import open_store
from federation.blobs.fault import refused, shown_address
from federation.blobs.probe import ROUNDS, probe_store
from federation.text import Sentence

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import ObjectStore


class SwapEntry(NamedTuple):
    """What an object holds.

    Attributes:
        body: All of it.
        tag: Names this content to the store.
        written_at: Unix seconds by the store's clock; None: not asked for.
    """

    body: bytes
    tag: str
    written_at: float | None = None


class SwapRegister:
    """The objects below one address."""

    def __init__(
        self,
        address: str,
        given: Mapping[str, str] | None = None,
        *,
        store: "ObjectStore | None" = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            address: `s3://bucket/below`.
            given: What a file says of the store and who asks (`bucket.py`).
            store: One that is open; None: that of the address.

        Raises:
            OSError: it is no address.
        """
        self._url = address.rstrip("/")
        self.address = shown_address(self._url)
        self._store = store or open_store(self._url, given, retries=0)

    def place(self, key: str) -> str:
        """Where an object lies, for people."""
        return f"{self.address}/{key}"

    def read(self, key: str) -> SwapEntry | None:
        """What an object holds; None: there is none.

        Raises:
            OSError: nobody could be asked, or the store does not say.
        """
        with refused(self.place(key)):
            try:
                got = obstore.get(self._store, key)
                body = got.bytes().to_bytes()
            except FileNotFoundError:
                return None
        if not (tag := got.meta["e_tag"]):
            raise self._untagged(key)
        return SwapEntry(body, tag, got.meta["last_modified"].timestamp())

    def swap(self, key: str, body: bytes, held: SwapEntry | None) -> SwapEntry | None:
        """Put `body` in the place of what is held (None: of nothing).

        Returns:
            What is there now; None: something else was there, and still is.

        Raises:
            OSError: the store did not say whether it was done.
        """
        mode: PutMode = "create" if held is None else {"e_tag": held.tag}
        with refused(self.place(key)):
            try:
                put = obstore.put(
                    self._store, key, body, mode=mode, use_multipart=False
                )
            except (AlreadyExistsError, PreconditionError):
                return None
            except FileNotFoundError:
                if held is None:
                    raise  # not even the bucket is there
                return None
        if not (tag := put["e_tag"]):
            raise self._untagged(key)
        return SwapEntry(body, tag)

    def prove(self, *, races: bool) -> None:
        """Return if this store keeps the rule, as far as trying it can tell.

        Args:
            races: Also with many at once, which takes seconds.

        Raises:
            OSError: it does not, or nobody could be asked.
        """
        rounds = ROUNDS if races else 0
        traits = probe_store(self._store, self.address, rounds=rounds)
        if not all(traits):
            raise OSError(errno.ENOTSUP, traits.tell(), self.address)

    def _untagged(self, key: str) -> OSError:
        return OSError(errno.ENOTSUP, Sentence("blobs.no-tag"), self.place(key))
