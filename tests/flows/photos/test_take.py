"""A photograph is taken in once, its original kept apart or not at all."""

import hashlib
import stat

import pytest

from federation.blobs.blobs import open_blobs
from federation.errors import PhotoError
from federation.flows.photos import take
from federation.flows.photos.admission import OwnRoom
from federation.flows.photos.held import drop_photo
from federation.flows.photos.ownroom import RoomLimits
from federation.flows.photos.take import PhotoShelves, take_photo
from federation.photos.redraw import Redrawer
from federation.store import blobs as held
from federation.store import originals
from federation.store.removals import RemovedPhoto, note_removed
from tests.photos.pictures import decode, photo

NOW = 1_707_900_000
ORIGINAL = photo(size=(300, 200), comment=b"a name")


@pytest.fixture
async def redrawer():
    async with Redrawer(1) as opened:
        yield opened


@pytest.fixture
def shelves(db, tmp_path):
    room = OwnRoom(db, RoomLimits())
    return PhotoShelves(db, open_blobs("blobs", tmp_path), tmp_path / "originals", room)


def digest_of(data):
    return hashlib.sha256(data).hexdigest()


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_what_is_held_is_the_copy_and_what_it_is_called(redrawer, shelves):
    taken = await take_photo(redrawer, shelves, ORIGINAL, NOW)
    data = await shelves.blobs.get(taken.digest)
    assert (digest_of(data), len(data)) == (taken.digest, taken.size)
    assert b"a name" not in data
    assert decode(data).size == (300, 200)
    row = await shelves.db.read(held.find_blob, taken.digest)
    assert (row.is_own, row.media_type, row.size) == (True, "image/jpeg", taken.size)
    assert taken.original_digest == digest_of(ORIGINAL)


async def test_the_original_is_kept_by_its_digest_for_its_owner_only(redrawer, shelves):
    taken = await take_photo(redrawer, shelves, ORIGINAL, NOW)
    (path,) = files_in(shelves.originals)
    assert path.name == taken.original_digest
    assert path.read_bytes() == ORIGINAL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_without_a_folder_the_original_is_nowhere(redrawer, shelves, tmp_path):
    shelves = shelves._replace(originals=None)
    await take_photo(redrawer, shelves, ORIGINAL, NOW)
    assert not (tmp_path / "originals").exists()
    assert all(ORIGINAL not in path.read_bytes() for path in files_in(tmp_path))


async def test_the_same_original_is_not_drawn_twice(redrawer, shelves, monkeypatch):
    taken = await take_photo(redrawer, shelves, ORIGINAL, NOW)
    monkeypatch.setattr(redrawer, "redraw", None)
    assert await take_photo(redrawer, shelves, ORIGINAL, NOW + 9) == taken
    assert await shelves.db.read(originals.originals_of, taken.digest) == [
        taken.original_digest
    ]


async def test_an_original_that_was_not_kept_is_when_it_comes_again(redrawer, shelves):
    await take_photo(redrawer, shelves._replace(originals=None), ORIGINAL, NOW)
    await take_photo(redrawer, shelves, ORIGINAL, NOW)
    assert [path.read_bytes() for path in files_in(shelves.originals)] == [ORIGINAL]


async def test_two_originals_of_the_same_pixels_are_one_copy(redrawer, shelves):
    other = photo(size=(300, 200), comment=b"another name")
    first = await take_photo(redrawer, shelves, ORIGINAL, NOW)
    second = await take_photo(redrawer, shelves, other, NOW)
    assert first.digest == second.digest
    assert first.original_digest != second.original_digest
    assert await shelves.db.read(originals.originals_of, first.digest) == sorted(
        {first.original_digest, second.original_digest}
    )


async def test_what_is_held_no_more_is_drawn_again(redrawer, shelves):
    taken = await take_photo(redrawer, shelves, ORIGINAL, NOW)
    await drop_photo(shelves.db, shelves.blobs, taken.digest)
    assert await take_photo(redrawer, shelves, ORIGINAL, NOW) == taken
    assert await shelves.blobs.size(taken.digest) == taken.size


async def test_what_is_refused_leaves_nothing(redrawer, shelves, tmp_path):
    with pytest.raises(PhotoError):
        await take_photo(redrawer, shelves, b"%PDF-1.7", NOW)
    with pytest.raises(PhotoError):
        await take_photo(redrawer, shelves, ORIGINAL[:200], NOW)
    assert not (tmp_path / "originals").exists()
    assert not (tmp_path / "blobs").exists()


@pytest.mark.parametrize("is_known", [True, False])
async def test_what_was_removed_is_not_taken_again(redrawer, shelves, is_known):
    taken = await take_photo(redrawer, shelves, ORIGINAL, NOW)
    removed = RemovedPhoto(
        digest=taken.digest, ground="request", reason="", org="a.example",
        removed_at=NOW,
    )  # fmt: skip
    await shelves.db.write(note_removed, removed)
    await drop_photo(shelves.db, shelves.blobs, taken.digest)
    again = ORIGINAL if is_known else photo(size=(300, 200), comment=b"other")
    with pytest.raises(PhotoError) as refused:
        await take_photo(redrawer, shelves, again, NOW)
    assert refused.value.what.key == "photo.removed"
    assert await shelves.blobs.size(taken.digest) is None


STEPS = ("keep_photo", "keep_original", "originals.save_copy")


@pytest.mark.parametrize("step", STEPS)
async def test_a_node_that_stops_at_any_step_takes_it_in_when_asked_again(
    redrawer, shelves, monkeypatch, step
):
    def stop(*_, **__):
        raise OSError("stopped")

    with monkeypatch.context() as patched:
        owner, _, name = step.rpartition(".")
        patched.setattr(getattr(take, owner) if owner else take, name, stop)
        with pytest.raises(OSError, match="stopped"):
            await take_photo(redrawer, shelves, ORIGINAL, NOW)
    assert await shelves.db.read(originals.find_copy, digest_of(ORIGINAL)) is None
    taken = await take_photo(redrawer, shelves, ORIGINAL, NOW)
    assert await shelves.db.read(originals.find_copy, taken.original_digest)
    assert len(files_in(shelves.originals)) == 1


@pytest.mark.parametrize("is_known", [True, False])
async def test_what_is_removed_while_it_is_taken_in_leaves_no_original(
    redrawer, shelves, monkeypatch, is_known
):
    if is_known:
        await take_photo(redrawer, shelves._replace(originals=None), ORIGINAL, NOW)
    keep_original = take.keep_original

    def keep_late(folder, digest, original):
        with shelves.db.view() as view:
            (photo_held,) = held.list_blobs(view)
        removed = RemovedPhoto(
            digest=photo_held.digest, ground="request", reason="", org="a.example",
            removed_at=NOW,
        )  # fmt: skip
        with shelves.db.transaction() as tx:
            note_removed(tx, removed)
        return keep_original(folder, digest, original)

    monkeypatch.setattr(take, "keep_original", keep_late)
    with pytest.raises(PhotoError) as refused:
        await take_photo(redrawer, shelves, ORIGINAL, NOW)
    assert refused.value.what.key == "photo.removed"
    assert files_in(shelves.originals) == []
