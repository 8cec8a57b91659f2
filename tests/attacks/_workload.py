"""What a node writes, to be watched: founding, batches, merges, a restart.

    python -m tests.attacks._workload FOLDER JOURNAL SYNCHRONOUS

It says to /dev/null, where strace hears it, what would have been acknowledged.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlite_utils

from federation.flows.merge import merge_once
from federation.flows.ownlog import begin, ingest
from federation.store import logs, migrations, sqlite
from federation.store.db import Database
from federation.store.guard import Guard
from tests.ownnode import NOW, OwnNode, own_keys, row, small_profile

ORG = "jagasuara.example"
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


def open_node(folder: Path, guard: Path) -> OwnNode:
    """The node as a start opens it."""
    keys = own_keys(ORG)
    db = Database.open(folder)
    log = begin.open_own(db, keys, small_profile())
    return OwnNode(folder, db, Guard(guard), keys, log)


def main(folder: Path) -> None:
    """Play it below an empty folder."""
    heard = os.open("/dev/null", os.O_WRONLY)

    def say(node: OwnNode) -> None:
        with node.db.view() as view:
            newest = logs.newest_checkpoint(view, node.log.log_id)
        assert newest is not None
        size, root, _ = newest
        os.write(heard, f"{size} {root.hex()}".encode())

    Guard(folder / "guard").found(own_keys(ORG).chain.origin)
    os.write(heard, b"founded")
    number = 0
    for _ in range(STARTS):
        node = open_node(folder / "data", folder / "guard")
        node.db._writer.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")  # type: ignore[union-attr]
        begin.introduce(node.db, node.guard, node.log)
        say(node)
        for batch in range(BATCHES):
            rows = [draft(number + n) for n in range(1 + batch % 3)]
            ingest.append(node.db, node.guard, node.log, rows, NOW)
            number += len(rows)
            say(node)
            if batch % 3 == 2:
                profiles = {node.log.profile.election: node.log.profile}
                while merge_once(node.db, profiles, hidden=(), now=NOW):
                    pass
        node.db.close()


if __name__ == "__main__":
    force(*sys.argv[2:4])
    main(Path(sys.argv[1]))
