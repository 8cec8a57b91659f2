"""What a node writes, to be watched: keys, batches, merges, a new key, a restart.

    python -m tests.attacks._workload FOLDER JOURNAL SYNCHRONOUS

It says to /dev/null, where strace hears it, what would have been acknowledged.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import sqlite_utils

from federation.config import keychange
from federation.config.disk import create_file, make_folder
from federation.config.founding import Founder, FoundingReport, load_identity_key
from federation.config.home import Home
from federation.config.keystore import load_contributor_secret
from federation.errors import ConfigError
from federation.flows.merge import merge_once
from federation.flows.ownlog import begin, ingest
from federation.flows.ownlog.begin import OwnKeys
from federation.node.resources import load_own_keys
from federation.records.keychain import (
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.store import logs, migrations, sqlite
from federation.store.db import Database
from federation.store.folderguard import FolderGuard
from tests.ownnode import ELECTION, NOW, OwnNode, fixed_signer, row, small_profile
from tests.statements import next_statement

ORG = "jagasuara.example"
ORIGIN = f"{ORG}/{ELECTION}"
IDENTITY = fixed_signer(f"{ORG}/identity")  # lies in a safe, not on the node
STARTS = 2
BATCHES = 7
#: A small log is reset often.
WAL_PAGES = 40


def force(journal: str, synchronous: str) -> None:
    """What the version of SQLite would decide, and how much it waits for the disk."""
    sqlite.journal_mode = lambda *_: journal
    sqlite.SYNCHRONOUS = {journal: synchronous}


@contextlib.contextmanager
def migrated_once(expected: int) -> Iterator[None]:
    """Databases that have all their tables are not asked for each of them again."""
    migrate = migrations.migrate

    def work(database: sqlite_utils.Database) -> None:
        try:
            (held,) = database.execute(
                "SELECT count(*) FROM _sqlite_migrations"
            ).fetchone()
        except sqlite.sqlite3.OperationalError:
            held = 0
        if held < expected:
            migrate(database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "migrate", work)
        yield


def count_migrations() -> int:
    """How many a database has that is up to date."""
    return sum(len(migrations.scripts_of(name)) for name in migrations.SETS)


def draft(number: int, votes: int = 1) -> dict[str, object]:
    """A row like any other."""
    return row(f"3171011001{number:03d}", votes, 2, 3)


def found_keys(home: Home, random: Callable[[int], bytes]) -> None:
    """Make the keys of a node, as far as they are missing."""
    report = FoundingReport()
    founder = Founder(home, ORG, random, report, FolderGuard(home.guard).found)
    make_folder(home.keys)
    founder.found_keys([ORIGIN])
    public, text = home.vkey(ORG), f"{IDENTITY.key}\n".encode()
    report.ensure(public, lambda: create_file(public, text))
    founder.found_chain(ORIGIN, IDENTITY, datetime.fromtimestamp(NOW, UTC))


def change_records_key(home: Home, size: int, random: Callable[[int], bytes]) -> None:
    """Replace the key that signs records, from this size of the log on."""
    chain = keychange.load_chain(home, ORG, ORIGIN)
    key = keychange.prepare_key(home, ORG, "records", ORIGIN, random)
    (old,) = chain.record_keys(size).values()
    statement = next_statement(
        chain,
        "2024-02-15T00:00:00Z",
        add=[("records", key, size)],
        revoke=[(old, size, "replaced")],
    )
    notes = [*chain.notes, sign_statement(statement, IDENTITY)]
    keychange.publish(home, ORG, [open_chain(notes, load_identity_key(home, ORG))])


def load_keys(home: Home) -> OwnKeys:
    """The keys as a start finds them; a change that was interrupted is published again.

    Raises:
        ConfigError: one is missing or is another than it should be.
    """
    try:
        keys, chains = load_own_keys(home, ORG, [ORIGIN])
    except ConfigError:
        keychange.publish(home, ORG, [keychange.load_chain(home, ORG, ORIGIN)])
        keys, chains = load_own_keys(home, ORG, [ORIGIN])
    load_contributor_secret(home.contributor_secret)
    return OwnKeys(chains[ORIGIN], keys.log[ORIGIN], keys.records)


def open_node(home: Home) -> OwnNode:
    """The node as a start opens it."""
    keys = load_keys(home)
    db = Database.open(home.data)
    log = begin.open_own(db, keys, small_profile())
    return OwnNode(home.folder, db, FolderGuard(home.guard), keys, log)


def main(folder: Path) -> None:
    """Play it below an empty folder."""
    heard, home, chance = os.open("/dev/null", os.O_WRONLY), Home(folder), Random(1)

    def say(node: OwnNode) -> int:
        with node.db.view() as view:
            newest = logs.newest_checkpoint(view, node.log.log_id)
        assert newest is not None
        size, root, _ = newest
        os.write(heard, f"{size} {root.hex()}".encode())
        return size

    found_keys(home, chance.randbytes)
    os.write(heard, b"founded")
    number = size = 0
    for _ in range(STARTS):
        if number:
            change_records_key(home, size, chance.randbytes)
        node = open_node(home)
        node.db._writer.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")  # type: ignore[union-attr]
        begin.introduce(node.db, node.guard, node.log)
        say(node)
        for batch in range(BATCHES):
            rows = [draft(number + n) for n in range(1 + batch % 3)]
            ingest.append(node.db, node.guard, node.log, rows, NOW)
            number += len(rows)
            size = say(node)
            if batch % 3 == 2:
                profiles = {node.log.profile.election: node.log.profile}
                while merge_once(node.db, profiles, hidden=(), now=NOW):
                    pass
        node.db.close()


if __name__ == "__main__":
    force(*sys.argv[2:4])
    main(Path(sys.argv[1]))
