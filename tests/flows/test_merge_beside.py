"""Merging beside a pull: the map is the same as if it had waited for the end."""

import asyncio
import random
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.flows.merge import PartMerger, merge_once
from federation.flows.pull import extend
from federation.store import mapreading, mapstate
from federation.store.db import Database
from tests.fakes import ELECTION, FakeOrg, FakePeer, Tree
from tests.flows.pull.conftest import Puller

OWNERS = tuple(FakeOrg(f"{name}.example") for name in ("suara", "kawal"))


def grown(owner):
    """Nearly four bundles: some stations twice, the second time with other votes."""
    votes = 100 + (owner is OWNERS[1])
    said = [*owner.results(0, 600, 100), *owner.results(200, 500, votes)]
    return Tree(owner).grow(said)


TREES = {owner: grown(owner) for owner in OWNERS}


def read_map(db):
    """All of it but the numbers of changes and of logs, which tell what came when."""
    with db.view() as view:
        rows = view.execute("SELECT key, status, flags, reading, row FROM merged")
        sums = view.execute("SELECT * FROM rollup")
        return (
            mapreading.map_digest(view, ELECTION),
            mapstate.vector(view, ELECTION),
            sorted(rows.fetchall()),
            sorted(sums.fetchall()),
        )


class Night:
    """Two logs that come in parts; the map follows after any step, or at the end."""

    def __init__(self, folder, seed, merger):
        self.folder, self.merger = folder, merger
        self.rng, self.chance = random.Random(seed), random.Random(f"merging {seed}")
        self.puller = Puller(Database.open(folder))
        self.beside = 0

    def follow(self):
        if self.merger is not None and self.chance.random() < 0.6:
            self.beside += self.merge(self.chance.randrange(1, 300))

    def merge(self, limit):
        merger, profiles = self.merger or PartMerger(), self.puller.ctx.profiles
        return merge_once(self.puller.db, profiles, limit, merger=merger)

    async def pull(self, owner, size, most):
        self.puller.trust(owner, max_rows_per_turn=most)
        self.puller.ctx = replace(
            self.puller.ctx, stored=self.follow, clock=time.monotonic
        )
        tree = TREES[owner].truncate(size)
        await self.puller.pull(FakePeer(owner.org).show(tree))
        self.follow()

    def restart(self):
        self.puller.db.close()
        self.puller = Puller(Database.open(self.folder))

    def live(self):
        """Whatever is shown and however much is taken; then the rest, and the map."""
        for _ in range(5):
            owner = self.rng.choice(OWNERS)
            size = self.rng.randrange(1, TREES[owner].size)
            most = self.rng.choice([None, self.rng.randrange(1, 700)])
            asyncio.run(self.pull(owner, size, most))
            if self.rng.random() < 0.2:
                self.restart()
        for owner in OWNERS:
            asyncio.run(self.pull(owner, TREES[owner].size, None))
        while self.merge(10_000):
            pass
        found = read_map(self.puller.db)
        self.puller.db.close()
        return found


def check(tmp_path_factory, seed, merger):
    def night(merger):
        return Night(tmp_path_factory.mktemp("map"), seed, merger)

    beside = night(merger)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extend, "STEP_LEAVES", 256)
        assert beside.live() == night(None).live()
    assert beside.beside, "something was merged before the end"


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_merging_amid_a_pull_gives_the_map_of_merging_behind_it(tmp_path_factory, seed):
    check(tmp_path_factory, seed, PartMerger())


@pytest.mark.slow
@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_so_it_does_with_any_number_of_processes(tmp_path_factory, opened, seed):
    for count in (1, 2, 8):
        check(tmp_path_factory, seed, PartMerger(opened(count), 20))
