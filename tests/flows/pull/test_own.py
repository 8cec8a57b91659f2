"""Our own logs, as partners hold them: what tells a clone or a lost disk apart."""

from dataclasses import replace

import pytest

from federation.store import logs
from federation.tlog.fork import check_evidence
from tests.mirrored import aim


@pytest.fixture
def ours(fakes):
    return fakes.FakeOrg("jagapemilu.example")


@pytest.fixture
def tree(fakes, ours):
    return fakes.Tree(ours).grow(ours.results(0, 99))


@pytest.fixture
def signed(puller, ours, tree, suara):
    """Our own log of 100 leaves."""
    puller.trust(suara)
    puller.ctx = replace(puller.ctx, own={ours.origin: ours.chain})
    with puller.db.transaction() as tx:
        log = logs.add_log(tx, ours.origin, own=True)
        logs.append_leaves(tx, log.id, 0, tree.leaves, tree._levels[0])
        logs.publish(tx, log.id, 0, tree.note(), 100, tree.checkpoint().root)
    return puller


@pytest.mark.parametrize("size", [1, 50, 100])
async def test_a_copy_that_fits_is_only_counted(signed, fakes, ours, suara, tree, size):
    feed = fakes.FakePeer(suara.org).show(tree.truncate(size))
    report = await signed.pull(feed)
    assert report.sizes == {ours.origin: size}
    assert report.own_larger == ()
    assert signed.alarms() == set()
    assert feed.asked == ["logs"]
    # And again from an unchanged vector, for whoever collects cosignatures.
    assert (await signed.pull(feed)).sizes == {ours.origin: size}


async def test_a_larger_copy_is_reported_with_its_checkpoint(
    signed, fakes, ours, suara, tree
):
    larger = tree.truncate(100).grow(ours.results(99, 110))
    report = await signed.pull(fakes.FakePeer(suara.org).show(larger))
    (copy,) = report.own_larger
    assert (copy.origin, copy.signed.note) == (ours.origin, larger.note())
    assert copy.signed.size == larger.size
    assert signed.log(ours).size == 100


async def test_a_larger_copy_is_reported_until_it_is_back(
    signed, fakes, ours, suara, tree
):
    """Also where the partner shows nothing else, and taking it back was cut short."""
    larger = tree.truncate(100).grow(ours.results(99, 110))
    feed = fakes.FakePeer(suara.org).show(larger)
    await signed.pull(feed)
    assert len((await signed.pull(feed)).own_larger) == 1
    begun = larger.checkpoint()
    with signed.db.transaction() as tx:
        log = signed.log(ours)
        aim(tx, log, larger.note(), begun.size, begun.root)
    assert len((await signed.pull(feed)).own_larger) == 1


async def test_a_larger_copy_shows_also_when_everything_is_lost(
    puller, fakes, ours, suara, tree
):
    puller.trust(suara)
    puller.ctx = replace(puller.ctx, own={ours.origin: ours.chain})
    report = await puller.pull(fakes.FakePeer(suara.org).show(tree))
    assert [copy.signed.size for copy in report.own_larger] == [100]
    assert puller.log(ours).own


@pytest.mark.parametrize("size", [60, 100])
async def test_another_history_by_our_own_key_is_our_own_fork(
    signed, fakes, ours, suara, tree, size
):
    clone = tree.fork(50, ours.results(0, size - 50, votes=7))
    report = await signed.pull(fakes.FakePeer(suara.org).show(clone))
    assert report.logs[0].outcome == "frozen"
    assert signed.alarms() == {("own-fork", ours.origin)}
    check_evidence(signed.log(ours).frozen, [ours.log.key])


@pytest.mark.parametrize("how", ["another's", "garbage", "damaged"])
async def test_a_checkpoint_that_we_did_not_sign_accuses_only_the_peer(
    signed, fakes, ours, suara, tree, how
):
    """It says nothing of our log: nothing is larger, nothing is a fork."""
    larger = tree.truncate(100).grow(ours.results(99, 110)).note()
    note = {
        "another's": fakes.Tree(suara).note(),
        "garbage": b"garbage",
        "damaged": larger[:-9] + b"AAAAAAA=\n",
    }[how]
    report = await signed.pull(fakes.FakePeer(suara.org).show(tree, note=note))
    assert report.logs[0].outcome == "refused"
    assert report.own_larger == ()
    assert signed.log(ours).frozen is None
    assert signed.alarms() == {("feed-refused", f"{suara.org} {ours.origin}")}
    assert signed.log(ours).stalled is None
