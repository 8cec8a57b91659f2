"""What a partner may take of us: in a turn, and in all."""

import random

import pytest

from federation.config.peers import BYTES, REFUSED, ROWS, Peer
from federation.flows.pull import extend
from federation.flows.pull.context import MAX_GENERATIONS
from federation.flows.pull.room import room_of
from federation.records.about import About, sign_about
from federation.store import keystatements, pulls
from federation.store.db import Database
from federation.store.taken import Taken, read_taken
from federation.tlog.tile import MAX_LEAF_BYTES

GIANT = MAX_LEAF_BYTES
STATIONS, CONTESTS = 823_236, 5


def giants(count):
    """Leaves as long as they may be, that no key has signed."""
    return [random.Random(at).randbytes(GIANT) for at in range(count)]


@pytest.fixture
def about_of():
    def make(owner) -> bytes:
        about = About(
            attribution="",
            audience=(),
            contact="data@example",
            identity=str(owner.identity.key),
            issue=1,
            licence="CC0-1.0",
            logs=(),
            name="A name",
            org=owner.org,
            versions=(1,),
        )
        return sign_about(about, owner.node)

    return make


def taken(puller, owner):
    with puller.db.view() as view:
        return read_taken(view, owner.org)


def test_a_national_election_and_every_revision_of_it_fit_in():
    # The longest true record that is known has 5 kB, and packs into 1 kB.
    records = STATIONS * CONTESTS
    assert 3 * records <= ROWS
    assert records * 1_500 <= BYTES
    assert REFUSED >= 100_000


async def test_what_is_refused_ends_the_turn_and_is_not_hurried(puller, fakes, suara):
    puller.trust(suara, max_refused_per_turn=300)
    tree = fakes.Tree(suara).grow([b"no record"] * 2_000)
    feed = fakes.FakePeer(suara.org).show(tree)
    report = await puller.pull(feed)
    assert not report.more
    assert report.new_leaves <= 300 + 256
    assert (await puller.pull(feed)).new_leaves > 0


async def test_refused_leaves_stop_the_logs_of_their_partner_with_the_reason(
    puller, fakes, suara, kawal, outcomes
):
    puller.trust(suara, max_refused=300)
    puller.trust(kawal)
    tree = fakes.Tree(suara).grow([b"no record"] * 2_000)
    feed = fakes.FakePeer(suara.org).show(tree)
    feed.show(fakes.Tree(kawal).grow(kawal.results(0, 300)))
    report = await puller.pull(feed)
    assert outcomes(report) == {suara.origin: "full", kawal.origin: "extended"}
    assert puller.log(suara).next_index <= 300 + 256
    assert "max_refused" in puller.log(suara).stalled
    assert ("partner-full", suara.org) in puller.alarms()
    # Nothing is asked for any more, until the operator says so.
    feed.asked.clear()
    assert (await puller.pull(feed)).unchanged
    assert feed.asked == ["logs"]
    puller.trust(suara, max_refused=10_000)
    assert outcomes(await puller.pull(feed))[suara.origin] == "extended"
    assert puller.log(suara).stalled is None
    assert ("partner-full", suara.org) not in puller.alarms()


@pytest.mark.parametrize("bound", ["max_rows", "max_bytes"])
async def test_a_partner_that_has_taken_all_that_it_may_is_full(
    puller, fakes, suara, outcomes, bound
):
    puller.trust(suara, **{bound: 600 if bound == "max_rows" else 40_000})
    tree = fakes.Tree(suara).grow(suara.results(0, 1_999))
    feed = fakes.FakePeer(suara.org).show(tree)
    while (report := await puller.pull(feed)).more:
        pass
    assert outcomes(report) == {suara.origin: "full"}
    assert bound in puller.log(suara).stalled
    assert 256 <= puller.log(suara).next_index < 1_500


def test_a_bound_is_reached_with_the_last_that_fits(suara):
    partner = Peer(
        org=suara.org, identity=suara.identity.key,
        max_rows=5, max_bytes=7, max_refused=3,
    )  # fmt: skip
    assert room_of(partner, Taken(4, 6, 2)).full is None
    for key, reached in (
        ("max_rows", Taken(5, 6, 2)),
        ("max_bytes", Taken(4, 7, 2)),
        ("max_refused", Taken(4, 6, 3)),
    ):
        assert room_of(partner, reached).full.startswith(f"{key} reached")


