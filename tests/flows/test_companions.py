"""A log that announced a companion key: partners and auditors ask for both lines."""

import pytest

from federation.store import sqlite
from federation.store.companions import MIGRATIONS, list_companions, with_companions
from federation.store.db import Database
from federation.tlog.checkpoint import sign_checkpoint
from federation.tlog.note import parse_note
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.flows.audit.conftest import audit_peer, trust_in
from tests.flows.pull.conftest import Puller


@pytest.fixture
def owner():
    return FakeOrg("jagasuara.example")


@pytest.fixture
def puller(tmp_path, owner):
    node = Puller(Database.open(tmp_path / "a"))
    node.trust(owner)
    yield node
    node.db.close()


@pytest.fixture
def tree(owner):
    """Twenty results, then the statement, then two more."""
    tree = Tree(owner).grow(owner.results(0, 20))
    leaf = owner.announce(owner.companion_of("log"), owner.companion_of("identity"))
    return tree.grow([leaf]).grow(owner.results(20, 22))


def plain(tree, size=None):
    """The checkpoint by the Ed25519 key alone."""
    return sign_checkpoint(tree.checkpoint(size), tree.owner.log)


async def test_a_partner_holds_both_lines_and_takes_nothing_less(owner, tree, puller):
    before, covering = tree.truncate(21), tree.truncate(22)
    await puller.pull(FakePeer(owner.org).show(before, note=plain(before)))
    assert puller.log(owner).size == 21
    # The statement comes with these leaves, and binds them already.
    report = await puller.pull(FakePeer(owner.org).show(covering, note=plain(covering)))
    assert puller.log(owner).size == 21
    assert "from size 22 on" in report.logs[0].reason
    await puller.pull(FakePeer(owner.org).show(covering))
    assert puller.log(owner).size == 22
    report = await puller.pull(FakePeer(owner.org).show(tree, note=plain(tree)))
    assert puller.log(owner).size == 22
    assert "that of size 24 is not" in report.logs[0].reason
    await puller.pull(FakePeer(owner.org).show(tree))
    assert puller.log(owner).size == 24
    assert len(parse_note(puller.log(owner).checkpoint).signatures) == 2
    # What earlier checkpoints lack is no fault of theirs.
    with puller.db.view() as view:
        chain = with_companions(view, puller.log(owner).id, owner.chain)
    assert chain.open_checkpoint(plain(tree, 21)).companion is None


async def test_a_thief_of_the_old_keys_cannot_drop_the_other(owner, tree, puller):
    await puller.pull(FakePeer(owner.org).show(tree))
    asked = owner.companion
    thief = FakeOrg(owner.org)
    thief.companions = list(owner.companions)
    forged = tree.grow([thief.announce(None, owner.companion_of("identity", 9))])
    report = await puller.pull(FakePeer(owner.org).show(forged, note=plain(forged)))
    assert puller.log(owner).size == 24
    assert "post-quantum" in report.logs[0].reason
    # Those who hold both can.
    owner.companion = asked
    tree.leaves.pop()
    tree = Tree(owner, tree.leaves)
    tree.grow([owner.announce(None, owner.companion_of("identity"))])
    await puller.pull(FakePeer(owner.org).show(tree, note=plain(tree)))
    assert puller.log(owner).size == 25


def test_an_audit_says_which_kinds_signed_and_refuses_one_alone(owner, tree):
    trust = trust_in(owner)
    report = audit_peer(FakePeer(owner.org).show(tree), trust)
    assert report.verdict == "proved"
    assert report.logs[0].companion == str(owner.companion.key)
    report = audit_peer(FakePeer(owner.org).show(tree, note=plain(tree)), trust)
    assert report.verdict == "checkpoint"
    assert "post-quantum" in report.findings[0].detail
    assert report.logs[0].companion == ""


@pytest.mark.of_file
async def test_what_an_earlier_version_took_in_unread_binds_after_the_upgrade(
    owner, tree, puller
):
    await puller.pull(FakePeer(owner.org).show(tree))
    log = puller.log(owner)
    # As the tables of that version have it: the leaf is of a type that it knows not.
    with puller.db.transaction() as tx:
        tx.execute("INSERT INTO unknown (log_id, idx) VALUES (?,?)", (log.id, 21))
        tx.execute("DROP TABLE companion")
        for statement in sqlite.split_script(MIGRATIONS[0][1]):
            tx.execute(statement)
    with puller.db.view() as view:
        assert list_companions(view, log.id) == [21]
        chain = with_companions(view, log.id, owner.chain)
    assert chain.companion_key(24).key == owner.companion.key
