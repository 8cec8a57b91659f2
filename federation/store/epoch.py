"""What followers of the map were told, kept outside the database.

Rule: a database that comes back from a backup would give numbers of changes a second
time, for other changes, and whoever follows them would miss some without a word. So
the newest numbers lie beside the guard, in a file of their own, and at a start a
database that is below them, or of another epoch, begins a new epoch: every follower
starts again. In doubt (no file, a damaged one) it does so, too; that costs time, a
missed change costs the truth. So nothing here has to be synced.

    {"epoch":"9f86d081884c7d65","changes":{"pemilu-2024":41233}}
"""

from pathlib import Path
from typing import Final

import msgspec

from federation.decoding import parse_json
from federation.errors import FormatError
from federation.files import make_folders, write_whole
from federation.store import mapstate
from federation.store.db import Database
from federation.store.view import View

MAX_FILE_BYTES: Final = 1 << 20


class Followed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An epoch, and in it the number of each election's last change."""

    epoch: str
    changes: dict[str, int]


def read_followed(view: View) -> Followed:
    """How far the database has come."""
    rows = view.execute("SELECT election, seq FROM merge_election")
    return Followed(epoch=mapstate.epoch(view), changes=dict(rows.fetchall()))


def load_followed(path: Path) -> Followed | None:
    """What the file says, or None where there is none or a damaged one.

    Raises:
        OSError: the disk failed.
    """
    try:
        with path.open("rb") as file:
            return parse_json(file.read(MAX_FILE_BYTES), Followed)
    except (FileNotFoundError, FormatError):
        return None


def save_followed(db: Database, path: Path) -> None:
    """Write down how far the database has come; the file is the old or the new one.

    One that says so already is left alone.

    Raises:
        OSError: the disk failed.
    """
    with db.view() as view:
        here = read_followed(view)
    if here == load_followed(path):
        return
    make_folders(path.parent, 0o700)
    # Written at every change of the map, by the thread that everybody waits for; and an
    # empty file after a power cut begins a new epoch, as none at all does.
    with write_whole(path, is_synced=False) as file:
        file.write(msgspec.json.encode(here))


def renew_if_older(db: Database, path: Path) -> bool:
    """Begin a new epoch if more was told than this database knows; whether it did.

    Raises:
        OSError: the disk failed.
    """
    with db.view() as view:
        if not is_older(view, path):
            return False  # nothing is written: on a full disk that could not be
    with db.transaction() as tx:
        mapstate.renew_epoch(tx)
    return True


def is_older(view: View, path: Path) -> bool:
    """Whether followers were told more than this database knows.

    Raises:
        OSError: the disk failed.
    """
    here, told = read_followed(view), load_followed(path)
    if not any(here.changes.values()) and told is None:
        return False  # a new node: nobody was told anything
    if told is not None and here.epoch == told.epoch:
        behind = (here.changes.get(e, 0) < n for e, n in told.changes.items())
        return any(behind)
    return True
