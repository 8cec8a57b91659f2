"""An audit of peers in memory and of folders, by somebody with two fingerprints."""

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from federation.config.fingerprint import fingerprint
from federation.feeds.files import FileFeed
from federation.feeds.folder import Folder
from federation.feeds.resource import log_path
from federation.feeds.status import format_status
from federation.flows.audit import AuditSource, Trust, audit
from federation.profiles import load_shipped
from federation.records.keychain import encode_keys
from federation.tlog.tile import bundles_of, format_tile_path, new_tiles
from tests.fakes import FakeOrg, FakePeer, Tree

NOW = 1_707_915_900
PROFILES = load_shipped()


def trust_in(*orgs: FakeOrg) -> Trust:
    """The trust of somebody who was told the fingerprints of these."""
    return Trust(fingerprints=frozenset(fingerprint(one.identity.key) for one in orgs))


def run_audit(*sources: AuditSource, trust: Trust, **options):
    """The report of an audit in this process."""
    given = {"workers": None, "scratch": None, "now": NOW, "profiles": PROFILES}
    return asyncio.run(audit(sources, trust, **(given | options)))


def audit_peer(peer: FakePeer, trust: Trust, **options):
    """The report of an audit of one peer."""
    return run_audit(AuditSource(name="peer", feed=peer), trust=trust, **options)


def audit_folder(folder: Path, trust: Trust, **options):
    """The report of an audit of one folder."""
    files = Folder(folder)
    source = AuditSource(name="folder", feed=FileFeed(files, "folder"), files=files)
    return run_audit(source, trust=trust, **options)


def paths_of(tree: Tree) -> Iterable[tuple[str, bytes]]:
    """The files of a log."""
    origin, size = tree.owner.origin, tree.size
    yield log_path(origin, "checkpoint"), tree.note()
    yield log_path(origin, "keys"), encode_keys(tree.owner.statements)
    for tile in (*new_tiles(0, size), *bundles_of(0, size)):
        yield log_path(origin, format_tile_path(tile)), tree.tile(tile)


def write_folder(folder: Path, *trees: Tree) -> Path:
    """These logs as a folder of plain files."""
    peer = FakePeer("folder")
    for tree in trees:
        peer.show(tree)
    files = {"logs": format_status(peer.entries())}
    for tree in trees:
        files |= dict(paths_of(tree))
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def hex_of(origin: str) -> str:
    """The name of a log's folder."""
    return hashlib.sha256(origin.encode()).hexdigest()


@pytest.fixture(scope="session")
def a() -> FakeOrg:
    return FakeOrg("jagasuara.example")


@pytest.fixture(scope="session")
def b() -> FakeOrg:
    return FakeOrg("kawalpemilu.example")


@pytest.fixture(scope="session")
def grown(a: FakeOrg) -> Tree:
    """A log of 300 leaves: a full bundle and a partial one."""
    return Tree(a).grow(a.results(0, 299))


@pytest.fixture(scope="session")
def small(b: FakeOrg) -> Tree:
    """A log of five leaves."""
    return Tree(b).grow(b.results(0, 4))
