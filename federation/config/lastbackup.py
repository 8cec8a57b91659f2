"""The newest backup that was made whole, kept beside the database.

Rule: in a file of its own, as the command makes one while the node writes the database;
and what it says must be known when the folder of the backups is not there. A home that
was made of a backup names that one.
"""

from pathlib import Path
from typing import Final

import msgspec

from federation.config.settings import BackupSettings
from federation.decoding import parse_json
from federation.errors import FormatError
from federation.files import write_whole

#: So many intervals may pass before it is told as late.
_LATE: Final = 2
_HOUR_S: Final = 3_600


class LastBackup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it lies, when it was made, Unix seconds, and whether it has the keys."""

    path: str
    made_at: int
    has_keys: bool


def is_overdue(last: LastBackup, settings: BackupSettings, now: float) -> bool:
    """Whether the clock should have made another one by now, Unix seconds."""
    late_s = _LATE * settings.every_h * _HOUR_S
    return settings.to is not None and now - last.made_at > late_s


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
