"""A fetch that was broken off goes on where it was, and no byte comes twice."""

import asyncio
import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.errors import PeerError
from federation.flows.photos.partial import tidy_partials
from federation.store.db import Database
from tests.fetching import (
    ONE,
    TPS,
    TWO,
    PhotoFeed,
    Wanting,
    digest_of,
    named,
    photo,
)
from tests.photographed import A, B, add_named, file_of


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
    names = [f"{number:064x}" for number in range(200)]
    files = [file_of(name, size=900) for name in names]
    stations = [f"13710110010{number:02}" for number in range(1, 11)]
    parts = [files[number::10] for number in range(10)]
    add_named(db, A, list(zip(stations, parts, strict=True)))
    await node.look(a="all")
    (node.folder / "partial").mkdir()
    for name in names:
        (node.folder / "partial" / f"{name}@{A}").write_bytes(b"x")
    await node.fetch(PhotoFeed(A))
    assert len(list((node.folder / "partial").iterdir())) == 64


async def test_what_came_in_part_of_what_is_held_by_now_goes(node, db):
    """We were killed behind its row, or another partner has sent all of it."""
    add_named(db, A, [(TPS, named(ONE))])
    add_named(db, B, [("1371011001002", named(TWO))])
    await node.look(a="all", b="all")
    await node.fetch(PhotoFeed(A).have(ONE))
    (node.folder / "partial").mkdir(exist_ok=True)
    for data in (ONE, TWO):
        begun = node.folder / "partial" / f"{digest_of(data)}@{B}"
        begun.write_bytes(data[:900])
    await node.fetch(PhotoFeed(B))
    assert node.partials() == [f"{digest_of(TWO)}@{B}"]


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


async def test_what_is_no_file_of_its_own_is_no_beginning(node, db, tmp_path):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    others = tmp_path / "others"
    others.write_bytes(ONE)
    planted = node.folder / "partial" / f"{digest_of(ONE)}@{A}"
    planted.parent.mkdir(parents=True)
    planted.symlink_to(others)
    feed = PhotoFeed(A).have(ONE)
    await node.fetch(feed)
    assert await node.has(ONE)
    assert feed.sent == len(ONE)
    # What somebody else can write on is not what is held here.
    others.write_bytes(b"changed")
    assert await node.has(ONE)
    assert others.read_bytes() == b"changed"
    [blob] = [it for it in node.folder.rglob(digest_of(ONE)) if it.is_file()]
    assert not blob.is_symlink()
    assert blob.read_bytes() == ONE


async def test_a_beginning_that_goes_meanwhile_leaves_no_end_that_is_held(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    feed = PhotoFeed(A).have(ONE)
    begun = node.folder / "partial" / f"{digest_of(ONE)}@{A}"

    async def stream(resource, start=0):
        if start:
            begun.unlink()  # as tidying up for another partner may do
            async for piece in PhotoFeed.stream(feed, resource, start):
                yield piece
        else:
            yield ONE[:1_100]
            raise PeerError(A, resource.path, None, "gone", "silent")

    feed.stream = stream
    for _ in range(2):
        await node.fetch(feed)
        node.clock.advance(4_000)
    assert not await node.has(ONE)
    assert not [it for it in node.folder.rglob(f"{digest_of(ONE)}*") if it.is_file()]
    honest = PhotoFeed(A).have(ONE)
    await node.fetch(honest)
    assert await node.has(ONE)
    [blob] = [it for it in node.folder.rglob(digest_of(ONE)) if it.is_file()]
    assert blob.read_bytes() == ONE
