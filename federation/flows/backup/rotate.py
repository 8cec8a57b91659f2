"""Older backups give way to newer ones.

Rule: nothing goes that this program did not write: a file goes only by its name and by
what it says of itself, both of this organisation; a photograph only by the form of its
name, and when no backup in the folder names it any more. Nothing goes at all while none
of those that stay is whole. The one that was made last is the newest, whatever the
clock says: of the others, those that name a later time than it does were given it by a
clock that was ahead, and go first.
"""

import asyncio
import re

from federation.errors import FederationError
from federation.flows.backup.form import ORIGINALS, PHOTOS, BackupFile
from federation.flows.backup.manifest import BackupManifest
from federation.flows.backup.originals import folder_of
from federation.flows.backup.photos import keep_only
from federation.flows.backup.place import ENDING, PHOTOS_FOLDER, BackupPlace


def rotate_backups(place: BackupPlace, org: str, keep: int, newest: str) -> list[str]:
    """Delete all but the newest `keep` backups of this organisation; which went.

    Args:
        place: Where.
        org: Whose.
        keep: So many stay, at least 1.
        newest: The path of the one that was made last.

    Raises:
        ConflictError: a backup is being made there.
        OSError: the disk failed, or the object store.
    """
    with place.alone():
        ours = list_backups(place, org)
        last = [name for name in ours if place.path_of(name) == newest]
        ahead = ours[: ours.index(last[0])] if last else []
        ours = [*last, *ours[len(ahead) + len(last) :], *ahead]
        stay, going = ours[:keep], ours[keep:]
        if not going or not any(_is_whole(place, name) for name in stay):
            return []
        manifests = (_manifest_of(place, name) for name in ours)
        keys = {manifest.key for manifest in manifests if manifest is not None}
        place.delete(going)
        _drop_unnamed(place, keys)
        return going


def list_backups(place: BackupPlace, org: str) -> list[str]:
    """The names of an organisation's backups in a place, the latest first.

    Raises:
        OSError: the place cannot be read.
    """
    form = re.compile(rf"{re.escape(org)}-(\d{{8}}T\d{{6}}Z)(?:-(\d+))?{ENDING}")
    found = []
    for name in place.names():
        match = form.fullmatch(name)
        manifest = _manifest_of(place, name) if match else None
        if match and manifest is not None and manifest.org == org:
            found.append((match[1], int(match[2] or 1), name))
    return [name for _, _, name in sorted(found, reverse=True)]


def _manifest_of(place: BackupPlace, name: str) -> BackupManifest | None:
    try:
        with BackupFile(place, name, in_full=False) as backup:
            return backup.manifest
    except (FederationError, OSError):
        return None


def _is_whole(place: BackupPlace, name: str) -> bool:
    try:
        BackupFile(place, name).close()
    except (FederationError, OSError):
        return False
    return True


def _drop_unnamed(place: BackupPlace, keys: set[str]) -> None:
    """Delete the photographs that no backup here names, whosever it is.

    Also originals that are sealed for one of these keys.
    """
    named: set[str] = set()
    originals = {key: set[str]() for key in keys if key}
    for name in place.names():
        try:
            # What it names has a check sum of its own: not all of it is read for that.
            with BackupFile(place, name, in_full=False) as backup:
                named.update(backup.lines(PHOTOS))
                if backup.manifest.key in originals:
                    originals[backup.manifest.key].update(backup.lines(ORIGINALS))
        except (FederationError, OSError):
            return  # nobody knows which it needs
    asyncio.run(keep_only(place.beside(PHOTOS_FOLDER), named))
    for key, sealed in originals.items():
        asyncio.run(keep_only(place.beside(folder_of(key)), sealed))
