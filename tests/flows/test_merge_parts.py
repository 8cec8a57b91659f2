"""However many processes merge, and whatever becomes of them: the same rows."""

import os
import random
import signal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from federation.errors import FormatError
from federation.flows.merge import PartMerger, batch, merge_once
from federation.flows.merge.once import BATCH
from federation.flows.verify.workers import open_workers
from federation.store.db import Database
from tests.attacks import kills
from tests.flows import test_merge as world
from tests.flows.test_merge import ELECTION, ORIGINS, PROFILE, grow, open_logs

TABLES = ("merged", "superseded", "merged_file", "rollup", "official_due")


def read_all(db):
    """Every row of the map's tables, the numbers of changes too."""
    with db.view() as view:
        rows = {
            table: sorted(view.execute(f"SELECT * FROM {table}").fetchall())
            for table in TABLES
        }
        rows["seq"] = view.execute(
            "SELECT election, seq FROM merge_election"
        ).fetchall()
        return rows


def live(folder, seed, merger):
    """The same life, decided by its seed, whoever merges."""

    class World(world.World):
        def merge(self):
            limit = self.rng.randrange(1, 20)
            merge_once(self.db, {ELECTION: PROFILE}, limit, merger=merger)

    one = World(folder, random.Random(seed))
    for event in one.events:
        event()
    one.grow(whole=True)
    limit = one.rng.randrange(1, 50)
    while merge_once(one.db, {ELECTION: PROFILE}, limit, merger=merger):
        pass
    found = read_all(one.db), world.read_map(one.db)
    one.db.close()
    counted = {ORIGINS[0]: world.FOLLOWED_BELOW}
    assert found[1] == world.Reference(one.said, counted, one.register).read_map()
    return found


@pytest.mark.slow
@pytest.mark.long
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_number_of_processes_gives_the_same_rows(tmp_path_factory, opened, seed):
    def folder():
        return tmp_path_factory.mktemp("map")

    alone = live(folder(), seed, PartMerger())
    for count in (1, 2, 8):
        for rows in (1, 3):
            merger = PartMerger(opened(count), rows)
            assert live(folder(), seed, merger) == alone


def said(org, stations):
    """Results of so many stations, of which two share a file."""
    return [
        world.result(
            number,
            org,
            (number % 200, 7),
            tps=f"13710110{number // 900:02}{number % 900 + 1:03}",
            files=(f"{number if number != 9 else 8:032x}{org.encode().hex():0>32}",),
        )
        for number in range(stations)
    ]


def hold(db, stations=40):
    for origin, log in zip(ORIGINS[2:], open_logs(db, *ORIGINS[2:]), strict=True):
        grow(db, log, said(origin.partition("/")[0], stations))


def merge_all(db, merger):
    while merge_once(db, {ELECTION: PROFILE}, BATCH, merger=merger):
        pass
    return read_all(db)


@pytest.mark.parametrize("strip", [1, 3, 7])
def test_a_file_that_one_strip_ties_to_the_next_flags_both(
    tmp_path, opened, monkeypatch, strip
):
    """The row of the next strip is under way by then."""

    def merged(name, strip_rows, merger):
        monkeypatch.setattr(batch, "STRIP_ROWS", strip_rows)
        db = Database.open(tmp_path / name)
        first, second = open_logs(db, *ORIGINS[2:])
        org = ORIGINS[2].partition("/")[0]
        grow(db, first, said(org, 20))
        merge_all(db, merger)
        others = said(ORIGINS[3].partition("/")[0], 20)
        named = said(org, 20)
        for place, of in ((1, 12), (13, 3), (15, 14)):
            others[place] = replace(others[place], files=named[of].files)
        grow(db, second, others)
        merge_all(db, merger)
        found = world.read_map(db)
        db.close()
        return found

    whole = merged("whole", BATCH, PartMerger())
    assert b"".join(whole[0]).count(b'"shared_file"') > 6
    assert merged("alone", strip, PartMerger()) == whole
    assert merged("beside", strip, PartMerger(opened(2), 2)) == whole


class Killing(PartMerger):
    """Kills its workers while they have parts."""

    def merge(self, parts, rows):
        def with_kill():
            for number, part in enumerate(parts):
                yield part
                if number == 1:
                    for pid in list(self._workers.executor._processes):
                        os.kill(pid, signal.SIGKILL)

        return super().merge(with_kill(), rows)


def test_workers_that_are_killed_make_it_slower_and_not_wrong(tmp_path, few, caplog):
    found = []
    for name in ("alone", "killed"):
        db = Database.open(tmp_path / name)
        hold(db)
        workers = open_workers(2)
        try:
            first = workers.executor
            killing = Killing(workers, 4)
            found.append(merge_all(db, killing if name == "killed" else PartMerger()))
            assert (workers.executor is first) == (name == "alone")
        finally:
            workers.close()
            db.close()
    assert found[0] == found[1]
    assert "a merging process ended" in caplog.text


class Closing(PartMerger):
    """Its workers are closed while they have parts, as a node closes them."""

    def merge(self, parts, rows):
        def with_close():
            for number, part in enumerate(parts):
                yield part
                if number == 1:
                    self._workers.close()

        return super().merge(with_close(), rows)


def test_a_batch_ends_whose_node_is_closed_and_starts_no_process(tmp_path, few):
    found = []
    for name in ("alone", "closed"):
        db = Database.open(tmp_path / name)
        hold(db)
        workers = open_workers(1)
        first = workers.executor
        merger = Closing(workers, 4) if name == "closed" else PartMerger()
        found.append(merge_all(db, merger))
        assert workers.executor is first
        workers.close()
        db.close()
    assert found[0] == found[1]


@pytest.mark.slow
def test_after_workers_were_killed_others_do_the_next_batch(tmp_path, opened, caplog):
    db = Database.open(tmp_path)
    hold(db)
    workers = open_workers(1)
    try:
        killed = workers.executor
        killed.submit(os.getpid).result()
        for pid in list(killed._processes):
            os.kill(pid, signal.SIGKILL)
        merge_once(db, {ELECTION: PROFILE}, 30, merger=PartMerger(workers, 4))
        assert workers.executor is not killed
        caplog.clear()
        merge_all(db, PartMerger(workers, 4))
        assert workers.is_warm
        assert not caplog.text
    finally:
        workers.close()
        db.close()


@pytest.mark.parametrize("count", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_damaged_row_is_told_and_nothing_is_written(tmp_path, opened, count):
    db = Database.open(tmp_path)
    merger = PartMerger(opened(count) if count else None, 4)
    first, then = open_logs(db, *ORIGINS[2:])
    grow(db, first, said("b.example", 40))
    merge_all(db, merger)
    grow(db, then, said("c.example", 40))
    with db.transaction() as tx:
        tx.execute("UPDATE merged SET slots = ? WHERE key % 3 = 0", (b"\xc1",))
    before = read_all(db)
    with pytest.raises(FormatError):
        merge_all(db, merger)
    assert read_all(db) == before
    db.close()


@pytest.mark.slow
@pytest.mark.of_file  # the attack makes its homes itself, with files
def test_a_merge_that_is_killed_at_any_moment_gives_the_same_map(tmp_path):
    found = kills.play(tmp_path, 2, 1, "parts")
    assert not found["failures"]
    assert found["kills"]["parts"]["killed"] == 2
