"""Photos of partners take no more room than they may, and ours none of it."""

from federation.store import blobs as held
from federation.store.leases import take_lease
from federation.store.photoanswers import FormPlace
from tests.fetching import (
    ONE,
    OTHER,
    THREE,
    TPS,
    TWO,
    PhotoFeed,
    Wanting,
    digest_of,
    named,
    photo,
)
from tests.ownnode import ELECTION
from tests.photographed import A, add_named


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
