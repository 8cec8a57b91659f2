"""The mirror: every move that is allowed, and that no other changes anything."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import (
    ConflictError,
    ForkError,
    FormatError,
    ProofError,
)
from federation.tlog.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_checkpoint,
    sign_checkpoint,
)
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.fork import check_evidence, format_evidence
from federation.tlog.merkle import EMPTY_ROOT, root_of
from federation.tlog.mirror import Mirror, begin, complete, offer, plan_extension
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


def opened(log, size, signer):
    return open_checkpoint(log.sign(size, signer), signer.key)


def store(mirror, end):
    """The mirror with the leaves below `end`, which `check_bundle` has passed."""
    return replace(mirror, next_index=end)


def reach(log, mirror, goal):
    """The mirror that holds this goal, by the leaves of the log."""
    return complete(mirror, goal, log.frontier(goal.size))


def hold(log, size, signer):
    """A mirror that holds the first `size` leaves."""
    mirror = Mirror(origin=signer.name)
    if size == 0:
        return mirror
    goal = opened(log, size, signer)
    return reach(log, store(begin(mirror, goal), size), goal)


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
    goal = opened(log, 1000, log_signer)
    assert offer(mirror, goal, never).kind == "larger"
    mirror = begin(mirror, goal)
    for end in (301, 512, 512, 999, 1000):
        # As after a crash: what is left is planned from the next index on.
        authenticated = extend(log, mirror.next_index, 1000)
        for bundle in bundles_of(mirror.next_index, 1000):
            leaves = log.hashes[bundle.index * WIDTH :][: bundle.width]
            authenticated.check_bundle(bundle.index, leaves)
        mirror = store(mirror, end)
        assert (mirror.size, mirror.next_index) == (300, end)
    mirror = reach(log, mirror, goal)
    assert mirror == hold(log, 1000, log_signer)
    assert mirror.pending is None


def test_a_larger_checkpoint_replaces_a_pending_one(log, log_signer):
    mirror = hold(log, 10, log_signer)
    mirror = begin(mirror, opened(log, 500, log_signer))
    goal = opened(log, 700, log_signer)
    mirror = begin(store(mirror, 300), goal)
    assert (mirror.next_index, mirror.pending, mirror.seen) == (300, goal, None)
    mirror = reach(log, store(mirror, 700), goal)
    assert (mirror.size, mirror.known) == (700, 700)


def test_a_smaller_checkpoint_replaces_a_pending_one_that_stays_in_mind(
    log, log_signer
):
    largest, goal = (opened(log, size, log_signer) for size in (900, 500))
    mirror = store(begin(hold(log, 10, log_signer), largest), 300)
    mirror = begin(mirror, goal)
    assert (mirror.pending, mirror.seen, mirror.known) == (goal, largest, 900)
    # There is room for one.
    with pytest.raises(ConflictError):
        begin(mirror, opened(log, 400, log_signer))
    mirror = reach(log, store(mirror, 500), goal)
    assert (mirror.size, mirror.pending, mirror.seen) == (500, None, largest)
    # It stays, whatever is shown to begin with it, until what is held covers it.
    for size in (899, 900, 1000):
        assert begin(mirror, opened(log, size, log_signer)).seen == largest
    with pytest.raises(ConflictError):
        begin(begin(mirror, opened(log, 1000, log_signer)), goal)
    # The same one may give way again.
    again = begin(mirror, largest)
    assert begin(again, opened(log, 600, log_signer)).seen == largest
    for size, seen in ((899, largest), (900, None), (1000, None)):
        reached = opened(log, size, log_signer)
        mirror_there = store(begin(mirror, reached), size)
        assert reach(log, mirror_there, reached).seen == seen


def test_what_lies_on_the_way_to_the_pending_checkpoint_can_be_held(log, log_signer):
    pending = opened(log, 900, log_signer)
    mirror = store(begin(hold(log, 10, log_signer), pending), 300)
    for size in (11, 256, 299, 300):
        goal = opened(log, size, log_signer)
        held = reach(log, mirror, goal)
        assert (held.held, held.pending, held.next_index) == (goal, pending, 300)
    for size in (10, 301):
        with pytest.raises(AssertionError):
            reach(log, mirror, opened(log, size, log_signer))


def test_offers_are_compared_with_what_is_held_and_pending(log, log_signer, cosigners):
    mirror = hold(log, 300, log_signer)
    kinds = {}
    mirror = begin(mirror, opened(log, 500, log_signer))
    for size in (0, 1, 256, 299, 300, 301, 499, 500, 501):
        note = log.sign(size, log_signer)
        text = format_checkpoint(log.checkpoint(size))
        cosigned = add_signatures(note, [cosign(text, cosigners[0], 7)])
        signed = open_checkpoint(cosigned, log_signer.key)
        found = offer(mirror, signed, reader(log, 300))
        assert found.signed.note == note
        assert found.signed.checkpoint == log.checkpoint(size)
        assert found.known == 500
        kinds[size] = found.kind
    assert kinds == {
        **dict.fromkeys((0, 1, 256, 299), "smaller"),
        300: "same",
        **dict.fromkeys((301, 499, 500, 501), "larger"),
    }


def test_nothing_is_smaller_than_an_empty_mirror(log, log_signer):
    mirror = Mirror(origin=log_signer.name)
    empty = sign_checkpoint(Checkpoint(log_signer.name, 0, EMPTY_ROOT), log_signer)
    found = offer(mirror, open_checkpoint(empty, log_signer.key), never)
    assert (found.kind, found.known) == ("same", 0)
    assert offer(mirror, opened(log, 1, log_signer), never).kind == "larger"


@pytest.mark.parametrize("size", [1, 2, 64, 255, 256, 257, 299, 300, 400, 500])
def test_another_root_at_any_size_held_pending_or_seen_is_a_fork_with_its_evidence(
    size, log, make_log, log_signer
):
    mirror = hold(log, 300, log_signer)
    for known in (500, 400):
        mirror = begin(mirror, opened(log, known, log_signer))
    rival = opened(make_log(500, b"forked", 0), size, log_signer)
    with pytest.raises(ForkError) as caught:
        offer(mirror, rival, reader(log, 300))
    fork = caught.value
    data = format_evidence(fork.old, fork.new, fork.hashes)
    assert check_evidence(data, [log_signer.key]).origin == log_signer.name


def test_a_damaged_disk_of_ours_accuses_nobody(log, make_log, log_signer):
    mirror = hold(log, 300, log_signer)
    damaged = reader(make_log(500, b"forked", 0), 300)
    with pytest.raises(ProofError, match="our own"):
        offer(mirror, opened(log, 200, log_signer), damaged)


def test_a_checkpoint_of_another_log_is_our_own_mistake(log, log_signer):
    other = replace(hold(log, 300, log_signer), origin="other.example/pemilu-2024")
    signed = opened(log, 400, log_signer)
    for move in (lambda: offer(other, signed, never), lambda: begin(other, signed)):
        with pytest.raises(AssertionError):
            move()


def test_a_frozen_mirror_never_moves_again(log, log_signer):
    mirror = begin(hold(log, 10, log_signer), opened(log, 20, log_signer))
    frozen = replace(store(mirror, 20), frozen=b"evidence")
    signed = opened(log, 30, log_signer)
    for move in (
        lambda: offer(frozen, signed, never),
        lambda: begin(frozen, signed),
        lambda: reach(log, frozen, frozen.pending),
    ):
        with pytest.raises(ConflictError, match="frozen"):
            move()


def test_a_checkpoint_below_what_is_here_does_not_begin(log, log_signer):
    mirror = begin(hold(log, 10, log_signer), opened(log, 20, log_signer))
    for end in (10, 15):
        for size in (0, 9, 10, 15):
            if size > end:
                continue
            with pytest.raises(ConflictError) as caught:
                begin(store(mirror, end), opened(log, size, log_signer))
            assert caught.value.known_size == end


def test_a_goal_without_its_leaves_is_our_own_mistake(log, log_signer):
    mirror, goal = hold(log, 10, log_signer), opened(log, 20, log_signer)
    with pytest.raises(AssertionError):
        reach(log, mirror, goal)
    mirror = begin(mirror, goal)
    for end in (10, 19):
        with pytest.raises(AssertionError):
            reach(log, store(mirror, end), goal)


def test_wrong_leaves_on_the_way_are_never_held(log, make_log, log_signer):
    goal = opened(log, 20, log_signer)
    mirror = store(begin(hold(log, 10, log_signer), goal), 20)
    for wrong in (
        make_log(20, b"another", 19).frontier(20),
        log.frontier(19),
        log.frontier(21),
    ):
        with pytest.raises(ProofError):
            complete(mirror, goal, wrong)
    assert reach(log, mirror, goal).size == 20


@given(
    st.lists(st.integers(0, 900), min_size=1, max_size=6),
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
)
def test_offers_in_any_order_and_steps_of_any_length_end_at_the_largest(
    log, log_signer, sizes, steps
):
    mirror = Mirror(origin=log_signer.name)
    for n, size in enumerate(sizes):
        goal = opened(log, size, log_signer)
        found = offer(mirror, goal, reader(log, mirror.size))
        assert found.known == max((0, *sizes[:n]))
        if found.kind != "larger":
            continue
        if size > mirror.next_index and not mirror.may_aim_at(size):
            continue
        if size > mirror.next_index:
            extend(log, mirror.next_index, size)
            mirror = begin(mirror, goal)
            end = min(mirror.next_index + steps[n % len(steps)], size)
            mirror = store(mirror, end)
        if mirror.next_index >= size:
            mirror = reach(log, mirror, goal)
    last = opened(log, max(sizes), log_signer)
    if mirror.size < last.size:
        extend(log, mirror.next_index, last.size)
        mirror = reach(log, store(begin(mirror, last), last.size), last)
    assert (mirror.size, mirror.known) == (last.size, last.size)
