"""What a disk lost or changed is found, handed to nobody, and whole when it is back."""

import asyncio
import hashlib

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.photos.check import check_some, find_fault
from federation.flows.photos.held import Photo, keep_photo
from federation.store import blobs as held

NOW = 1_707_900_000
DATAS = [b"\xff\xd8\xff%d" % number * 50 for number in range(7)]
PHOTOS = sorted(
    Photo(hashlib.sha256(data).hexdigest(), data, "image/jpeg") for data in DATAS
)


@pytest.fixture
async def blobs(db, tmp_path):
    """A store of seven photos, every second one ours."""
    opened = open_blobs("blobs", tmp_path)
    for number, photo in enumerate(PHOTOS):
        await keep_photo(db, opened, photo, is_own=number % 2 == 0, now=NOW)
    return opened


async def damage(blobs, digest, how):
    if how == "missing":
        await blobs.delete(digest)
    else:
        data = bytearray(await blobs.get(digest))
        data[len(data) // 2] ^= 1
        await asyncio.to_thread(
            blobs._write, digest, bytes(data) if how == "flipped" else data[:-1]
        )


async def test_what_is_whole_has_no_fault(db, blobs):
    assert await check_some(db, blobs, "") == (PHOTOS[-1].digest, [])
    assert await check_some(db, blobs, PHOTOS[-1].digest) == ("", [])


@pytest.mark.parametrize("how", ["missing", "flipped", "short"])
async def test_each_kind_of_damage_is_marked_and_ends_when_the_bytes_are_back(
    how, db, blobs
):
    for photo in (PHOTOS[1], PHOTOS[2]):
        before = await db.read(held.find_blob, photo.digest)
        await damage(blobs, photo.digest, how)
        fault = await find_fault(blobs, before)
        assert fault == ("missing" if how == "missing" else "damaged")
        _, faulty = await check_some(db, blobs, "")
        assert [one.digest for one in faulty] == [photo.digest]
        assert await db.read(held.find_blob, photo.digest) is None
        assert await db.read(held.held_among, [photo.digest]) == set()
        assert await db.read(held.count_damaged) == 1
        # Whoever brings them: it stays ours, or a partner's.
        await keep_photo(db, blobs, photo, is_own=False, now=NOW + 1)
        after = await db.read(held.find_blob, photo.digest)
        assert after.is_own == before.is_own
        assert await find_fault(blobs, after) is None
        assert await db.read(held.count_damaged) == 0


async def test_turns_of_any_size_read_each_photo_once(db, blobs, monkeypatch):
    for most in (1, 150, 151, 400, 1 << 20):
        read, get = [], blobs.get

        async def note(digest, *part, get=get, read=read):
            read.append(digest)
            return await get(digest, *part)

        with monkeypatch.context() as patched:
            patched.setattr(blobs, "get", note)
            last, _ = await check_some(db, blobs, "", most)
            while last:
                last, _ = await check_some(db, blobs, last, most)
        assert read == [photo.digest for photo in PHOTOS]


async def test_a_disk_that_does_not_answer_says_nothing_against_a_photo(
    db, blobs, monkeypatch
):
    async def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(blobs, "get", fail)
    with pytest.raises(OSError, match="Input/output"):
        await check_some(db, blobs, "")
    assert await db.read(held.count_damaged) == 0
