"""What is published has the bytes a node serves, all of them, and no more."""

import hashlib
import shutil
import tracemalloc
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.feeds.resource import ABOUT, ELECTIONS, LOGS, log_path
from federation.feeds.status import parse_status
from federation.flows.publish.items import (
    Publisher,
    Selection,
    list_items,
    read_items,
)
from federation.store import logs
from federation.store.db import Database
from federation.tlog.checkpoint import open_checkpoint, parse_checkpoint
from federation.tlog.note import parse_note
from federation.tlog.tile import decode_bundle, parse_tile_path
from tests.fakes import ELECTION, FakeOrg, Tree
from tests.flows.publish.conftest import (
    OURS,
    feed_of,
    hold,
    hold_about,
    hold_cosignature,
    settings_of,
)


def files_of(db, publisher, selection=Selection()):  # noqa: B008  immutable
    with db.view() as view:
        items = list_items(view, publisher, selection)
        paths = [item.path for item in items]
        assert paths == sorted(set(paths)), "ascending, each once"
        return dict(read_items(items))


def tree_of(org, leaves):
    owner = FakeOrg(org)
    return Tree(owner).grow(owner.results(1, leaves))


@pytest.fixture(scope="module")
def trees():
    return [tree_of(OURS, 300), tree_of("kawalpemilu.example", 700)]


@pytest.fixture
def held(db, trees):
    for tree in trees:
        hold(db, tree)
        hold_about(db, tree.owner)
    return trees


def test_every_leaf_hash_and_key_is_there_as_it_was_signed(db, publisher, held):
    files = files_of(db, publisher)
    for tree in held:
        origin = tree.owner.origin
        found = {p for p in files if p.startswith(log_path(origin, "tile/"))}
        for path in found:
            wanted = parse_tile_path(path.partition("/")[2])
            assert files[path] == tree.tile(wanted), path
        leaves = [
            leaf
            for path in sorted(p for p in found if "/entries/" in p)
            for leaf in decode_bundle(files[path])
        ]
        assert leaves == tree.leaves
        note = files[log_path(origin, "checkpoint")]
        signed = open_checkpoint(note, tree.owner.log.key)
        assert signed.checkpoint == tree.checkpoint()


def test_the_status_vector_names_what_lies_beside_it(db, publisher, held):
    files = files_of(db, publisher)
    vector = parse_status(files[LOGS.path])
    assert [one.origin for one in vector.logs] == sorted(t.owner.origin for t in held)
    for one in vector.logs:
        for name, digest in (("keys", one.keys), ("about", one.about)):
            body = files[log_path(one.origin, name)]
            assert hashlib.sha256(body).hexdigest() == digest
    ours = next(tree.owner for tree in held if tree.owner.org == OURS)
    assert files[ABOUT.path] == files[log_path(ours.origin, "about")]


async def test_a_reader_of_the_files_gets_every_tile_of_the_current_size(
    db, publisher, held
):
    feed = feed_of(files_of(db, publisher))
    for tree in held:
        for path in ("tile/0/000", "tile/entries/000"):
            wanted = parse_tile_path(path)
            assert await feed.tile(tree.owner.origin, wanted) == tree.tile(wanted)


def test_the_checkpoint_carries_the_cosignatures(db, publisher, held):
    other, tree = held[0].owner, held[1]
    hold_cosignature(db, tree, other)
    note = parse_note(
        files_of(db, publisher)[log_path(tree.owner.origin, "checkpoint")]
    )
    assert [one.name for one in note.signatures] == [
        tree.owner.origin,
        other.mirror.key.name,
    ]


def test_nothing_beyond_the_completed_size_is_handed_over(db, publisher, trees):
    hold(db, trees[0], 200)
    with db.transaction() as tx:
        log = logs.get_log(tx, trees[0].owner.origin)
        logs.append_leaves(tx, log.id, 200, [b"not signed"], [b"\0" * 32])
    files = files_of(db, publisher)
    assert not any(b"not signed" in data for data in files.values())
    note = files[log_path(log.origin, "checkpoint")]
    assert parse_checkpoint(parse_note(note).text).size == 200


def test_a_log_that_is_not_public_or_not_signed_is_left_out(db, publisher, held):
    before = files_of(db, publisher)
    with db.transaction() as tx:
        logs.add_log(tx, f"belum.example/{ELECTION}", own=False)
    owner = FakeOrg("rahasia.example", f"{ELECTION}/incidents")
    owner.statements = []
    hold(db, Tree(owner, [b"whoever reported this"]))
    assert files_of(db, publisher) == before


