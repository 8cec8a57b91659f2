"""Cosignatures: given for what is held, repeated only for an origin that lives."""

import pytest

from federation.config.peers import Peer
from federation.errors import FormatError, NotFoundError
from federation.flows.cosign import (
    Collector,
    cosign_held,
    mirror_keys,
    read_cosigned,
    read_first_held,
)
from federation.flows.pull import PullContext, pull
from federation.profiles import load_shipped
from federation.store import cosignatures, keystatements, logs
from federation.tlog.cosignature import add_signatures, cosign, open_cosignatures
from federation.tlog.keys import ALG_COSIGNATURE
from federation.tlog.note import decode_notes, parse_note
from tests import fakes

NOW, HEARTBEAT = 1_707_915_900, 300


@pytest.fixture
def ours():
    return fakes.FakeOrg("jagapemilu.example")


@pytest.fixture
def suara():
    return fakes.FakeOrg("jagasuara.example")


def peer(owner, **others):
    return Peer(org=owner.org, identity=owner.identity.key, **others)


async def mirrored(db, owner, tree, *, own=None, now=NOW):
    ctx = PullContext(
        db=db,
        profiles=load_shipped(),
        peers={owner.org: peer(owner)},
        own=own or {},
        workers=None,
        clock=lambda: 0.0,
    )
    return await pull(ctx, peer(owner), fakes.FakePeer(owner.org).show(tree), now)


def times(db, owner, key):
    with db.view() as view:
        log = logs.get_log(view, owner.origin)
        lines = b"".join(cosignatures.read_cosignatures(view, log.id, log.size))
        return [one.time for one in open_cosignatures(log.checkpoint + lines, [key])]


def give(db, ours, answered, now):
    with db.transaction() as tx:
        return cosign_held(tx, ours.mirror, answered, now, HEARTBEAT)


async def test_what_was_completed_is_cosigned_once(db, ours, suara):
    await mirrored(db, suara, fakes.Tree(suara).grow(suara.results(0, 5)))
    assert give(db, ours, [], NOW) == [suara.origin]
    assert times(db, suara, ours.mirror.key) == [NOW]
    assert give(db, ours, [], NOW + 10 * HEARTBEAT) == []


async def test_the_heartbeat_needs_the_origin_itself(db, ours, suara):
    await mirrored(db, suara, fakes.Tree(suara))
    give(db, ours, [], NOW)
    answered = [suara.origin]
    assert give(db, ours, answered, NOW + HEARTBEAT - 1) == []
    assert give(db, ours, answered, NOW + HEARTBEAT) == [suara.origin]
    assert times(db, suara, ours.mirror.key) == [NOW + HEARTBEAT]


async def test_a_larger_checkpoint_is_cosigned_at_once(db, ours, suara):
    tree = fakes.Tree(suara)
    await mirrored(db, suara, tree)
    give(db, ours, [], NOW)
    tree.grow(suara.results(0, 3))
    await mirrored(db, suara, tree)
    assert give(db, ours, [], NOW + 1) == [suara.origin]


async def test_a_clock_that_went_back_signs_nothing_older(db, ours, suara):
    await mirrored(db, suara, fakes.Tree(suara))
    give(db, ours, [], NOW)
    assert give(db, ours, [suara.origin], NOW - 10 * HEARTBEAT) == []


async def test_what_is_not_complete_or_frozen_is_not_cosigned(db, ours, suara):
    tree = fakes.Tree(suara).grow(suara.results(0, 5))
    await mirrored(db, suara, tree)
    await mirrored(db, suara, tree.fork(3, suara.results(9, 12)))
    assert give(db, ours, [suara.origin], NOW) == []


def own_log(db, ours, tree):
    with db.transaction() as tx:
        log = logs.add_log(tx, ours.origin, own=True)
        keystatements.save_keys(tx, log.id, ours.statements)
        hashes = tree._levels[0][log.next_index :]
        logs.append_leaves(
            tx, log.id, log.next_index, tree.leaves[log.next_index :], hashes
        )
        head = tree.checkpoint()
        logs.publish(tx, log.id, log.size, tree.note(), head.size, head.root)


