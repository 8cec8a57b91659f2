"""Several photos by one question: nothing else depends on it."""

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.errors import PeerError
from federation.flows.photos.fetch import AT_ONCE
from federation.store.db import Database
from tests.fetching import TPS, PhotoFeed, Wanting, digest_of, named, photo
from tests.photographed import A, add_named

PIECE = 700
PHOTOS = [photo(number, 3_000 + 100 * number) for number in range(10)]
NAMES = [digest_of(data) for data in PHOTOS]


class GroupFeed(PhotoFeed):
    """A partner that answers such questions; `frame` says what stands for a photo."""

    unknown = 0  # what it answers where it does not know them

    def __init__(self, *photos):
        super().__init__(A)
        self.have(*photos)
        self.groups = []
        self.frame = self.plain

    def plain(self, digest):
        data = self.photos.get(digest)
        said = "-" if data is None else str(len(data))
        return f"{digest} {said}\n".encode() + (data or b"")

    async def stream(self, resource, start=0):
        folder, _, name = resource.path.rpartition("/")
        if folder != "blobs":
            async for piece in super().stream(resource, start):
                yield piece
            return
        self.groups.append(name.split("+"))
        if self.unknown:
            raise PeerError(A, resource.path, self.unknown)
        for digest in self.groups[-1]:
            # What breaks off says so, and all that came before has come.
            said = self.frame(digest)
            body, error = said if isinstance(said, tuple) else (said, None)
            for at in range(0, len(body), PIECE):
                await asyncio.sleep(0)
                self.sent += len(body[at : at + PIECE])
                yield body[at : at + PIECE]
            if error is not None:
                raise error


def broken(path="blobs/"):
    return PeerError(A, path, None, "broken off", "silent")


def lines(feed):
    asked = [digest for group in feed.groups for digest in group]
    return sum(len(f"{d} {len(feed.photos.get(d, b''))}\n") for d in asked)


@pytest.fixture
async def wanting(node, db):
    """A node that wants all of them."""
    add_named(db, A, [(TPS, named(*PHOTOS))])
    await node.look(a="all")
    return node


async def test_all_come_by_a_few_questions(wanting):
    feed = GroupFeed(*PHOTOS)
    report = await wanting.fetch(feed, together=4)
    assert await wanting.has(*PHOTOS)
    assert (report.fetched, report.size) == (10, sum(map(len, PHOTOS)))
    assert sorted(map(len, feed.groups), reverse=True) == [4, 4, 2]
    assert feed.asked == []
    assert feed.sent == report.size + lines(feed)


async def test_what_it_has_not_is_put_off_and_the_others_come(wanting):
    feed = GroupFeed(*PHOTOS[:3], *PHOTOS[4:])
    report = await wanting.fetch(feed, together=10)
    assert (report.fetched, report.failed) == (9, 1)
    assert wanting.tries(PHOTOS[3]) == {A: "absent"}
    assert feed.asked == []


@pytest.mark.parametrize("status", [400, 404, 405, 410, 414, 501])
async def test_who_does_not_know_the_question_is_asked_for_each(wanting, status):
    feed = GroupFeed(*PHOTOS)
    feed.unknown = status
    report = await wanting.fetch(feed, together=4)
    assert await wanting.has(*PHOTOS)
    assert report.failed == 0
    assert len(feed.groups) <= AT_ONCE
    assert sorted(feed.asked) == sorted((digest, 0) for digest in NAMES)


async def test_whoever_cannot_be_asked_is_asked_a_few_times_a_turn(wanting):
    feed = GroupFeed(*PHOTOS)
    feed.unknown = 500
    feed.amiss = lambda *_: b""
    report = await wanting.fetch(feed, together=10)
    assert report.fetched == 0
    assert wanting.tries(PHOTOS[0])


def reversed_behind(data):
    return data[:3] + data[:2:-1]


def other_end(data):
    return data[:-1] + b"x"


def too_long(data):
    return data * 9


def too_short(data):
    return data[:-1]


