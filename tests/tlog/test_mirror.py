"""The mirror: every move that is allowed, and that no other changes anything."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import (
    ConflictError,
    ForkError,
    FormatError,
    ProofError,
    SignatureError,
)
from federation.tlog.checkpoint import Checkpoint, format_checkpoint, sign_checkpoint
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.fork import check_evidence, find_fork, format_evidence
from federation.tlog.keys import Signer
from federation.tlog.merkle import EMPTY_ROOT, Frontier, hash_leaf, root_of
from federation.tlog.mirror import (
    Mirror,
    abandon,
    advance,
    begin,
    complete,
    freeze,
    offer,
    plan_extension,
)
from federation.tlog.tile import WIDTH, bundles_of, hash_reader

EDGES = [0, 1, 3, 254, 255, 256, 257, 300, 511, 512, 513, 767, 768]
FAR = [65535, 65536, 65537, 65793, 131071, 131072, 131073]
PAIRS = [(old, new) for old in EDGES for new in EDGES if old < new]
FAR_PAIRS = [(old, new) for old in [*EDGES, *FAR] for new in FAR if old < new]


@pytest.fixture(scope="module")
def log(make_log):
    return make_log(131073)


def fetch(log, plan):
    return {tile: log.read_tile(tile) for tile in plan.tiles}


def edge_of(log, size):
    return log.hashes[size // WIDTH * WIDTH : size]


def extend(log, old, new):
    plan = plan_extension(old, log.checkpoint(new))
    return plan.open(log.frontier(old), edge_of(log, old), fetch(log, plan))


def hold(log, size, signer):
    """A mirror that holds the first `size` leaves."""
    mirror = Mirror(origin=signer.name)
    if size == 0:
        return mirror
    note = log.sign(size, signer)
    mirror = begin(mirror, note, log.checkpoint(size))
    return complete(advance(mirror, log.hashes[:size]))


def reader(log, size):
    return hash_reader(log.read_tile, size)


def never(level, index):
    raise AssertionError("no node needs to be read")


def check_every_bundle(log, old, new):
    authenticated = extend(log, old, new)
    for bundle in bundles_of(old, new):
        first = bundle.index * WIDTH
        leaves = log.hashes[first : first + bundle.width]
        authenticated.check_bundle(bundle.index, leaves)
        root = authenticated.bundle_root(bundle.index)
        assert root == (root_of(leaves) if bundle.width == WIDTH else None)
    assert authenticated.edge_hashes == edge_of(log, new)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_each_extension_authenticates_each_of_its_bundles(old, new, log):
    check_every_bundle(log, old, new)


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new"), FAR_PAIRS[::3])
def test_each_extension_across_65536_authenticates_each_bundle(old, new, log):
    check_every_bundle(log, old, new)


@pytest.mark.parametrize("width", range(1, 65))
def test_extensions_between_all_small_sizes_open(width, log):
    for old in range(width):
        assert extend(log, old, width).edge_hashes == log.hashes[:width]


def test_an_extension_costs_what_is_new_whatever_is_held(log):
    for old in (0, 256, 1000, 65536, 130000):
        assert len(plan_extension(old, log.checkpoint(old + 1)).tiles) <= 2
        assert len(plan_extension(old, log.checkpoint(old + 1000)).tiles) <= 4
    assert len(plan_extension(0, log.checkpoint(131072)).tiles) == 2
    for old, new in ((5, 5), (6, 5), (-1, 5)):
        with pytest.raises(AssertionError):
            plan_extension(old, log.checkpoint(new))


@pytest.mark.parametrize(("old", "new"), PAIRS + FAR_PAIRS)
def test_every_tile_that_is_asked_for_has_something_new(old, new, log):
    plan = plan_extension(old, log.checkpoint(new))
    for tile in plan.tiles:
        span = WIDTH**tile.level
        end = (tile.index * WIDTH + tile.width) * span
        # A full bundle's root says nothing of a bundle that we hold a part of.
        assert -(-old // span) * span < end <= new, tile
    assert len(set(plan.tiles)) == len(plan.tiles)


@pytest.mark.parametrize(
    ("old", "new"), [(0, 3), (3, 40), (255, 257), (300, 900), (600, 768), (513, 66000)]
)
def test_a_damaged_tile_is_refused_or_touches_nothing_that_is_used(old, new, log, flip):
    plan = plan_extension(old, log.checkpoint(new))
    good = fetch(log, plan)
    frontier, edge = log.frontier(old), edge_of(log, old)
    for tile, data in good.items():
        for at in range(0, len(data), 8 if len(data) < 4096 else 509):
            damaged = {**good, tile: flip(data, at * 8 + at % 8)}
            node = tile.index * WIDTH + at // 32
            if tile.level == 1 and node < -(-old // WIDTH):
                # A hash over what is held already: it is not used, so not believed.
                plan.open(frontier, edge, damaged)
                continue
            with pytest.raises(ProofError):
                plan.open(frontier, edge, damaged)
        for wrong in (data[:-1], data[:-32], data + b"x" * 32, b""):
            with pytest.raises(FormatError):
                plan.open(frontier, edge, {**good, tile: wrong})
    assert frontier == log.frontier(old)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_another_history_before_or_after_what_is_held_never_opens(
    old, new, log, make_log
):
    check_other_histories(old, new, log, make_log)


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new"), FAR_PAIRS[::7])
def test_another_history_across_65536_never_opens(old, new, log, make_log):
    check_other_histories(old, new, log, make_log)


def check_other_histories(old, new, log, make_log):
    for forked_at in {0, max(old - 1, 0), old, new - 1}:
        other = make_log(new, b"forked", forked_at)
        plan = plan_extension(old, other.checkpoint(new))
        honest_edge, honest = edge_of(log, old), log.frontier(old)
        if forked_at >= old:
            # All that is held is in both: the signed root decides, nothing is wrong.
            plan.open(honest, honest_edge, fetch(other, plan))
        else:
            with pytest.raises(ProofError):
                plan.open(honest, honest_edge, fetch(other, plan))
        # Honest tiles do not lead to the root of the other history, nor its tiles to
        # the honest one.
        with pytest.raises(ProofError):
            plan.open(honest, honest_edge, fetch(log, plan))
        plan = plan_extension(old, log.checkpoint(new))
        with pytest.raises(ProofError):
            plan.open(honest, honest_edge, fetch(other, plan))


def test_swapped_bundles_and_leaves_are_refused(log):
    authenticated = extend(log, 300, 1000)
    good = {
        bundle.index: log.hashes[bundle.index * WIDTH :][: bundle.width]
        for bundle in bundles_of(300, 1000)
    }
    for index, leaves in good.items():
        for wrong in (
            leaves[::-1],
            leaves[:-1],
            [*leaves, leaves[0]],
            [leaves[1], leaves[0], *leaves[2:]],
            good[(index + 1) % 4 or 1],
            [],
            [b"".join(leaves)],
            [b"".join(leaves[:2]), *leaves[2:], b""],
            # Nodes of the tree above the leaves have its root, and are no leaves.
            [root_of(leaves)],
            [root_of(leaves[at : at + 2]) for at in range(0, len(leaves), 2)],
        ):
            with pytest.raises(ProofError):
                authenticated.check_bundle(index, wrong)
    for index in (0, 4, -1):
        for leaves in (good[1], good[3]):
            with pytest.raises(ProofError):
                authenticated.check_bundle(index, leaves)


def test_a_bundle_beyond_the_signed_ones_has_no_root(log):
    authenticated = extend(log, 0, 512)
    assert authenticated.bundle_root(2) is None
    assert authenticated.edge_hashes == []
    with pytest.raises(ProofError):
        authenticated.check_bundle(2, [])


def test_the_frontier_and_the_edge_must_be_those_of_the_size(log):
    plan = plan_extension(300, log.checkpoint(400))
    for size, edge in ((299, edge_of(log, 300)), (300, edge_of(log, 299))):
        with pytest.raises(AssertionError):
            plan.open(log.frontier(size), edge, fetch(log, plan))


def test_a_pull_in_any_steps_ends_at_the_signed_root(log, log_signer):
    mirror = hold(log, 300, log_signer)
    note = log.sign(1000, log_signer)
    found = offer(mirror, note, log_signer.key, never)
    assert found.kind == "larger"
    mirror = begin(mirror, found.note, found.checkpoint)
    for end in (301, 512, 512, 999, 1000):
        # As after a crash: what is left is planned from the next index on.
        authenticated = extend(log, mirror.next_index, 1000)
        for bundle in bundles_of(mirror.next_index, 1000):
            leaves = log.hashes[bundle.index * WIDTH :][: bundle.width]
            authenticated.check_bundle(bundle.index, leaves)
        mirror = advance(mirror, log.hashes[mirror.next_index : end])
        assert (mirror.size, mirror.next_index) == (300, end)
    mirror = complete(mirror)
    assert mirror == hold(log, 1000, log_signer)
    assert (mirror.pending, mirror.pending_size) == (None, 0)


def test_a_larger_checkpoint_replaces_a_pending_one(log, log_signer):
    mirror = hold(log, 10, log_signer)
    mirror = begin(mirror, log.sign(500, log_signer), log.checkpoint(500))
    mirror = advance(mirror, log.hashes[10:300])
    mirror = begin(mirror, log.sign(700, log_signer), log.checkpoint(700))
    assert mirror.next_index == 300
    mirror = complete(advance(mirror, log.hashes[300:700]))
    assert mirror.size == 700


def test_offers_are_compared_with_what_is_held_and_pending(log, log_signer, cosigners):
    mirror = hold(log, 300, log_signer)
    kinds = {}
    mirror = begin(mirror, log.sign(500, log_signer), log.checkpoint(500))
    for size in (0, 1, 256, 299, 300, 301, 499, 500, 501):
        note = log.sign(size, log_signer)
        text = format_checkpoint(log.checkpoint(size))
        cosigned = add_signatures(note, [cosign(text, cosigners[0], 7)])
        found = offer(mirror, cosigned, log_signer.key, reader(log, 300))
        assert found.note == note
        assert found.checkpoint == log.checkpoint(size)
        kinds[size] = found.kind
    assert kinds == {
        **dict.fromkeys((0, 1, 256, 299), "smaller"),
        **dict.fromkeys((300, 500), "same"),
        **dict.fromkeys((301, 499), "waiting"),
        501: "larger",
    }


def test_nothing_is_smaller_than_an_empty_mirror(log, log_signer):
    mirror = Mirror(origin=log_signer.name)
    empty = sign_checkpoint(Checkpoint(log_signer.name, 0, EMPTY_ROOT), log_signer)
    assert offer(mirror, empty, log_signer.key, never).kind == "same"
    assert (
        offer(mirror, log.sign(1, log_signer), log_signer.key, never).kind == "larger"
    )


@pytest.mark.parametrize("size", [1, 2, 64, 255, 256, 257, 299, 300, 500])
def test_another_root_at_any_size_held_or_pending_is_a_fork_with_its_evidence(
    size, log, make_log, log_signer
):
    mirror = hold(log, 300, log_signer)
    mirror = begin(mirror, log.sign(500, log_signer), log.checkpoint(500))
    note = make_log(500, b"forked", 0).sign(size, log_signer)
    with pytest.raises(ForkError) as caught:
        offer(mirror, note, log_signer.key, reader(log, 300))
    fork = caught.value
    data = format_evidence(fork.old, fork.new, fork.hashes)
    assert check_evidence(data, [log_signer.key]).origin == log_signer.name
    frozen = freeze(mirror, data)
    assert frozen.frozen == data
    assert dataclasses.replace(frozen, frozen=None) == mirror


def test_a_damaged_disk_of_ours_accuses_nobody(log, make_log, log_signer):
    mirror = hold(log, 300, log_signer)
    damaged = reader(make_log(500, b"forked", 0), 300)
    with pytest.raises(ProofError, match="our own"):
        offer(mirror, log.sign(200, log_signer), log_signer.key, damaged)


def test_an_offer_by_another_key_is_refused(log, log_signer):
    mirror = hold(log, 300, log_signer)
    thief = Signer.from_seed(log_signer.name, b"\x66" * 32)
    with pytest.raises(SignatureError):
        offer(mirror, log.sign(400, thief), log_signer.key, never)
    other = Signer.from_seed("other.example/pemilu-2024", b"\x66" * 32)
    with pytest.raises(AssertionError):
        offer(mirror, log.sign(400, log_signer), other.key, never)


def test_a_frozen_mirror_never_moves_again(log, make_log, log_signer):
    forked = make_log(500, b"forked", 0)
    fork = find_fork(
        log.sign(9, log_signer), forked.sign(9, log_signer), (), [log_signer.key]
    )
    evidence = format_evidence(fork.old, fork.new)
    mirror = begin(
        hold(log, 10, log_signer), log.sign(20, log_signer), log.checkpoint(20)
    )
    frozen = freeze(mirror, evidence)
    note = log.sign(30, log_signer)
    for move in (
        lambda: offer(frozen, note, log_signer.key, never),
        lambda: begin(frozen, note, log.checkpoint(30)),
        lambda: advance(frozen, log.hashes[10:20]),
        lambda: complete(frozen),
        lambda: abandon(frozen, log.frontier(10)),
    ):
        with pytest.raises(ConflictError, match="frozen"):
            move()
    # The first evidence stays.
    second = format_evidence(fork.new, fork.old)
    assert freeze(frozen, second) is frozen


def test_only_evidence_against_this_origin_freezes_it(log, log_signer):
    note = log.sign(9, log_signer)
    other = Mirror(origin="other.example/pemilu-2024")
    with pytest.raises(AssertionError):
        freeze(other, format_evidence(note, note))
    with pytest.raises(FormatError):
        freeze(Mirror(origin=log_signer.name), b"he did it")


def test_a_checkpoint_that_is_not_larger_does_not_begin(log, log_signer):
    mirror = begin(
        hold(log, 10, log_signer), log.sign(20, log_signer), log.checkpoint(20)
    )
    for size in (0, 9, 10, 15, 20):
        with pytest.raises(ConflictError) as caught:
            begin(mirror, log.sign(size, log_signer), log.checkpoint(size))
        assert caught.value.known_size == 20
    with pytest.raises(AssertionError):
        begin(mirror, log.sign(30, log_signer), log.checkpoint(31))


def test_leaves_beyond_the_pending_checkpoint_or_too_few_are_our_own_mistake(
    log, log_signer
):
    mirror = hold(log, 10, log_signer)
    with pytest.raises(AssertionError):
        advance(mirror, log.hashes[10:11])
    with pytest.raises(AssertionError):
        complete(mirror)
    mirror = begin(mirror, log.sign(20, log_signer), log.checkpoint(20))
    with pytest.raises(AssertionError):
        advance(mirror, log.hashes[10:21])
    with pytest.raises(AssertionError):
        complete(advance(mirror, log.hashes[10:19]))


def test_wrong_leaves_on_the_way_are_never_held(log, log_signer):
    mirror = hold(log, 10, log_signer)
    mirror = begin(mirror, log.sign(20, log_signer), log.checkpoint(20))
    wrong = advance(mirror, [*log.hashes[10:19], hash_leaf(b"another")])
    with pytest.raises(ProofError):
        complete(wrong)


def test_a_pending_checkpoint_can_be_given_up(log, log_signer):
    held = hold(log, 300, log_signer)
    mirror = begin(held, log.sign(500, log_signer), log.checkpoint(500))
    mirror = advance(mirror, log.hashes[300:400])
    assert abandon(mirror, log.frontier(300)) == held
    with pytest.raises(ProofError):
        abandon(mirror, log.frontier(301))
    with pytest.raises(ProofError):
        abandon(mirror, Frontier(300, log.frontier(300).hashes[::-1]))
    empty = Mirror(origin=log_signer.name)
    mirror = begin(empty, log.sign(5, log_signer), log.checkpoint(5))
    assert abandon(mirror, Frontier()) == empty


@given(
    st.lists(st.integers(0, 900), min_size=1, max_size=6),
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
)
def test_offers_in_any_order_and_steps_of_any_length_end_at_the_largest(
    log, log_signer, sizes, steps
):
    mirror = Mirror(origin=log_signer.name)
    for n, size in enumerate(sizes):
        note = log.sign(size, log_signer)
        found = offer(mirror, note, log_signer.key, reader(log, mirror.size))
        if found.kind == "larger":
            extend(log, mirror.next_index, size)
            mirror = begin(mirror, found.note, found.checkpoint)
        if mirror.pending is not None:
            end = min(mirror.next_index + steps[n % len(steps)], mirror.pending_size)
            mirror = advance(mirror, log.hashes[mirror.next_index : end])
            if end == mirror.pending_size:
                mirror = complete(mirror)
    if mirror.pending is not None:
        mirror = complete(
            advance(mirror, log.hashes[mirror.next_index : mirror.pending_size])
        )
    assert mirror.size == max(sizes)
    assert mirror.frontier == log.frontier(mirror.size)
