"""Photographs go along in files: only to whom the gate gives them, and come back."""

import dataclasses

import msgspec
import pytest

from federation.feeds.bundle import BundleFile, write_bundle
from federation.feeds.files import FileFeed
from federation.flows.photos.fetch import take_photos
from federation.flows.photos.index import index_all
from federation.flows.publish.folder import StaticSite
from federation.flows.publish.items import Publisher, Selection
from federation.flows.publish.outputfolder import OutputFolder
from federation.flows.publish.photos import PhotoShelf, list_photos
from federation.flows.publish.readable import list_readable
from federation.records.readers import NOBODY, Partner
from federation.store import blobs as held
from federation.store import logs
from federation.store.evidence import replace_evidence
from federation.store.removals import RemovedPhoto, let_again, note_removed
from federation.store.wanted import OPENED, WantedPhoto
from tests.fetching import Wanting, digest_of, named, photo
from tests.flows.publish.conftest import settings_of
from tests.photographed import A, B, add_named

C = "c.example"
TPS = "3171010001001"
OURS, THEIRS, GONE = photo(1), photo(2), photo(3)
PARTNER = Partner(org=C, asked=A)

CALLERS = {
    "anybody": (NOBODY, False, set()),
    "anybody, photos public": (NOBODY, True, {OURS}),
    "a partner without photos": (PARTNER, False, set()),
    "a partner": (dataclasses.replace(PARTNER, sees_photos=True), False, {OURS}),
    "a partner in the audience of B": (
        dataclasses.replace(PARTNER, sees_photos=True, audiences=frozenset({B})),
        False,
        {OURS, THEIRS},
    ),
}


@pytest.fixture
def filled(db):
    """A's own photo, one of B's that is held, and one that was removed."""
    add_named(db, A, [(TPS, named(OURS, GONE))], own=True)
    add_named(db, B, [(TPS, named(THEIRS, photo(4)))])
    index_all(db)
    with db.transaction() as tx:
        tx.execute("UPDATE log SET checkpoint = ?", (b"\0",))
        for data, is_own in ((OURS, True), (THEIRS, False), (GONE, True)):
            size, digest = len(data), digest_of(data)
            held.save_blob(tx, digest, size, "image/jpeg", is_own=is_own, now=1)
        gone = RemovedPhoto(
            digest=digest_of(GONE), ground="other", reason="", org=A, removed_at=1
        )
        note_removed(tx, gone)
    return db


def listed(db, caller, *, is_public, start=lambda _log: 0):
    photos = {digest_of(data): data for data in (OURS, THEIRS, GONE)}
    shelf = PhotoShelf(photos.__getitem__, caller, is_public)
    with db.view() as view:
        found = list_photos(view, shelf, list_readable(view, NOBODY), start)
        return {path: read() for path, read in found}


@pytest.mark.parametrize("who", CALLERS)
def test_whoever_gets_the_file_gets_what_the_gate_gives(filled, who):
    caller, is_public, photos = CALLERS[who]
    expected = {f"blob/{digest_of(data)}": data for data in photos}
    assert listed(filled, caller, is_public=is_public) == expected


def test_photos_of_older_records_are_left_out(filled):
    caller = CALLERS["a partner in the audience of B"][0]
    assert listed(filled, caller, is_public=False, start=lambda _log: 1) == {}


