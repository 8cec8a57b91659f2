"""Photos are fetched from whoever has them; who fails delays and harms nobody else."""

import asyncio
import hashlib
import os
import random
import tracemalloc

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.errors import PeerError
from federation.flows.photos.fetch import AT_ONCE, PhotoSource, fetch_photos
from federation.flows.photos.partial import tidy_partials
from federation.store import blobs as held
from federation.store import wanted
from federation.store.db import Database
from federation.store.leases import take_lease
from federation.store.photoanswers import FormPlace
from federation.store.removals import RemovedPhoto, note_removed
from tests.fetching import PhotoFeed, Wanting, digest_of, named, photo
from tests.ownnode import ELECTION
from tests.photographed import A, B, add_named, file_of

C = "c.example"
TPS, OTHER = "3171010001001", "3171010001002"
ONE, TWO, THREE = photo(1), photo(2), photo(3)


@pytest.fixture
def node(db, tmp_path):
    return Wanting(db, tmp_path)


async def test_all_that_a_partner_names_is_held_then(node, db):
    add_named(db, A, [(TPS, named(ONE, TWO))])
    await node.look(a="all")
    feed = PhotoFeed(A).have(ONE, TWO)
    report = await node.fetch(feed)
    assert (report.fetched, report.size, report.failed) == (2, 10_000, 0)
    assert await node.has(ONE, TWO)
    assert not report.more
    assert feed.sent == 10_000
    assert node.partials() == []
    with db.view() as view:
        one = held.find_blob(view, digest_of(ONE))
    assert (one.size, one.media_type, one.is_own) == (5_000, "image/jpeg", False)


