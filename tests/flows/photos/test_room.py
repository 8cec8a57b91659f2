"""Room that several photos ask for at the same time, whichever thread is the first."""

import asyncio

import pytest

from federation.flows.photos.room import PhotoRoom
from federation.store import blobs as held
from federation.store.wanted import ALL
from tests.fetching import digest_of, photo

PHOTOS = [photo(number) for number in range(3)]
DIGESTS = [digest_of(data) for data in PHOTOS]
LONG_AFTER = 200_000


class _Waiting:
    """A database that says what may go a second time only when `until` is over."""

    def __init__(self, db):
        self.db, self.asked, self.until = db, 0, None
        self.write = db.write

    async def read(self, fn, *args, **kwargs):
        self.asked += fn.__name__ == "_unused"
        if fn.__name__ == "_unused" and self.asked == 2:
            await asyncio.wait([self.until])
        return await self.db.read(fn, *args, **kwargs)


@pytest.fixture
async def room(node, db):
    """Of 12,000 bytes, and held are two of 5,000 that nobody has looked at."""
    for digest, data in zip(DIGESTS[:2], PHOTOS[:2], strict=True):
        await node.blobs.put(digest, data)
        with db.transaction() as tx:
            held.save_blob(tx, digest, 5_000, "image/jpeg", is_own=False, now=1)
    room = PhotoRoom(db, node.blobs, 12_000)
    await room.load()
    return room


def make(room, size=5_000):
    return asyncio.create_task(room.make(size, ALL, LONG_AFTER))


async def test_what_went_for_one_is_not_counted_as_staying_by_another(room, node):
    slow = room._db = _Waiting(room._db)
    slow.until, second = make(room), make(room)
    # Its turn to look comes when the first photo has gone already.
    assert await asyncio.gather(slow.until, second) == [True, True]
    assert node.held() == set()
    assert not await make(room)


async def test_who_is_refused_takes_no_room_meanwhile_from_who_asks(room, node):
    refused, small = make(room, 20_000), make(room, 2_000)
    assert await asyncio.gather(refused, small) == [False, True]
    assert len(node.held()) == 2


async def test_who_is_stopped_while_room_is_made_leaves_none_taken(room, node):
    stopped = make(room)
    await asyncio.sleep(0)
    stopped.cancel()
    await asyncio.wait([stopped])
    assert stopped.cancelled()
    assert await make(room, 2_000)
    assert len(node.held()) == 2
