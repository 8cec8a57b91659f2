"""Peers and origins that lie: what each of them can do, and what stays whole."""

import asyncio
import hashlib

import pytest

from federation.errors import ForkError, PeerError
from federation.feeds.status import NO_DIGEST, StatusEntry
from federation.flows.pull import context
from federation.flows.pull.context import MAX_GENERATIONS
from federation.flows.pull.extend import MAX_EXTENSION
from federation.flows.pull.turn import MAX_FAILURES
from federation.records.evidence import format_fork
from federation.records.keychain import encode_keys
from federation.store import keystatements, logs
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.fork import check_evidence
from federation.tlog.keys import Signer
from federation.tlog.merkle import EMPTY_ROOT


def evidence(puller, owner) -> bytes:
    found = puller.log(owner).frozen
    assert found is not None
    return found


def spoil_only(kind, change):
    """Change what begins with `kind`, and nothing else."""
    return lambda what, _origin, data: change(data) if what.startswith(kind) else data


@pytest.fixture
def tree(fakes, suara):
    return fakes.Tree(suara).grow(suara.results(0, 299))


async def test_a_lying_relay_is_outvoted_and_its_victim_not_accused(
    puller, fakes, suara, kawal, tree, outcomes
):
    puller.trust(suara)
    puller.trust(kawal)
    liar = fakes.FakePeer(kawal.org).show(tree)
    liar.spoil = spoil_only("bundle", lambda data: data[:-1] + b"!")
    report = await puller.pull(liar)
    assert outcomes(report) == {suara.origin: "mismatch"}
    assert puller.alarms() == {("feed-mismatch", f"{kawal.org} {suara.origin}")}
    log = puller.log(suara)
    assert (log.size, log.frozen, log.stalled) == (0, None, None)
    honest = fakes.FakePeer(suara.org).show(tree)
    assert outcomes(await puller.pull(honest)) == {suara.origin: "extended"}
    assert puller.leaves(suara) == tree.leaves


class Tarpit:
    """A peer whose tiles, or bundles, come when it likes."""

    what = "bundle"

    def __init__(self, peer, origin):
        self.org, self._peer, self._origin = peer.org, peer, origin
        self.is_asked, self.ends = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._peer, name)

    async def tile(self, origin, tile, most=None):
        if origin == self._origin and type(tile).__name__.lower() == self.what:
            self.is_asked.set()
            await self.ends.wait()
        return await self._peer.tile(origin, tile, most)


@pytest.fixture
def slow(puller, fakes, suara, kawal, tree):
    """A relay of suara's log, and of another's."""
    other = fakes.FakeOrg("pantau.example")
    for owner in (suara, kawal, other):
        puller.trust(owner)
    relay = fakes.FakePeer(kawal.org).show(tree).show(fakes.Tree(other))
    return Tarpit(relay, suara.origin)


@pytest.mark.parametrize("what", ["tile", "bundle"])
async def test_a_relay_that_takes_its_time_does_not_keep_out_the_origin(
    puller, fakes, slow, tree, what
):
    """Else it would decide how fast, and whether, another's log goes on."""
    slow.what = what
    waiting = asyncio.create_task(puller.pull(slow))
    await slow.is_asked.wait()
    report = await puller.pull(fakes.FakePeer(tree.owner.org).show(tree))
    assert [one.outcome for one in report.logs] == ["extended"]
    assert puller.leaves(tree.owner) == tree.leaves
    # The turn itself goes on, with what else it brings.
    assert [one.outcome for one in (await waiting).logs] == ["busy", "extended"]
    assert not puller.ctx.busy
    assert puller.alarms() == set()


async def test_another_relay_waits_for_one_only_as_long_as_it_brings_something(
    puller, fakes, slow, tree, monkeypatch
):
    waiting = asyncio.create_task(puller.pull(slow))
    await slow.is_asked.wait()
    quick = fakes.FakePeer("pantau.example").show(tree)
    assert (await puller.pull(quick)).logs[0].outcome == "busy"
    monkeypatch.setattr(context, "HELD_S", 0.0)
    assert (await puller.pull(quick)).logs[0].outcome == "extended"
    assert (await waiting).logs[0].outcome == "busy"


async def test_an_origin_is_left_to_its_own_pace(
    puller, fakes, slow, tree, monkeypatch
):
    monkeypatch.setattr(context, "HELD_S", 0.0)
    owner = tree.owner
    origin = Tarpit(fakes.FakePeer(owner.org).show(tree), owner.origin)
    waiting = asyncio.create_task(puller.pull(origin))
    await origin.is_asked.wait()
    slow.ends.set()
    assert (await puller.pull(slow)).logs[0].outcome == "busy"
    origin.ends.set()
    assert (await waiting).logs[0].outcome == "extended"