async def test_what_is_held_is_not_asked_for_again(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    feed = PhotoFeed(A).have(ONE)
    await node.fetch(feed)
    node.open(A, ONE)
    await node.fetch(feed)
    assert len(feed.asked) == 1
    assert node.wanted() == {}


async def test_a_few_come_at_a_time(node, db):
    photos = [photo(number) for number in range(40)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    feed = PhotoFeed(A).have(*photos)
    await node.fetch(feed)
    assert await node.has(*photos)
    assert 2 <= feed.most_at_once <= AT_ONCE


async def test_what_somebody_opened_comes_first(node, db):
    photos = [photo(number) for number in range(100)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    node.open(A, photos[77])
    feed = PhotoFeed(A).have(*photos)
    await node.fetch(feed)
    assert digest_of(photos[77]) in {digest for digest, _ in feed.asked[:AT_ONCE]}


async def test_whoever_has_it_not_is_left_alone_for_a_while_and_longer_each_time(
    node, db
):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    feed = PhotoFeed(A)
    waits = []
    for _ in range(10):
        before = node.clock.now
        asked = len(feed.asked)
        while len(feed.asked) == asked:
            await node.fetch(feed)
            node.clock.advance(100)
        waits.append(node.clock.now - before)
    assert node.tries(ONE) == {A: "absent"}
    assert waits[1] >= 300
    assert waits == sorted(waits)
    assert waits[-1] <= 21_800


async def test_another_is_asked_for_what_the_first_did_not_hand_over(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    first, other = PhotoFeed(A), PhotoFeed(B).have(ONE)
    # The one who names it comes first: nobody else is asked before.
    await node.fetch(other, others={A})
    assert other.asked == []
    await node.fetch(first)
    await node.fetch(other, others={A})
    assert await node.has(ONE)


async def test_another_is_asked_where_the_first_cannot_be(node, db):
    photos = [photo(number) for number in range(20)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    other = PhotoFeed(B).have(*photos)
    await node.fetch(other, silent={A})
    assert await node.has(*photos)


async def test_what_another_has_not_is_asked_of_it_once(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    other = PhotoFeed(B)
    for _ in range(5):
        await node.fetch(other, silent={A})
    assert len(other.asked) == 1
    assert node.tries(ONE) == {B: "absent"}


async def test_two_partners_never_send_the_same_one_at_once(node, db):
    photos = [photo(number) for number in range(30)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    others = [PhotoFeed(org).have(*photos) for org in (B, C)]
    await asyncio.gather(*(node.fetch(feed, silent={A}) for feed in others))
    assert await node.has(*photos)
    assert sum(feed.sent for feed in others) == sum(map(len, photos))
    assert all(feed.sent for feed in others)


async def test_nothing_is_asked_while_records_are_fetched(db, tmp_path):
    busy = {A}
    node = Wanting(db, tmp_path, is_busy=busy.__contains__)
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    feed = PhotoFeed(A).have(ONE)
    report = await node.fetch(feed, within_s=0.3)
    assert feed.asked == []
    assert report.more
    busy.clear()
    await node.fetch(feed)
    assert await node.has(ONE)


async def test_a_turn_brings_no_more_bytes_than_it_may(node, db):
    photos = [photo(number) for number in range(40)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    feed = PhotoFeed(A).have(*photos)
    turns = 0
    while node.wanted():
        before = feed.sent
        source = PhotoSource(org=A, feed=feed, max_bytes=50_000)
        report = await fetch_photos(node.ctx, source, 60)
        assert feed.sent - before <= 50_000 + (AT_ONCE - 1) * 5_000
        assert report.more or not node.wanted()
        turns += 1
    assert turns >= 3


# Whoever means harm.


def other_bytes(_digest, _start, data):
    return bytes(len(data))


def one_bit(_digest, _start, data):
    return data[:-1] + bytes([data[-1] ^ 1])


def endless(_digest, _start, data):
    return data * 1000


def too_short(_digest, _start, data):
    return data[:-1]


@pytest.mark.parametrize("amiss", [other_bytes, one_bit, endless, too_short])
async def test_other_bytes_count_for_nothing_and_harm_only_their_sender(
    node, db, amiss
):
    add_named(db, A, [(TPS, named(ONE, TWO))])
    await node.look(a="all")
    liar, honest = PhotoFeed(A, amiss=amiss).have(ONE, TWO), PhotoFeed(B)
    report = await node.fetch(liar)
    assert node.held() == set()
    assert (report.fetched, report.failed) == (0, 2)
    assert node.tries(ONE) == {A: "wrong"}
    assert liar.sent <= 2 * 2 * 5_000
    assert node.partials() == []
    # It is left alone for an hour, and who is honest is not.
    await node.fetch(liar)
    assert len(liar.asked) == 2
    await node.fetch(honest.have(ONE, TWO), others={A})
    assert await node.has(ONE, TWO)


async def test_whole_bytes_that_are_another_are_told_and_nothing_else_is(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    await node.fetch(PhotoFeed(A, amiss=endless).have(ONE))
    node.clock.advance(4_000)
    assert node.wrong == []
    await node.fetch(PhotoFeed(A, amiss=one_bit).have(ONE))
    assert node.wrong == [(A, digest_of(ONE))]


async def test_a_record_that_lies_about_a_size_hides_no_photo_of_anybody(node, db):
    """A names B's photo as one of ten bytes, and another as one of many."""
    add_named(db, B, [(TPS, named(ONE, TWO))])
    lies = [
        msgspec.structs.replace(named(ONE)[0], size=10),
        msgspec.structs.replace(named(TWO)[0], size=1 << 23),
    ]
    add_named(db, A, [(TPS, lies)])
    await node.look(a="all", b="all")
    await node.fetch(PhotoFeed(B).have(ONE, TWO))
    await node.fetch(PhotoFeed(B).have(ONE, TWO), silent={A})
    assert await node.has(ONE, TWO)
    assert node.wrong == []


async def test_what_is_no_photo_is_not_held_whatever_a_record_says(node, db):
    page = b"<html><script>alert(1)</script>" * 100
    add_named(db, A, [(TPS, named(page))])
    await node.look(a="all")
    await node.fetch(PhotoFeed(A).have(page))
    assert node.held() == set()
    assert await node.blobs.size(digest_of(page)) is None


async def test_what_was_removed_for_good_is_not_fetched(node, db):
    add_named(db, A, [(TPS, named(ONE, TWO))])
    await node.look(a="all")
    gone = RemovedPhoto(
        digest=digest_of(ONE), ground="other", reason="", org=A, removed_at=1
    )
    with db.transaction() as tx:
        note_removed(tx, gone)
    feed = PhotoFeed(A).have(ONE, TWO)
    await node.fetch(feed)
    assert [digest for digest, _ in feed.asked] == [digest_of(TWO)]
    assert node.wanted() == {}


@pytest.mark.parametrize("cause", ["silent", "failing", "refused", "page", "busy"])
async def test_whoever_does_not_answer_is_asked_a_few_times_a_turn(node, db, cause):
    photos = [photo(number) for number in range(40)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")

    def fail(_digest, _start, _data):
        raise PeerError(A, "x", None, "no", cause, 7.0 if cause == "busy" else None)

    feed = PhotoFeed(A, amiss=fail)
    report = await node.fetch(feed)
    assert len(feed.asked) <= 7
    assert report.reason
    assert report.retry_after == (7.0 if cause == "busy" else 0.0)


async def test_a_fault_of_our_disk_ends_the_turn_and_is_nobodys_fault(
    node, db, monkeypatch
):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")

    async def full(_digest, _path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(node.blobs, "put_file", full)
    with pytest.raises(OSError, match="space"):
        await node.fetch(PhotoFeed(A).have(ONE))
    assert node.held() == set()
    assert node.tries(ONE) == {}
    monkeypatch.undo()
    feed = PhotoFeed(A).have(ONE)
    await node.fetch(feed)
    assert await node.has(ONE)
    assert feed.sent == 0, "all of it had come"


# Broken off and gone on with.


async def test_what_has_come_is_not_asked_for_again(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    cut = 0

    def break_off(_digest, start, data):
        nonlocal cut
        cut += 1
        if cut > 4:
            return data
        return data[: start + 1_100]

    feed = PhotoFeed(A, amiss=break_off).have(ONE)

    async def stream(resource, start=0):
        async for piece in PhotoFeed.stream(feed, resource, start):
            yield piece
        if cut <= 4:
            raise PeerError(A, resource.path, None, "gone", "silent")

    feed.stream = stream
    for _ in range(6):
        await node.fetch(feed)
        node.clock.advance(4_000)
    assert await node.has(ONE)
    assert feed.sent == len(ONE)
    assert [start for _, start in feed.asked] == [0, 1_100, 2_200, 3_300, 4_400]


async def test_bytes_of_two_partners_are_never_put_together(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")

    async def half(resource, start=0):
        yield bytes(2_000)
        raise PeerError(A, resource.path, None, "gone", "silent")

    liar, honest = PhotoFeed(A), PhotoFeed(B).have(ONE)
    liar.stream = half
    await node.fetch(liar)
    assert (node.folder / "partial" / f"{digest_of(ONE)}@{A}").stat().st_size == 2_000
    await node.fetch(honest, others={A})
    assert await node.has(ONE)
    assert honest.asked == [(digest_of(ONE), 0)]


async def test_what_a_power_cut_has_spoilt_is_fetched_anew_and_nobody_is_blamed(
    node, db
):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    (node.folder / "partial").mkdir()
    spoilt = node.folder / "partial" / f"{digest_of(ONE)}@{A}"
    spoilt.write_bytes(bytes(3_000))
    feed = PhotoFeed(A).have(ONE)
    await node.fetch(feed)
    assert await node.has(ONE)
    assert [start for _, start in feed.asked] == [3_000, 0]
    assert node.wrong == []


async def test_beginnings_of_very_many_are_not_kept(node, db):
    (node.folder / "partial").mkdir()
    for number in range(200):
        (node.folder / "partial" / f"{number:064x}@{A}").write_bytes(b"x")
    await node.fetch(PhotoFeed(A))
    assert len(list((node.folder / "partial").iterdir())) == 64


async def test_what_is_coming_is_kept_however_many_beginnings_there_are(tmp_path):
    for number in range(200):
        path = tmp_path / f"{number:064x}@{A}"
        path.write_bytes(b"x")
        os.utime(path, (number, number))
    coming = {f"{3:064x}"}
    kept = tidy_partials(tmp_path, coming)
    left = {path.name.partition("@")[0] for path in tmp_path.iterdir()}
    assert left == kept | coming
    assert kept == {f"{number:064x}" for number in range(136, 200)}


async def test_where_we_are_killed_before_its_row_no_byte_is_asked_for_again(
    node, db, monkeypatch
):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")

    async def killed(*_given):
        raise asyncio.CancelledError

    monkeypatch.setattr(node.ctx.holding, "hold", killed)
    feed = PhotoFeed(A).have(ONE)
    with pytest.raises(asyncio.CancelledError):
        await node.fetch(feed)
    assert (node.held(), node.partials()) == (set(), [f"{digest_of(ONE)}@{A}"])
    monkeypatch.undo()
    await node.fetch(feed)
    assert await node.has(ONE)
    assert (feed.sent, node.partials()) == (len(ONE), [])


async def test_the_file_of_a_blob_is_never_written_to(node, db):
    """Not even where it lies as the beginning of a photo, and a disk has spoilt it."""
    add_named(db, A, [(TPS, [file_of(digest_of(ONE), size=len(ONE) + 900)])])
    add_named(db, B, [(TPS, named(ONE))])
    await node.look(a="all")
    (node.folder / "partial").mkdir()
    begun, blob = node.folder / "partial" / f"{digest_of(ONE)}@{A}", node.folder / "b"
    blob.write_bytes(bytes(len(ONE)))
    begun.hardlink_to(blob)
    await node.fetch(PhotoFeed(A).have(ONE))
    assert await node.has(ONE)
    assert blob.read_bytes() == bytes(len(ONE))


@pytest.mark.slow
@given(st.integers(0, 1 << 32))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_however_often_it_is_stopped_every_byte_comes_once(
    tmp_path_factory, seed
):
    """Stopped at any moment, as often as it likes; nothing comes twice, all is held."""
    rng = random.Random(seed)
    folder = tmp_path_factory.mktemp("stopped")
    photos = [photo(number, rng.randrange(1, 60_000)) for number in range(12)]
    db = Database.open(folder / "data")
    try:
        node = Wanting(db, folder)
        add_named(db, A, [(TPS, named(data)) for data in photos])
        await node.look(a="all")
        feed = PhotoFeed(A).have(*photos)
        for _ in range(100):
            task = asyncio.create_task(node.fetch(feed))
            for _ in range(rng.randrange(1, 400)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not node.wanted():
                break
        await node.fetch(feed)
        assert await node.has(*photos)
        # A piece that was handed over when we were stopped may not have been taken.
        assert feed.sent == sum(map(len, photos))
    finally:
        db.close()


# Room.


async def test_what_nobody_has_looked_at_for_longest_goes_for_what_is_opened(
    db, tmp_path
):
    node = Wanting(db, tmp_path, room=15_000)
    photos = [photo(number) for number in range(6)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    index = [digest_of(data) for data in photos]
    await node.look(a="on-demand")
    feed = PhotoFeed(A).have(*photos)
    for data in photos:
        node.open(A, data)
        await node.fetch(feed)
        node.clock.advance(200_000)
    assert node.held() == set(index[3:])
    assert node.wanted() == {}
    for digest in index[:3]:
        assert await node.blobs.size(digest) is None


async def test_our_own_photos_never_go(db, tmp_path):
    node = Wanting(db, tmp_path, room=5_000)
    await node.blobs.put(digest_of(THREE), THREE)
    with db.transaction() as tx:
        held.save_blob(tx, digest_of(THREE), 5_000, "image/jpeg", is_own=True, now=1)
    add_named(db, A, [(TPS, named(ONE, TWO))])
    await node.look(a="on-demand")
    node.open(A, ONE, TWO)
    await node.fetch(PhotoFeed(A).have(ONE, TWO))
    node.clock.advance(4_000)
    await node.fetch(PhotoFeed(A).have(ONE, TWO))
    assert digest_of(THREE) in node.held()
    assert len(node.held()) == 2


async def test_what_comes_by_itself_waits_for_room_and_drops_nothing_of_today(
    db, tmp_path
):
    node = Wanting(db, tmp_path, room=12_000)
    photos = [photo(number) for number in range(6)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    feed = PhotoFeed(A).have(*photos)
    report = await node.fetch(feed)
    assert report.lacks_room
    assert len(node.held()) == 2
    for _ in range(10):
        await node.fetch(feed)
    assert len(feed.asked) == 2
    assert len(node.wanted()) == 4
    first = node.held()
    node.clock.advance(100_000)
    await node.fetch(feed)
    assert len(node.held()) == 2
    assert not first & node.held()


async def test_without_room_nothing_is_fetched(db, tmp_path):
    node = Wanting(db, tmp_path, room=0)
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    node.open(A, ONE)
    feed = PhotoFeed(A).have(ONE)
    assert (await node.fetch(feed)).lacks_room
    assert feed.asked == []


async def test_what_somebody_is_at_work_with_does_not_go(db, tmp_path):
    node = Wanting(db, tmp_path, room=10_000)
    rows = [(TPS, named(ONE)), (OTHER, named(TWO)), (OTHER, named(THREE))]
    add_named(db, A, rows)
    await node.look(a="on-demand")
    feed = PhotoFeed(A).have(ONE, TWO, THREE)
    place = FormPlace(ELECTION, "ppwp", TPS)
    for data in (ONE, TWO, THREE):
        with db.transaction() as tx:
            assert take_lease(tx, place, "somebody", int(node.clock()))
        node.open(A, data)
        await node.fetch(feed)
        node.clock.advance(200_000)
    assert node.held() == {digest_of(ONE), digest_of(THREE)}


async def test_what_is_wanted_and_named_no_longer_is_forgotten(node, db):
    with db.transaction() as tx:
        wanted.want_photos(tx, [(digest_of(ONE), A)], wanted.ALL, 1)
    feed = PhotoFeed(A).have(ONE)
    await node.fetch(feed)
    assert feed.asked == []
    assert node.wanted() == {}


async def test_who_names_a_photo_is_asked_for_it_whoever_named_it_before(node, db):
    """A partner that names what it has not keeps nobody from asking who has it."""
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    add_named(db, B, [(TPS, named(ONE))])
    await node.look(a="all", b="all")
    assert (await node.fetch(PhotoFeed(A))).failed == 1
    # B has nothing of A's log: it is asked for what it says itself.
    feed = PhotoFeed(B).have(ONE)
    await node.fetch(feed)
    assert await node.has(ONE)
    assert len(feed.asked) == 1


async def test_a_partner_that_is_asked_no_more_keeps_no_photo_from_coming(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    add_named(db, B, [(OTHER, named(ONE))])
    await node.look(a="none", b="all")
    await node.fetch(PhotoFeed(B).have(ONE))
    assert await node.has(ONE)


async def test_a_photo_that_two_name_is_wanted_once(node, db):
    for org in (A, B):
        add_named(db, org, [(TPS, named(ONE))])
    await node.look(a="all", b="all")
    with db.view() as view:
        assert wanted.count_wanted(view) == 1
        assert len(wanted.list_wanted(view)) == 1
        assert len(wanted.list_due(view, A, {A, B}, int(node.clock()), 9)) == 1


async def test_what_comes_is_on_the_disk_and_not_in_memory(node, db):
    """However many come at a time, and however large they are."""
    size, piece = 4 << 20, 1 << 17
    photos = {}
    for number in range(AT_ONCE):
        head, rest = photo(number, piece), bytes(piece)
        whole = hashlib.sha256(head)
        for _ in range(size // piece - 1):
            whole.update(rest)
        photos[whole.hexdigest()] = head
    add_named(db, A, [(TPS, [file_of(digest, size=size) for digest in photos])])
    await node.look(a="all")
    feed = PhotoFeed(A)

    async def stream(resource, start=0):
        yield photos[resource.path.rpartition("/")[2]]
        for _ in range(size // piece - 1):
            await asyncio.sleep(0)
            yield bytes(piece)

    feed.stream = stream
    tracemalloc.start()
    try:
        report = await node.fetch(feed)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.fetched == AT_ONCE
    assert most < AT_ONCE * size / 4


def remove_at(node, data, *, cuts=False):
    """A feed during which this photo is removed, bytes and all, while it comes."""

    def amiss(digest, start, given):
        if digest == digest_of(data):
            gone = RemovedPhoto(
                digest=digest,
                ground="request",
                reason="",
                org=B,
                removed_at=1,
                is_swept=True,
            )
            with node.db.transaction() as tx:
                note_removed(tx, gone)
                wanted.drop_wanted(tx, [digest])
        return given[: len(given) // 2] if cuts else given

    return PhotoFeed(A, amiss=amiss).have(data)


async def test_what_is_removed_while_it_comes_leaves_no_bytes(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    report = await node.fetch(remove_at(node, ONE))
    assert (report.fetched, report.size) == (0, 0)
    assert await node.blobs.size(digest_of(ONE)) is None
    assert (node.held(), node.wanted(), node.partials()) == (set(), {}, [])


async def test_what_is_removed_while_it_comes_in_part_leaves_no_part(node, db):
    add_named(db, A, [(TPS, named(ONE, TWO))])
    await node.look(a="all")
    broken = remove_at(node, ONE, cuts=True).have(TWO)

    async def stream(resource, start=0):
        async for piece in PhotoFeed.stream(broken, resource, start):
            yield piece
        raise PeerError(A, resource.path, None, "broken off", "silent")

    broken.stream = stream
    await node.fetch(broken)
    assert node.partials() == [f"{digest_of(TWO)}@{A}"]
