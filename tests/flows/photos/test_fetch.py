"""Photos are fetched from whoever has them; who fails delays and harms nobody else."""

import asyncio
import hashlib
import tracemalloc

import pytest

from federation.errors import PeerError
from federation.flows.photos.fetch import AT_ONCE, fetch_photos
from federation.flows.photos.turns import PhotoSource
from federation.store import blobs as held
from federation.store import wanted
from federation.store.removals import RemovedPhoto, note_removed
from tests.fetching import (
    ONE,
    OTHER,
    TPS,
    TWO,
    PhotoFeed,
    Wanting,
    digest_of,
    named,
    photo,
)
from tests.photographed import A, B, add_named, file_of
from tests.waiting import until

C = "c.example"


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
    for _ in range(14):
        before = node.clock.now
        asked = len(feed.asked)
        while len(feed.asked) == asked:
            await node.fetch(feed)
            node.clock.advance(5 if len(waits) < 2 else waits[-1] / 10)
        waits.append(node.clock.now - before)
    assert node.tries(ONE) == {A: "absent"}
    # Whoever relays it may be fetching it at this moment.
    assert 15 <= waits[1] <= 20
    assert waits == sorted(waits)
    assert 21_600 <= waits[-1] <= 24_000


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


async def test_another_is_asked_for_what_the_first_is_asked_for_in_vain_just_now(
    node, db
):
    """Both turns begin together, as where somebody waits for a photo."""
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    first, other = PhotoFeed(A), PhotoFeed(B).have(ONE)

    async def refuse(resource, start=0):
        await asyncio.sleep(0.2)
        raise PeerError(A, resource.path, None, "no", "silent")
        yield b""

    first.stream = refuse
    asked = node.fetch(first)
    await asyncio.gather(asked, node.fetch(other, silent={A}))
    assert await node.has(ONE)


async def test_what_another_has_not_is_asked_of_it_once(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    other = PhotoFeed(B)
    for _ in range(5):
        await node.fetch(other, silent={A})
    assert len(other.asked) == 1
    assert node.tries(ONE) == {B: "absent"}


class LateFeed(PhotoFeed):
    """One that answers when it is let."""

    may = False

    async def stream(self, resource, start=0):
        self.asked.append((resource.path, start))

        async def let():
            return self.may

        await until(let)
        async for piece in super().stream(resource, start):
            yield piece


async def test_two_partners_never_send_the_same_one_at_once(node, db):
    photos = [photo(number) for number in range(30)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    others = [LateFeed(org).have(*photos) for org in (B, C)]
    turns = [asyncio.create_task(node.fetch(feed, silent={A})) for feed in others]

    async def both_are_asked():
        return all(feed.asked for feed in others)

    await until(both_are_asked)
    for feed in others:
        feed.may = True
    await asyncio.gather(*turns)
    assert await node.has(*photos)
    assert sum(feed.sent for feed in others) == sum(map(len, photos))
    assert all(feed.sent for feed in others)


async def test_what_another_one_sent_since_it_was_listed_is_not_asked_for(node, db):
    photos = [photo(number) for number in range(12)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    late, feed = LateFeed(C).have(*photos), PhotoFeed(B).have(*photos)
    turn = asyncio.create_task(node.fetch(late, silent={A}))

    async def has_listed():
        return len(late.asked) == AT_ONCE

    await until(has_listed)
    # It ends while the other one waits: that is alone then, with what it had listed.
    report = await node.fetch(feed, silent={A}, within_s=1.0)
    assert report.fetched == len(photos) - AT_ONCE
    late.may = True
    assert (await turn).fetched == AT_ONCE
    assert await node.has(*photos)
    assert late.sent + feed.sent == sum(map(len, photos))


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

    async def full(*_):
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
    assert most < AT_ONCE * size / 3


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
