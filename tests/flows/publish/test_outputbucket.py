"""A site in a bucket: the same files in the same order, nothing written over unseen."""

import contextlib
import hashlib
import re
import threading

import obstore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.exceptions import GenericError, PreconditionError
from obstore.store import MemoryStore

from federation.blobs.probe import PROBE
from federation.errors import ConfigError, ConflictError
from federation.feeds.resource import ABOUT, LOGS, log_path
from federation.flows.publish import folder
from federation.flows.publish.folder import StaticSite
from federation.flows.publish.outputbucket import OutputBucket
from federation.flows.publish.outputfolder import SAYS, UNFINISHED, OutputFolder
from federation.store.db import Database
from federation.tlog.checkpoint import parse_checkpoint
from federation.tlog.note import parse_note
from tests.fakes import FakeOrg
from tests.flows.publish.conftest import OURS, hold, hold_about, hold_cosignature
from tests.flows.publish.test_folder import (
    BY,
    EVERYTHING,
    ORIGIN,
    OWNER,
    TREE,
    on_disk,
    write,
)

CHECKPOINT, LAST_TILE = log_path(ORIGIN, "checkpoint"), log_path(ORIGIN, "tile/0/002")
REAL = obstore.put


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def db(db):
    """Of a node: it has said who it is."""
    hold_about(db, OWNER)
    return db


def site_in(store):
    """A process of its own: it knows nothing of what was written before."""
    return StaticSite(OutputBucket("s3://b/site", opened=store))


def objects(store):
    found = [one["path"] for page in obstore.list(store) for one in page]
    return {path: read(store, path) for path in found}


def read(store, path):
    return bytes(obstore.get(store, path).bytes())


def size_in(store):
    return parse_checkpoint(parse_note(read(store, CHECKPOINT)).text).size


def fill(store, files):
    for name, data in files.items():
        obstore.put(store, name, data)


def test_a_bucket_holds_what_a_folder_holds_at_every_size(db, store, tmp_path):
    plain, site = StaticSite(OutputFolder(tmp_path / "site")), site_in(store)
    for size in (1, 255, 256, 300, 512, 800):
        hold(db, TREE, size)
        files, count, _ = write(db, plain)
        assert write(db, site)[:2] == (files, count)
        assert objects(store) == on_disk(tmp_path / "site")


@pytest.mark.parametrize("is_same", [True, False], ids=["one process", "restarted"])
def test_an_idle_turn_writes_nothing_and_a_cosignature_one_object(db, store, is_same):
    hold(db, TREE, 600)
    site = site_in(store)
    write(db, site)
    assert write(db, site if is_same else site_in(store)) == (0, 0, 0)
    hold_cosignature(db, TREE, FakeOrg("kawalpemilu.example"))
    before = objects(store)
    assert write(db, site if is_same else site_in(store)).files == 1
    assert {p for p, data in objects(store).items() if before[p] != data} == {
        CHECKPOINT
    }


def test_each_object_says_how_long_a_copy_is_good_and_what_it_is(db, store):
    hold(db, TREE, 600)
    write(db, site_in(store))
    for path in objects(store):
        said = obstore.get(store, path).attributes
        is_full = re.search(r"/tile/.*[0-9]{3}$", path)
        name = path.rpartition("/")[2]
        stale = ", stale-while-revalidate=10, stale-if-error=604800"
        said_of = {"checkpoint": "public, max-age=1" + stale}
        said_of["verify.html"] = "public, max-age=60" + stale
        cached = said_of.get(name, "no-cache")
        if is_full:
            cached = "public, max-age=31536000, immutable"
        elif ".p/" in path:
            cached = "public, max-age=60"
        assert said["Cache-Control"] == cached, path
        media = {"checkpoint": "text/plain", "logs": "application/json"}
        media |= {"about": "text/plain", "tps-federation": "text/plain"}
        media |= {"verify.html": "text/html", "elections": "application/json"}
        begins = media.get(name, "application/octet-stream")
        assert said["Content-Type"].startswith(begins), path


