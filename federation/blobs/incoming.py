"""Photographs that others put into the bucket themselves, before anybody looks at them.

Rule: what lies here is nobody's but the sender's: it is never listed, handed out or
shared, and goes once it was taken in, or soon after the time in which it could come. In
its place then lies a mark, which says so and which only we can make. An address puts
nothing where something lies (If-None-Match), so while the mark is there, and it stays
longer than the address, the file does not come once more; and whoever asks again, its
answer lost, is told the same. It goes as all else that lies here.
Where it lies follows from who asks and what the bytes are, never from a name that
somebody gives: nobody can speak of what another has put there. An address lets its
holder put these bytes there, of this length and type, for a while (`presign.py`); a
store that does not keep to it is found out when the bytes are read. So sending a second
time changes nothing.

    incoming/<of whom, 32 hex>/<SHA-256 of the bytes, 64 hex>    the file, or the mark

What may be on its way is bounded, for each and for all: each place by the most that an
address of it has let in, until the sweep must have removed it; once it was taken in,
until its address ends. That is counted in memory,
and a new process begins at nothing: what it then lets in more, the sweep removes.

Source: docs/adr/0066-photographs-put-into-the-bucket.md
"""

import asyncio
import contextlib
import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakValueDictionary

from federation.blobs.below import ObjectsBelow
from federation.blobs.presign import StoreKey, presign, read_store_key
from federation.blobs.probe import PhotoTraits

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

PREFIX: Final = "incoming"
#: For how long an address holds, in seconds.
LIFETIME_S: Final = 900
#: What lies there for longer is removed: it was begun in time, and is done by then.
LEFT_S: Final = 7_200
#: How often that is looked for: so much longer it may lie there.
SWEEP_S: Final = 3_600
#: On their way at a time: so many, of so many bytes; of one sender; of all.
MOST_OF_ONE: Final = (500, 1 << 30)
MOST_OF_ALL: Final = (5_000, 8 << 30)
_PIECE_BYTES: Final = 1 << 20
_MARK: Final = b"taken in "
_MARK_BYTES: Final = len(_MARK) + 64
_NAME: Final = re.compile(rf"{PREFIX}/[0-9a-f]{{32}}/[0-9a-f]{{64}}")


class ComingFile(NamedTuple):
    """What is said of a file before it comes.

    Attributes:
        digest: Hex SHA-256 of its bytes.
        size: In bytes.
        media_type: `image/jpeg`, say.
    """

    digest: str
    size: int
    media_type: str


class UploadAddress(NamedTuple):
    """By which a file may be put into the store.

    Attributes:
        url: Where to send it, by PUT.
        headers: Those that must be sent with it, and as they are.
        expires_at: Until when, Unix seconds.
    """

    url: str
    headers: dict[str, str]
    expires_at: int


class _Expected(NamedTuple):
    """What one has on the way: how much, until when it may come, and is counted."""

    size: int
    expires_at: int
    until: int


