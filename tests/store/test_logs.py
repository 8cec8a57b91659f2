"""A log only grows, each move from the state it expects."""

import pytest

from federation.errors import ConflictError, FormatError, NotFoundError
from federation.records.admission import Rejected
from federation.store import cosignatures, keystatements, leaves, logs, quarantine
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.merkle import EMPTY_ROOT, hash_leaf
from federation.tlog.mirror import Mirror
from federation.tlog.tile import Bundle, Tile
from tests.mirrored import aim, hold

ORIGIN = "jagasuara.example/pemilu-2024"


def some(start, end):
    return [b"leaf %d" % index for index in range(start, end)]


def grow(tx, log, start, end):
    new = some(start, end)
    logs.append_leaves(tx, log.id, start, new, [hash_leaf(leaf) for leaf in new])
    return leaves.frontier(tx, log.id, end).root()


@pytest.fixture
def own(tx):
    return logs.add_log(tx, ORIGIN, own=True)


@pytest.fixture
def mirror(tx):
    return logs.add_log(tx, "kawal.example/pemilu-2024", own=False)


def state(tx, log):
    return logs.log_by_id(tx, log.id)


def test_a_log_is_known_by_its_origin(tx, own, mirror):
    assert logs.get_log(tx, ORIGIN) == own == logs.add_log(tx, ORIGIN, own=True)
    assert (own.org, own.election, own.visibility, own.generation) == (
        "jagasuara.example",
        "pemilu-2024",
        "public",
        1,
    )
    assert [log.origin for log in logs.list_logs(tx)] == [ORIGIN, mirror.origin]
    with pytest.raises(NotFoundError):
        logs.get_log(tx, "nobody.example/pemilu-2024")
    with pytest.raises(FormatError):
        logs.add_log(tx, "../etc", own=False)


@pytest.mark.parametrize("start", [0, 4, 6])
def test_leaves_go_in_at_the_next_index_only(tx, own, start):
    grow(tx, own, 0, 5)
    with pytest.raises(ConflictError) as raised:
        grow(tx, own, start, start + 1)
    assert raised.value.known_size == 5
    assert state(tx, own).next_index == 5


def test_nothing_is_visible_before_it_is_published(tx, own):
    root = grow(tx, own, 0, 300)
    for read, what in [
        (leaves.read_tile, Tile(0, 0, 1)),
        (leaves.read_tile, Tile(1, 0, 1)),
        (leaves.read_bundle, Bundle(0, 1)),
    ]:
        with pytest.raises(NotFoundError):
            read(tx, own.id, what)
    logs.publish(tx, own.id, 0, b"note", 299, root)
    assert len(leaves.read_tile(tx, own.id, Tile(0, 1, 43))) == 43 * 32
    assert leaves.read_tile(tx, own.id, Tile(1, 0, 1))
    for read, what in [
        (leaves.read_tile, Tile(0, 1, 44)),
        (leaves.read_tile, Tile(1, 0, 2)),
        (leaves.read_tile, Tile(2, 0, 1)),
        (leaves.read_bundle, Bundle(1, 44)),
        (leaves.read_bundle, Bundle(2, 1)),
    ]:
        with pytest.raises(NotFoundError):
            read(tx, own.id, what)


def test_of_two_notes_of_one_root_the_one_that_was_signed_first_is_kept(tx, own):
    root = grow(tx, own, 0, 5)
    logs.keep_signed(tx, own.id, 0, b"first", 3, root)
    logs.publish(tx, own.id, 0, b"second", 3, root)
    assert logs.newest_checkpoint(tx, own.id) == (3, root, b"first")