class _StopError(Exception):
    pass


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stops=st.lists(st.integers(0, 14), min_size=1, max_size=4))
def test_whenever_it_ends_readers_find_a_whole_tree_and_the_next_goes_on(
    tmp_path_factory, stops
):
    """Requests go out several at a time: of each checkpoint all tiles are there."""
    below, store = tmp_path_factory.mktemp("stopped"), MemoryStore()
    db, lock = Database.open(below / "data"), threading.Lock()
    hold_about(db, OWNER)
    sizes = (300, 511, 520, 800)
    for stop, size in zip([*stops, 99], [*sizes, 800], strict=False):
        hold(db, TREE, size)
        left = [stop]

        def put(place, name, *given, left=left, **options):
            with lock:
                left[0] -= 1
            if left[0] < 0:
                raise _StopError
            done = REAL(place, name, *given, **options)
            if name in {CHECKPOINT, LOGS.path}:
                assert _holds_tree(place, size_in(place))
            return done

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(obstore, "put", put)
            with contextlib.suppress(_StopError):
                write(db, site_in(store))
        known = objects(store)
        assert not known or {UNFINISHED, LOGS.path} & known.keys()
    hold(db, TREE, 800)
    write(db, site_in(store))
    write(db, site_in(store))
    write(db, StaticSite(OutputFolder(below / "site")))
    assert objects(store) == on_disk(below / "site")
    db.close()


