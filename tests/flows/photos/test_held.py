"""Bytes and rows in the one order that is right, whichever step fails."""

import asyncio
import errno
import hashlib

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.photos.held import (
    Photo,
    drop_photo,
    evict_photo,
    finish_drops,
    keep_photo,
)
from federation.store import blobs as held

NOW = 1_707_900_000
DATA = b"\xff\xd8\xff a photo"
PHOTO = Photo(hashlib.sha256(DATA).hexdigest(), DATA, "image/jpeg")
DIGEST = PHOTO.digest


@pytest.fixture
def blobs(tmp_path):
    return open_blobs("blobs", tmp_path)


async def state(db, blobs):
    """Is there a row; are there bytes; is something still to go?"""
    row = await db.read(held.find_blob, DIGEST)
    going = await db.read(held.list_going)
    return row is not None, await blobs.size(DIGEST) is not None, bool(going)


async def keep(db, blobs, *, is_own=True):
    return await keep_photo(db, blobs, PHOTO, is_own=is_own, now=NOW)


async def test_what_is_kept_is_kept_once(db, blobs):
    assert await keep(db, blobs)
    assert not await keep(db, blobs)
    assert await state(db, blobs) == (True, True, False)


async def test_a_photo_of_a_partner_becomes_ours_when_it_is_taken_in_here(db, blobs):
    assert await keep(db, blobs, is_own=False)
    assert not await keep(db, blobs)
    assert (await db.read(held.find_blob, DIGEST)).is_own
    assert not await keep(db, blobs, is_own=False)
    assert (await db.read(held.find_blob, DIGEST)).is_own


async def test_nothing_is_held_whose_bytes_a_disk_did_not_take(db, blobs, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(blobs, "_write", refuse)
        with pytest.raises(OSError, match="No space"):
            await keep(db, blobs)
    assert await state(db, blobs) == (False, False, False)
    assert await keep(db, blobs)


async def test_bytes_without_a_row_are_not_held_and_written_over(
    db, blobs, monkeypatch
):
    async def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(db, "write", refuse)
        with pytest.raises(OSError, match="No space"):
            await keep(db, blobs)
    assert await state(db, blobs) == (False, True, False)
    await asyncio.to_thread(blobs._write, DIGEST, b"torn")
    assert await keep(db, blobs)
    assert await blobs.get(DIGEST) == DATA


async def test_what_is_dropped_is_gone_and_was_there_once(db, blobs):
    await keep(db, blobs)
    assert await drop_photo(db, blobs, DIGEST)
    assert not await drop_photo(db, blobs, DIGEST)
    assert await state(db, blobs) == (False, False, False)


async def test_bytes_that_a_crash_left_are_dropped_too(db, blobs):
    await blobs.put(DIGEST, DATA)
    assert await drop_photo(db, blobs, DIGEST)
    assert await state(db, blobs) == (False, False, False)


@pytest.mark.parametrize("step", ["delete", "row"])
async def test_a_drop_that_was_stopped_is_finished_at_the_next_start(
    step, db, blobs, monkeypatch
):
    await keep(db, blobs)
    write = db.write

    async def stop(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    async def stop_at_row(fn, *args, **more):
        if fn is held.drop_going:
            await stop()
        return await write(fn, *args, **more)

    with monkeypatch.context() as patched:
        if step == "delete":
            patched.setattr(blobs, "delete", stop)
        else:
            patched.setattr(db, "write", stop_at_row)
        with pytest.raises(OSError, match="Input/output"):
            await drop_photo(db, blobs, DIGEST)
    assert await state(db, blobs) == (False, step == "delete", True)
    await finish_drops(db, blobs)
    assert await state(db, blobs) == (False, False, False)
    await finish_drops(db, blobs)


async def test_keeping_and_dropping_at_once_end_in_one_of_the_two(db, blobs):
    for _ in range(20):
        await asyncio.gather(
            keep(db, blobs), drop_photo(db, blobs, DIGEST), keep(db, blobs)
        )
        row, has_bytes, going = await state(db, blobs)
        assert row == has_bytes
        assert not going


@pytest.mark.parametrize("drop", [drop_photo, evict_photo])
async def test_what_is_damaged_goes_with_its_row(db, blobs, drop):
    """Else its alarm would stand for ever: nobody puts a removed photo again."""
    await keep(db, blobs, is_own=False)
    await db.write(held.mark_damaged, DIGEST)
    assert await drop(db, blobs, DIGEST)
    with db.view() as view:
        assert held.count_damaged(view) == 0
        assert held.list_blobs(view) == []
    assert not await drop(db, blobs, DIGEST)


async def test_what_has_become_ours_is_not_evicted(db, blobs):
    await keep(db, blobs, is_own=False)
    await keep(db, blobs)
    assert not await evict_photo(db, blobs, DIGEST)
    assert await state(db, blobs) == (True, True, False)
