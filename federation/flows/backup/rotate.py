"""Older backups give way to newer ones.

Rule: nothing goes that this program did not write: a file goes only by its name and by
what it says of itself, both of this organisation; a photograph only by the form of its
name, and when no backup in the folder names it any more. Nothing goes at all while none
of those that stay is whole.
"""

import asyncio
import re
from pathlib import Path

from federation.errors import FederationError
from federation.files import sync_folder
from federation.flows.backup.create import ENDING, locked
from federation.flows.backup.form import PHOTOS, BackupFile
from federation.flows.backup.photos import NAME, keep_only, photos_beside


def rotate_backups(folder: Path, org: str, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups of this organisation; which went.

    Raises:
        ConflictError: a backup is being made there.
        OSError: the disk failed.
    """
    with locked(folder):
        ours = list_backups(folder, org)
        stay, going = ours[:keep], ours[keep:]
        if not going or not any(_is_whole(path) for path in stay):
            return []
        for path in going:
            path.unlink()
        sync_folder(folder)
        _drop_unnamed(folder)
        return going


def list_backups(folder: Path, org: str) -> list[Path]:
    """The backups of an organisation in a folder, the newest first.

    Raises:
        OSError: the folder cannot be read.
    """
    form = re.compile(rf"{re.escape(org)}-(\d{{8}}T\d{{6}}Z)(?:-(\d+))?{ENDING}")
    found = []
    for path in folder.iterdir():
        match = form.fullmatch(path.name)
        if match and not path.is_symlink() and _org_of(path) == org:
            found.append((match[1], int(match[2] or 1), path))
    return [path for _, _, path in sorted(found, reverse=True)]


def _org_of(path: Path) -> str:
    try:
        with BackupFile(path, in_full=False) as backup:
            return backup.manifest.org
    except (FederationError, OSError):
        return ""


def _is_whole(path: Path) -> bool:
    try:
        BackupFile(path).close()
    except (FederationError, OSError):
        return False
    return True


def _drop_unnamed(folder: Path) -> None:
    """Delete the photographs that no backup here names, whosever it is."""
    if not (folder / NAME).exists():
        return
    named: set[str] = set()
    for path in folder.glob(f"*{ENDING}"):
        try:
            with BackupFile(path) as backup:
                named.update(backup.lines(PHOTOS))
        except (FederationError, OSError):
            return  # nobody knows which it needs
    asyncio.run(keep_only(photos_beside(folder), named))