async def test_a_turn_that_is_ended_ends_what_it_takes_in(puller, slow):
    turn = asyncio.create_task(puller.pull(slow))
    await slow.is_asked.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert not puller.ctx.busy


async def test_a_relay_cannot_forge_a_checkpoint(puller, fakes, suara, kawal, tree):
    puller.trust(suara)
    puller.trust(kawal)
    thief = Signer.from_seed(suara.origin, bytes(32))
    note = sign_checkpoint(tree.checkpoint(), thief)
    report = await puller.pull(fakes.FakePeer(kawal.org).show(tree, note=note))
    assert report.logs[0].outcome == "refused"
    assert puller.log(suara).next_index == 0


async def test_a_relay_cannot_bring_other_keys(puller, fakes, suara, kawal, tree):
    puller.trust(suara)
    puller.trust(kawal)
    thief = fakes.FakeOrg(suara.org)
    thief.identity = Signer.from_seed(f"{suara.org}/identity", bytes(32))
    keys = encode_keys([fakes.self_signed(thief)])
    report = await puller.pull(fakes.FakePeer(kawal.org).show(tree, keys=keys))
    assert report.logs[0].outcome == "refused"
    assert puller.logs() == []


async def test_two_checkpoints_of_one_size_freeze_the_origin(
    puller, fakes, suara, kawal, tree, outcomes
):
    puller.trust(suara)
    puller.trust(kawal)
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    fork = tree.fork(200, suara.results(199, 299, votes=7))
    assert fork.size == tree.size
    feed = fakes.FakePeer(kawal.org).show(fork).show(fakes.Tree(kawal))
    report = await puller.pull(feed)
    assert outcomes(report) == {suara.origin: "frozen", kawal.origin: "extended"}
    assert ("fork", suara.origin) in puller.alarms()
    fork_error = check_evidence(evidence(puller, suara), [suara.log.key])
    assert (fork_error.old, fork_error.new) == (tree.note(), fork.note())
    assert puller.leaves(suara) == tree.leaves


@pytest.mark.parametrize("at", [1, 2, 100, 255, 256, 257, 298])
@pytest.mark.parametrize("size", [301, 512, 700])
async def test_a_larger_tree_with_another_past_freezes_the_origin(
    puller, fakes, suara, tree, at, size
):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    fork = tree.fork(at, suara.results(0, size - at, votes=7))
    report = await puller.pull(feed.show(fork))
    assert report.logs[0].outcome == "frozen"
    found = check_evidence(evidence(puller, suara), [suara.log.key])
    assert len(found.hashes) <= 64
    assert puller.leaves(suara) == tree.leaves
    # For good: also the history that was held goes no further.
    more = fakes.FakePeer(suara.org).show(tree.truncate(300).grow(suara.results(0, 9)))
    assert (await puller.pull(more)).logs[0].outcome == "frozen"


@pytest.mark.parametrize("at", [1, 100, 256])
async def test_a_smaller_tree_of_another_past_freezes_the_origin(
    puller, fakes, suara, kawal, tree, at
):
    puller.trust(suara)
    puller.trust(kawal)
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    fork = tree.fork(at, suara.results(0, 260 - at, votes=7))
    await puller.pull(fakes.FakePeer(kawal.org).show(fork))
    found = check_evidence(evidence(puller, suara), [suara.log.key])
    assert (found.old, found.new) == (fork.note(), tree.note())


async def test_a_fork_while_fetching_is_found_before_the_first_history_is_forgotten(
    puller, fakes, suara, tree
):
    puller.trust(suara, max_rows_per_turn=100)
    feed = fakes.FakePeer(suara.org).show(tree)
    assert (await puller.pull(feed)).more
    held = puller.log(suara)
    assert (held.size, held.pending_size) == (0, 300)
    fork = tree.fork(290, suara.results(0, 100, votes=7))
    report = await puller.pull(feed.show(fork))
    assert report.logs[0].outcome == "frozen"
    found = check_evidence(evidence(puller, suara), [suara.log.key])
    assert (found.old, found.new) == (tree.note(), fork.note())


async def test_a_stale_relay_changes_nothing(
    puller, fakes, suara, kawal, tree, outcomes
):
    puller.trust(suara)
    puller.trust(kawal)
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    for size in (1, 2, 255, 256, 257, 299):
        stale = fakes.FakePeer(kawal.org).show(tree.truncate(size))
        assert outcomes(await puller.pull(stale)) == {suara.origin: "same"}
    assert puller.log(suara).size == tree.size
    assert puller.alarms() == set()


