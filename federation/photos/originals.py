"""Photographs as they came: kept by the organisation that took them, or not at all.

Rule: they hold what the shared copy must not (where, when, by which telephone), so they
lie in a folder of their own that only the node's user may look into, apart from what
partners may be handed, and nothing that serves, exports or publishes knows of it. Each
has its SHA-256 for a name, and is there whole or not at all.

    ab/ab34…   the first two of 64 hex digits, then all of them; 0600 in 0700
"""

from pathlib import Path

from federation.files import make_folders, write_durably

_FILE, _FOLDER = 0o600, 0o700


def keep_original(folder: Path, digest: str, data: bytes) -> bool:
    """Keep an original, durably; False: it was there.

    Args:
        folder: Of all originals; made if it is not there.
        digest: Hex SHA-256 of the bytes.
        data: The bytes.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / digest[:2] / digest
    if path.is_file() and path.stat().st_size == len(data):
        return False
    make_folders(folder, _FOLDER)
    make_folders(path.parent, _FOLDER)
    with write_durably(path, _FILE) as file:
        file.write(data)
    return True


def drop_original(folder: Path, digest: str) -> None:
    """Keep an original no longer; one that is not there is no fault.

    Raises:
        OSError: it cannot be deleted.
    """
    (folder / digest[:2] / digest).unlink(missing_ok=True)
