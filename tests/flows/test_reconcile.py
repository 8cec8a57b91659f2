"""Whatever a restored, cloned or lost database sees, it never signs twice."""

import shutil

import pytest

from federation.errors import (
    ConflictError,
    ForkError,
    PeerError,
    ProofError,
    UnknownPastError,
)
from federation.flows.ownlog import begin, ingest
from federation.flows.ownlog.reconcile import Copy, PeersAsked, decide, reconcile
from federation.flows.ownlog.refill import refill
from federation.store import alarms, keystatements, leaves, logs
from federation.tlog.fork import check_evidence
from federation.tlog.tile import Bundle, Tile
from tests.mirrored import signed
from tests.ownnode import OwnNode, all_said, row

NOW = 1_707_900_000
ALL = PeersAsked(peers=2, answered=2)
NONE = PeersAsked(peers=2, answered=0)
SOME = PeersAsked(peers=2, answered=1)


def found(size):
    return Copy("kawal.example", signed("o", size, bytes(32), b""))


@pytest.mark.parametrize(
    ("size", "guard", "copies", "asked", "action"),
    [
        # As it should be.
        (9, 9, [9, 9], ALL, "sign"),
        (9, 9, [], PeersAsked(0, 0), "sign"),
        (0, 0, [], ALL, "sign"),
        # A partner that is behind, or has nothing: a stale checkpoint is no news.
        (9, 9, [5, 9], ALL, "sign"),
        (9, 9, [], ALL, "sign"),
        # Not all have answered.
        (9, 9, [9], SOME, "wait"),
        (9, 9, [], NONE, "wait"),
        (9, 9, [9], SOME._replace(waited=True), "sign"),
        (9, 9, [], NONE._replace(waited=True), "wait"),
        (9, 9, [], NONE._replace(alone=True), "sign"),
        # A restored copy, and a partner that has the rest; a clone that went on.
        (5, 9, [9], ALL, "refill"),
        (5, 9, [9], SOME, "refill"),
        (5, 5, [9], NONE._replace(alone=True), "refill"),
        (5, 9, [7], ALL, "refill"),
        (0, 9, [9], ALL, "refill"),
        # The guard above everything that is left.
        (5, 9, [5], ALL, "never"),
        (5, 9, [], PeersAsked(0, 0), "never"),
        (7, 9, [7], SOME._replace(waited=True), "never"),
        # ... but somebody may still have it, and nobody can say "alone" to that.
        (5, 9, [5], SOME, "wait"),
        (5, 9, [], NONE._replace(waited=True), "wait"),
        (5, 9, [], NONE._replace(alone=True), "wait"),
    ],
)
def test_the_policy(size, guard, copies, asked, action):
    shown = [found(one) for one in copies]
    decision = decide(size, guard, shown, asked, knows_past=True)
    assert decision.action == action
    assert bool(decision.reason) == (action != "sign")
    if action == "refill":
        assert decision.copy.signed.size == max(copies)


@pytest.mark.parametrize(
    ("size", "guard", "copies", "asked", "action"),
    [
        (0, 0, [], PeersAsked(0, 0), "hold"),
        # Those who answer need not be those who hold what was signed.
        (0, 0, [], ALL, "hold"),
        (0, 0, [], SOME._replace(waited=True), "hold"),
        (0, 0, [], NONE, "hold"),
        (0, 0, [], PeersAsked(0, 0, alone=True), "sign"),
        # A copy says what was signed, whatever the operator believes.
        (0, 0, [1], ALL, "refill"),
        (0, 0, [9], NONE._replace(alone=True), "refill"),
        # Something is left here: then everybody has to answer, however long it takes.
        (9, 0, [], ALL, "sign"),
        (9, 9, [9], ALL, "sign"),
        (9, 0, [], SOME, "wait"),
        (9, 0, [9], SOME._replace(waited=True), "hold"),
        (9, 9, [9], SOME._replace(waited=True), "hold"),
        (9, 0, [], PeersAsked(0, 0), "hold"),
        (9, 9, [9], PeersAsked(0, 0), "hold"),
        (9, 0, [], PeersAsked(0, 0, alone=True), "sign"),
        (9, 9, [], NONE._replace(alone=True), "sign"),
        (0, 9, [], PeersAsked(0, 0), "never"),
        (0, 9, [], NONE, "wait"),
    ],
)
def test_where_the_guard_is_lost_or_a_copy_a_wait_is_no_answer(
    size, guard, copies, asked, action
):
    shown = [found(one) for one in copies]
    decision = decide(size, guard, shown, asked, knows_past=False)
    assert decision.action == action
    assert bool(decision.reason) == (action != "sign")


