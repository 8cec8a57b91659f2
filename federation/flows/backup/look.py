"""A backup is put back into a scratch folder, and all of it examined.

Rule: as `federation doctor --deep` does it: everything is made again from the signed
records and compared. The guard is not looked at: a backup has none. Photographs are
read where they lie, beside the file.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from federation.config.founding import load_identity_key
from federation.config.home import Home
from federation.config.peers import load_peers
from federation.config.settings import load_settings
from federation.errors import StoredError, VerificationError
from federation.flows.backup.form import (
    DATABASE,
    ORIGINALS,
    SECRETS,
    BackupFile,
)
from federation.flows.backup.manifest import BackupManifest, list_extents
from federation.flows.backup.originals import folder_of, look_at_originals
from federation.flows.backup.photos import LookedPhotos, look_at
from federation.flows.backup.place import PHOTOS_FOLDER
from federation.flows.backup.room import check_room
from federation.flows.backup.secret import MOST_BYTES, open_secrets
from federation.flows.doctor import DoctorReport, ExaminationInput, examine
from federation.profiles import load_profiles
from federation.store.db import Database
from federation.store.engine import SqlError
from federation.store.form import check_form
from federation.store.reserve import free_bytes
from federation.text import Sentence

#: The database, what is made again of it, and what it takes to upgrade it.
_COPIES = 3


class BackupReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is, and what is wrong with it.

    Attributes:
        path: Of the file.
        size: Of it, in bytes.
        manifest: What it says of itself.
        secrets: How many secret files the key opened; None: no key was given.
        photos: How many the database names, 0 where they lie in an object store; so
            many of them are not beside the file, or damaged there.
        photos_missing: See `photos`.
        photos_damaged: See `photos`.
        originals: How many originals it names; so many of them are not beside the file,
            or, which only the key tells, damaged there.
        originals_missing: See `originals`.
        originals_damaged: See `originals`.
        examined: What differs from what was signed.
    """

    path: str
    size: int
    manifest: BackupManifest
    secrets: int | None
    photos: int
    photos_missing: int
    photos_damaged: int
    originals: int
    originals_missing: int
    originals_damaged: int
    examined: DoctorReport

    @property
    def is_good(self) -> bool:
        """Whether nothing differs, and every photograph is there."""
        return self.examined.is_clean and not (
            self.photos_missing
            or self.photos_damaged
            or self.originals_missing
            or self.originals_damaged
        )


def examine_backup(
    backup: BackupFile,
    private: bytes | None,
    now: float,
    told: Callable[[int], None] = lambda _: None,
) -> BackupReport:
    """Look at all of a backup.

    Args:
        backup: Opened, so that it is whole.
        private: The key for what is secret, 32 bytes; None: that stays closed.
        now: Unix seconds.
        told: Called with the number of records and photographs that are done.

    Raises:
        VerificationError: it is damaged, or not what it says; the key does not open it.
        ConfigError: its settings cannot be used by this version.
        OSError: there is no room, or a newer version made it.
    """
    sealed = backup.place.beside(folder_of(backup.manifest.key))
    names = backup.lines(ORIGINALS)
    originals = asyncio.run(look_at_originals(names, sealed, private, told))
    secrets = None if private is None else len(open_secrets(backup, private))
    with _scratch(backup) as folder:
        put_files(backup, folder)
        settings = load_settings(folder / "federation.toml")
        home = Home(folder)
        identities = {peer.org: peer.identity for peer in load_peers(home.peers)}
        hidden = {peer.org for peer in load_peers(home.peers) if peer.hidden}
        identities[settings.org] = load_identity_key(home, settings.org)
        # To be written: one of an earlier version is brought up to date, here.
        with (
            contextlib.closing(Database.open(home.data)) as db,
            tempfile.TemporaryDirectory(dir=folder) as scratch,
        ):
            compare_logs(backup, db)
            report = examine(
                ExaminationInput(
                    db=db,
                    guard=None,
                    identities=identities,
                    profiles=load_profiles(home.elections),
                    scratch=Path(scratch),
                    now=int(now),
                    hidden=hidden,
                    progress=_steps(told),
                ),
                deep=True,
            )
            photos = LookedPhotos(0, 0, 0)
            if not backup.manifest.photo_store:
                beside = backup.place.beside(PHOTOS_FOLDER)
                photos = asyncio.run(look_at(db, beside, told))
    return BackupReport(
        path=backup.path,
        size=backup.size,
        manifest=backup.manifest,
        secrets=secrets,
        photos=photos.number,
        photos_missing=photos.missing,
        photos_damaged=photos.damaged,
        originals=originals.number,
        originals_missing=originals.missing,
        originals_damaged=originals.damaged,
        examined=report,
    )


def put_files(backup: BackupFile, folder: Path) -> None:
    """Put all of a backup but its secrets into an empty folder, as in a home.

    Raises:
        VerificationError: it is damaged.
        OSError: the disk is full or failed.
    """
    for name in backup.names():
        if name == SECRETS:
            backup.read(name, MOST_BYTES)  # by its check sum
            continue
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        backup.extract(name, path)


@contextlib.contextmanager
def _scratch(backup: BackupFile) -> Iterator[Path]:
    """An empty folder with room."""
    wanted = _COPIES * backup.unpacked
    folder = max(backup.place.scratch(), key=lambda one: free_bytes(one) or wanted)
    check_room(folder, free_bytes(folder), wanted)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=folder) as scratch:
        yield Path(scratch)


def check_database(backup: BackupFile, data: Path) -> None:
    """Refuse a database of a backup that is none of ours, or damaged.

    By its form alone, read once: what was signed is examined by `examine_backup`.

    Args:
        backup: Opened.
        data: The folder with the database that was taken out of it.

    Raises:
        VerificationError: it is none, or damaged, or has not what the file says.
        OSError: the disk failed.
    """
    with contextlib.closing(Database.open(data, readonly=True)) as db:
        try:
            with db.view() as view:
                wrong = check_form(view, deep=False)
            plan = db.plan_upgrade()
            if not wrong and plan.applied and not (plan.due or plan.unknown):
                compare_logs(backup, db)
        except (StoredError, VerificationError, SqlError) as error:
            raise _bad_database(backup) from error
    for ending in ("-wal", "-shm"):
        db.path.with_name(db.path.name + ending).unlink(missing_ok=True)
    # Of one of another version only that is known: when it is started, it is told.
    if wrong or not plan.applied:
        raise _bad_database(backup)


def compare_logs(backup: BackupFile, db: Database) -> None:
    """That the database has what the file says of it.

    Raises:
        VerificationError: it has not.
    """
    with db.view() as view:
        found = list_extents(view)
    if found != backup.manifest.logs:
        raise _bad_database(backup)


def _bad_database(backup: BackupFile) -> VerificationError:
    told = Sentence("backup.member", path=backup.path, name=DATABASE)
    return VerificationError(told)


def _steps(told: Callable[[int], None]) -> Callable[[int, int], None]:
    shown = 0

    def progress(done: int, _: int) -> None:
        nonlocal shown
        told(done - shown)
        shown = done

    return progress