@pytest.fixture
async def collecting(db, ours, suara):
    """Our own log, and a partner that mirrors it; its feed and what it shows."""
    tree = fakes.Tree(ours).grow(ours.results(0, 5))
    own_log(db, ours, tree)
    theirs = fakes.FakePeer(suara.org).show(fakes.Tree(suara)).show(tree)
    ctx = PullContext(
        db=db,
        profiles=load_shipped(),
        peers={suara.org: peer(suara)},
        own={ours.origin: ours.chain},
        workers=None,
        clock=lambda: 0.0,
    )
    report = await pull(ctx, peer(suara), theirs, NOW)
    return tree, theirs, report


def cosigned(tree, *signers, time=NOW):
    lines = [cosign(parse_note(tree.note()).text, one, time) for one in signers]
    return add_signatures(tree.note(), lines)


async def test_an_origin_collects_from_a_peer_that_shows_its_size(
    db, ours, suara, collecting
):
    tree, feed, report = collecting
    assert report.sizes == {ours.origin: tree.size, suara.origin: 1}
    stranger = fakes.signer("stranger.example/mirror", ALG_COSIGNATURE)
    feed.show(tree, cosigned=cosigned(tree, suara.mirror, stranger))
    collector = Collector(db, HEARTBEAT)
    peers = {suara.org: peer(suara)}
    got = await collector.collect(peers, suara.org, feed, report.sizes, NOW)
    assert got == 1
    assert times(db, ours, suara.mirror.key) == [NOW]
    assert times(db, ours, stranger.key) == []


async def test_it_asks_once_per_heartbeat_and_size(db, ours, suara, collecting):
    tree, feed, report = collecting
    feed.show(tree, cosigned=cosigned(tree, suara.mirror))
    collector, peers = Collector(db, HEARTBEAT), {suara.org: peer(suara)}
    feed.asked.clear()
    for now in (NOW, NOW + 1, NOW + HEARTBEAT - 1):
        await collector.collect(peers, suara.org, feed, report.sizes, now)
    assert feed.count(f"checkpoint of {ours.origin}") == 1
    later = NOW + HEARTBEAT
    feed.show(tree, cosigned=cosigned(tree, suara.mirror, time=later))
    await collector.collect(peers, suara.org, feed, report.sizes, later)
    assert feed.count(f"checkpoint of {ours.origin}") == 2
    assert times(db, ours, suara.mirror.key) == [later]


async def test_what_a_peer_confirmed_of_an_earlier_size_is_kept_too(
    db, ours, suara, collecting
):
    tree, feed, report = collecting
    earlier = cosigned(tree, suara.mirror)
    size = tree.size
    own_log(db, ours, tree.grow(ours.results(5, 9)))
    feed.show(tree.truncate(size), cosigned=earlier)
    feed.asked.clear()
    collector, peers = Collector(db, HEARTBEAT), {suara.org: peer(suara)}
    for now in (NOW, NOW + HEARTBEAT - 1):
        await collector.collect(peers, suara.org, feed, report.sizes, now)
    assert feed.count(f"checkpoint of {ours.origin}") == 1
    with db.view() as view:
        log = logs.get_log(view, ours.origin)
        assert log.size == tree.size > size
        assert cosignatures.read_cosignatures(view, log.id, size) != []
        assert cosignatures.read_cosignatures(view, log.id, log.size) == []


async def test_an_earlier_size_that_was_lost_with_a_disk_is_nobodys_fault(
    db, ours, suara, collecting
):
    tree, feed, _ = collecting
    lost = tree.truncate(tree.size - 2)
    feed.show(lost, cosigned=cosigned(lost, suara.mirror))
    collector, peers = Collector(db, HEARTBEAT), {suara.org: peer(suara)}
    sizes = {ours.origin: lost.size}
    assert await collector.collect(peers, suara.org, feed, sizes, NOW) == 0
    with db.view() as view:
        log = logs.get_log(view, ours.origin)
        assert cosignatures.read_cosignatures(view, log.id, lost.size) == []


async def test_a_peer_that_shows_more_than_we_have_is_not_asked(
    db, ours, suara, collecting
):
    tree, feed, _ = collecting
    feed.asked.clear()
    collector, peers = Collector(db, HEARTBEAT), {suara.org: peer(suara)}
    for size in (0, tree.size + 1):
        sizes = {ours.origin: size}
        assert await collector.collect(peers, suara.org, feed, sizes, NOW) == 0
    assert feed.asked == []


