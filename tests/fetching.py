"""Partners that hand over photographs, and a node that wants them; no network."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from federation.blobs.blobs import Blobs, open_blobs
from federation.errors import PeerError
from federation.flows.photos.fetch import fetch_photos
from federation.flows.photos.index import index_all
from federation.flows.photos.photorows import PhotoRows
from federation.flows.photos.room import PhotoRoom
from federation.flows.photos.turns import FetchContext, FetchReport, PhotoSource
from federation.flows.photos.wants import STEP, find_wanted
from federation.store import blobs as held
from federation.store import wanted
from federation.store.db import Database
from tests.fakes import FixedClock
from tests.photographed import file_of

PIECE = 1000


def photo(number: int, size: int = 5_000) -> bytes:
    """Bytes that begin as a JPEG does, and are no other's."""
    noise = hashlib.sha256(b"%d" % number).digest() * (size // 32 + 1)
    return (b"\xff\xd8\xff" + noise)[:size]


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def named(*photos: bytes) -> list:
    """The evidence that names these."""
    return [file_of(digest_of(data), size=len(data)) for data in photos]


TPS, OTHER = "3171010001001", "3171010001002"
ONE, TWO, THREE = photo(1), photo(2), photo(3)


@dataclass
class PhotoFeed:
    """A partner that has these photos; what is amiss with it is said by `amiss`."""

    org: str
    photos: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)
    amiss: Callable[[str, int, bytes], bytes] = lambda _digest, _start, data: data
    most_at_once: int = 0
    _now: int = 0

    def have(self, *photos: bytes) -> "PhotoFeed":
        self.photos |= {digest_of(data): data for data in photos}
        return self

    async def stream(self, resource, start=0):
        digest = resource.path.rpartition("/")[2]
        self.asked.append((digest, start))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            data = self.amiss(digest, start, self.photos.get(digest, b""))
            if not data:
                raise PeerError(self.org, resource.path, 404)
            for at in range(start, len(data), PIECE):
                await asyncio.sleep(0)
                piece = data[at : at + PIECE]
                if at + len(piece) > resource.max_bytes:
                    raise PeerError(self.org, resource.path, 200, "too long", "wrong")
                self.sent += len(piece)
                yield piece
        finally:
            self._now -= 1


class Wanting:
    """A node that wants photos: its database, blobs and clock."""

    def __init__(self, db: Database, folder, room: int = 1 << 30, **options) -> None:
        self.db, self.folder = db, folder
        self.clock = FixedClock()
        self.blobs: Blobs = open_blobs("blobs", folder)
        self.wrong: list[tuple[str, str]] = []
        self.ctx = FetchContext(
            db=db,
            blobs=self.blobs,
            folder=folder / "partial",
            room=PhotoRoom(db, self.blobs, room),
            holding=PhotoRows(db),
            wall=self.clock,
            told_wrong=lambda *told: self.wrong.append(told),
            **options,
        )

    async def look(self, **policies: str) -> None:
        """Find what is wanted; policies by the first letter of a partner."""
        index_all(self.db)
        by_org = {f"{letter}.example": policy for letter, policy in policies.items()}
        while await find_wanted(self.db, by_org, int(self.clock())):
            pass

    def open(self, org: str, *photos: bytes) -> None:
        """Somebody opens these here, which this partner names."""
        pairs = [(digest_of(data), org) for data in photos]
        with self.db.transaction() as tx:
            wanted.ask_again(tx, pairs, int(self.clock()))

    async def fetch(
        self, feed: PhotoFeed, within_s=60.0, together=1, **options
    ) -> FetchReport:
        sets = options.keys() & {"silent", "others"}
        options |= {key: frozenset(options[key]) for key in sets}
        source = PhotoSource(org=feed.org, feed=feed, together=together, **options)
        # As the turns of a node that looks for what is wanted every two seconds.
        await self.db.write(wanted.end_waits, int(self.clock()), STEP)
        return await fetch_photos(self.ctx, source, within_s)

    def wanted(self) -> dict[str, int]:
        with self.db.view() as view:
            return {one.digest: one.urgency for one in wanted.list_wanted(view)}

    def tries(self, data: bytes) -> dict[str, str]:
        with self.db.view() as view:
            tried = wanted.list_tries(view, digest_of(data))
        return {one.org: one.cause for one in tried}

    def partials(self) -> list[str]:
        folder = self.folder / "partial"
        return [path.name for path in folder.iterdir()] if folder.is_dir() else []

    def held(self) -> set[str]:
        with self.db.view() as view:
            return {one.digest for one in held.list_blobs(view)}

    async def has(self, *photos: bytes) -> bool:
        """Whether these are held, byte for byte, and wanted no longer."""
        digests = {digest_of(data): data for data in photos}
        if not digests.keys() <= self.held() or digests.keys() & self.wanted().keys():
            return False
        return all([await self.blobs.get(d) == data for d, data in digests.items()])
