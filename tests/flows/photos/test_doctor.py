"""What is wrong with photographs is named, and mended as far as it can be."""

import asyncio
import hashlib

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.doctor import photos as doctor
from federation.flows.doctor.report import DoctorReport
from federation.flows.photos.held import Photo
from federation.flows.photos.index import index_all
from federation.flows.photos.remove import PhotoPlaces, note_gone, sweep
from federation.photos.originals import keep_original
from federation.store import blobs as held
from federation.store import evidence, mending, originals, twice
from federation.store.originals import SharedCopy
from federation.store.removals import RemovedPhoto
from tests.photographed import A, add_named, file_of

NOW = 1_707_900_000
OURS, THEIRS = (
    Photo(hashlib.sha256(data).hexdigest(), data, "image/jpeg")
    for data in (b"\xff\xd8\xff ours", b"\xff\xd8\xff theirs")
)


class Store:
    """Photos on a disk, written without an event loop."""

    def __init__(self, db, tmp_path):
        self.db, self.folder = db, tmp_path / "blobs"
        self.blobs = open_blobs("blobs", tmp_path)
        names = ("thumbnails", "partial", "originals")
        folders = (tmp_path / name for name in names)
        self.places = PhotoPlaces(db, self.blobs, *folders)
        for photo in (OURS, THEIRS):
            self.path(photo.digest).parent.mkdir(parents=True, exist_ok=True)
            self.path(photo.digest).write_bytes(photo.data)
            with db.transaction() as tx:
                held.save_blob(
                    tx,
                    photo.digest,
                    len(photo.data),
                    photo.media_type,
                    is_own=photo is OURS,
                    now=NOW,
                )

    def path(self, digest):
        return self.folder / digest[:2] / digest

    def damage(self, digest, how):
        path, data = self.path(digest), bytearray(self.path(digest).read_bytes())
        data[-1] ^= 1
        if how == "missing":
            path.unlink()
        else:
            path.write_bytes(data if how == "flipped" else data[:-1])

    def look(self, *, deep=True):
        report = DoctorReport(is_deep=deep)
        with self.db.view() as view:
            doctor.check_photos(view, self.blobs, report)
            doctor.check_removed(self.places, report)
            if deep:
                doctor.check_evidence(view, report)
        return {(f.level, f.code, f.subject) for f in report.findings}

    def find(self, digest):
        with self.db.view() as view:
            return held.find_blob(view, digest)


@pytest.fixture
def store(db, tmp_path):
    return Store(db, tmp_path)


def test_nothing_is_found_where_nothing_is_wrong(store):
    assert store.look() == store.look(deep=False) == set()


@pytest.mark.parametrize("how", ["missing", "short", "flipped"])
@pytest.mark.parametrize("photo", [OURS, THEIRS])
def test_each_kind_of_damage_is_named_by_whose_it_is(how, photo, store):
    store.damage(photo.digest, how)
    whose = "own" if photo is OURS else "of-partner"
    kind = "missing" if how == "missing" else "damaged"
    found = {("error", f"photo-{kind}-{whose}", photo.digest)}
    assert store.look() == found
    # Bytes are compared with `--deep` only.
    assert store.look(deep=False) == (set() if how == "flipped" else found)


def test_a_store_that_cannot_be_looked_at_is_a_finding(store, monkeypatch):
    async def fail(_=""):
        raise OSError(5, "Input/output error", "s3://bucket")
        yield  # a generator

    monkeypatch.setattr(store.blobs, "list", fail)
    assert store.look() == {("error", "photo-store", "s3://bucket")}


def test_bytes_that_no_row_speaks_of_are_named_but_those_that_go(store):
    for digest in ("0" * 64, "f" * 64):
        store.path(digest).parent.mkdir(exist_ok=True)
        store.path(digest).write_bytes(b"?")
    with store.db.transaction() as tx:
        held.mark_going(tx, THEIRS.digest)
    strays = {("note", "photo-stray", digest) for digest in ("0" * 64, "f" * 64)}
    assert store.look() == strays


def uncited(store, now):
    report = DoctorReport(is_deep=False)
    with store.db.view() as view:
        doctor.check_uncited(view, now, report)
    return [(f.level, f.code, f.subject) for f in report.findings]


def test_a_photo_of_ours_for_which_no_record_came_is_told_after_a_week(store):
    """A partner's is not: it is here because a record names it, or named it."""
    later = NOW + doctor.UNCITED_S
    told = [("note", "photo-uncited", OURS.digest)]
    assert uncited(store, later - 1) == []
    assert uncited(store, later) == told
    log = add_named(store.db, A, [("1371011001001", [file_of(OURS.digest)])], own=True)
    # Until it is noted what the record names, nobody is told anything.
    assert uncited(store, later) == []
    index_all(store.db)
    assert uncited(store, later) == []
    with store.db.transaction() as tx:
        evidence.replace_evidence(tx, log.id, 0, log.size, [])
    assert uncited(store, later) == told


def test_many_photos_without_a_record_do_not_hide_what_else_is_found(store):
    with store.db.transaction() as tx:
        for number in range(doctor.MOST_UNCITED):
            held.save_blob(tx, f"{number:064x}", 9, "image/jpeg", is_own=True, now=NOW)
    told = uncited(store, NOW + doctor.UNCITED_S)
    assert len(told) == doctor.MOST_UNCITED + 1
    assert told[-1] == ("note", "photo-uncited", "photos")


