"""A photograph goes from here for good, whatever stops it on the way."""

import contextlib
import errno
import hashlib

import obstore
import pytest
from obstore.store import MemoryStore

from federation.blobs import below
from federation.blobs.blobs import open_blobs
from federation.blobs.objects import ObjectBlobs
from federation.errors import ConflictError
from federation.flows.photos.held import Photo, keep_photo
from federation.flows.photos.index import index_all
from federation.flows.photos.remove import (
    PhotoPlaces,
    elections_of,
    note_gone,
    statement_of,
    sweep,
    sweep_again,
)
from federation.photos.originals import keep_original
from federation.records.removal import GROUNDS
from federation.store import blobs as held
from federation.store import originals, removals, wanted
from federation.store.originals import SharedCopy
from federation.store.removals import RemovedPhoto
from tests.photographed import A, B, add_named, file_of

NOW = 1_709_000_000
DATA = b"not a photo, and nobody looks"
ONE = hashlib.sha256(DATA).hexdigest()
TPS = "3171010001001"


@pytest.fixture
def places(db, tmp_path):
    blobs = open_blobs("blobs", tmp_path)
    folders = (tmp_path / name for name in ("thumbnails", "partial", "originals"))
    return PhotoPlaces(db, blobs, *folders)


def removed(**members) -> RemovedPhoto:
    usual = {"digest": ONE, "ground": "request", "reason": "asked", "org": A}
    return RemovedPhoto(**{**usual, "removed_at": NOW, "is_due": True, **members})


async def hold(places, *, is_own=True):
    photo = Photo(ONE, DATA, "image/jpeg")
    await keep_photo(places.db, places.blobs, photo, is_own=is_own, now=NOW)


async def test_the_bytes_the_row_and_the_thumbnail_go(places):
    await hold(places)
    small = places.thumbnails / f"{ONE}.jpg"
    other = places.thumbnails / f"{'0' * 64}.jpg"
    places.thumbnails.mkdir()
    for path in (small, other):
        path.write_bytes(b"small")
    assert await places.db.write(note_gone, removed())
    assert await sweep(places) == 1
    assert await places.blobs.size(ONE) is None
    assert (small.exists(), other.exists()) == (False, True)
    with places.db.view() as view:
        assert held.find_blob(view, ONE) is None
        found = removals.find_removed(view, ONE)
    assert (found.was_held, found.is_swept, found.is_due) == (True, True, True)
    assert await sweep(places) == 0


async def test_what_it_was_made_of_and_what_came_of_it_go_too(places):
    await hold(places)
    copy = SharedCopy(ONE, len(DATA), "image/jpeg", "")
    came = hashlib.sha256(b"with a place in it").hexdigest()
    other = hashlib.sha256(b"another").hexdigest()
    for digest, data in ((came, b"with a place in it"), (other, b"another")):
        keep_original(places.originals, digest, data)
    await places.db.write(originals.save_copy, came, copy, NOW)
    await places.db.write(wanted.want_photos, [(ONE, B)], wanted.ALL, NOW)
    places.partial.mkdir()
    (places.partial / f"{ONE}@{B}").write_bytes(b"not")
    await places.db.write(note_gone, removed())
    await sweep(places)
    left = [path.name for path in places.originals.rglob("*") if path.is_file()]
    assert left == [other]
    assert list(places.partial.iterdir()) == []
    with places.db.view() as view:
        assert not wanted.is_wanted(view, ONE)
    # Whoever still has the file does not bring it back.
    with pytest.raises(ConflictError):
        await hold(places)


async def test_bytes_without_a_row_that_a_crash_left_go_too(places):
    await places.blobs.put(ONE, DATA)
    await places.db.write(note_gone, removed())
    await sweep(places)
    assert await places.blobs.size(ONE) is None


async def test_bytes_that_a_backup_has_put_back_are_deleted_again(places):
    await hold(places)
    await places.db.write(note_gone, removed())
    await sweep(places)
    other = hashlib.sha256(b"another").hexdigest()
    for digest, data in ((ONE, DATA), (other, b"another")):
        await places.blobs.put(digest, data)
    assert await sweep_again(places) == 1
    assert await places.blobs.size(ONE) is None
    assert await places.blobs.size(other) == len(b"another")


STEPS = ("noted", "traces", "marked", "bytes", "row", "swept")


@pytest.mark.parametrize("step", STEPS)
async def test_whatever_step_is_the_last_the_next_start_finishes(
    places, monkeypatch, step
):
    """Each step fails once, as if the process had ended in it."""
    await hold(places)
    if step == "noted":
        monkeypatch.setattr("federation.store.removals.note_removed", _fail_once())
    await _until_killed(places, monkeypatch, step)
    monkeypatch.undo()
    if step == "noted":
        await places.db.write(note_gone, removed())
    # Before the next start nobody is handed it, once it was noted.
    with places.db.view() as view:
        assert removals.is_removed(view, ONE)
    await sweep(places)
    assert await places.blobs.size(ONE) is None
    with places.db.view() as view:
        assert held.find_blob(view, ONE) is None
        assert removals.list_unswept(view) == []
        assert [one.digest for one in removals.list_due(view)] == [ONE]