class DatabaseFeed:
    """A partner that holds what is visible in a database."""

    def __init__(self, node, spoil=lambda _, data: data):
        self.node, self.spoil, self.served = node, spoil, 0

    async def tile(self, origin, tile, _most=None):
        read = leaves.read_tile if isinstance(tile, Tile) else leaves.read_bundle
        with self.node.db.view() as view:
            log = logs.get_log(view, origin)
            data = read(view, log.id, tile)
        self.served += 1
        return self.spoil(tile, data)


def draft(number, votes=1):
    return row(f"317101100{1 + number // 1000}{number % 1000:03d}", votes, 2, 3)


def append(node, start, end, votes=1):
    rows = [draft(number, votes) for number in range(start, end)]
    return ingest.append(node.db, node.guard, node.log, rows, NOW)


def open_own(node):
    return node.log.chain.open_checkpoint(node.state().checkpoint)


def copy_of(node):
    return Copy("kawal.example", open_own(node))


def ask(node, *copies, asked=ALL):
    return reconcile(node.db, node.guard, node.log, copies, asked, NOW)


def codes(node):
    with node.db.view() as view:
        return [one.code for one in alarms.list_alarms(view)]


@pytest.fixture
def ctx():
    return OwnNode.pull_context


@pytest.fixture
def backup(open_node):
    """A node at 301 leaves, and what opens it again as it was then."""

    def make(folder="backup", guard=None):
        node = open_node(folder=folder)
        if guard is not None:
            node.guard = guard
        return node

    live = open_node(folder="live")
    begin.introduce(live.db, live.guard, live.log)
    append(live, 0, 300)
    live.db.close()
    shutil.copytree(live.folder, live.folder.with_name("backup"))
    live.db = type(live.db).open(live.folder / "data")
    return live, make


@pytest.mark.of_file
async def test_a_restored_copy_is_refilled_and_goes_on(backup, ctx):
    live, restore = backup
    append(live, 300, 900)
    node = restore(guard=live.guard)
    with pytest.raises(ConflictError, match="older copy"):
        append(node, 900, 901)
    decision = ask(node, copy_of(live))
    assert decision.action == "refill"
    with pytest.raises(ConflictError, match="holds 901"):
        append(node, 900, 901)
    came = await refill(
        ctx(node), node.guard, node.log, DatabaseFeed(live), decision.copy, NOW
    )
    assert came == 600
    assert ask(node, copy_of(live)).action == "sign"
    assert codes(node) == []
    # What it has said is known again, and what it says next is no second history.
    assert {one.outcome for one in append(node, 0, 900)} == {"held"}
    assert append(node, 900, 901)[0].index == 901
    assert node.state().checkpoint != live.state().checkpoint
    with node.db.view() as mine, live.db.view() as theirs:
        assert (
            list(logs.list_checkpoints(mine, node.log.log_id))[-2]
            == (list(logs.list_checkpoints(theirs, live.log.log_id))[-1])
        )


async def test_an_older_copy_is_an_alarm_though_no_partner_answers(backup):
    live, restore = backup
    append(live, 300, 900)
    node = restore(guard=live.guard)
    for asked in (NONE, NONE._replace(waited=True), NONE._replace(alone=True)):
        assert ask(node, asked=asked).action == "wait"
        assert codes(node) == ["own-log-larger-elsewhere"]
    assert ask(node, asked=ALL).action == "never"
    assert codes(node) == ["own-log-successor-needed"]


async def test_a_lost_database_comes_back_whole(open_node, backup, ctx):
    live, _ = backup
    node = open_node(folder="empty")
    node.guard = live.guard
    decision = ask(node, copy_of(live))
    await refill(
        ctx(node), node.guard, node.log, DatabaseFeed(live), decision.copy, NOW
    )
    assert ask(node, copy_of(live)).action == "sign"
    assert begin.introduce(node.db, node.guard, node.log) == 0
    with node.db.view() as mine, live.db.view() as theirs:
        assert all_said(mine, node.log.log_id) == (all_said(theirs, live.log.log_id))
        assert keystatements.read_keys(mine, node.log.log_id) == list(
            node.log.chain.notes
        )
    assert node.state().checkpoint == live.state().checkpoint