async def test_an_origin_that_rolled_back_is_reported_and_not_accused(
    puller, fakes, suara, tree
):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    report = await puller.pull(feed.show(tree.truncate(100)))
    assert report.logs[0].outcome == "behind"
    assert report.answered == ()
    assert puller.alarms() == {("behind", suara.origin)}
    assert puller.log(suara).frozen is None
    await puller.pull(feed.show(tree.grow(suara.results(299, 310))))
    assert puller.alarms() == set()


async def test_two_statements_of_one_version_freeze_the_origin(
    puller, fakes, suara, kawal, tree
):
    puller.trust(suara)
    puller.trust(kawal)
    one = suara.restate()
    two = suara.restate("2024-02-15T00:00:00Z")
    first = suara.statements[0]
    suara.statements.append(one)
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    keys = encode_keys([first, two])
    report = await puller.pull(fakes.FakePeer(kawal.org).show(tree, keys=keys))
    assert report.logs[0].outcome == "frozen"
    assert evidence(puller, suara) == (
        b"tps-federation/key-fork@v1\n\n" + one + b"\n" + two
    )


async def test_a_chain_grows_and_never_shrinks(puller, fakes, suara, tree):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    older = encode_keys(suara.statements)
    suara.statements.append(suara.restate())
    await puller.pull(feed)
    report = await puller.pull(feed.show(tree, keys=older))
    assert report.logs[0].outcome == "same"
    with puller.db.view() as view:
        held = keystatements.read_keys(view, puller.log(suara).id)
    assert held == suara.statements


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["tile", pytest.param("bundle", marks=pytest.mark.long)]
)
async def test_every_flipped_bit_is_refused_and_harms_nothing_else(
    make_puller, fakes, suara, kawal, outcomes, kind
):
    """All bits of a tile; of a bundle every 13th (all of them: test_bundle)."""
    tree = fakes.Tree(suara).grow(suara.results(0, 2))
    other = fakes.Tree(kawal)
    true = [None]

    def spoil(what, origin, data):
        if not what.startswith(kind) or origin != suara.origin:
            return data
        true[0] = data
        return fakes.flip_bit(data, bit)

    puller = make_puller(kind)
    puller.trust(suara)
    puller.trust(kawal)
    bit, flipped = 0, 0
    while true[0] is None or bit < len(true[0]) * 8:
        feed = fakes.FakePeer(kawal.org, spoil=spoil).show(tree).show(other)
        report = await puller.pull(feed)
        assert outcomes(report)[suara.origin] in {"mismatch", "refused"}, bit
        assert outcomes(report)[kawal.origin] in {"same", "extended"}
        assert puller.log(suara).next_index == 0
        bit, flipped = bit + 1 + (kind == "bundle") * 12, flipped + 1
    assert flipped > 250
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    assert puller.leaves(suara) == tree.leaves


async def test_a_bad_leaf_is_quarantined_with_its_reason_and_the_rest_goes_on(
    puller, fakes, suara, kawal
):
    puller.trust(suara)
    foreign = kawal.result(3)
    broken = fakes.flip_bit(suara.result(4), 80)
    leaves = [suara.result(0), foreign, suara.result(1), broken, b"", suara.result(2)]
    tree = fakes.Tree(suara).grow(leaves)
    report = await puller.pull(fakes.FakePeer(suara.org).show(tree))
    assert report.failures == ()
    assert puller.claimed(suara) == [1, 3, 6]
    assert [index for index, _ in puller.rejected(suara)] == [2, 4, 5]
    assert puller.log(suara).size == tree.size
    assert ("rejected", suara.origin) in puller.alarms()


async def test_a_mismatch_of_the_origin_itself_stalls_its_log(
    puller, fakes, suara, tree
):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(tree)
    feed.spoil = spoil_only("tile", lambda data: bytes(len(data)))
    await puller.pull(feed)
    assert puller.log(suara).stalled
    assert puller.log(suara).frozen is None
    assert ("stalled", suara.origin) in puller.alarms()
    feed.spoil = spoil_only("nothing", bytes)
    await puller.pull(feed)
    assert puller.log(suara).stalled is None
    assert puller.alarms() == set()


@pytest.mark.parametrize("size", [MAX_EXTENSION + 1, 2**53 - 1])
async def test_a_giant_checkpoint_costs_nothing(
    puller, fakes, suara, tree, monkeypatch, size
):
    def never(*_):
        raise AssertionError("planned: gigabytes of names of tiles")

    monkeypatch.setattr("federation.flows.pull.extend.plan_extension", never)
    puller.trust(suara)
    giant = Checkpoint(suara.origin, size, EMPTY_ROOT)
    note = sign_checkpoint(giant, suara.log)
    feed = fakes.FakePeer(suara.org).show(tree, note=note)
    report = await puller.pull(feed)
    assert report.logs[0].outcome == "refused"
    assert feed.count("tile") == 0


