"""Bytes that are not the photo count for nothing, and harm only whoever sent them."""

import msgspec
import pytest

from tests.fetching import ONE, TPS, TWO, PhotoFeed, digest_of, named
from tests.photographed import A, B, add_named


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
