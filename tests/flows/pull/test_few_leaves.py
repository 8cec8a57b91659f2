"""Few new leaves are proved by themselves; what is amiss is told as tiles tell it."""

import pytest

from federation.errors import PeerError
from federation.flows.verify.bundle import AHEAD

HELD = 300


@pytest.fixture
async def grown(puller, fakes, suara):
    """A log of which 300 leaves are held, and some more than another bundle is new."""
    puller.trust(suara, max_rows_per_turn=10_000)
    tree = fakes.Tree(suara).grow(suara.results(0, HELD - 1))
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    assert puller.log(suara).size == HELD
    return tree.grow(suara.results(HELD, HELD + 400))


@pytest.mark.parametrize("more", [1, 212, 213, 400])
async def test_no_tile_is_asked_for(puller, fakes, suara, grown, more):
    tree = grown.truncate(HELD + more)
    feed = fakes.FakePeer(suara.org).show(tree)
    assert (await puller.pull(feed)).extended == (suara.origin,)
    assert feed.count("tile") == 0
    assert feed.count("bundle") == 1 + (more > 212)
    assert puller.leaves(suara) == tree.leaves
    assert puller.claimed(suara) == list(range(1, tree.size))


async def test_many_are_proved_by_tiles_first(puller, fakes, suara):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow([b"x"] * (256 * AHEAD))
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    asked = [one.split()[0] for one in feed.asked if one.startswith(("tile", "bundle"))]
    assert asked[:3] == ["tile", "tile", "bundle"]
    assert feed.count("bundle") == AHEAD + 1


async def test_what_a_turn_may_not_bring_whole_is_proved_by_tiles(
    puller, fakes, suara, grown
):
    puller.trust(suara, max_rows_per_turn=100)
    feed = fakes.FakePeer(suara.org).show(grown)
    assert (await puller.pull(feed)).logs[0].outcome == "partial"
    assert feed.count("tile") == 2
    assert puller.leaves(suara) == grown.leaves[:512]


@pytest.mark.parametrize("place", [0, 100, HELD - 256, HELD - 255, 255])
async def test_a_leaf_other_than_the_signed_one_is_refused_wherever_it_stands(
    puller, fakes, suara, grown, place
):
    """Held already or new, in the first bundle: a bit of it turns round."""
    at = 2 * place + sum(map(len, grown.leaves[256 : 256 + place])) + 2

    def spoil(what, _origin, data):
        return fakes.flip_bit(data, at * 8) if what.startswith("bundle (1,") else data

    report = await puller.pull(fakes.FakePeer(suara.org, spoil=spoil).show(grown))
    assert report.logs[0].outcome == "mismatch"
    # Seen by the tiles: it is the bundle that is wrong, and it is the first.
    assert puller.leaves(suara) == grown.leaves[:HELD]
    assert puller.log(suara).pending_size == grown.size
    await puller.pull(fakes.FakePeer(suara.org).show(grown))
    assert puller.leaves(suara) == grown.leaves


async def test_what_came_before_a_bundle_that_does_not_come_is_kept(
    puller, fakes, suara, grown
):
    def fail(what):
        if what.startswith("bundle (2,"):
            raise PeerError(suara.org, "fake:", None)

    feed = fakes.FakePeer(suara.org, before=fail).show(grown)
    assert (await puller.pull(feed)).logs[0].outcome == "failed"
    log = puller.log(suara)
    assert (log.size, log.next_index, log.pending_size) == (HELD, 512, grown.size)
    await puller.pull(fakes.FakePeer(suara.org).show(grown))
    assert puller.leaves(suara) == grown.leaves


async def test_another_history_of_few_leaves_is_proved_a_fork(
    puller, fakes, suara, grown
):
    rival = grown.fork(HELD - 1, suara.results(0, 200, votes=7))
    report = await puller.pull(fakes.FakePeer(suara.org).show(rival))
    assert report.logs[0].outcome == "frozen"
    assert puller.leaves(suara) == grown.leaves[:HELD]


async def test_no_leaf_is_stored_before_its_total_is_in_mind(
    puller, fakes, suara, grown, monkeypatch
):
    """Both are written at once, one behind the other: the second rests on the first."""
    written, write = [], puller.db.write

    async def note(work, *arguments):
        written.append(work.__name__)
        if work.__name__ == "_begin":
            raise OSError("the disk is full")
        return await write(work, *arguments)

    monkeypatch.setattr(puller.db, "write", note)
    with pytest.raises(OSError, match="full"):
        await puller.pull(fakes.FakePeer(suara.org).show(grown))
    assert "save_step" not in written
    assert puller.leaves(suara) == grown.leaves[:HELD]
