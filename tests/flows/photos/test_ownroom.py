"""The room that our own photographs may take, and who is refused at its end."""

import asyncio
import hashlib
import random

import pytest

from federation.blobs.blobs import open_blobs
from federation.errors import PhotoRoomError
from federation.flows.photos.admission import OwnRoom
from federation.flows.photos.held import Photo, drop_photo, keep_photo
from federation.flows.photos.ownroom import (
    RoomLimits,
    check_room,
    see_own_room,
)
from federation.store import blobs as held
from federation.store.blobs import BlobTotal

NOW = 1_707_900_000
SIZE = 10


async def keep(room, db, blobs, number, size=SIZE):
    """Keep one photograph of so many bytes, if there is room."""
    data = number.to_bytes(size, "big")
    photo = Photo(hashlib.sha256(data).hexdigest(), data, "image/jpeg")
    async with room.hold(photo.digest, size):
        await keep_photo(db, blobs, photo, is_own=True, now=NOW)
    return photo.digest


@pytest.mark.parametrize(
    "most",
    [RoomLimits(number=3), RoomLimits(size=3 * SIZE + 9)],
    ids=["number", "size"],
)
async def test_however_many_come_at_once_the_bound_is_not_passed(db, tmp_path, most):
    room, blobs = OwnRoom(db, most), open_blobs("blobs", tmp_path)
    asked = [keep(room, db, blobs, number) for number in range(8)]
    came = await asyncio.gather(*asked, return_exceptions=True)
    kept = [one for one in came if isinstance(one, str)]
    refused = [one for one in came if isinstance(one, PhotoRoomError)]
    assert (len(kept), len(refused)) == (3, 5)
    assert await db.read(held.count_blobs, is_own=True) == BlobTotal(3, 3 * SIZE)
    assert {digest async for digest, _ in blobs.list()} == set(kept)
    # What is held needs no more room; what goes makes some.
    await keep(room, db, blobs, next(n for n in range(8) if isinstance(came[n], str)))
    with pytest.raises(PhotoRoomError):
        await keep(room, db, blobs, 9)
    await drop_photo(db, blobs, kept[0])
    await keep(room, db, blobs, 9)


async def test_what_comes_is_counted_once_so_that_what_fits_is_not_refused(
    db, tmp_path
):
    room, blobs = OwnRoom(db, RoomLimits(number=2)), open_blobs("blobs", tmp_path)
    one, two, three = (hashlib.sha256(bytes([n])).hexdigest() for n in (1, 2, 3))

    async def is_refused(digest):
        try:
            async with room.hold(digest, SIZE):
                return False
        except PhotoRoomError:
            return True

    # The same photograph twice at once is one, until the last of both is over.
    async with room.hold(one, SIZE):
        assert not await is_refused(one)
        async with room.hold(two, SIZE):
            assert await is_refused(three)
    async with room.hold(one, SIZE):
        photo = Photo(one, b"1" * SIZE, "image/jpeg")
        await keep_photo(db, blobs, photo, is_own=True, now=NOW)
        # Its row is there before its block is over.
        async with room.hold(two, SIZE):
            assert await is_refused(three)
    assert not await is_refused(two)


async def test_a_refusal_says_how_much_is_taken_and_by_which_setting(db, tmp_path):
    blobs = open_blobs("blobs", tmp_path)
    await keep(OwnRoom(db, RoomLimits()), db, blobs, 1, 1 << 20)
    for most, words in (
        (RoomLimits(number=1), ("1 of 1", "own_max_photos")),
        (RoomLimits(size=1 << 20), ("1.0 of 1.0 MB", "own_max_mb")),
    ):
        with db.view() as view, pytest.raises(PhotoRoomError) as refused:
            check_room(view, most)
        assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(
    ("most", "percent"),
    [
        (RoomLimits(), None),
        (RoomLimits(number=20), 50),
        (RoomLimits(size=111), 90),
        (RoomLimits(number=20, size=111), 90),
        (RoomLimits(number=10, size=111), 100),
        (RoomLimits(number=5), 200),
    ],
)
async def test_how_full_it_is_is_that_of_the_nearer_bound(db, tmp_path, most, percent):
    room, blobs = OwnRoom(db, RoomLimits()), open_blobs("blobs", tmp_path)
    for number in range(10):
        await keep(room, db, blobs, number)
    with db.view() as view:
        seen = see_own_room(view, most)
    assert seen.percent == percent
    words = str(seen.tell())
    assert ("without a bound" in words) is (None in most)
    assert ("%" in words) is (percent is not None)
    assert seen.is_filling is (percent is not None and percent >= 90)
    assert seen.is_full is (percent is not None and percent >= 100)


def test_what_is_counted_along_the_way_is_what_counting_gives(db):
    chance = random.Random(16)
    names = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(6)]
    for _ in range(300):
        digest, is_own = chance.choice(names), chance.random() < 0.5
        with db.transaction() as tx:
            match chance.randrange(5):
                case 0 | 1:
                    size = chance.randrange(1, 99)
                    held.save_blob(
                        tx, digest, size, "image/jpeg", is_own=is_own, now=NOW
                    )
                case 2:
                    held.mark_going(tx, digest)
                case 3:
                    held.drop_going(tx, digest)
                case 4:
                    held.mark_damaged(tx, digest)
            for whose in (False, True):
                counted = held.count_blobs(tx, is_own=whose)
                assert counted == held.count_again(tx, is_own=whose)