async def test_an_interrupted_refill_goes_on_and_signs_nothing_meanwhile(backup, ctx):
    live, restore = backup
    append(live, 300, 2900)
    node = restore(guard=live.guard)
    decision = ask(node, copy_of(live))
    broken = DatabaseFeed(live)

    def fail(tile, data):
        if isinstance(tile, Bundle) and tile.index >= 5:
            raise PeerError("kawal.example", "http://peer")
        return data

    broken.spoil = fail
    with pytest.raises(PeerError):
        await refill(ctx(node), node.guard, node.log, broken, decision.copy, NOW)
    assert 301 < node.state().next_index < 2901
    with pytest.raises(ConflictError, match="refilled"):
        append(node, 5000, 5001)
    again = ask(node, copy_of(live))
    assert again.action == "refill"
    await refill(ctx(node), node.guard, node.log, DatabaseFeed(live), again.copy, NOW)
    assert ask(node, copy_of(live)).action == "sign"
    assert append(node, 5000, 5001)[0].index == 2901


@pytest.mark.of_file
async def test_a_larger_copy_once_seen_is_not_forgotten(backup, ctx):
    live, restore = backup
    append(live, 300, 900)
    node = restore()  # its guard was restored with it: only partners know better
    decision = ask(node, copy_of(live))
    silent = DatabaseFeed(live, spoil=_silent)
    with pytest.raises(PeerError):
        await refill(ctx(node), node.guard, node.log, silent, decision.copy, NOW)
    # The partner has gone, before anything came; all others know less than we do.
    others = Copy("third.example", open_own(node))
    for asked in (ALL, ALL._replace(alone=True), PeersAsked(0, 0)):
        assert ask(node, others, asked=asked).action == "wait"
    with pytest.raises(ConflictError, match="has shown 901"):
        append(node, 900, 901)
    again = ask(node, copy_of(live))
    await refill(ctx(node), node.guard, node.log, DatabaseFeed(live), again.copy, NOW)
    assert ask(node, others).action == "sign"


def _silent(_, __):
    raise PeerError("kawal.example", "http://peer")


async def test_a_lying_partner_is_not_believed_and_proves_nothing(backup, ctx):
    live, restore = backup
    append(live, 300, 900)
    node = restore(guard=live.guard)
    decision = ask(node, copy_of(live))

    def flip(_, data):
        return bytes([data[0] ^ 1]) + data[1:]

    with pytest.raises(ProofError):
        await refill(
            ctx(node),
            node.guard,
            node.log,
            DatabaseFeed(live, flip),
            decision.copy,
            NOW,
        )
    assert node.state().frozen is None
    honest = DatabaseFeed(live)
    await refill(ctx(node), node.guard, node.log, honest, decision.copy, NOW)
    assert node.state().size == 901


@pytest.mark.of_file
def test_a_clone_of_the_same_size_is_proof_against_ourselves(backup):
    live, restore = backup
    clone = restore()
    append(live, 300, 400, votes=5)
    with pytest.raises(UnknownPastError):
        append(clone, 300, 400, votes=6)
    assert ask(clone, asked=NONE._replace(waited=True)).action == "hold"
    assert ask(clone, asked=NONE._replace(alone=True)).action == "sign"
    append(clone, 300, 400, votes=6)
    decision = ask(clone, copy_of(live))
    assert decision.action == "never"
    evidence = clone.state().frozen
    fork = check_evidence(evidence, [clone.log.chain.log_key(401)])
    assert isinstance(fork, ForkError)
    with pytest.raises(ConflictError, match="cannot go on"):
        append(clone, 400, 401)
    assert ask(clone, asked=PeersAsked(0, 0, alone=True)).action == "never"
    assert codes(clone) == ["own-log-successor-needed"]


@pytest.mark.of_file
def test_a_smaller_clone_is_proof_against_ourselves(backup):
    live, restore = backup
    clone = restore()
    append(live, 300, 350, votes=5)
    assert ask(clone).action == "sign"
    append(clone, 300, 400, votes=6)
    assert ask(clone, copy_of(live)).action == "never"
    fork = check_evidence(clone.state().frozen, [clone.log.chain.log_key(401)])
    assert 0 < len(fork.hashes) <= 64


@pytest.mark.of_file
async def test_a_larger_clone_is_found_out_when_it_is_fetched(backup, ctx):
    live, restore = backup
    clone = restore()
    append(live, 300, 500, votes=5)
    assert ask(clone).action == "sign"
    append(clone, 300, 400, votes=6)
    decision = ask(clone, copy_of(live))
    assert decision.action == "refill"
    assert codes(clone) == ["own-log-larger-elsewhere"]
    with pytest.raises(ForkError):
        await refill(
            ctx(clone), clone.guard, clone.log, DatabaseFeed(live), decision.copy, NOW
        )
    # Not "leave it running, it fetches the rest back" beside it.
    assert codes(clone) == ["own-log-successor-needed"]
    check_evidence(clone.state().frozen, [clone.log.chain.log_key(401)])
    with pytest.raises(ConflictError, match="cannot go on"):
        append(clone, 400, 401)