def test_publishing_is_a_compare_and_swap(tx, own):
    root = grow(tx, own, 0, 5)
    logs.keep_signed(tx, own.id, 0, b"three", 3, root)
    assert state(tx, own).size == 0
    assert logs.newest_checkpoint(tx, own.id) == (3, root, b"three")
    logs.publish(tx, own.id, 0, b"three", 3, root)
    assert (state(tx, own).size, state(tx, own).checkpoint) == (3, b"three")
    for old, size in [(0, 4), (2, 4), (3, 3), (3, 2), (3, 6)]:
        with pytest.raises(ConflictError) as raised:
            logs.publish(tx, own.id, old, b"note", size, root)
        assert raised.value.known_size == 3
    for old, size in [(0, 4), (3, 6)]:
        with pytest.raises(ConflictError):
            logs.keep_signed(tx, own.id, old, b"note", size, root)


def test_one_size_has_one_root(tx, own):
    root = grow(tx, own, 0, 5)
    logs.keep_signed(tx, own.id, 0, b"note", 3, root)
    for size in (3, 4):  # 4: another checkpoint was signed and is not settled yet
        with pytest.raises(ConflictError):
            logs.keep_signed(tx, own.id, 0, b"other", size, EMPTY_ROOT)
    with pytest.raises(ConflictError, match="another root"):
        logs.publish(tx, own.id, 0, b"other", 3, EMPTY_ROOT)


def test_dropping_stops_at_what_is_signed(tx, own):
    root = grow(tx, own, 0, 5)
    logs.publish(tx, own.id, 0, b"note", 3, root)
    with pytest.raises(ConflictError):
        logs.drop_above(tx, own.id, 2)
    logs.drop_above(tx, own.id, 3)
    assert state(tx, own).next_index == 3
    logs.drop_above(tx, own.id, 3)
    assert leaves.read_leaves(tx, own.id, 0, 3) == some(0, 3)


def test_dropping_stops_at_what_is_kept_and_not_shown_yet(tx, own):
    root = grow(tx, own, 0, 5)
    logs.keep_signed(tx, own.id, 0, b"note", 3, root)
    for size in (0, 2):
        with pytest.raises(ConflictError) as caught:
            logs.drop_above(tx, own.id, size)
        assert caught.value.known_size == 3
    logs.drop_above(tx, own.id, 3)
    assert leaves.read_leaves(tx, own.id, 0, 3) == some(0, 3)


def test_a_mirror_is_written_as_the_rules_have_returned_it(tx, mirror):
    log = aim(tx, mirror, b"five", 5, b"r" * 32)
    assert (log.size, log.pending, log.pending_size) == (0, b"five", 5)
    root = grow(tx, mirror, 0, 5)
    now = hold(tx, mirror, b"five", root)
    assert (now.size, now.checkpoint, now.pending, now.pending_size) == (
        5,
        b"five",
        None,
        0,
    )
    assert now == state(tx, mirror)
    assert logs.newest_checkpoint(tx, mirror.id) == (5, root, b"five")


def test_a_mirror_is_written_from_the_state_that_was_judged_only(tx, mirror):
    for move in (
        lambda: grow(tx, mirror, 0, 5),
        lambda: aim(tx, mirror, b"nine", 9, b"r" * 32),
        lambda: hold(tx, mirror, b"five", b"r" * 32),
    ):
        judged = state(tx, mirror)
        move()
        with pytest.raises(ConflictError) as raised:
            logs.save_mirror(tx, judged, Mirror(origin=mirror.origin))
        assert raised.value.known_size == 5
    assert state(tx, mirror).checkpoint == b"five"


def test_a_mirror_keeps_one_root_for_one_size(tx, mirror):
    grow(tx, mirror, 0, 5)
    logs._keep_checkpoint(tx, mirror.id, 5, b"o" * 32, b"other")
    with pytest.raises(ConflictError, match="another root"):
        hold(tx, mirror, b"five", b"r" * 32)


def test_a_mirror_that_moves_is_not_stalled(tx, mirror):
    logs.stall(tx, mirror.id, "reason")
    assert aim(tx, mirror, b"nine", 9, b"r" * 32).stalled is None


def test_an_own_log_that_is_refilled_is_not_signed(tx, own):
    root = grow(tx, own, 0, 5)
    aim(tx, own, b"nine", 9, b"r" * 32)
    for move in (logs.keep_signed, logs.publish):
        with pytest.raises(ConflictError):
            move(tx, own.id, 0, b"note", 5, root)