@pytest.mark.parametrize("which", [0, 4, 9])
@pytest.mark.parametrize("spoil", [reversed_behind, other_end, too_long, too_short])
async def test_a_bad_one_harms_itself_only_and_is_told(wanting, which, spoil):
    feed = GroupFeed(*PHOTOS)
    feed.photos[NAMES[which]] = spoil(PHOTOS[which])
    await wanting.fetch(feed, together=10)
    assert await wanting.has(*PHOTOS[:which], *PHOTOS[which + 1 :])
    assert not await wanting.has(PHOTOS[which])
    assert wanting.tries(PHOTOS[which]) == {A: "wrong"}
    is_whole = len(feed.photos[NAMES[which]]) <= len(PHOTOS[which])
    assert wanting.wrong == ([(A, NAMES[which])] if is_whole else [])
    assert wanting.partials() == []


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"x" * 500,
        b"<html>",
        NAMES[0].encode() + b" 3",
        NAMES[0].encode() + b" 03000\n",
        NAMES[0].encode() + b" -3\n",
        NAMES[0].encode() + b" 99999999999\n",
        NAMES[1].encode() + b" 3100\n",
        NAMES[0].upper().encode() + b" 3000\n",
        NAMES[0].encode() + b" +\n",
    ],
)
async def test_what_is_no_line_of_it_leads_back_to_single_questions(wanting, line):
    feed = GroupFeed(*PHOTOS)
    plain = feed.plain
    feed.frame = lambda digest: line if digest == NAMES[0] else plain(digest)
    await wanting.fetch(feed, together=10)
    assert await wanting.has(*PHOTOS)
    assert wanting.wrong == []
    alone = [digest for digest, _ in feed.asked]
    before = feed.groups[0][: feed.groups[0].index(NAMES[0])]
    assert NAMES[0] in alone
    assert not set(alone) & set(before)


async def test_what_it_broke_off_amid_goes_on_there(wanting):
    feed = GroupFeed(*PHOTOS)
    plain = feed.plain

    def cut(digest):
        data = plain(digest)
        return (data[:2_000], broken()) if digest == feed.groups[0][3] else data

    feed.frame = cut
    await wanting.fetch(feed, together=10)
    whose = feed.groups[0][3]
    start = 2_000 - len(f"{whose} 3000\n")
    wanting.clock.advance(4_000)
    await wanting.fetch(feed, together=10)
    assert await wanting.has(*PHOTOS)
    assert dict(feed.asked)[whose] == start
    # Those behind it, each alone, and nothing of what was whole.
    assert len(feed.asked) == 7
    data = sum(map(len, PHOTOS))
    came = sum(len(f"{d} 3000\n") for d in feed.groups[0][:4])
    assert feed.sent == data + came


async def test_no_more_is_asked_at_once_than_may_be_answered(node, db, monkeypatch):
    monkeypatch.setattr("federation.flows.photos.fetch.MAX_TOGETHER_BYTES", 8_000)
    add_named(db, A, [(TPS, named(*PHOTOS))])
    await node.look(a="all")
    feed = GroupFeed(*PHOTOS)
    await node.fetch(feed, together=10)
    assert await node.has(*PHOTOS)
    assert all(sum(len(feed.photos[d]) for d in g) <= 8_000 for g in feed.groups)


@pytest.mark.parametrize("most", [4_000, 9_000, 14_000, 20_000])
async def test_a_turn_that_has_had_its_bytes_gives_no_question_up(wanting, most):
    feed, turns = GroupFeed(*PHOTOS), 0
    while wanting.wanted():
        before = feed.sent
        report = await wanting.fetch(feed, together=4, max_bytes=most)
        assert report.fetched > 0
        assert report.more or not wanting.wanted()
        # One more at most, for which the rest was not enough; and the lines.
        assert feed.sent - before <= most + 4_000 + 1_000
        turns += 1
    assert turns > 1
    assert await wanting.has(*PHOTOS)
    asked = [digest for group in feed.groups for digest in group]
    assert sorted(asked + [digest for digest, _ in feed.asked]) == sorted(NAMES)


async def test_what_was_put_off_for_lack_of_room_holds_nobody_up(db, tmp_path):
    node = Wanting(db, tmp_path, room=10_000)
    add_named(db, A, [(TPS, named(*PHOTOS))])
    await node.look(a="all")
    report = await node.fetch(GroupFeed(*PHOTOS), together=10)
    assert report.lacks_room
    assert 2 <= report.fetched <= 3
    assert node.ctx.taken == set()


@pytest.mark.slow
@given(st.integers(0, 1 << 32))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_however_often_it_is_stopped_no_byte_that_came_is_asked_for_again(
    tmp_path_factory, seed
):
    rng = random.Random(seed)
    folder = tmp_path_factory.mktemp("stopped")
    photos = [photo(number, rng.randrange(1, 60_000)) for number in range(12)]
    db = Database.open(folder / "data")
    try:
        node = Wanting(db, folder)
        add_named(db, A, [(TPS, named(*photos))])
        await node.look(a="all")
        feed, stops = GroupFeed(*photos), 0
        for _ in range(100):
            task = asyncio.create_task(node.fetch(feed, together=5))
            for _ in range(rng.randrange(1, 400)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            stops += 1
            assert node.ctx.taken == set()
            if not node.wanted():
                break
        await node.fetch(feed, together=5)
        assert await node.has(*photos)
        # A piece that holds the end of one, and what stands behind it, is lost.
        more = feed.sent - sum(map(len, photos)) - lines(feed)
        assert more <= stops * AT_ONCE * PIECE
    finally:
        db.close()
