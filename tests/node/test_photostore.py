"""A bucket of photographs that is silent: said after its time, until it answers."""

import errno
from types import SimpleNamespace

import pytest

from federation.blobs.probe import PhotoTraits
from federation.node import photostore
from federation.node.photostore import ALARM, SILENT_S, SUBJECT, PhotoStoreWatch
from federation.store import alarms
from federation.text import Sentence

BUCKET = "s3://photos/below"


class Store:
    """Blobs of which the size is asked, and what the store does."""

    def __init__(self):
        self.is_away = self.is_full = self.keeps_deleted = False
        self.has_refused = False
        self.asked = self.tried = 0

    async def size(self, _):
        self.asked += 1
        if self.is_away:
            why = Sentence("blobs.store-unreachable", words="-")
            raise OSError(errno.EIO, why, BUCKET)

    async def traits(self):
        await self.size("")
        self.tried += 1
        if self.is_full:
            why = Sentence("blobs.store-unreachable", words="507")
            raise OSError(errno.ENOSPC, why, BUCKET)
        return PhotoTraits(keeps_deleted=self.keeps_deleted, creates=False)


@pytest.fixture
def watched(db):
    """The watch of a store, what can be done to it, and what stands."""
    store, now = Store(), [1000.0]
    home = SimpleNamespace(blobs=BUCKET)
    parts = SimpleNamespace(home=home, blobs=store, db=db)
    disk = SimpleNamespace(takes=lambda _: True)
    clocks = SimpleNamespace(wall=lambda: now[0], steady=lambda: now[0])

    async def standing():
        found = await db.read(alarms.list_alarms)
        return {(one.code, one.subject): str(one.detail) for one in found}

    watch = PhotoStoreWatch(parts, disk, clocks)
    return SimpleNamespace(
        watch=watch, store=store, now=now, home=home, standing=standing
    )


async def test_a_silent_store_is_told_after_its_time_and_no_longer_when_it_answers(
    watched,
):
    await watched.watch.turn()
    watched.store.is_away = True
    for waited, is_told in ((0.0, False), (SILENT_S - 1, False), (1.0, True)):
        watched.now[0] += waited
        await watched.watch.turn()
        standing = await watched.standing()
        assert ((ALARM, SUBJECT) in standing) is is_told, waited
    assert BUCKET in standing[ALARM, SUBJECT]
    watched.store.is_away = False
    await watched.watch.turn()
    assert await watched.standing() == {}
    # One hiccup after it is counted anew.
    watched.store.is_away = True
    await watched.watch.turn()
    assert await watched.standing() == {}


async def test_a_store_that_answers_and_takes_nothing_is_told_until_it_has_room(
    watched,
):
    await watched.watch.turn()
    watched.store.is_full = True
    for waited in (0.0, SILENT_S):
        watched.now[0] += waited
        await watched.watch.turn()
    standing = await watched.standing()
    assert "507" in standing[ALARM, SUBJECT]
    watched.store.is_full = False
    await watched.watch.turn()
    assert await watched.standing() == {}


async def test_a_store_that_keeps_what_is_deleted_is_tried_once(watched):
    watched.store.keeps_deleted = True
    for _ in range(3):
        await watched.watch.turn()
    assert watched.store.tried == 1
    watched.store.is_away = True
    for waited in (0.0, SILENT_S):
        watched.now[0] += waited
        await watched.watch.turn()
    assert await watched.standing()


async def test_a_store_that_keeps_what_is_deleted_is_tried_again_while_it_refuses(
    watched,
):
    watched.store.keeps_deleted = True
    await watched.watch.turn()
    watched.store.is_full = watched.store.has_refused = True
    for waited in (0.0, SILENT_S):
        watched.now[0] += waited
        await watched.watch.turn()
    assert "507" in (await watched.standing())[ALARM, SUBJECT]
    watched.store.is_full = watched.store.has_refused = False
    tried = watched.store.tried
    await watched.watch.turn()
    assert await watched.standing() == {}
    assert watched.store.tried == tried


async def test_a_folder_is_not_asked_and_what_a_bucket_before_it_left_goes(watched):
    watched.store.is_away = True
    await watched.watch.turn()
    watched.now[0] += SILENT_S
    await watched.watch.turn()
    assert await watched.standing()
    asked, watched.home.blobs = watched.store.asked, "/var/lib/photos"
    await watched.watch.turn()
    assert await watched.standing() == {}
    assert watched.store.asked == asked


async def test_what_the_store_may_hold_is_said_once_when_it_first_answers(
    watched, monkeypatch
):
    said = []
    monkeypatch.setattr(photostore, "say", lambda *a, **facts: said.append((a, facts)))
    watched.store.is_away = True
    await watched.watch.turn()
    assert said == []
    watched.store.is_away = False
    for _ in range(3):
        await watched.watch.turn()
    [((code, _), facts)] = said
    assert (code, facts["to"]) == ("store-tried", BUCKET)
    assert "If-None-Match" in str(facts["found"])
