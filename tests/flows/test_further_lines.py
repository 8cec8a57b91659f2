"""Signature lines of kinds that nobody here knows travel on, byte for byte."""

import base64

import pytest

from federation.feeds.resource import LOGS, checkpoint_of
from federation.feeds.status import parse_status
from federation.flows.publish.items import Publisher, Selection, list_items, read_items
from federation.flows.publish.readable import read_checkpoint
from federation.flows.pull import pull
from federation.flows.receipt import make_receipt
from federation.records.receipt import open_receipt, parse_receipt
from federation.store.db import Database
from federation.tlog.checkpoint import MAX_FURTHER, MAX_FURTHER_BYTES, open_checkpoint
from federation.tlog.note import parse_note
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.flows.publish.conftest import feed_of, hold_cosignature, settings_of
from tests.flows.pull.conftest import NOW, Puller


def line(name, key_id, payload):
    told = base64.b64encode(key_id + payload).decode()
    return f"— {name} {told}\n".encode()


#: As long as one of ML-DSA-44 with its time (0x06); no two bytes alike in a row.
POST_QUANTUM = bytes(n * 7 % 251 for n in range(8 + 2_420))


@pytest.fixture
def owner():
    return FakeOrg("jagasuara.example")


@pytest.fixture
def tree(owner):
    return Tree(owner).grow(owner.results(0, 20))


async def test_a_line_of_an_unknown_kind_goes_through_relay_bundle_and_receipt(
    tmp_path, owner, tree
):
    further = line(owner.origin, b"\x06pq!", POST_QUANTUM)
    note, stranger = tree.note() + further, line("x.example", b"\x06abc", b"y" * 2_428)
    first, second = (Puller(Database.open(tmp_path / name)) for name in "ab")
    relay = FakeOrg("kawalpemilu.example")
    for node in (first, second):
        node.trust(owner)
        node.trust(relay)
    # What others put beside it is theirs to pass on, and says nothing of the log.
    await first.pull(FakePeer(owner.org).show(tree, note=note + stranger))
    # A node answers the bytes that it writes into a bundle: the relay of the second.
    publisher = Publisher(settings_of(), {})
    with first.db.view() as view:
        files = dict(read_items(list_items(view, publisher, Selection())))
    assert files[checkpoint_of(owner.origin).path] == note
    [entry] = parse_status(files[LOGS.path]).logs
    assert entry.checkpoint.encode() == note
    await pull(second.ctx, second.peers[relay.org], feed_of(files), NOW)
    assert second.log(owner).checkpoint == note
    hold_cosignature(second.db, tree, relay, NOW)
    with second.db.view() as view:
        log = second.log(owner)
        assert read_checkpoint(view, log.id).startswith(note)
        receipt = parse_receipt(make_receipt(view, owner.origin, 7))
    assert receipt.proof.checkpoint.startswith(note)
    assert receipt.proof.checkpoint != note, "with the line of who holds it"
    assert open_receipt(receipt, owner.chain)[0].size == tree.size
    for node in (first, second):
        node.db.close()


def test_no_more_of_them_go_along_than_a_log_needs(owner, tree):
    def kept(*lines):
        note = tree.note() + b"".join(lines)
        bare = open_checkpoint(note, owner.log.key).bare
        return [one.key_id for one in parse_note(bare).signatures][1:]

    keys = [b"\x06%03d" % n for n in range(MAX_FURTHER + 1)]
    lines = [line(owner.origin, key, b"x" * 9) for key in keys]
    assert kept(*lines) == keys[:MAX_FURTHER]
    assert kept(lines[0], lines[0]) == keys[:1]
    assert kept(line(owner.origin, keys[0], bytes(MAX_FURTHER_BYTES))) == keys[:1]
    assert kept(line(owner.origin, keys[0], bytes(MAX_FURTHER_BYTES + 1))) == []
    assert kept(line("x.example", keys[0], b"x")) == [], "of somebody else"
    own = parse_note(tree.note()).signatures[0]
    assert kept(line(own.name, own.key_id, own.payload)) == [], "it is there"