async def test_a_heartbeat_leaves_the_first_line_where_it_was(db, ours, suara):
    await mirrored(db, suara, fakes.Tree(suara))
    for now in (NOW, NOW + HEARTBEAT, NOW + 2 * HEARTBEAT):
        give(db, ours, [suara.origin], now)
    with db.view() as view:
        log = logs.get_log(view, suara.origin)
        first = read_first_held(view, log.id, log.size)
    said = open_cosignatures(first, [ours.mirror.key])
    assert [one.time for one in said] == [NOW]
    assert times(db, suara, ours.mirror.key) == [NOW + 2 * HEARTBEAT]


async def test_earlier_checkpoints_are_handed_over_with_who_first_held_them(
    db, ours, suara
):
    tree = fakes.Tree(suara)
    notes = []
    for step in range(3):
        await mirrored(db, suara, tree)
        for beat in range(2):
            give(db, ours, [suara.origin], NOW + 10 * step + beat)
        notes.append(cosigned(tree, ours.mirror, time=NOW + 10 * step))
        tree.grow(suara.results(10 * step, 10 * step + 3))
    with db.view() as view:
        log = logs.get_log(view, suara.origin)
        found = decode_notes(read_cosigned(view, log.id), 1000)
        assert found == notes[:-1]
        assert read_first_held(view, log.id, log.size) == notes[-1]
        with pytest.raises(NotFoundError):
            read_first_held(view, log.id, 2)


async def test_what_others_confirmed_of_a_partners_log_is_kept_as_well(
    db, suara, collecting
):
    _, feed, report = collecting
    kawal = fakes.FakeOrg("kawalpemilu.example")
    partners = {one.org: peer(one) for one in (suara, kawal)}
    await mirrored(db, kawal, fakes.Tree(kawal))
    tree = feed.shown[suara.origin].tree
    feed.show(tree, cosigned=cosigned(tree, kawal.mirror))
    collector = Collector(db, HEARTBEAT)
    await collector.collect(partners, suara.org, feed, report.sizes, NOW)
    assert times(db, suara, kawal.mirror.key) == [NOW]


async def test_a_partners_log_that_grew_since_it_was_asked_is_nobodys_fault(
    db, suara, collecting
):
    _, feed, report = collecting
    tree = feed.shown[suara.origin].tree
    feed.show(fakes.Tree(suara).grow(suara.results(0, 3)))
    collector, partners = Collector(db, HEARTBEAT), {suara.org: peer(suara)}
    await collector.collect(partners, suara.org, feed, report.sizes, NOW)
    assert times(db, suara, suara.mirror.key) == []
    feed.show(tree.fork(0, suara.results(7, 8)))
    later = NOW + HEARTBEAT
    with pytest.raises(FormatError):
        await collector.collect(partners, suara.org, feed, report.sizes, later)


async def test_a_bad_cosignature_loses_itself_only(db, ours, suara, collecting):
    tree, feed, report = collecting
    good = cosigned(tree, suara.mirror)
    bad = fakes.flip_bit(good, (len(good) - 30) * 8)
    feed.show(tree, cosigned=bad)
    collector, peers = Collector(db, 0), {suara.org: peer(suara)}
    try:
        kept = await collector.collect(peers, suara.org, feed, report.sizes, NOW)
    except FormatError:
        kept = 0
    assert kept == 0
    feed.show(tree, cosigned=good)
    assert await collector.collect(peers, suara.org, feed, report.sizes, NOW) == 1


async def test_a_checkpoint_that_we_never_signed_is_refused(
    db, ours, suara, collecting
):
    tree, feed, report = collecting
    fork = tree.fork(3, ours.results(50, 53))
    feed.show(tree, cosigned=cosigned(fork, suara.mirror))
    collector, peers = Collector(db, HEARTBEAT), {suara.org: peer(suara)}
    with pytest.raises(FormatError):
        await collector.collect(peers, suara.org, feed, report.sizes, NOW)
    assert times(db, ours, suara.mirror.key) == []


async def test_only_partners_keys_count(db, ours, suara, collecting):
    with db.view() as view:
        assert mirror_keys(view, {suara.org: peer(suara)}) == (suara.mirror.key,)
        assert mirror_keys(view, {}) == ()
        pinned_anew = Peer(org=suara.org, identity=ours.identity.key)
        assert mirror_keys(view, {suara.org: pinned_anew}) == ()
