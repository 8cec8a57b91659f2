"""A static site: what readers see is whole at every moment, and old things go."""

import contextlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.errors import ConflictError
from federation.feeds.resource import LOGS, log_path
from federation.flows.publish import folder as publish
from federation.flows.publish.folder import StaticSite
from federation.flows.publish.items import (
    Item,
    Publisher,
    Selection,
    list_items,
    read_items,
)
from federation.flows.publish.outputfolder import OutputFolder, check_folder
from federation.store.db import Database
from federation.tlog.checkpoint import parse_checkpoint
from federation.tlog.note import parse_note
from federation.verifier import page
from tests.fakes import FakeOrg, Tree
from tests.flows.publish.conftest import (
    OURS,
    hold,
    hold_about,
    hold_cosignature,
    settings_of,
)

EVERYTHING = Selection()
PAGES = {"verify.html": page(), ".nojekyll": b""}
BY = Publisher(settings_of(), {})
OWNER = FakeOrg(OURS)
TREE = Tree(OWNER).grow(OWNER.results(1, 800))
ORIGIN = OWNER.origin


def write(db, site, advance=lambda _: None):
    with db.view() as view:
        return site.write(view, BY, EVERYTHING, advance)


def published(db):
    with db.view() as view:
        return {**dict(read_items(list_items(view, BY, EVERYTHING))), **PAGES}