class Incoming:
    """What others put below one address."""

    def __init__(
        self,
        address: str,
        reached_at: str,
        key: StoreKey,
        store: "ObjectStore | None" = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            address: `s3://bucket/below`.
            reached_at: The store, as senders reach it: `https://s3.example.org`.
            key: Who lets them.
            store: One that is open; None: that of the address.
        """
        self._objects = ObjectsBelow(address, store)
        self._url = (
            f"{reached_at.rstrip('/')}/{address.partition('://')[2].rstrip('/')}"
        )
        self._key = key
        self._coming: dict[tuple[str, str], _Expected] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def offer(self, sender: str, file: ComingFile, now: int) -> UploadAddress | None:
        """An address for one file; None: too much is on its way.

        Asked again for the same file it is another address of the same object.

        Args:
            sender: Who asks.
            file: What will come.
            now: Unix seconds.
        """
        place = sender, file.digest
        others = {k: room for k, room in self._coming.items() if room.until > now}
        before = others.pop(place, None)
        # What an older address has let in, or may let in still, is no smaller for it.
        most = max(file.size, before.size if before else 0)
        own = [room.size for (whose, _), room in others.items() if whose == sender]
        every = [room.size for room in others.values()]
        for sizes, (number, size) in ((own, MOST_OF_ONE), (every, MOST_OF_ALL)):
            if len(sizes) >= number or sum(sizes) + most > size:
                return None
        expires_at = now + LIFETIME_S
        others[place] = _Expected(most, expires_at, expires_at + LEFT_S + SWEEP_S)
        self._coming = others
        headers = {
            "Content-Length": str(file.size),
            "Content-Type": file.media_type,
            "If-None-Match": "*",
            "x-amz-checksum-sha256": b64encode(bytes.fromhex(file.digest)).decode(),
        }
        url = f"{self._url}/{name_of(*place)}"
        signed = presign("PUT", url, headers, self._key, now=now, lifetime_s=LIFETIME_S)
        return UploadAddress(signed, headers, expires_at)

    async def traits(self) -> PhotoTraits:
        """What the store does with what is removed, and with what lies there.

        Raises:
            OSError: the store did not answer.
        """
        now = asyncio.get_running_loop().time()
        return await asyncio.to_thread(self._objects.traits, now)

    @contextlib.asynccontextmanager
    async def alone(self, sender: str, digest: str) -> AsyncIterator[None]:
        """Nobody else of this process is in such a block about this file."""
        name = name_of(sender, digest)
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:
            yield

    def awaited_until(self, sender: str, digest: str, now: int) -> int | None:
        """When the last address of it ends, or ended, Unix seconds; None: not known.

        Of one that ended long ago, or that an earlier process gave, nothing is known.
        """
        room = self._coming.get((sender, digest))
        return None if room is None or room.until <= now else room.expires_at

    async def size(self, sender: str, digest: str) -> int | None:
        """How many bytes of it, or of its mark, are here; None: it has not come.

        Raises:
            OSError: the store did not answer.
        """
        return await asyncio.to_thread(self._objects.size, name_of(sender, digest))

    async def reads_taken(self, sender: str, digest: str, size: int) -> bool | None:
        """Whether what lies here, of `size` bytes, says that it was taken in.

        None: it looks so, and this node has not said it: its key is another by now, or
        somebody else wrote there.

        Raises:
            FileNotFoundError: it went meanwhile.
            OSError: the store did not answer.
        """
        name = name_of(sender, digest)
        if size != _MARK_BYTES:
            return False
        found = await asyncio.to_thread(self._objects.read, name, 0, _MARK_BYTES)
        if not found.startswith(_MARK):
            return False
        return hmac.compare_digest(found, self._mark(name)) or None

    async def settle(self, sender: str, digest: str) -> None:
        """It was taken in: the mark lies in its place; counted until its address ends.

        Raises:
            OSError: the store did not answer.
        """
        name = name_of(sender, digest)
        await asyncio.to_thread(self._objects.write, name, self._mark(name))
        self._release(sender, digest)

    async def pieces(self, sender: str, file: ComingFile) -> AsyncIterator[bytes]:
        """Its bytes, as many as were said, and no more; fewer where there are fewer.

        Raises:
            FileNotFoundError: it has not come, or went meanwhile.
            OSError: the store did not answer.
        """
        name = name_of(sender, file.digest)
        for start in range(0, file.size, _PIECE_BYTES):
            length = min(_PIECE_BYTES, file.size - start)
            piece = await asyncio.to_thread(self._objects.read, name, start, length)
            yield piece
            if len(piece) < length:
                return

    async def drop(self, sender: str, digest: str) -> None:
        """It is here no longer; it is counted until its address ends.

        Raises:
            OSError: the store did not answer.
        """
        await asyncio.to_thread(self._objects.delete, name_of(sender, digest))
        self._release(sender, digest)

    async def sweep(self, now: float) -> int:
        """Remove what nobody has spoken of again; how many there were.

        Raises:
            OSError: the store did not answer.
        """
        oldest, swept = datetime.fromtimestamp(now - LEFT_S, UTC), 0
        pages = self._objects.pages(PREFIX)
        # Page by page, so that it ends where whoever waits for it does.
        while (removed := await asyncio.to_thread(self._sweep, pages, oldest)) >= 0:
            swept += removed
        return swept

    def _sweep(self, pages: "Iterator[Sequence[ObjectMeta]]", oldest: datetime) -> int:
        """How many of the next page were removed; -1: there is no other."""
        page = next(pages, None)
        if page is None:
            return -1
        # What has another name nobody has put there for us.
        old = [
            found["path"]
            for found in page
            if _NAME.fullmatch(found["path"]) and found["last_modified"] < oldest
        ]
        if old:
            self._objects.delete(*old)
        return len(old)

    def _release(self, sender: str, digest: str) -> None:
        if room := self._coming.get((sender, digest)):
            self._coming[sender, digest] = room._replace(until=room.expires_at)

    def _mark(self, name: str) -> bytes:
        """What says that the file of this name was taken in; only we can make it."""
        told = hmac.digest(self._key.secret.encode(), _MARK + name.encode(), "sha256")
        return _MARK + told.hex().encode()


def open_incoming(
    address: str, reached_at: str | None, environment: Mapping[str, str]
) -> Incoming | None:
    """What others put there; None: they may not, or the environment names no key."""
    key = read_store_key(environment)
    if reached_at is None or key is None:
        return None
    return Incoming(address, reached_at, key)


def name_of(sender: str, digest: str) -> str:
    """Where what somebody puts there lies, below the address."""
    whose = hashlib.sha256(sender.encode()).hexdigest()[:32]
    name = f"{PREFIX}/{whose}/{digest}"
    assert _NAME.fullmatch(name), "callers hand in digests"
    return name