def _holds_tree(store, size):
    wanted = [f"{n:03}" for n in range(size // 256)]
    wanted += [f"{size // 256:03}.p/{size % 256}"] if size % 256 else []
    kinds = ("tile/0", "tile/entries")
    there = objects(store)
    return all(log_path(ORIGIN, f"{k}/{n}") in there for k in kinds for n in wanted)


@pytest.mark.parametrize("path", [LAST_TILE, log_path(ORIGIN, "tile/entries/000")])
def test_another_object_in_the_place_of_a_tile_ends_it_again_and_again(db, store, path):
    hold(db, TREE, 800)
    fill(store, {path: b"another history", UNFINISHED: SAYS})
    for _ in range(2):
        with pytest.raises(ConflictError, match=f"another {path}"):
            write(db, site_in(store))
        assert read(store, path) == b"another history"
        assert CHECKPOINT not in objects(store)
        assert LOGS.path not in objects(store)


def test_more_tiles_than_a_turn_has_time_for_are_taken_up_by_the_next(
    db, store, monkeypatch
):
    """No checkpoint names them before all are there; none is sent twice."""
    whole = MemoryStore()
    hold(db, TREE, 800)
    write(db, site_in(whole))
    monkeypatch.setattr(folder, "SPAN", 256)
    site, turns, files = site_in(store), 0, 0
    while CHECKPOINT not in objects(store):
        with db.view() as view:
            files += site.write(view, BY, EVERYTHING, is_over=lambda: True).files
        turns += 1
    assert (turns, site.has_more) == (4, False)
    assert objects(store) == objects(whole)
    assert files == len(objects(whole))


def test_what_was_published_is_compared_a_part_in_each_turn(db, store, monkeypatch):
    """And nothing is published above what somebody has changed."""
    hold(db, TREE, 700)
    write(db, site_in(store))
    name = log_path(ORIGIN, "tile/entries/001")
    true = read(store, name)
    fill(store, {name: true + b"x"})
    monkeypatch.setattr(folder, "SPAN", 256)
    site = site_in(store)
    hold(db, TREE, 800)
    write(db, site)
    assert (site.has_more, size_in(store)) == (True, 800)
    before = objects(store)
    for _ in range(2):
        with pytest.raises(ConflictError, match=f"another {name}"):
            write(db, site)
    assert objects(store) == before
    fill(store, {name: true})
    while site.has_more:
        assert write(db, site).files == 0


def test_what_pages_are_made_with_is_kept_a_minute_and_said_to_be_what_it_is(store):
    place = OutputBucket("s3://b/site", opened=store)
    for name in ("static/live.js", "static/icon.svg", "static/style.css"):
        place.put(name, b"x")
    place.sync()
    said = [obstore.get(store, name).attributes for name in objects(store)]
    assert {one["Cache-Control"].split(",")[1] for one in said} == {" max-age=60"}
    kinds = {one["Content-Type"].split(";")[0] for one in said}
    # A browser that is told not to guess runs no script of another type.
    assert kinds == {"text/javascript", "image/svg+xml", "text/css"}


def test_a_bucket_that_has_more_is_never_taken_back(db, store, tmp_path):
    hold(db, TREE, 500)
    write(db, site_in(store))
    older = Database.open(tmp_path / "older")
    hold(older, TREE, 400)
    before = objects(store)
    with pytest.raises(ConflictError, match="500"):
        write(older, site_in(store))
    assert objects(store) == before
    older.close()


def test_whoever_was_faster_is_not_written_over(db, store, tmp_path, monkeypatch):
    """Two nodes with one history: the slower of them finds a larger checkpoint."""
    hold(db, TREE, 300)
    site = site_in(store)
    write(db, site)
    faster = Database.open(tmp_path / "faster")
    hold(faster, TREE, 800)
    hold(db, TREE, 500)
    done = []

    def put(place, name, *given, **options):
        if name == CHECKPOINT and not done:
            done.append(name)
            write(faster, site_in(store))
        return REAL(place, name, *given, **options)

    monkeypatch.setattr(obstore, "put", put)
    with pytest.raises(ConflictError, match="somebody else"):
        write(db, site)
    assert size_in(store) == 800
    with pytest.raises(ConflictError, match="800"):
        write(db, site)
    hold(db, TREE, 800)
    write(db, site)
    assert _holds_tree(store, 800)
    faster.close()


def test_a_request_that_nobody_heard_of_again_was_ours_or_is_sent_again(
    db, store, monkeypatch
):
    """The library sends a request twice where the first answer is lost: 412 then."""
    hold(db, TREE, 300)
    site = site_in(store)

    def put(place, name, *given, **options):
        REAL(place, name, *given, **options)
        raise PreconditionError("a second time")

    with monkeypatch.context() as patch:
        patch.setattr(obstore, "put", put)
        assert write(db, site).files == 0
    assert size_in(store) == 300
    hold(db, TREE, 800)
    lost = [True]

    def breaks(place, name, *given, **options):
        done = REAL(place, name, *given, **options)
        if name == CHECKPOINT and lost.pop():
            raise GenericError("error sending request")
        return done

    monkeypatch.setattr(obstore, "put", breaks)
    with pytest.raises(OSError, match="cannot be reached"):
        write(db, site)
    write(db, site)
    assert write(db, site_in(store)).files == 0
    assert size_in(store) == 800


def test_what_somebody_took_away_is_written_again(db, store):
    hold(db, TREE, 300)
    site = site_in(store)
    write(db, site)
    before = objects(store)
    obstore.delete(store, list(before))
    write(db, site)
    assert objects(store) == before
    obstore.delete(store, log_path(ORIGIN, "tile/0/000"))
    write(db, site_in(store))
    assert objects(store) == before


def test_a_bucket_of_other_things_is_refused_and_a_probe_is_none(db, store):
    place = OutputBucket("s3://b/site", opened=store)
    assert "a published site" in place.check([])
    assert place.check([]) is None, "it is told once"
    for name in ("report.doc", "below/report.doc", f"{PROBE}.doc"):
        fill(store, {name: b"x"})
        with pytest.raises(ConfigError, match="other objects"):
            write(db, site_in(store))
        assert objects(store) == {name: b"x"}
        obstore.delete(store, name)
    fill(store, {f"{PROBE}{'0' * 16}-2": b"left by one that was killed"})
    hold(db, TREE, 300)
    write(db, site_in(store))
    assert size_in(store) == 300


def test_the_site_of_another_organisation_is_never_touched(db, store, tmp_path):
    """Whole, begun, or with ours begun in it; told by name."""
    other = FakeOrg("kawalpemilu.example")
    theirs = Database.open(tmp_path / "theirs")
    note = hold_about(theirs, other)
    hold(db, TREE, 300)
    mark = OutputBucket("s3://b/begun", opened=store)
    mark.begin(other.org)
    begun = objects(store)
    for there in (
        {ABOUT.path: note, LOGS.path: b"{}", "blob/x": b"", "verify.html": b"old"},
        begun,
        {ABOUT.path: note, UNFINISHED: begun[UNFINISHED].replace(b"kawal", b"jaga")},
        {ABOUT.path: note, UNFINISHED: SAYS},
    ):
        obstore.delete(store, list(objects(store)))
        fill(store, there)
        with pytest.raises(ConfigError, match=f"site of {other.org}"):
            write(db, site_in(store))
        assert objects(store) == there
    theirs.close()


def test_a_name_is_no_proof_that_a_site_is_ours(db, store):
    hold(db, TREE, 300)
    for there in (
        {LOGS.path: b"{}", "blob/report.doc": b"x"},
        {LOGS.path: b"{}", ABOUT.path: b"damaged"},
        {UNFINISHED: b"to do"},
    ):
        obstore.delete(store, list(objects(store)))
        fill(store, there)
        with pytest.raises(ConfigError, match="does not say whose"):
            write(db, site_in(store))
        assert objects(store) == there


def test_two_that_begin_at_once_are_not_both_let_in(store, monkeypatch):
    def put(place, name, *given, **options):
        monkeypatch.undo()
        OutputBucket("s3://b/site", opened=store).begin("kawalpemilu.example")
        return REAL(place, name, *given, **options)

    monkeypatch.setattr(obstore, "put", put)
    with pytest.raises(ConfigError, match="site of kawalpemilu"):
        OutputBucket("s3://b/site", opened=store).begin(OURS)


def test_who_never_said_who_it_is_is_known_by_the_mark(db, store):
    with db.transaction() as tx:
        tx.execute("DELETE FROM about")
    for size in (300, 800):
        hold(db, TREE, size)
        write(db, site_in(store))
        assert size_in(store) == size
        assert UNFINISHED in objects(store)
    hold_about(db, OWNER)
    write(db, site_in(store))
    assert UNFINISHED not in objects(store)


def test_below_blob_only_what_is_named_by_a_digest_goes(db, store):
    hold(db, TREE, 300)
    write(db, site_in(store))
    photo = f"blob/{'a' * 64}"
    fill(store, {photo: b"", f"{photo}.doc": b"", "blob/report": b"", "blob/a/b": b""})
    write(db, site_in(store))
    left = {name for name in objects(store) if name.startswith("blob/")}
    assert left == {f"{photo}.doc", "blob/report", "blob/a/b"}


@pytest.mark.parametrize("is_tagged", [True, False], ids=["MD5", "another tag"])
@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/001", "tile/0/003.p/32"])
def test_a_tile_changed_by_hand_is_found_by_the_next_process(
    db, store, monkeypatch, path, is_tagged
):
    """By the listing; where its tag is no MD5, by the size only."""
    hold(db, TREE, 800)
    write(db, site_in(store))
    name, gets = log_path(ORIGIN, path), []
    true = read(store, name)
    list_, get = obstore.list_with_delimiter, obstore.get

    def listed(place, prefix):
        found = list_(place, prefix)
        tagged = [
            {**one, "e_tag": f'"{hashlib.md5(read(place, one["path"])).hexdigest()}"'}
            for one in found["objects"]
        ]
        return {**found, "objects": tagged}

    def count(place, asked):
        gets.append(asked)
        return get(place, asked)

    if is_tagged:
        monkeypatch.setattr(obstore, "list_with_delimiter", listed)
    changed = bytes([true[0] ^ 1]) + true[1:] if is_tagged else true + b"x"
    fill(store, {name: changed})
    before = objects(store)
    for _ in range(2):
        with pytest.raises(ConflictError, match=f"another {name}"):
            write(db, site_in(store))
    assert objects(store) == before
    fill(store, {name: true})
    if not is_tagged:
        monkeypatch.setattr(obstore, "get", count)
    assert write(db, site_in(store)) == (0, 0, 0)
    assert not [one for one in gets if "/tile/" in one]


def test_a_tag_that_looks_like_an_md5_and_is_none_costs_a_few_readings(
    db, store, monkeypatch
):
    """Amazon's tags of what is encrypted with a key of KMS."""
    hold(db, TREE, 800)
    write(db, site_in(store))
    list_ = obstore.list_with_delimiter

    def listed(place, prefix):
        found = list_(place, prefix)
        tagged = [{**one, "e_tag": f'"{"0" * 32}"'} for one in found["objects"]]
        return {**found, "objects": tagged}

    monkeypatch.setattr(obstore, "list_with_delimiter", listed)
    assert write(db, site_in(store)) == (0, 0, 0)


def test_a_store_that_writes_over_gets_no_site(store, monkeypatch):
    def put(place, name, body, *, mode, **options):
        return REAL(place, name, body, mode="overwrite", **options)

    monkeypatch.setattr(obstore, "put", put)
    with pytest.raises(ConfigError, match="no published site"):
        OutputBucket("s3://b/site", opened=store).check([])
    assert objects(store) == {}


def test_a_turn_with_news_asks_for_what_is_new_and_little_more(db, store, monkeypatch):
    """However long the log is: a constant, and what the new records need."""
    asked = []
    for name in ("put", "get", "head", "list", "list_with_delimiter", "delete"):
        real = getattr(obstore, name)

        def call(*given, name=name, real=real, **options):
            asked.append(name)
            return real(*given, **options)

        monkeypatch.setattr(obstore, name, call)
    hold(db, TREE, 600)
    site = site_in(store)
    write(db, site)
    asked.clear()
    write(db, site)
    idle = len(asked)
    assert idle <= 6, asked
    asked.clear()
    hold(db, TREE, 610)
    with db.view() as view:
        done = site.write(view, BY, EVERYTHING)
    # Hashes, entries, the level above is as it was; checkpoint and logs.
    assert done.files == 4
    assert len(asked) <= idle + 12, asked