def test_photographs_in_a_site_stay_until_they_are_not_for_all_any_more(
    filled, tmp_path
):
    """Whoever publishes without them leaves them: a node, after `export --photos`."""
    settings = settings_of(org=A)
    public = msgspec.structs.replace(settings.photos, public=True)
    settings = msgspec.structs.replace(settings, photos=public)
    photos = {digest_of(data): data for data in (OURS, THEIRS, GONE)}
    shelf = PhotoShelf(photos.__getitem__, NOBODY, is_public=True)
    folder, asked = OutputFolder(tmp_path / "site"), []
    real = folder.names
    folder.names = lambda below: (asked.append(below), real(below))[1]
    site = StaticSite(folder)

    def publish(by):
        with filled.view() as view:
            site.write(view, by, Selection())
        return {path.name for path in (tmp_path / "site/blob").glob("*")}

    with filled.transaction() as tx:
        tx.execute("UPDATE log SET checkpoint = NULL")
    assert publish(Publisher(settings, {}, photos=shelf)) == set()
    (tmp_path / "site/blob").mkdir()
    for digest in (digest_of(OURS), digest_of(THEIRS)):
        (tmp_path / "site/blob" / digest).write_bytes(photos[digest])
    plain, site = Publisher(settings, {}), StaticSite(folder)
    assert publish(plain) == {digest_of(OURS)}
    asked.clear()
    assert publish(plain) == {digest_of(OURS)}
    assert "blob" not in asked, "nothing has changed: nobody looks"
    gone = RemovedPhoto(
        digest=digest_of(OURS), ground="other", reason="", org=A, removed_at=1
    )
    with filled.transaction() as tx:
        note_removed(tx, gone)
    assert publish(plain) == set()


@pytest.mark.parametrize("how", ["removed", "unnamed", "not public"])
def test_what_not_all_may_see_any_longer_goes_with_the_next_turn_whatever_waits(
    filled, tmp_path, how
):
    """Before tiles; also where as many were let come again as were removed."""
    settings = settings_of(org=A)
    shown, hidden = (
        msgspec.structs.replace(
            settings,
            photos=msgspec.structs.replace(settings.photos, public=is_public),
        )
        for is_public in (True, False)
    )
    kept = photo(5)
    add_named(filled, "e.example", [(TPS, named(kept))], own=True)
    index_all(filled)
    with filled.transaction() as tx:
        tx.execute("UPDATE log SET checkpoint = NULL")
        held.save_blob(tx, digest_of(kept), 9, "image/jpeg", is_own=True, now=1)
        let = RemovedPhoto(
            digest="0" * 64, ground="other", reason="", org=B, removed_at=1,
            honours="ab" * 32,
        )  # fmt: skip
        note_removed(tx, let)
    site = StaticSite(OutputFolder(tmp_path / "site"))
    both = {digest_of(OURS), digest_of(kept)}

    def publish(by):
        with filled.view() as view:
            site.write(view, by, Selection())
        return {path.name for path in (tmp_path / "site/blob").glob("*")}

    publish(Publisher(shown, {}))
    (tmp_path / "site/blob").mkdir()
    for digest in both:
        (tmp_path / "site/blob" / digest).write_bytes(b"x")
    site = StaticSite(OutputFolder(tmp_path / "site"))
    assert publish(Publisher(shown, {})) == both
    with filled.transaction() as tx:
        match how:
            case "removed":
                assert let_again(tx, let.digest)
                gone = msgspec.structs.replace(let, digest=digest_of(OURS))
                note_removed(tx, gone)
            case "unnamed":
                [ours] = [log for log in logs.list_logs(tx) if log.org == A]
                replace_evidence(tx, ours.id, 0, 1, [])
    # All that is to be written waits for another turn.
    site._write_tiles = lambda *_: False
    left = {"not public": set()}.get(how, {digest_of(kept)})
    assert publish(Publisher(hidden if how == "not public" else shown, {})) == left


async def test_what_a_bundle_brings_is_held_if_it_is_what_its_name_says(tmp_path, db):
    add_named(db, B, [(TPS, named(OURS, THEIRS, GONE))])
    index_all(db)
    node = Wanting(db, tmp_path / "node")
    other = bytes([*GONE[:-1], GONE[-1] ^ 1])
    items = {digest_of(OURS): OURS, digest_of(GONE): other, digest_of(THEIRS): THEIRS}
    path = tmp_path / "night.zip"
    write_bundle(path, sorted((f"blob/{d}", data) for d, data in items.items()))
    wanted = [WantedPhoto(digest, B, OPENED, 1) for digest in items]
    with BundleFile(path) as files:
        feed = FileFeed(files, str(path))
        report = await take_photos(node.ctx, feed, wanted, node.clock.now + 60)
    assert report.fetched == 2
    assert await node.has(OURS, THEIRS)
    assert digest_of(GONE) not in node.held()
    assert node.partials() == []
