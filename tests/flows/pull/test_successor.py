"""Of a log that has ended counts what all copies have alike; nobody makes it up."""

import pytest
from msgspec.structs import replace

from federation.errors import PeerError, ProofError, SignatureError
from federation.flows.ownlog.successor import (
    PartnerCopy,
    look_at_copy,
    proposed_size,
    undisputed_size,
)
from federation.tlog.keys import Signer
from tests.fakes import FakeOrg, FakePeer, Tree

SIZE, FORKED = 600, 530
ORG, OTHER = "jagasuara.example", "kawal.example"


@pytest.fixture
async def held(puller):
    """Whose log it is, its database, the log in it, and its tree."""
    owner = FakeOrg(ORG)
    tree = Tree(owner).grow(owner.results(0, SIZE - 1))
    puller.trust(owner)
    await puller.pull(FakePeer(ORG).show(tree))
    return owner, puller.db, puller.log(owner), tree


def copies_of(owner, tree):
    """What a partner may hold of it, and how much of that is alike."""
    other = owner.results(10_000, 10_400)
    return [
        (tree, SIZE),
        (tree.truncate(1), 1),
        (tree.truncate(257), 257),
        (Tree(owner, [*tree.leaves]).grow(owner.results(9_000, 9_100)), SIZE),
        (tree.fork(FORKED, other), FORKED),
        (tree.fork(FORKED, other[:20]), FORKED),
        (tree.fork(1, other), 1),
        (tree.fork(0, other), 0),
        (tree.fork(SIZE - 1, other), SIZE - 1),
    ]


async def test_it_is_found_how_far_each_copy_is_as_ours(held):
    owner, db, log, tree = held
    for copy, alike in copies_of(owner, tree):
        feed = FakePeer(OTHER).show(copy)
        found = await look_at_copy(db, log, owner.chain, feed, OTHER)
        assert found == PartnerCopy(OTHER, copy.size, alike)


def turn_round(what, _origin, data):
    return bytes([data[0] ^ 1]) + data[1:] if what.startswith("tile") else data


async def test_tiles_that_do_not_lead_to_the_signed_root_say_nothing(held):
    owner, db, log, tree = held
    for copy, alike in copies_of(owner, tree):
        if alike == copy.size:
            continue  # no tile is asked for
        feed = FakePeer(OTHER, spoil=turn_round).show(copy)
        with pytest.raises(ProofError):
            await look_at_copy(db, log, owner.chain, feed, OTHER)


async def test_what_our_key_has_not_signed_is_no_copy(held):
    owner, db, log, tree = held
    chain = owner.chain
    with pytest.raises(PeerError):
        await look_at_copy(db, log, chain, FakePeer(OTHER), OTHER)
    owner.log = Signer.from_seed(owner.origin, bytes(32))
    with pytest.raises(SignatureError):
        await look_at_copy(db, log, chain, FakePeer(OTHER).show(tree), OTHER)


@pytest.mark.parametrize("is_frozen", [True, False])
@pytest.mark.parametrize(
    ("copies", "undisputed", "held_of_it"),
    [
        ([], 600, 600),
        ([(0, 0)], 600, 600),
        ([(5, 5)], 600, 5),
        ([(5, 5), (7, 7)], 600, 7),
        ([(612, 600)], 600, 600),
        ([(612, 6)], 6, 6),
        ([(612, 6), (4, 4)], 6, 6),
        ([(612, 6), (8, 3)], 3, 3),
        ([(4, 4), (8, 0)], 0, 0),
    ],
)
async def test_the_largest_that_a_partner_holds_and_none_contradicts_is_proposed(
    held, copies, undisputed, held_of_it, is_frozen
):
    log = held[2]
    found = [PartnerCopy(f"{n}.example", *one) for n, one in enumerate(copies)]
    assert undisputed_size(log.size, found) == undisputed
    if is_frozen:
        log = replace(log, frozen=b"proof")
    # What partners do not hold yet they still fetch, unless it is frozen there too.
    proposed = held_of_it if is_frozen else undisputed
    assert proposed_size(log, found) == proposed