def test_only_the_elections_asked_for_are_selected(db, publisher, held):
    other = FakeOrg("lain.example", "pilpres-2019")
    hold(db, Tree(other).grow(other.results(1, 5)))
    everything = files_of(db, publisher)
    one = files_of(db, publisher, Selection(("pilpres-2019",)))
    assert [e.origin for e in parse_status(one[LOGS.path]).logs] == [other.origin]
    assert {p for p in one if "/" in p and p[:64].isalnum() and len(p) > 65} <= {
        p for p in everything if p.startswith(log_path(other.origin, ""))
    }


@pytest.mark.parametrize("known", [0, 1, 255, 256, 257, 511, 512, 600, 700, 9999])
def test_since_leaves_out_whole_tiles_that_are_known_and_nothing_else(
    db, publisher, held, known
):
    tree = held[1]
    origin = tree.owner.origin
    everything = files_of(db, publisher)
    rest = files_of(db, publisher, Selection(since={origin: known}))
    gone = everything.keys() - rest.keys()
    assert rest == {p: d for p, d in everything.items() if p not in gone}
    first = min(known, tree.size - 1) // 256
    wanted = [parse_tile_path(p.partition("/")[2]) for p in gone]
    assert sorted(one.index for one in wanted) == sorted([*range(first)] * 2)
    assert all(getattr(one, "level", 0) == 0 for one in wanted)


def test_two_nodes_that_hold_the_same_publish_the_same_bytes_of_a_log(
    tmp_path, db, publisher, held
):
    other = Database.open(tmp_path / "other")
    # In other steps: what is stored between must not show.
    for size in (1, 100, 256, 400, held[1].size):
        hold(other, held[1], size)
    ours, theirs = files_of(db, publisher), files_of(other, publisher)
    other.close()
    below = log_path(held[1].owner.origin, "")
    about = {log_path(held[1].owner.origin, "about")}
    assert {p for p in ours if p.startswith(below)} - about == {
        p for p in theirs if p.startswith(below)
    }
    assert all(ours[p] == theirs[p] for p in theirs if p.startswith(below))


def test_memory_holds_one_file_at_a_time(db, publisher, held):
    with db.view() as view:
        items = list_items(view, publisher, Selection())
        tracemalloc.start()
        total = sum(len(data) for _, data in read_items(items))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert total > 300_000
    assert peak < total


@settings(max_examples=12, deadline=None)
@given(known=st.integers(0, 900), size=st.integers(1, 900))
def test_what_is_known_and_what_is_sent_since_are_the_whole_log(grown, known, size):
    """Whoever holds the first `known` leaves lacks nothing that is not in the rest."""
    earlier, later = grown(min(known, size)), grown(size)
    sent = grown(size, known)
    origin = LONG.owner.origin
    held = {path for path in earlier if ".p/" not in path}
    assert all(later[path] == sent[path] for path in sent)
    lacking = {
        p for p in later.keys() - sent.keys() if p.startswith(log_path(origin, ""))
    }
    assert lacking <= held


LONG = Tree(FakeOrg(OURS)).grow(FakeOrg(OURS).results(1, 900))


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """The files of the log at a size, of those that a database holds at each."""
    publisher = Publisher(settings_of(), {})
    below = tmp_path_factory.mktemp("grown")

    @cache
    def files(size: int, known: int = 0) -> dict[str, bytes]:
        if not size:
            return {}
        database = Database.open(below / f"{size}-{known}")
        hold(database, LONG, size)
        since = Selection(since={LONG.owner.origin: known})
        found = files_of(database, publisher, since)
        database.close()
        shutil.rmtree(below / f"{size}-{known}")
        return found

    return files


def test_the_evidence_of_a_fork_is_published_with_what_it_stopped(db, publisher, held):
    origin = held[1].owner.origin
    with db.transaction() as tx:
        logs.freeze(tx, logs.get_log(tx, origin).id, b"evidence")
    files = files_of(db, publisher)
    assert files[log_path(origin, "fork")] == b"evidence"
    assert f'"frozen":["{origin}"]'.encode() in files[ELECTIONS.path]
    other = FakeOrg("lain.example", "pilpres-2019")
    hold(db, Tree(other))
    only = files_of(db, publisher, Selection(("pilpres-2019",)))
    assert b'"frozen":[]' in only[ELECTIONS.path]