@pytest.mark.of_file
def test_a_guard_above_all_partners_ends_the_log(backup):
    live, restore = backup
    old = copy_of(live)
    append(live, 300, 400)
    node = restore(guard=live.guard)
    assert ask(node, old).action == "never"
    assert codes(node) == ["own-log-successor-needed"]
    with pytest.raises(ConflictError, match="cannot go on"):
        append(node, 300, 301)
    # A partner that was away comes back with the rest: then nothing is lost.
    assert ask(node, copy_of(live)).action == "refill"


def test_waiting_stops_signing_until_it_is_allowed(node):
    assert ask(node, asked=SOME).action == "wait"
    with pytest.raises(ConflictError, match="waiting"):
        append(node, 1, 2)
    assert ask(node, asked=ALL).action == "sign"
    assert append(node, 1, 2)[0].outcome == "logged"


async def test_keys_alone_sign_nothing_before_their_history_is_back(
    open_node, backup, ctx
):
    live, _ = backup
    node = open_node(folder="keys")
    for asked in (PeersAsked(0, 0), ALL):
        assert ask(node, asked=asked).action == "hold"
        assert codes(node) == ["own-log-past-unknown"]
        with pytest.raises(ConflictError, match="may have signed it before"):
            begin.introduce(node.db, node.guard, node.log)
    assert node.guard.read(node.log.origin) is None
    decision = ask(node, copy_of(live))
    assert codes(node) == ["own-log-larger-elsewhere"]
    await refill(
        ctx(node), node.guard, node.log, DatabaseFeed(live), decision.copy, NOW
    )
    # Whoever gave it back need not be who has the newest: the operator says so.
    assert ask(node, asked=PeersAsked(0, 0)).action == "hold"
    assert codes(node) == ["own-log-past-unknown"]
    assert ask(node, asked=PeersAsked(0, 0, alone=True)).action == "sign"
    assert codes(node) == []
    assert append(node, 300, 301)[0].index == 301
    assert ask(node, asked=PeersAsked(0, 0)).action == "sign"  # said once for all


SOLE = PeersAsked(0, 0, is_sole=True)


def copy_of_home(node, open_node, name):
    """The node's folder, copied an hour after its files were written."""
    node.db.close()
    shutil.copytree(node.folder, node.folder.with_name(name))
    for path in (node.folder.with_name(name) / "guard").iterdir():
        text, _, made = path.read_text().rstrip().rpartition(" ")
        path.write_text(f"{text} {int(made) - 3600}\n")
    return open_node(folder=name)


def test_a_home_that_was_copied_before_its_first_use_signs_where_nobody_is_a_partner(
    open_node,
):
    new = open_node(folder="new")
    new.guard.found(new.log.origin)
    copy = copy_of_home(new, open_node, "copy")
    assert not copy.guard.is_founded(copy.log.origin)
    # A partner by stick may hold what the other copy has signed since.
    assert ask(copy, asked=PeersAsked(0, 0)).action == "hold"
    assert ask(copy, asked=SOLE).action == "sign"
    assert begin.introduce(copy.db, copy.guard, copy.log) == 1
    assert ask(copy, asked=PeersAsked(0, 0)).action == "sign"


@pytest.mark.of_file
def test_a_copy_of_a_home_that_has_signed_asks_though_nobody_is_a_partner(open_node):
    used = open_node(folder="used")
    used.guard.found(used.log.origin)
    begin.introduce(used.db, used.guard, used.log)
    copy = copy_of_home(used, open_node, "copy")
    assert ask(copy, asked=SOLE).action == "hold"
    # Neither do keys whose mark is lost, or is of a version in which it stayed.
    keys = open_node(folder="keys")
    assert ask(keys, asked=SOLE).action == "hold"
    keys.guard.found(keys.log.origin)
    (mark,) = (keys.folder / "guard").glob("*.founded")
    mark.write_text(mark.read_text().splitlines()[0] + "\n")
    assert ask(keys, asked=SOLE).action == "hold"


@pytest.mark.parametrize("by", ["mark", "operator"])
def test_a_new_log_is_signed_by_its_mark_or_by_the_operators_word(open_node, by):
    node = open_node(folder="new")
    assert ask(node, asked=PeersAsked(0, 0)).action == "hold"
    if by == "mark":
        node.guard.found(node.log.origin)
    assert ask(node, asked=PeersAsked(0, 0, alone=by == "operator")).action == "sign"
    assert codes(node) == []
    assert begin.introduce(node.db, node.guard, node.log) == 1
    # From now on the guard remembers by itself.
    assert ask(node, asked=PeersAsked(0, 0)).action == "sign"