def on_disk(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def size_of(folder):
    note = (folder / log_path(ORIGIN, "checkpoint")).read_bytes()
    return parse_checkpoint(parse_note(note).text).size


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "site"


def test_a_new_folder_holds_what_a_bundle_holds(db, folder):
    hold(db, TREE, 300)
    hold_about(db, OWNER)
    done = write(db, StaticSite(OutputFolder(folder)))
    assert on_disk(folder) == published(db)
    assert done.files == len(published(db))
    assert done.bytes == sum(map(len, published(db).values()))


@pytest.mark.parametrize("is_same", [True, False], ids=["one process", "restarted"])
def test_after_every_growth_it_holds_the_new_and_one_older_edge(db, folder, is_same):
    site, before = StaticSite(OutputFolder(folder)), 0
    for size in (1, 2, 255, 256, 257, 511, 512, 513, 800):
        hold(db, TREE, size)
        site = site if is_same else StaticSite(OutputFolder(folder))
        write(db, site)
        found, wanted = on_disk(folder), published(db)
        assert {p: found[p] for p in wanted} == wanted
        extra = {path.rpartition(".p/")[2] for path in found.keys() - wanted.keys()}
        assert extra <= {str(before % 256), str((before >> 8) % 256)}
        before = size
    write(db, site)
    assert on_disk(folder) == published(db), "one idle turn later the edge is gone"


def test_an_idle_turn_writes_nothing(db, folder):
    hold(db, TREE, 600)
    site = StaticSite(OutputFolder(folder))
    write(db, site)
    stamps = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert write(db, site) == (0, 0, 0)
    assert write(db, StaticSite(OutputFolder(folder))) == (0, 0, 0)
    assert stamps == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_what_never_changes_is_read_once(db, folder, monkeypatch):
    hold(db, TREE, 300)
    reads, heads = [], publish.list_heads

    def item(path, cached):
        return Item(path, lambda: reads.append(path) or b"x", cached)

    more = [item("v1/basis/a", "immutable"), item("v1/maps/a", "brief")]
    monkeypatch.setattr(publish, "list_heads", lambda *of: [*heads(*of), *more])
    for _ in range(2):
        write(db, StaticSite(OutputFolder(folder)))
    assert reads == ["v1/basis/a", "v1/maps/a", "v1/maps/a"]


def test_a_turn_reads_only_what_is_new(db, folder):
    hold(db, TREE, 700)
    site = StaticSite(OutputFolder(folder))
    write(db, site)
    hold(db, TREE, 800)
    with db.view() as view:
        assert site.count(view, EVERYTHING) == 5
        assert StaticSite(OutputFolder(folder)).count(view, EVERYTHING) > 5
    done = write(db, site)
    # Hashes and entries 002 (full now) and 003, the level above, checkpoint, logs.
    assert done.files == 5 + 2


def test_of_several_new_logs_each_span_is_looked_at_once(db, folder, monkeypatch):
    """However few of them a turn has time for; and half-done edges go."""
    monkeypatch.setattr(publish, "SPAN", 256)
    other = FakeOrg("kawalpemilu.example")
    trees = [TREE, Tree(other).grow(other.results(1, 800))]
    looked, real = [], publish._list_full

    def look(view, log, start, end):
        looked.append((log.origin, start))
        return real(view, log, start, end)

    monkeypatch.setattr(publish, "_list_full", look)
    site, turns = StaticSite(OutputFolder(folder)), 0
    for tree in trees:
        hold(db, tree, 700)
    while site.has_more or not turns:
        first, turns = len(looked), turns + 1
        if turns == 3:
            hold(db, TREE, 720)
        with db.view() as view:
            site.write(view, BY, EVERYTHING, is_over=lambda at=first: len(looked) > at)
    new = [one for one in looked if one[1] or looked.index(one) > 1]
    assert turns > 4
    assert len(new) == len(set(new)), looked
    write(db, site)
    assert on_disk(folder) == published(db)


def test_a_new_cosignature_changes_the_checkpoint_alone(db, folder):
    hold(db, TREE, 10)
    site = StaticSite(OutputFolder(folder))
    write(db, site)
    hold_cosignature(db, TREE, FakeOrg("kawalpemilu.example"))
    before = on_disk(folder)
    assert write(db, site).files == 1
    after = on_disk(folder)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {log_path(ORIGIN, "checkpoint")}


def test_whenever_it_is_interrupted_readers_find_a_whole_tree(db, folder, monkeypatch):
    """After each single rename the checkpoint that is there has all of its tiles."""
    site = StaticSite(OutputFolder(folder))
    real, seen = os.replace, []

    def look(part, target, **folders):
        real(part, target, **folders)
        if (folder / log_path(ORIGIN, "checkpoint")).exists():
            size = size_of(folder)
            seen.append(size)
            assert _holds_tree(folder, size), f"size {size} after {target}"
        if (folder / LOGS.path).exists():
            said = re.search(rb"\\n(\d+)\\n", (folder / LOGS.path).read_bytes())
            assert int(said[1]) <= size_of(folder)

    monkeypatch.setattr(os, "replace", look)
    for size in (300, 511, 520, 800):
        hold(db, TREE, size)
        write(db, site)
    assert {300, 511, 520, 800} <= set(seen)


def _holds_tree(folder, size):
    wanted = [f"{n:03}" for n in range(size // 256)]
    wanted += [f"{size // 256:03}.p/{size % 256}"] if size % 256 else []
    kinds = ("tile/0", "tile/entries")
    paths = [log_path(ORIGIN, f"{kind}/{n}") for kind in kinds for n in wanted]
    return all((folder / path).is_file() for path in paths)


class _StopError(Exception):
    pass


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stops=st.lists(st.integers(0, 12), max_size=5))
def test_an_interrupted_turn_is_made_good_by_the_next(tmp_path_factory, stops):
    below = tmp_path_factory.mktemp("stopped")
    db = Database.open(below / "data")
    hold(db, TREE, 600)
    for stop in stops:
        check_folder(below / "site", [])
        left = [stop]

        def advance(_, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise _StopError

        with contextlib.suppress(_StopError):
            write(db, StaticSite(OutputFolder(below / "site")), advance)
    check_folder(below / "site", [])
    write(db, StaticSite(OutputFolder(below / "site")))
    assert on_disk(below / "site") == published(db)
    db.close()


def test_a_full_disk_leaves_what_was_there_and_no_half_file(db, folder, monkeypatch):
    hold(db, TREE, 300)
    site = StaticSite(OutputFolder(folder))
    write(db, site)
    before = on_disk(folder)
    hold(db, TREE, 800)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write(db, site)
    assert on_disk(folder) == before
    write(db, site)
    assert size_of(folder) == 800


def test_what_a_killed_process_left_half_written_goes(db, folder):
    hold(db, TREE, 300)
    write(db, StaticSite(OutputFolder(folder)))
    names = (".logs", "v1/.x", log_path(ORIGIN, "tile/0/.001"))
    halves = [folder / f"{name}.0badcafe.part" for name in names]
    for half in halves:
        half.parent.mkdir(exist_ok=True)
        half.write_bytes(b"half")
    write(db, StaticSite(OutputFolder(folder)))
    assert not any(half.exists() for half in halves)


@pytest.mark.parametrize("at", range(6))
def test_a_turn_that_is_killed_at_its_beginning_is_taken_up(
    db, folder, monkeypatch, at
):
    """Even what a process cannot clean up any more is known to be ours."""
    hold(db, TREE, 1)
    left, replace = [at], os.replace

    def killed(*names, **folders):
        if not left[0]:
            raise _StopError
        left[0] -= 1
        replace(*names, **folders)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        patch.setattr(os, "unlink", lambda *_, **__: None)
        with pytest.raises(_StopError):
            write(db, StaticSite(OutputFolder(folder)))
    check_folder(folder, [])
    write(db, StaticSite(OutputFolder(folder)))
    assert on_disk(folder) == published(db)


def test_nothing_is_written_or_removed_through_a_link(db, folder, tmp_path):
    hold(db, TREE, 300)
    write(db, StaticSite(OutputFolder(folder)))
    hold(db, TREE, 800)
    victim = tmp_path / "victim"
    for name in (log_path(ORIGIN, "tile/entries"), log_path(ORIGIN, "tile"), "v1"):
        (folder / name).rename(victim)
        before = on_disk(victim)
        (folder / name).symlink_to(victim)
        with pytest.raises(OSError, match="is a link or a file"):
            write(db, StaticSite(OutputFolder(folder)))
        assert on_disk(victim) == before
        (folder / name).unlink()
        victim.rename(folder / name)
    write(db, StaticSite(OutputFolder(folder)))
    assert size_of(folder) == 800


@pytest.mark.parametrize("name", ["verify.html", "checkpoint", "tile/0/000"])
@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda p: p.symlink_to("x")])
def test_what_is_no_file_in_the_place_of_one_is_named(db, folder, name, make):
    hold(db, TREE, 300)
    write(db, StaticSite(OutputFolder(folder)))
    path = folder / (name if name == "verify.html" else log_path(ORIGIN, name))
    path.unlink()
    make(path)
    with pytest.raises(OSError, match=f"{name} is (a folder|not a regular file)"):
        write(db, StaticSite(OutputFolder(folder)))


def test_a_folder_that_has_more_is_never_taken_back(db, folder, tmp_path):
    hold(db, TREE, 500)
    write(db, StaticSite(OutputFolder(folder)))
    older = Database.open(tmp_path / "older")
    hold(older, TREE, 400)
    before = on_disk(folder)
    with pytest.raises(ConflictError, match="500"):
        write(older, StaticSite(OutputFolder(folder)))
    assert on_disk(folder) == before
    older.close()


def test_a_folder_with_another_history_is_not_written_over(db, folder, tmp_path):
    hold(db, TREE, 300)
    write(db, StaticSite(OutputFolder(folder)))
    other = Database.open(tmp_path / "other")
    hold(other, TREE.fork(100, OWNER.results(100, 400, votes=7)))
    before = on_disk(folder)
    with pytest.raises(ConflictError, match="another history"):
        write(other, StaticSite(OutputFolder(folder)))
    assert on_disk(folder) == before
    other.close()


@pytest.mark.parametrize("damage", [b"", b"nothing", b"\xff" * 300])
def test_a_damaged_checkpoint_is_written_again(db, folder, damage):
    hold(db, TREE, 300)
    site = StaticSite(OutputFolder(folder))
    write(db, site)
    (folder / log_path(ORIGIN, "checkpoint")).write_bytes(damage)
    (folder / log_path(ORIGIN, "tile/0/000")).unlink()
    write(db, site)
    assert on_disk(folder) == published(db)


def test_others_may_read_it_whatever_the_mask_is(db, folder):
    hold(db, TREE, 300)
    mask = os.umask(0o077)
    try:
        write(db, StaticSite(OutputFolder(folder)))
    finally:
        os.umask(mask)
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644)
