"""A photo made small: once, for a while, and gone with its photo."""

import asyncio
import hashlib
import os

import pytest

from federation.blobs.blobs import open_blobs
from federation.errors import NotFoundError, PhotoError
from federation.flows.photos import thumbnails as small
from federation.flows.photos.held import Photo, drop_photo, keep_photo
from federation.flows.photos.thumbnails import Thumbnails, path_of, sweep_thumbnails
from federation.photos.redraw import Redrawer
from tests.photos.pictures import corners, decode, photo

NOW = 1_707_900_000


class CountingRedrawer:
    """Says how often it was asked."""

    def __init__(self):
        self.asked = 0

    async def shrink(self, data, side):
        assert side == small.SIDE
        self.asked += 1
        await asyncio.sleep(0)
        return b"small " + data[:20]


@pytest.fixture
def blobs(tmp_path):
    return open_blobs("blobs", tmp_path)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "thumbnails"


async def hold(db, blobs, data):
    digest = hashlib.sha256(data).hexdigest()
    kept = Photo(digest, data, "image/jpeg")
    await keep_photo(db, blobs, kept, is_own=True, now=NOW)
    return digest


@pytest.mark.slow
async def test_it_is_a_small_jpeg_of_the_same_picture(db, blobs, folder):
    data = photo(size=(2560, 1920))
    digest = await hold(db, blobs, data)
    async with Redrawer() as redrawer:
        made = await Thumbnails(folder, blobs, redrawer).read(digest)
        other = await hold(db, blobs, b"\xff\xd8\xff no picture")
        with pytest.raises(PhotoError):
            await Thumbnails(folder, blobs, redrawer).read(other)
    picture = decode(made)
    assert picture.size == (320, 240)
    assert corners(picture) == [0, 1, 2, 3]
    assert len(made) < 20_000


async def test_it_is_made_once_however_many_ask(db, blobs, folder):
    redrawer = CountingRedrawer()
    digest = await hold(db, blobs, b"a photo")
    made = Thumbnails(folder, blobs, redrawer)
    shown = await asyncio.gather(*(made.read(digest) for _ in range(9)))
    assert set(shown) == {b"small a photo"}
    assert redrawer.asked == 1
    # Another process finds it, too.
    assert await Thumbnails(folder, blobs, redrawer).read(digest) == shown[0]
    assert redrawer.asked == 1
    path = path_of(folder, digest)
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


async def test_there_is_none_of_what_is_not_held(blobs, folder):
    with pytest.raises(NotFoundError):
        await Thumbnails(folder, blobs, CountingRedrawer()).read("0" * 64)
    assert not folder.exists()


async def test_a_disk_that_takes_nothing_keeps_nobody_from_seeing_it(
    db, blobs, folder, monkeypatch
):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(small, "_write", refuse)
    digest = await hold(db, blobs, b"a photo")
    made = Thumbnails(folder, blobs, CountingRedrawer())
    assert await made.read(digest) == b"small a photo"


async def test_those_shown_longest_ago_give_way(blobs, folder, monkeypatch):
    monkeypatch.setattr(small, "MOST_ALIKE", 3)
    made, digests = Thumbnails(folder, blobs, CountingRedrawer()), []
    for number in range(5):
        digest = "ab" + f"{number:062x}"
        digests.append(digest)
        await asyncio.to_thread(blobs._write, digest, b"%d" % number)
        await made.read(digest)
        os.utime(path_of(folder, digest), (number, number))
        if number == 3:  # the oldest left is shown again
            await made.read(digests[1])
    left = {path.stem for path in (folder / "ab").iterdir()}
    assert left == {digests[1], digests[3], digests[4]}


async def test_it_goes_when_its_photo_has_gone(db, blobs, folder):
    made = Thumbnails(folder, blobs, CountingRedrawer())
    kept, gone = await hold(db, blobs, b"kept"), await hold(db, blobs, b"gone")
    for digest in (kept, gone):
        await made.read(digest)
    await drop_photo(db, blobs, gone)
    await sweep_thumbnails(db, folder)
    assert path_of(folder, kept).exists()
    assert not path_of(folder, gone).exists()


async def test_where_none_was_made_there_is_nothing_to_sweep(db, folder):
    await sweep_thumbnails(db, folder)
    assert not folder.exists()