async def test_mending_forgets_what_is_damaged_of_partners_and_keeps_what_is_ours(
    store,
):
    for photo in (OURS, THEIRS):
        store.damage(photo.digest, "flipped")
    await doctor.mend_photos(store.places)
    assert not store.path(THEIRS.digest).exists()
    assert store.path(OURS.digest).exists()
    assert store.find(OURS.digest) is store.find(THEIRS.digest) is None
    with store.db.view() as view:
        (left,) = held.list_blobs(view)
    assert (left.digest, left.is_own, left.is_damaged) == (OURS.digest, True, True)


async def test_mending_lets_stand_what_turned_out_to_be_whole(store):
    with store.db.transaction() as tx:
        held.mark_damaged(tx, OURS.digest)
        tx.execute("UPDATE blob SET size = 1 WHERE digest = ?", (THEIRS.digest,))
    await doctor.mend_photos(store.places)
    assert store.find(OURS.digest).is_own
    assert store.find(THEIRS.digest).size == len(THEIRS.data)


def test_of_two_writings_that_differ_what_is_ours_stays_ours(store):
    with store.db.transaction() as tx:
        tx.execute("UPDATE blob_twice SET is_own = 0 WHERE digest = ?", (OURS.digest,))
        tx.execute("DELETE FROM blob_twice WHERE digest = ?", (THEIRS.digest,))
    with store.db.transaction() as tx:
        assert len(list(twice.find_differing(tx))) == 2
        held.restore_blobs(tx)
        twice.take_one(tx, "blob", second=False)
        assert list(twice.find_differing(tx)) == []
    assert store.find(OURS.digest).is_own
    assert store.find(THEIRS.digest)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE evidence SET tps = '3171010001002'",
        "UPDATE evidence SET is_derived = 1",
        "DELETE FROM evidence",
        "UPDATE evidence SET idx = idx + 1",
    ],
)
def test_what_does_not_follow_from_the_leaves_is_named(change, store):
    rows = [("3171010001001", [file_of(OURS.digest)])] * 2
    log = add_named(store.db, A, rows)
    index_all(store.db)
    assert store.look() == set()
    with store.db.transaction() as tx:
        tx.execute(f"{change} WHERE idx = (SELECT max(idx) FROM evidence)")
    assert store.look() == {("error", "photo-names", log.origin)}
    with store.db.transaction() as tx:
        evidence.clear_evidence(tx)
    index_all(store.db)
    assert store.look() == set()


def test_a_cursor_beyond_the_end_is_named_and_the_looking_ends(store):
    log = add_named(store.db, A, [("3171010001001", [file_of(OURS.digest)])])
    index_all(store.db)
    with store.db.transaction() as tx:
        tx.execute("UPDATE evidence_noted SET idx = idx + 1024")
    assert store.look() == {("error", "photo-names", log.origin)}


CAME = hashlib.sha256(b"as it came").hexdigest()


def put_back(store, what):
    """As a backup does that knows nothing of the removal."""
    digest = OURS.digest
    path = {
        "bytes": store.path(digest),
        "thumbnail": store.places.thumbnails / digest[:2] / f"{digest}.jpg",
        "partial": store.places.partial / f"{digest}@b.example",
        "original": store.places.originals / CAME[:2] / CAME,
    }[what]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(OURS.data)
    return path


@pytest.mark.parametrize("what", ["bytes", "thumbnail", "partial", "original"])
def test_what_was_removed_and_lies_here_again_is_named_and_deleted(what, store):
    keep_original(store.places.originals, CAME, b"as it came")
    copy = SharedCopy(OURS.digest, len(OURS.data), "image/jpeg", "")
    gone = RemovedPhoto(
        digest=OURS.digest, ground="request", reason="", org=A, removed_at=NOW
    )
    with store.db.transaction() as tx:
        originals.save_copy(tx, CAME, copy, NOW)
        note_gone(tx, gone)
    asyncio.run(sweep(store.places))
    assert store.look() == set()
    path = put_back(store, what)
    named = {("error", "photo-removed", OURS.digest)}
    assert store.look() == store.look(deep=False) == named
    asyncio.run(doctor.mend_photos(store.places))
    assert store.look() == set()
    assert not path.exists()
    assert store.find(THEIRS.digest), "nothing else goes"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE likeness_part SET value = value + 1",
        "UPDATE likeness_part SET log_id = log_id + 1",
        "UPDATE likeness_part SET likeness = substr(likeness, 2)",
        "DELETE FROM likeness_part",
    ],
)
def test_likenesses_that_are_found_by_other_parts_are_named(change, store):
    file = file_of(OURS.digest, likeness="5a3c" * 16)
    add_named(store.db, A, [("3171010001001", [file])])
    index_all(store.db)
    assert store.look() == set()
    with store.db.transaction() as tx:
        tx.execute(f"{change} WHERE part = 7")
    assert {(level, code) for level, code, _ in store.look()} == {
        ("error", "photo-likeness")
    }
    with store.db.transaction() as tx:
        mending.clear_following(tx)
    index_all(store.db)
    assert store.look() == set()