def test_the_first_evidence_and_the_first_closing_stay(tx, own):
    logs.freeze(tx, own.id, b"first")
    logs.freeze(tx, own.id, b"second")
    logs.close(tx, own.id, 7)
    logs.close(tx, own.id, 9)
    logs.stall(tx, own.id, "reason")
    now = state(tx, own)
    assert (now.frozen, now.closed_at, now.stalled) == (b"first", 7, "reason")
    logs.stall(tx, own.id, None)
    assert state(tx, own).stalled is None


def test_the_edge_is_the_hashes_of_the_partial_tile(tx, own):
    grow(tx, own, 0, 300)
    assert leaves.edge_hashes(tx, own.id, 256) == []
    expected = [hash_leaf(leaf) for leaf in some(256, 299)]
    assert leaves.edge_hashes(tx, own.id, 299) == expected
    assert leaves.read_leaf(tx, own.id, 299) == b"leaf 299"
    with pytest.raises(NotFoundError):
        leaves.read_leaf(tx, own.id, 300)


def test_checkpoints_are_listed_by_size(tx, own):
    for size in (1, 2, 5):
        root = grow(tx, own, state(tx, own).next_index, size)
        logs.publish(tx, own.id, state(tx, own).size, b"%d" % size, size, root)
    assert [row[0] for row in logs.list_checkpoints(tx, own.id)] == [1, 2, 5]
    assert [row[2] for row in logs.list_checkpoints(tx, own.id, 1)] == [b"2", b"5"]


def test_key_statements_only_grow(tx, own):
    keystatements.save_keys(tx, own.id, [b"one"])
    keystatements.save_keys(tx, own.id, [b"one", b"two"])
    keystatements.save_keys(tx, own.id, [b"one"])
    assert keystatements.read_keys(tx, own.id) == [b"one", b"two"]
    with pytest.raises(ConflictError):
        keystatements.save_keys(tx, own.id, [b"one", b"other"])


def test_the_highest_issue_of_an_about_note_wins(tx):
    assert keystatements.read_about(tx, "a.example") is None
    for issue in (3, 2, 3):
        keystatements.save_about(tx, "a.example", issue, b"issue %d" % issue)
    keystatements.save_about(tx, "a.example", 3, b"another three")
    assert keystatements.read_about(tx, "a.example") == b"issue 3"


def test_the_newest_cosignature_of_each_key_is_kept(tx, own):
    one, two = (
        Signer.from_seed(f"{name}.example/mirror", bytes([seed]) * 32, ALG_COSIGNATURE)
        for seed, name in enumerate("ab", 1)
    )
    cosignatures.save_cosignature(tx, own.id, 5, b"a2\n", one.key, 2)
    cosignatures.save_cosignature(tx, own.id, 5, b"a1\n", one.key, 1)
    cosignatures.save_cosignature(tx, own.id, 5, b"b1\n", two.key, 1)
    cosignatures.save_cosignature(tx, own.id, 6, b"a3\n", one.key, 3)
    assert sorted(cosignatures.read_cosignatures(tx, own.id, 5)) == [b"a2\n", b"b1\n"]
    assert cosignatures.read_cosignatures(tx, own.id, 4) == []


def test_quarantined_leaves_are_listed_with_their_reasons(tx, own):
    bad = [Rejected(7, "a bad signature", "signature"), Rejected(3, "odd", "record")]
    quarantine.save_rejected(tx, own.id, bad)
    quarantine.save_rejected(tx, own.id, bad[:1])
    assert quarantine.list_rejected(tx, own.id) == bad[::-1]
    quarantine.save_unknown(tx, own.id, [3, 10, 11])
    assert quarantine.first_unknown(tx) == [(own.origin, 3)]
    quarantine.drop_verdicts(tx, own.id, 0, 11)
    assert quarantine.list_rejected(tx, own.id) == []
    assert quarantine.first_unknown(tx) == [(own.origin, 11)]
    assert quarantine.count_unknown(tx, own.id) == 1
