"""Folders and bundle files: everything in them is looked at, whatever is damaged."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.feeds.bundle import BundleFile, write_bundle
from federation.feeds.files import FileFeed
from federation.feeds.folder import Folder
from federation.feeds.resource import log_path
from federation.flows.audit import EXITS, AuditSource
from federation.flows.audit.extras import Listing
from federation.records.keychain import encode_keys
from federation.tlog.note import encode_notes
from federation.tlog.tile import (
    Bundle,
    Tile,
    bundles_of,
    format_tile_path,
    new_tiles,
)
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.flows.audit.conftest import (
    audit_folder,
    hex_of,
    paths_of,
    run_audit,
    trust_in,
    write_folder,
)
from tests.flows.audit.test_kinds import cosigned, kinds, receipt_of


@cache
def kept() -> tuple[Path, FakeOrg, FakeOrg]:
    """A small folder of two organisations that hold each other's logs."""
    folder = Path(mkdtemp(prefix="federation-test-"))
    one, other = FakeOrg("jagasuara.example"), FakeOrg("kawalpemilu.example")
    trees = [Tree(who).grow(who.results(0, 4)) for who in (one, other)]
    write_folder(folder, *trees)
    for tree, holder in zip(trees, (other, one), strict=True):
        origin = tree.owner.origin
        path = folder / log_path(origin, "checkpoint")
        path.write_bytes(cosigned(tree.note(), holder))
        earlier = cosigned(tree.note(3), holder)
        (folder / log_path(origin, "cosigned")).write_bytes(encode_notes([earlier]))
    return folder, one, other


def audit_kept():
    folder, one, other = kept()
    return audit_folder(folder, trust_in(one, other))


def test_a_folder_of_logs_that_hold_each_other_is_proved():
    report = audit_kept()
    assert (report.verdict, report.findings) == ("proved", ())
    assert all(len(log.held) == 1 for log in report.logs)


def flipped(at: int, bit: int):
    """The audit with one bit of one file flipped, and that file's path."""
    folder, one, other = kept()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        size = path.stat().st_size
        if at < size:
            break
        at -= size
    true = path.read_bytes()
    try:
        damaged = bytearray(true)
        damaged[at] ^= 1 << bit
        path.write_bytes(damaged)
        return audit_folder(folder, trust_in(one, other)), path, at
    finally:
        path.write_bytes(true)


def total() -> int:
    return sum(path.stat().st_size for path in kept()[0].rglob("*") if path.is_file())


def check_flip(at: int, bit: int) -> None:
    report, path, place = flipped(at, bit)
    if report.exit == 0:
        # A line whose name or key id was flipped is by nobody who is known: it is
        # lost, and that shows.
        assert path.name in {"checkpoint", "cosigned"}, (path, place)
        assert report != audit_kept() or path.name == "cosigned", (path, place)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 7))
@pytest.mark.slow
def test_no_flipped_bit_leaves_the_verdict_and_the_report_as_they_were(at, bit):
    check_flip(at % total(), bit)


@pytest.mark.long
def test_a_flip_in_every_eleventh_byte_is_found():
    for at in range(0, total(), 11):
        check_flip(at, at % 8)