async def test_a_flood_of_unknown_logs_is_bounded(puller, fakes, suara, tree):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(tree)
    feed.extra = [
        StatusEntry(
            about=NO_DIGEST,
            checkpoint="x",
            keys=hashlib.sha256(b"").hexdigest(),
            origin=f"org{number}.example/pemilu-2024",
        )
        for number in range(5000)
    ]
    report = await puller.pull(feed)
    assert len(report.offered) == 5000
    assert len(puller.offered()) == 100
    assert puller.leaves(suara) == tree.leaves


@pytest.mark.slow
async def test_a_turn_that_was_killed_goes_on_where_it_stopped(
    make_puller, fakes, suara, monkeypatch
):
    monkeypatch.setattr("federation.flows.pull.extend.STEP_LEAVES", 256)
    tree = fakes.Tree(suara).grow(suara.results(0, 1400))
    feed = fakes.FakePeer(suara.org).show(tree)
    puller = make_puller("killed")
    puller.trust(suara)
    left = [0]

    def end(what):
        if what.startswith("bundle"):
            left[0] -= 1
            if left[0] < 0:
                raise PeerError(suara.org, "fake:", None)

    feed.before = end
    reached = [0]
    for _ in range(40):
        left[0] = 2
        await puller.pull(feed)
        reached.append(puller.log(suara).next_index)
        assert reached[-1] >= reached[-2]
        if puller.log(suara).size == tree.size:
            break
    assert len(reached) > 3
    assert puller.leaves(suara) == tree.leaves
    assert puller.claimed(suara) == list(range(1, tree.size))


async def test_what_is_stored_must_lead_to_the_signed_root_before_it_is_held(
    puller, fakes, suara, monkeypatch
):
    """A fault of ours between what was verified and what is written is not cosigned."""
    append = logs.append_leaves

    def spoil(tx, log_id, start, new, hashes):
        return append(tx, log_id, start, new, [*hashes[:-1], bytes(32)])

    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, 299))
    feed = fakes.FakePeer(suara.org).show(tree)
    with monkeypatch.context() as patch:
        patch.setattr(logs, "append_leaves", spoil)
        report = await puller.pull(feed)
    # It is our own disk that is told of, and nobody else.
    assert [log.outcome for log in report.logs] == ["damaged"]
    assert puller.alarms() == {("stored-damaged", suara.origin)}
    assert report.extended == ()
    assert (puller.log(suara).size, puller.log(suara).checkpoint) == (0, None)
    assert (await puller.pull(feed)).extended == (suara.origin,)
    assert puller.leaves(suara) == tree.leaves


def test_key_evidence_differs_from_that_of_checkpoints(fakes, suara, tree):
    fork = ForkError(suara.origin, tree.note(10), tree.note(20))
    assert format_fork(fork).startswith(b"tps-federation/fork@v1\n")


async def test_a_relay_that_fails_with_log_after_log_is_not_asked_for_all(
    puller, fakes, kawal
):
    """Each is of another partner, so that no bound of one organisation ends it."""
    puller.trust(kawal)
    feed = fakes.FakePeer(kawal.org)
    for number in range(MAX_FAILURES + 9):
        owner = fakes.FakeOrg(f"org-{number}.example")
        puller.trust(owner)
        feed.show(fakes.Tree(owner), keys=b"none")
    report = await puller.pull(feed)
    assert len(report.failures) == MAX_FAILURES
    assert feed.count("keys") == MAX_FAILURES
    assert puller.logs() == []


async def test_made_up_logs_of_a_partner_cost_few_requests_and_one_alarm(
    puller, fakes, suara, kawal, tree
):
    puller.trust(suara)
    puller.trust(kawal)
    feed = fakes.FakePeer(kawal.org).show(tree)
    made_up = [f"{suara.origin}/{generation}" for generation in range(2, 500)]
    feed.shown.update(dict.fromkeys(made_up, feed.shown[suara.origin]))
    report = await puller.pull(feed)
    assert len(report.failures) == MAX_GENERATIONS - 1 <= MAX_FAILURES
    assert puller.logs() == [suara.origin]
    assert puller.alarms() == {
        ("feed-refused", kawal.org),
        ("too-many-logs", kawal.org),
    }
    assert puller.leaves(suara) == tree.leaves
    honest = fakes.FakePeer(kawal.org).show(tree)
    await puller.pull(honest)
    assert puller.alarms() == set()
