"""Bundles: fetched ahead and in order, checked before anything else, few at once."""

import asyncio
from concurrent.futures import (
    BrokenExecutor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from multiprocessing import get_context

import pytest

from federation.errors import FormatError, PeerError, ProofError
from federation.flows.verify import bundle, worker
from federation.flows.verify.bundle import AHEAD, Bundles, Verifier
from federation.flows.verify.workers import Workers, pick_workers
from federation.profiles import load_shipped
from federation.records.claim import list_indexes
from federation.tlog.merkle import Frontier
from federation.tlog.mirror import plan_extension


@pytest.fixture
def profile():
    return load_shipped()["pemilu-2024"]


def bundles_of(tree, feed, verifier, old=0, closed_at=None):
    plan = plan_extension(old, tree.checkpoint())
    tiles = {tile: tree.tile(tile) for tile in plan.tiles}
    frontier = Frontier()
    for one in tree._levels[0][:old]:
        frontier.append(one)
    edge = tree._levels[0][old // 256 * 256 : old]
    hashes = plan.open(frontier, edge, tiles)
    return Bundles(feed, tree.owner.origin, hashes, verifier, closed_at)


async def read_all(bundles, start, end, size):
    return [checked async for checked in bundles.read(start, end, size)]


def indexes(checked):
    """Of which leaves the bundle has claims."""
    return [at for _, body in checked.admission.claims for at in list_indexes(body)]


@pytest.mark.parametrize(("old", "size"), [(0, 1), (0, 300), (7, 256), (256, 600)])
async def test_bundles_come_in_order_and_without_what_is_held(
    fakes, suara, profile, old, size
):
    tree = fakes.Tree(suara).grow(suara.results(0, size - 1))
    feed = fakes.FakePeer(suara.org).show(tree)
    bundles = bundles_of(tree, feed, Verifier(None, suara.chain, profile), old)
    found = await read_all(bundles, old, size, size)
    assert [leaf for one in found for leaf in one.leaves] == tree.leaves[old:]
    assert [one.start for one in found] == [
        max(old, at) for at in range(old // 256 * 256, size, 256)
    ]
    claims = [index for one in found for index in indexes(one)]
    assert claims == list(range(max(old, 1), size))


async def test_every_flipped_bit_of_a_bundle_is_refused(fakes, suara, profile):
    tree = fakes.Tree(suara).grow(suara.results(0, 1))
    true = tree.tile(bundle.Bundle(0, 2))
    feed = fakes.FakePeer(suara.org).show(tree)
    bundles = bundles_of(tree, feed, Verifier(None, suara.chain, profile))
    for bit in range(len(true) * 8):
        flipped = fakes.flip_bit(true, bit)
        feed.spoil = lambda _what, _origin, _data, flipped=flipped: flipped
        with pytest.raises((FormatError, ProofError)):
            await read_all(bundles, 0, 2, 2)


async def test_few_bundles_are_under_way_at_once(fakes, suara, profile):
    tree = fakes.Tree(suara).grow([b"x"] * (256 * 30 - 1))
    under_way, most = [0], [0]

    class Slow(fakes.FakePeer):
        async def tile(self, origin, tile, bound=None):
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            await asyncio.sleep(0.001)
            under_way[0] -= 1
            return await super().tile(origin, tile, bound)

    feed = Slow(suara.org).show(tree)
    bundles = bundles_of(tree, feed, Verifier(None, suara.chain, profile))
    assert len(await read_all(bundles, 0, tree.size, tree.size)) == 30
    assert 1 < most[0] <= AHEAD


async def test_what_came_before_a_failure_is_handed_over(fakes, suara, profile):
    tree = fakes.Tree(suara).grow([b"x"] * 1023)
    feed = fakes.FakePeer(suara.org).show(tree)

    def fail(what):
        if what == "bundle (2, 256)":
            raise PeerError(suara.org, "fake:", 500)

    feed.before = fail
    bundles = bundles_of(tree, feed, Verifier(None, suara.chain, profile))
    found = []

    async def read():
        async for checked in bundles.read(0, 1024, 1024):
            found.append(checked.start)  # noqa: PERF401  kept when it raises

    with pytest.raises(PeerError):
        await read()
    assert found == [0, 256]
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.slow
async def test_worker_processes_judge_like_a_thread(fakes, suara, kawal, profile):
    leaves = [*suara.results(0, 290), kawal.result(1), b"", *suara.results(290, 600)]
    tree = fakes.Tree(suara).grow(leaves)
    feed = fakes.FakePeer(suara.org).show(tree)
    inline = bundles_of(tree, feed, Verifier(None, suara.chain, profile))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        pooled = bundles_of(tree, feed, Verifier(Workers(pool), suara.chain, profile))
        expected = await read_all(inline, 0, tree.size, tree.size)
        assert await read_all(pooled, 0, tree.size, tree.size) == expected


async def test_a_worker_is_sent_keys_once(fakes, suara, profile, monkeypatch):
    taught = []

    def teach(*job):
        taught.append(job[2])
        return bundle_taught(*job)

    bundle_taught = bundle.admit_taught
    worker._known.clear()
    monkeypatch.setattr(bundle, "admit_taught", teach)
    tree = fakes.Tree(suara).grow([b"x"] * 2047)
    feed = fakes.FakePeer(suara.org).show(tree)
    with ThreadPoolExecutor(1) as one_worker:
        for _ in range(2):
            verifier = Verifier(Workers(one_worker), suara.chain, profile)
            await read_all(bundles_of(tree, feed, verifier), 0, 2048, 2048)
    # All that were under way before the first was taught ask for it once each.
    assert 1 <= len(taught) <= AHEAD
    assert set(worker._known) == set(taught)


async def test_few_leaves_go_to_workers_only_where_they_run(fakes, suara, profile):
    tree = fakes.Tree(suara).grow(suara.results(0, 9))
    with ThreadPoolExecutor(1) as executor:
        workers = Workers(executor)
        assert pick_workers(None, 1 << 20) is None
        assert pick_workers(workers, 1_999) is None
        assert pick_workers(workers, 2_000) is workers
        verifier = Verifier(workers, suara.chain, profile)
        await verifier.admit(tree.tile(bundle.Bundle(0, 10)), tree.leaves, 0, None)
        assert pick_workers(workers, 255) is None
        assert pick_workers(workers, 256) is workers


async def test_dead_workers_make_it_slower_and_not_wrong(fakes, suara, profile, caplog):
    class Dead(ThreadPoolExecutor):
        def submit(self, *_args, **_kwargs):
            raise BrokenExecutor

    tree = fakes.Tree(suara).grow(suara.results(0, 5))
    feed = fakes.FakePeer(suara.org).show(tree)
    bundles = bundles_of(tree, feed, Verifier(Workers(Dead()), suara.chain, profile))
    (found,) = await read_all(bundles, 0, 6, 6)
    assert len(indexes(found)) == 5
    assert "verifying in a thread" in caplog.text


async def test_workers_that_die_under_several_bundles_end_none(
    fakes, suara, profile, caplog
):
    class Dying(ThreadPoolExecutor):
        def submit(self, *_args, **_kwargs):
            # Taken, and then the process is gone, with all that it was given.
            taken = Future()
            jobs.append(taken)
            if len(jobs) == 3:
                for job in jobs:
                    job.set_exception(BrokenExecutor("killed"))
            return taken

    jobs = []
    tree = fakes.Tree(suara).grow(suara.results(0, 256 * 3 - 1))
    feed = fakes.FakePeer(suara.org).show(tree)
    bundles = bundles_of(tree, feed, Verifier(Workers(Dying()), suara.chain, profile))
    found = await read_all(bundles, 0, tree.size, tree.size)
    assert sum(len(indexes(one)) for one in found) == tree.size - 1
    assert len(jobs) == 3
    assert caplog.text.count("verifying in a thread") == 1
