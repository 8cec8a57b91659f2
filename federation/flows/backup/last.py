"""The newest backup that was made whole, kept beside the database.

Rule: in a file of its own, as the command makes one while the node writes the database;
and what it says must be known when the folder of the backups is not there.
"""

from pathlib import Path

import msgspec

from federation.decoding import parse_json
from federation.errors import FormatError
from federation.files import write_whole


class LastBackup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it lies, when it was made, Unix seconds, and whether it has the keys."""

    path: str
    made_at: int
    has_keys: bool


def read_last(path: Path) -> LastBackup | None:
    """What is known; None: there was none, or the file is damaged.

    Raises:
        OSError: the disk failed.
    """
    try:
        return parse_json(path.read_bytes(), LastBackup)
    except (FileNotFoundError, FormatError):
        return None


def save_last(path: Path, last: LastBackup) -> None:
    """Remember it.

    Raises:
        OSError: the disk is full or failed.
    """
    with write_whole(path, 0o600) as file:
        file.write(msgspec.json.encode(last))