@pytest.mark.parametrize("how", ["gone", "empty", "half"])
def test_every_file_gone_empty_or_half_is_found(tmp_path, how):
    folder, one, other = kept()
    copy = shutil.copytree(folder, tmp_path / "copy")
    for path in sorted(path for path in copy.rglob("*") if path.is_file()):
        true = path.read_bytes()
        if how == "gone":
            path.unlink()
        else:
            path.write_bytes(true[: len(true) // 2] if how == "half" else b"")
        report = audit_folder(copy, trust_in(one, other))
        path.write_bytes(true)
        # Earlier checkpoints need not be kept.
        is_optional = path.name == "cosigned" and how != "half"
        assert bool(report.exit) is not is_optional, path
        assert report.exit in {0, *EXITS.values()}


def test_a_file_that_nothing_names_is_told_and_changes_nothing(tmp_path, small, b):
    write_folder(tmp_path, small)
    log = tmp_path / hex_of(b.origin)
    for name in ("notes.txt", "tile/0/007", "tile/0/000.p/6"):
        (log / name).parent.mkdir(parents=True, exist_ok=True)
        (log / name).write_bytes(b"?")
    report = audit_folder(tmp_path, trust_in(b))
    assert report.exit == 0
    told = {one.detail.partition("/")[2] for one in report.findings if one.detail}
    assert {"notes.txt", "tile/0/007", "tile/0/000.p/6"} <= told


def partial(tree: Tree, start: int) -> dict[str, bytes]:
    """The files of a bundle made `--since` the bundle `start`."""
    origin, size = tree.owner.origin, tree.size
    left = {
        log_path(origin, format_tile_path(one))
        for one in (*new_tiles(0, size), *bundles_of(0, size))
        if one.index < start and (isinstance(one, Bundle) or one.level == 0)
    }
    return {path: data for path, data in paths_of(tree) if path not in left}


def test_a_bundle_made_since_is_proved_from_there_on(tmp_path, a):
    tree = Tree(a).grow(a.results(0, 699))
    write_folder(tmp_path, tree)
    status = (tmp_path / "logs").read_bytes()
    for start in (1, 2):
        path = tmp_path / f"{start}.zip"
        files = {"logs": status} | partial(tree, start)
        write_bundle(path, sorted(files.items()))
        with BundleFile(path) as bundle:
            source = AuditSource(name="z", feed=FileFeed(bundle, "z"), files=bundle)
            report = run_audit(source, trust=trust_in(a), partial=True)
            unsaid = run_audit(source, trust=trust_in(a))
        assert report.exit == 0
        assert (unsaid.verdict, unsaid.counts.get("partial")) == ("missing", None)
        log = report.logs[0]
        assert (log.from_, log.records) == (256 * start, 700 - 256 * start)
        assert "partial" in report.counts
        assert "earlier" in report.not_proved


@pytest.mark.parametrize("allowed", [True, False])
def test_a_log_of_which_no_record_is_there_is_never_proved(tmp_path, a, allowed):
    tree = Tree(a).grow(a.results(0, 511))
    assert tree.size == 512
    write_folder(tmp_path, tree)
    for path in sorted((tmp_path / hex_of(a.origin) / "tile").rglob("*")):
        if path.is_file() and "/tile/1/" not in str(path):
            path.unlink()
    report = audit_folder(tmp_path, trust_in(a), partial=allowed)
    assert (report.verdict, report.logs[0].records) == ("missing", 0)


def test_records_missing_below_a_tile_that_is_there_were_not_left_out(a):
    tree = Tree(a).grow(a.results(0, 699))
    files = partial(tree, 1)
    names = [*files, log_path(a.origin, format_tile_path(Tile(0, 0, 256)))]
    assert Listing(files).first_leaf(a.origin, 700) == 256
    assert Listing(names).first_leaf(a.origin, 700) == 0


def test_an_excerpt_is_its_receipts(tmp_path, small, b):
    items = [
        (f"{hex_of(b.origin)}/keys", dict(paths_of(small))[log_path(b.origin, "keys")])
    ]
    items += [(f"{hex_of(b.origin)}/checkpoint", small.note())]
    items += [
        (f"receipts/{b.origin}/{index}.txt", receipt_of(small, index))
        for index in (1, 3)
    ]
    path = tmp_path / "x.zip"
    write_bundle(path, sorted(items))
    with BundleFile(path) as bundle:
        report = run_audit(AuditSource(name="x", files=bundle), trust=trust_in(b))
    assert report.verdict == "proved"
    found = [one.kind for one in report.documents]
    assert sorted(found) == ["checkpoint", "keys", "receipt", "receipt"]
    assert all(one.holds for one in report.documents)


def test_two_folders_are_compared(tmp_path, grown, a):
    def source(name: str, tree: Tree) -> AuditSource:
        folder = tmp_path / name
        folder.mkdir()
        files = Folder(write_folder(folder, tree))
        return AuditSource(name=name, feed=FileFeed(files, name), files=files)

    whole, older = source("whole", grown), source("older", grown.truncate(200))
    report = run_audit(whole, older, trust=trust_in(a))
    assert report.exit == 0
    assert [one.source for one in report.findings if one.kind == "behind"] == ["older"]
    for size, at in ((300, 299), (280, 17), (200, 199)):
        other = grown.fork(at, a.results(5_000, 5_000 + size - at))
        forked = source(f"forked-{at}", other)
        report = run_audit(whole, forked, trust=trust_in(a))
        assert kinds(report) == {"forked"}
        assert report.evidence
        proof = AuditSource(name="p", document=report.evidence[0].encode())
        again = run_audit(whole, proof, trust=trust_in(a))
        assert (again.verdict, again.documents[0].holds) == ("forked", True)


def test_documents_are_judged_by_the_keys_of_another_source(tmp_path, small, a, b):
    folder = Folder(write_folder(tmp_path, small))
    whole = AuditSource(name="f", feed=FileFeed(folder, "f"), files=folder)
    record = AuditSource(name="r", document=small.leaves[2])
    old = AuditSource(name="c", document=small.note(3))
    report = run_audit(whole, record, old, trust=trust_in(b))
    assert report.verdict == "proved"
    assert [one.holds for one in report.documents] == [True, True]
    alone = run_audit(record, old, trust=trust_in(b))
    assert alone.verdict == "missing"
    bad = AuditSource(name="r", document=small.leaves[2].replace(b"100", b"900"))
    assert run_audit(whole, bad, trust=trust_in(b)).verdict == "bad-record"
    forked = AuditSource(name="c", document=small.fork(2, b.results(70, 71)).note())
    assert run_audit(whole, forked, trust=trust_in(b)).verdict == "forked"


def test_what_a_newer_chain_revokes_is_set_apart_in_an_older_source(b):
    owner = FakeOrg(b.org)
    old = Tree(owner).grow(owner.results(0, 4))
    before = FakePeer("old").show(old, keys=None)
    first = list(owner.statements)
    told = owner.restate(revoke=[(owner.records.key, 3, "stolen")])
    owner.statements.append(told)
    before.shown[owner.origin].keys = encode_keys(first)
    keys = AuditSource(name="k", document=encode_keys(owner.statements))
    report = run_audit(AuditSource(name="o", feed=before), keys, trust=trust_in(owner))
    assert (report.verdict, report.logs[0].set_apart) == ("proved", 2)
