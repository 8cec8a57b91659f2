"""A database that holds logs of several organisations, as a node leaves it."""

import pytest

from federation.config.settings import Settings
from federation.errors import NotFoundError
from federation.feeds.files import FileFeed
from federation.flows.publish.items import Publisher
from federation.records.about import About, OfferedLog, sign_about
from federation.store import cosignatures, keystatements, logs
from federation.store.db import Database
from federation.tlog.cosignature import cosign
from federation.tlog.merkle import hash_leaf
from federation.tlog.note import format_signature, parse_note
from tests import mirrored
from tests.fakes import ELECTION, FakeOrg, Tree

OURS = "jagasuara.example"
NOW = 1_707_915_900


def settings_of(org: str = OURS, elections: tuple[str, ...] = (ELECTION,)) -> Settings:
    return Settings(org=org, name="Jaga Suara", contact="x", elections=list(elections))


def hold(db: Database, tree: Tree, size: int | None = None) -> None:
    """Put the first `size` leaves of this tree into the database, completed."""
    size = tree.size if size is None else size
    origin = tree.owner.origin
    with db.transaction() as tx:
        log = logs.add_log(tx, origin, own=False)
        new = tree.leaves[log.next_index : size]
        hashes = list(map(hash_leaf, new))
        root = tree.checkpoint(size).root
        logs.append_leaves(tx, log.id, log.next_index, new, hashes)
        mirrored.hold(tx, log, tree.note(size), root)
        keystatements.save_keys(tx, log.id, tree.owner.statements)


def hold_about(db: Database, owner: FakeOrg) -> bytes:
    about = About(
        attribution="", audience=(), contact="x", identity=str(owner.identity.key),
        issue=1, licence="CC-BY-4.0",
        logs=(OfferedLog(origin=owner.origin, visibility="public"),),
        name=owner.org, org=owner.org, versions=(1,),
    )  # fmt: skip
    note = sign_about(about, owner.node)
    with db.transaction() as tx:
        keystatements.save_about(tx, owner.org, 1, note)
    return note


def hold_cosignature(db: Database, tree: Tree, by: FakeOrg, time: int = NOW) -> None:
    """`by` confirms the checkpoint that is held of this tree."""
    with db.transaction() as tx:
        log = logs.get_log(tx, tree.owner.origin)
        line = cosign(parse_note(log.checkpoint).text, by.mirror, time)
        cosignatures.save_cosignature(
            tx, log.id, log.size, format_signature(line), by.mirror.key, time
        )


class InMemory:
    """`Files` out of a mapping."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def read(self, path, max_bytes):
        if path not in self.files:
            raise NotFoundError(path)
        assert len(self.files[path]) <= max_bytes
        return self.files[path]

    def names(self):
        return iter(sorted(self.files))


def feed_of(files: dict[str, bytes]) -> FileFeed:
    return FileFeed(InMemory(files), "test")


@pytest.fixture
def publisher():
    return Publisher(settings_of(), {})