async def test_no_bundle_is_asked_for_that_a_partner_has_no_room_for(
    puller, fakes, suara
):
    """Several are asked for ahead of what is verified: they would come in vain."""
    puller.trust(suara, max_rows=300)
    feed = fakes.FakePeer(suara.org)
    feed.show(fakes.Tree(suara).grow(suara.results(0, 3000)))
    report = await puller.pull(feed)
    assert report.logs[0].outcome == "full"
    assert feed.count("bundle") == 2


async def test_a_giant_leaf_counts_for_each_kibibyte(puller, fakes, suara):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(giants(3))
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    assert taken(puller, suara).refused == 3 * 64


async def test_what_a_partner_took_before_it_was_counted_is_counted(
    puller, fakes, suara
):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow([*suara.results(0, 600), b"no record"])
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    before = taken(puller, suara)
    assert before.size > 10_000
    assert (before.rows, before.refused) == (602, 1)
    with puller.db.transaction() as tx:
        tx.execute("DELETE FROM taken")
    tree.grow([b"no record"])
    await puller.pull(feed)
    after = taken(puller, suara)
    # The last bundle, not yet full, counts where all that is here is counted.
    assert before.size <= after.size < before.size + 100_000
    assert (after.rows, after.refused) == (603, 2)


async def test_large_bundles_are_fetched_alone_and_written_before_the_next(
    puller, fakes, suara, monkeypatch
):
    monkeypatch.setattr("federation.flows.verify.bundle.LARGE_BYTES", 1 << 16)
    monkeypatch.setattr(extend, "STEP_BYTES", 1 << 16)
    steps = []
    save = extend.save_step

    def watched(tx, log, batch, now):
        steps.append(sum(one.size for one in batch))
        return save(tx, log, batch, now)

    monkeypatch.setattr(extend, "save_step", watched)
    puller.trust(suara)
    big = [random.Random(at).randbytes(1_000) for at in range(1_500)]
    tree = fakes.Tree(suara).grow(big)
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    assert puller.leaves(suara) == tree.leaves
    assert max(steps) < 2 * 257_000
    assert len(steps) == 6
    # Those that were begun to be fetched ahead of the first, and none after it.
    assert feed.count("too large") < 8


@pytest.mark.of_file  # its pages are counted
async def test_a_quarantined_leaf_lies_on_the_disk_once(make_puller, fakes, suara):
    def size(count):
        puller = make_puller(f"node{count}")
        puller.trust(suara)
        tree = fakes.Tree(suara).grow(giants(count))
        return puller, fakes.FakePeer(suara.org).show(tree)

    grown = []
    for count in (1, 255):
        puller, feed = size(count)
        await puller.pull(feed)
        assert len(puller.rejected(suara)) == count
        with puller.db.view() as view:
            pages = view.execute("PRAGMA page_count").fetchone()[0]
            grown.append(pages * 8192)
    assert grown[1] - grown[0] < 1.1 * 254 * GIANT


async def test_only_so_many_generations_of_a_log_are_taken(
    puller, fakes, suara, outcomes
):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara))
    later = [f"{suara.origin}/{generation}" for generation in range(2, 999)]
    feed.shown.update(dict.fromkeys(later, feed.shown[suara.origin]))
    report = await puller.pull(feed)
    assert len(outcomes(report)) <= MAX_GENERATIONS
    assert ("too-many-logs", suara.org) in puller.alarms()
    assert len(puller.offered()) == pulls.KEPT_OFFERS


# --- what of our own is damaged ---------------------------------------------------


@pytest.mark.parametrize(
    "spoilt",
    ["[1", '{"a":"b"}', pytest.param(b"\xff", marks=pytest.mark.of_file)],
    ids=["cut short", "another", "no text"],
)
async def test_what_was_remembered_of_a_partner_can_be_lost(
    puller, fakes, suara, spoilt
):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara))
    for _ in range(2):
        await puller.pull(feed)
        with puller.db.transaction() as tx:
            tx.execute("UPDATE peer_seen SET sizes = CAST(? AS TEXT)", (spoilt,))
        report = await puller.pull(feed)
        assert not report.unchanged
        assert report.failures == ()
        assert ("stored-damaged", suara.org) in puller.alarms()
        assert (await puller.pull(feed)).unchanged


