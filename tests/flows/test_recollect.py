"""Confirmations of any size come back, with the checkpoints that a lost disk had."""

import pytest

from federation.config.peers import Peer
from federation.feeds.resource import log_path
from federation.flows.cosign import MAX_COSIGNED, recollect
from federation.flows.pull import PullContext, pull
from federation.profiles import load_shipped
from federation.store import cosignatures, logs
from federation.store.db import Database
from federation.tlog.checkpoint import sign_checkpoint
from federation.tlog.cosignature import cosign, open_cosignatures
from federation.tlog.keys import Signer
from federation.tlog.note import encode_notes, format_signature, parse_note
from tests.fakes import FakeOrg, FakePeer, Tree

NOW, SIZE = 1_707_915_900, 300
OURS, OTHER = FakeOrg("jagasuara.example"), FakeOrg("kawalpemilu.example")
TREE = Tree(OURS).grow(OURS.results(0, SIZE - 1))


@pytest.fixture
async def db(tmp_path):
    """Of our log only the newest checkpoint is left."""
    one = Database.open(tmp_path)
    peer = Peer(org=OURS.org, identity=OURS.identity.key)
    ctx = PullContext(
        db=one,
        profiles=load_shipped(),
        peers={OURS.org: peer},
        own={},
        workers=None,
        clock=lambda: 0.0,
    )
    await pull(ctx, peer, FakePeer(OURS.org).show(TREE), NOW)
    yield one
    one.close()


def confirmed(note, time=NOW, by=OTHER):
    return note + format_signature(cosign(parse_note(note).text, by.mirror, time))


def handed(*notes, newest=None):
    peer = FakePeer("stick").show(TREE, cosigned=newest or TREE.note())
    peer.files[log_path(OURS.origin, "cosigned")] = encode_notes(notes)
    return peer


async def collect(db, feed):
    await recollect(db, feed, OURS.chain, [OTHER.mirror.key])


def kept(db):
    """Size, and when the other confirmed it first."""
    with db.view() as view:
        log = logs.get_log(view, OURS.origin)
        found = {}
        for size, _, note in logs.list_checkpoints(view, log.id):
            lines = b"".join(cosignatures.first_cosignatures(view, log.id, size))
            times = open_cosignatures(note + lines, [OTHER.mirror.key])
            found[size] = [one.time for one in times]
        return found


async def test_an_earlier_checkpoint_comes_back_with_its_confirmation(db):
    assert kept(db) == {SIZE: []}
    notes = [confirmed(TREE.note(size), NOW - size) for size in (1, 100, 257)]
    await collect(db, handed(*notes, newest=confirmed(TREE.note())))
    assert kept(db) == {1: [NOW - 1], 100: [NOW - 100], 257: [NOW - 257], SIZE: [NOW]}


async def test_every_size_of_a_small_log_comes_back(db):
    await collect(db, handed(*(confirmed(TREE.note(n)) for n in range(1, SIZE))))
    assert kept(db) == {n: [NOW] for n in range(1, SIZE)} | {SIZE: []}


async def test_the_second_time_changes_nothing(db):
    feed = handed(confirmed(TREE.note(100)))
    await collect(db, feed)
    before = kept(db)
    await collect(db, feed)
    assert kept(db) == before


def by_another_key():
    thief = Signer.from_seed(OURS.origin, bytes(32))
    return sign_checkpoint(TREE.checkpoint(100), thief)


BAD = {
    "another history, by our own key": TREE.fork(50, TREE.leaves[60:150]).note(100),
    "more than we hold": Tree(OURS).grow(OURS.results(0, SIZE + 20)).note(),
    "another log": Tree(OTHER).note(),
    "another key": by_another_key(),
    "nonsense": b"nonsense\n",
    "nothing": b"",
}


@pytest.mark.parametrize("what", BAD)
async def test_what_is_not_of_our_log_is_not_kept_and_hides_nothing(db, what):
    bad = BAD[what]
    notes = [confirmed(bad) if bad.startswith(b"jaga") else bad]
    await collect(db, handed(*notes, confirmed(TREE.note(200))))
    assert kept(db) == {200: [NOW], SIZE: []}


async def test_the_word_of_strangers_does_not_count(db):
    stranger = FakeOrg("stranger.example")
    await collect(db, handed(confirmed(TREE.note(), by=stranger)))
    assert kept(db) == {SIZE: []}


async def test_files_that_are_missing_or_damaged_take_nothing_away(db):
    await collect(db, FakePeer("empty"))
    too_many = handed(*[b"x"] * (MAX_COSIGNED + 2), newest=confirmed(TREE.note()))
    await collect(db, too_many)
    assert kept(db) == {SIZE: [NOW]}
