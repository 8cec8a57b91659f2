"""An excerpt: all that stands in a region, whoever said it, and nothing else."""

import pytest

from federation.errors import FormatError, NotFoundError
from federation.feeds.resource import log_path
from federation.flows.merge import merge_once
from federation.flows.publish.excerpt import list_excerpt
from federation.flows.publish.items import read_items
from federation.flows.query.scope import QueryScope
from federation.profiles import load_shipped
from federation.records.admission import admit
from federation.records.keychain import decode_keys, open_chain
from federation.records.receipt import open_receipt, parse_receipt
from federation.store import claims, logs, mapreading
from federation.tlog.merkle import hash_leaf
from tests.fakes import ELECTION, FakeOrg, Tree
from tests.flows.publish.conftest import NOW, OURS, hold, hold_about

PROFILE = load_shipped()[ELECTION]
ASKED = [QueryScope(ELECTION, "ppwp", PROFILE)]
FIRST, SECOND = "1101010001", "1101010002"  # 900 stations each


def hold_claims(db, tree):
    """What an admission finds in the leaves that are held of this tree."""
    owner = tree.owner
    hold(db, tree)
    hold_about(db, owner)
    with db.transaction() as tx:
        log = logs.get_log(tx, owner.origin)
        found = admit(tree.leaves, 0, owner.chain, PROFILE)
        assert not found.rejected
        claims.save_claims(tx, log.id, found.claims)


def merge_all(db):
    while merge_once(db, {ELECTION: PROFILE}, now=NOW):
        pass


@pytest.fixture
def trees(db):
    found = []
    for org, votes in ((OURS, 100), ("kawalpemilu.example", 101)):
        owner = FakeOrg(org)
        leaves = [owner.result(n, votes) for n in (1, 2, 3, 899, 900, 901)]
        # A second statement about the first station: only this one stands.
        found.append(Tree(owner).grow([*leaves, owner.result(1, votes + 5)]))
        hold_claims(db, found[-1])
    merge_all(db)
    return found


def excerpt(db, region, asked=ASKED):
    with db.view() as view:
        items = list_excerpt(view, asked, region)
        assert [one.path for one in items] == sorted({one.path for one in items})
        return dict(read_items(items))


@pytest.mark.parametrize(
    ("region", "indexes"),
    [(FIRST, {2, 3, 4, 7}), (SECOND, {5, 6}), ("11", {2, 3, 4, 5, 6, 7})],
)
def test_it_has_what_stands_in_the_region_of_every_organisation(
    db, trees, region, indexes
):
    found = excerpt(db, region)
    receipts = {path for path in found if path.startswith("receipts/")}
    assert receipts == {
        f"receipts/{tree.owner.origin}/{index}.txt"
        for tree in trees
        for index in {0, *indexes}
    }
    assert found.keys() - receipts == {
        log_path(tree.owner.origin, name)
        for tree in trees
        for name in ("about", "checkpoint", "keys")
    }


def test_each_receipt_proves_the_record_that_was_signed(db, trees):
    found = excerpt(db, FIRST)
    for tree in trees:
        origin = tree.owner.origin
        keys = decode_keys(found[log_path(origin, "keys")])
        chain = open_chain(keys, tree.owner.identity.key)
        for index in (0, 2, 3, 4, 7):
            receipt = parse_receipt(found[f"receipts/{origin}/{index}.txt"])
            checkpoint, sealed = open_receipt(receipt, chain)
            assert (receipt.leaf, sealed.index) == (tree.leaves[index], index)
            assert checkpoint == tree.checkpoint()


def test_what_is_not_signed_yet_is_left_out(db):
    """Claims are stored with the leaves: the map may know more than was signed."""
    owner = FakeOrg(OURS)
    tree = Tree(owner).grow(owner.results(1, 12))
    hold(db, tree, 7)
    with db.transaction() as tx:
        log = logs.get_log(tx, owner.origin)
        rest = tree.leaves[7:]
        logs.append_leaves(tx, log.id, 7, rest, list(map(hash_leaf, rest)))
        claims.save_claims(
            tx, log.id, admit(tree.leaves, 0, owner.chain, PROFILE).claims
        )
    merge_all(db)
    with db.view() as view:
        assert len(mapreading.list_rows(view, ELECTION, "ppwp")) == 11
    found = {path for path in excerpt(db, FIRST) if path.startswith("receipts/")}
    assert found == {f"receipts/{owner.origin}/{index}.txt" for index in range(7)}


@pytest.mark.parametrize("region", ["12", "1101010003"])
def test_nothing_from_there_is_said(db, trees, region):
    with pytest.raises(NotFoundError, match=region):
        excerpt(db, region)


@pytest.mark.parametrize("region", ["1", "110", "11x", "../..", "11010100011"])
def test_what_is_no_region_is_refused(db, trees, region):
    with pytest.raises(FormatError):
        excerpt(db, region)