async def test_a_damaged_note_about_a_partner_is_fetched_again(
    puller, fakes, suara, about_of
):
    puller.trust(suara)
    about = about_of(suara)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara), about=about)
    await puller.pull(feed)
    with puller.db.transaction() as tx:
        keystatements.drop_about(tx, suara.org)
        keystatements.save_about(tx, suara.org, 1, about.replace(b'"type"', b'"tyqe"'))
    report = await puller.pull(feed)
    assert report.failures == ()
    with puller.db.view() as view:
        assert keystatements.read_about(view, suara.org) == about
    assert (await puller.pull(feed)).unchanged


@pytest.mark.parametrize("table", ["checkpoint of the log", "key statement", "claims"])
async def test_a_bit_of_ours_that_turned_round_accuses_nobody(
    puller, fakes, suara, kawal, outcomes, table
):
    for owner in (suara, kawal):
        puller.trust(owner)
    trees = [fakes.Tree(owner).grow(owner.results(0, 3)) for owner in (suara, kawal)]
    feed = fakes.FakePeer(suara.org).show(trees[0]).show(trees[1])
    await puller.pull(feed)
    note = trees[0].note()
    spoilt = note.replace(
        trees[0].note().split(b"\n")[2], trees[1].note().split(b"\n")[2]
    )
    assert spoilt != note
    with puller.db.transaction() as tx:
        if table == "key statement":
            [(statement,)] = tx.execute(
                "SELECT note FROM key_statement WHERE log_id = 1"
            ).fetchall()
            other = bytes(statement).replace(b'"version":1', b'"version":3')
            assert other != statement
            tx.execute("UPDATE key_statement SET note = ? WHERE log_id = 1", (other,))
        elif table == "claims":
            tx.execute("UPDATE claim_bundle SET body = ? WHERE log_id = 1", (b"\0",))
        else:
            tx.execute(
                "UPDATE log SET checkpoint = ? WHERE origin = ?", (spoilt, suara.origin)
            )
    for tree in trees:
        tree.grow([tree.leaves[1]])
    report = await puller.pull(feed)
    assert outcomes(report) == {suara.origin: "damaged", kawal.origin: "extended"}
    assert puller.alarms() == {("stored-damaged", suara.origin)}
    assert puller.log(suara).frozen is None


@pytest.mark.of_file  # a server keeps no text that is none
async def test_a_row_of_a_log_that_cannot_be_read_stops_no_other(
    puller, fakes, suara, kawal, outcomes
):
    for owner in (suara, kawal):
        puller.trust(owner)
    trees = [fakes.Tree(owner).grow(owner.results(0, 3)) for owner in (suara, kawal)]
    feed = fakes.FakePeer(kawal.org).show(trees[0]).show(trees[1])
    await puller.pull(feed)
    with puller.db.transaction() as tx:
        tx.execute(
            "UPDATE log SET stalled = CAST(x'ff' AS TEXT) WHERE origin = ?",
            (suara.origin,),
        )
    trees[1].grow(kawal.results(3, 5))
    report = await puller.pull(feed)
    assert outcomes(report) == {suara.origin: "damaged", kawal.origin: "extended"}
    assert puller.alarms() == {("stored-damaged", suara.origin)}


async def test_what_nobody_foresaw_about_one_log_stops_no_other(
    puller, fakes, suara, kawal, outcomes, monkeypatch
):
    for owner in (suara, kawal):
        puller.trust(owner)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara)).show(fakes.Tree(kawal))

    def fail(what):
        if what == f"keys of {suara.origin}" or (what == "keys" and not failed):
            failed.append(1)
            raise KeyError("foreign bytes that nobody thought of")

    failed = []
    feed.before = fail
    report = await puller.pull(feed)
    assert outcomes(report) == {suara.origin: "crashed", kawal.origin: "extended"}
    assert puller.alarms() == {("crashed", suara.origin)}


@pytest.mark.of_file  # a server keeps no text that is none
def test_turns_that_cannot_be_read_are_forgotten(tmp_path):
    db = Database.open(tmp_path)
    with db.transaction() as tx:
        tx.execute(
            "INSERT INTO peer_turn VALUES ('a.example', 1, 2.0),"
            " (CAST(x'ff' AS TEXT), 1, 2.0)"
        )
    with db.view() as view:
        assert list(pulls.load_turns(view)) == ["a.example"]
    db.close()