class KilledError(Exception):
    """The process ended here."""


def _fail_once():
    def fail(*_, **__):
        raise KilledError

    return fail


async def _until_killed(places, monkeypatch, step):
    points = {
        "traces": "federation.flows.photos.remove._drop_traces",
        "marked": "federation.store.blobs.mark_going",
        "row": "federation.store.blobs.drop_going",
        "swept": "federation.store.removals.note_swept",
    }
    if step in points:
        monkeypatch.setattr(points[step], _fail_once())
    if step == "bytes":
        monkeypatch.setattr(places.blobs, "delete", _fail_once())

    async def begin():
        await places.db.write(note_gone, removed())
        await sweep(places)

    with pytest.raises(KilledError):
        await begin()


async def test_only_who_deleted_something_answers(places):
    await places.db.write(note_gone, removed(honours="ab" * 32, org=B))
    with places.db.view() as view:
        assert not removals.find_removed(view, ONE).is_due


@pytest.mark.parametrize("ground", GROUNDS)
def test_what_is_signed_says_the_ground_and_nothing_of_a_person(ground):
    gone = removed(ground=ground, person="Coordinator")
    said = statement_of(gone, A, "pemilu-2024", NOW)
    assert (said.sha256, said.ground, said.reason) == (ONE, ground, "asked")
    assert said.recorded_at == "2024-02-27T02:13:20Z"
    assert not said.is_answer
    assert "Coordinator" not in repr(said)


def test_an_answer_does_not_repeat_the_words_of_another():
    said = statement_of(removed(honours="ab" * 32), B, "pemilu-2024", NOW)
    assert (said.answers, said.is_answer) == ("ab" * 32, True)
    assert "asked" not in repr(said)


def test_it_is_said_where_the_photo_is_named(db):
    add_named(db, A, [(TPS, [file_of(ONE)])], own=True)
    index_all(db)
    with db.view() as view:
        assert elections_of(view, removed()) == ["pemilu-2024"]
        assert elections_of(view, removed(digest="0" * 64)) == []


async def test_a_photo_that_cannot_be_deleted_keeps_none_of_the_others(
    places, monkeypatch
):
    others = [hashlib.sha256(name).hexdigest() for name in (b"1", b"2", b"3")]
    stuck = min(others)
    for digest in others:
        await places.blobs.put(digest, DATA)
        await places.db.write(note_gone, removed(digest=digest))
    delete = places.blobs.delete

    async def refuse(digest):
        if digest == stuck:
            raise OSError(errno.EPERM, "Operation not permitted")
        return await delete(digest)

    with monkeypatch.context() as patched:
        patched.setattr(places.blobs, "delete", refuse)
        with pytest.raises(OSError, match="not permitted"):
            await sweep(places)
    there = {digest for digest in others if await places.blobs.size(digest)}
    assert there == {stuck}
    assert await sweep(places) == 1
    assert await places.blobs.size(stuck) is None


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
async def test_whichever_request_to_a_store_fails_nothing_is_called_gone_that_is_not(
    places, monkeypatch, is_done
):
    """Each of them once, not done or done and not answered: as a kill leaves it."""
    store = MemoryStore()
    places = places._replace(blobs=ObjectBlobs("s3://bucket", store))
    for number in range(20):
        await places.db.write(forget_all)
        await hold(places)
        await places.db.write(note_gone, removed())
        left, is_over = [number], []

        def faulty(call, left=left, is_over=is_over):
            def asked(*given, **named):
                is_now, left[0] = left[0] == 0, left[0] - 1
                answer = call(*given, **named) if is_done or not is_now else None
                if is_now:
                    is_over.append(call)
                    raise obstore.exceptions.GenericError("the store went away")
                return answer

            return asked

        with monkeypatch.context() as patch:
            for name in ("head", "put", "delete"):
                patch.setattr(below.obstore, name, faulty(getattr(obstore, name)))
            # Anew: what was found out of the store is not known yet.
            again = places._replace(blobs=ObjectBlobs("s3://bucket", store))
            with contextlib.suppress(OSError):
                await sweep(again)
        with places.db.view() as view:
            is_swept = removals.find_removed(view, ONE).is_swept
        assert not (is_swept and await places.blobs.size(ONE))
        await sweep(places)
        assert await places.blobs.size(ONE) is None
        with places.db.view() as view:
            assert removals.find_removed(view, ONE).is_swept
            assert held.find_row(view, ONE) is None
        if not is_over:
            return
    raise AssertionError(number)


def forget_all(tx):
    tx.execute("DELETE FROM removed_photo")
