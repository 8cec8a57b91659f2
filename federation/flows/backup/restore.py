"""A backup becomes the home of a node.

Rule: only where nothing is, and as a whole: everything is laid out in `.restoring`
inside of the home first, and federation.toml, without which there is no node, is the
last to take its place. No guard is made: so the node that starts there is a copy, and
asks before it signs. Settings may name folders anywhere; outside of the home something
is put only where the caller says so, and only where nothing is.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from federation.blobs.blobs import is_digest, is_remote, open_blobs
from federation.config.home import Home
from federation.config.lastbackup import LastBackup, save_last
from federation.config.rewrite import set_database
from federation.config.settings import load_settings
from federation.errors import ConflictError, VerificationError
from federation.files import make_folders
from federation.flows.backup.form import (
    ORIGINALS,
    PHOTOS,
    SETTINGS,
    BackupFile,
)
from federation.flows.backup.look import check_database, put_files
from federation.flows.backup.manifest import BackupManifest
from federation.flows.backup.originals import folder_of, restore_originals
from federation.flows.backup.photos import copy_one
from federation.flows.backup.place import PHOTOS_FOLDER
from federation.flows.backup.room import check_room
from federation.flows.backup.secret import open_secrets
from federation.store.reserve import free_bytes
from federation.text import Sentence

STAGE: Final = ".restoring"
#: Originals, there; no path of a backup begins with a dot.
_OPENED: Final = ".originals"
#: What is in a folder that a disk is mounted at.
_EMPTY: Final = {STAGE, "lost+found"}


class RestoredHome(msgspec.Struct, frozen=True, kw_only=True):
    """What was put back.

    Attributes:
        folder: The home.
        manifest: What the backup said of itself.
        has_keys: Whether private keys are there.
        photos: How many photographs came along.
        photos_missing: How many are not beside the file, or damaged there.
        originals: How many originals came along.
        originals_missing: How many did not: not beside the file, damaged, no key.
    """

    folder: str
    manifest: BackupManifest
    has_keys: bool
    photos: int
    photos_missing: int
    originals: int
    originals_missing: int


@dataclass(frozen=True)
class _Target:
    """A part of the home: where it is laid out, and its place."""

    staged: Path
    place: Path


def restore_backup(
    backup: BackupFile,
    folder: Path,
    private: bytes | None,
    *,
    is_outside: bool = False,
    told: Callable[[int], None] = lambda _: None,
) -> RestoredHome:
    """Put a backup into an empty folder.

    Args:
        backup: Opened, so that it is whole.
        folder: The home; made if it is not there.
        private: The key for what is secret, 32 bytes; None: no private key comes along.
        is_outside: Whether folders outside of the home are written to.
        told: Called with the number of photographs that are done.

    Raises:
        ConflictError: something is there, or comes there just now, or a folder lies
            outside of the home.
        VerificationError: the backup is damaged, or the key does not open it.
        ConfigError: its settings cannot be used by this version.
        OSError: a disk is full or failed; the home has no federation.toml then.
    """
    secrets = {} if private is None else open_secrets(backup, private)
    make_folders(folder, 0o700)
    with _alone(folder):
        if any(one.name not in _EMPTY for one in folder.iterdir()):
            raise ConflictError(Sentence("backup.not-empty", folder=folder))
        check_room(folder, free_bytes(folder), backup.unpacked)
        with _staged(folder) as stage:
            put_files(backup, stage)
            check_database(backup, stage / "data")
            for name in (PHOTOS, ORIGINALS):
                (stage / name).unlink(missing_ok=True)
            for name, data in secrets.items():
                _put(stage / name, data)
            if load_settings(stage / SETTINGS).database is not None:
                # The file that comes is the database: that of the server may go on.
                set_database(stage / SETTINGS, None)
            home = Home.of(folder, load_settings(stage / SETTINGS))
            targets = _targets(stage, home)
            _check_places(folder, targets, is_outside=is_outside)
            _check_no_guard(backup, home, [*targets, _Target(stage, folder)])
            save_last(stage / "data" / home.last_backup.name, _came_of(backup))
            came, missing = asyncio.run(_put_photos(backup, stage, home, told))
            originals = _put_originals(backup, stage, home, private, told)
            _move(stage, folder, targets)
    return RestoredHome(
        folder=str(folder),
        manifest=backup.manifest,
        has_keys=private is not None,
        photos=came,
        photos_missing=missing,
        originals=originals,
        originals_missing=backup.manifest.originals - originals,
    )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else puts something back into this folder meanwhile; it gets no file.

    Raises:
        ConflictError: somebody does.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(
                Sentence("backup.restoring-there", folder=folder)
            ) from None
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """An empty folder inside of it, gone when the block ends."""
    stage = folder / STAGE
    if stage.exists():
        shutil.rmtree(stage)  # of a restore that was killed
    stage.mkdir(0o700)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _targets(stage: Path, home: Home) -> list[_Target]:
    """Where each folder goes, each behind the one that it may lie in."""
    targets = [
        _Target(stage / "data", home.data),
        _Target(stage / "keys", home.keys),
    ]
    if not is_remote(home.blobs):
        targets.append(_Target(stage / PHOTOS_FOLDER, home.folder / home.blobs))
    if home.originals is not None:
        targets.append(_Target(stage / _OPENED, home.originals))
    return sorted(targets, key=lambda one: len(one.place.parts))


def _check_places(folder: Path, targets: list[_Target], *, is_outside: bool) -> None:
    root = folder.resolve()
    for target in targets:
        place = target.place.resolve()
        if place == root:
            raise ConflictError(Sentence("backup.not-empty", folder=place))
        if not place.is_relative_to(root):
            if not is_outside:
                raise ConflictError(Sentence("backup.outside", folder=place))
            if place.exists() and any(place.iterdir()):
                raise ConflictError(Sentence("backup.not-empty", folder=place))


def _check_no_guard(backup: BackupFile, home: Home, targets: list[_Target]) -> None:
    """That nothing comes to where the settings say that the guard lies."""
    for target in targets:
        if home.guard.is_relative_to(target.place):
            guard = target.staged / home.guard.relative_to(target.place)
            for path in guard.glob("*.guard"):
                name = path.relative_to(target.staged).as_posix()
                told = Sentence("backup.bad-name", path=backup.path, name=repr(name))
                raise VerificationError(told)


def _came_of(backup: BackupFile) -> LastBackup:
    """What the new home knows of backups: the one that it is made of is whole."""
    manifest = backup.manifest
    return LastBackup(
        path=backup.path,
        made_at=manifest.made_at,
        has_keys=bool(manifest.key),
    )


async def _put_photos(
    backup: BackupFile, stage: Path, home: Home, told: Callable[[int], None]
) -> tuple[int, int]:
    """How many came, and how many are missing."""
    if is_remote(home.blobs):
        return 0, 0
    source, target = (
        backup.place.beside(PHOTOS_FOLDER),
        open_blobs(PHOTOS_FOLDER, stage),
    )
    came, missing = 0, 0
    for digest in backup.lines(PHOTOS):
        if is_digest(digest) and await copy_one(source, target, digest):
            came += 1
        else:
            missing += 1
        told(1)
    return came, missing


def _put_originals(
    backup: BackupFile,
    stage: Path,
    home: Home,
    private: bytes | None,
    told: Callable[[int], None],
) -> int:
    """How many came; none without the key, or where the settings name no folder."""
    if private is None or home.originals is None or not backup.manifest.originals:
        return 0
    names, sealed = backup.lines(ORIGINALS), folder_of(backup.manifest.key)
    found = asyncio.run(
        restore_originals(
            names, backup.place.beside(sealed), private, stage / _OPENED, told
        )
    )
    return found.number - found.missing - found.damaged


def _move(stage: Path, folder: Path, targets: list[_Target]) -> None:
    for target in targets:
        if target.staged.exists():
            make_folders(target.place.parent)
            with contextlib.suppress(OSError):
                target.place.rmdir()  # so that it gets the mode of what was laid out
            _merge(target.staged, target.place)
    for path in sorted(stage.iterdir()):
        if path.name != SETTINGS:
            _merge(path, folder / path.name)
    os.sync()
    (stage / SETTINGS).rename(folder / SETTINGS)
    os.sync()


def _merge(path: Path, place: Path) -> None:
    """Move something to its place; a folder may be there, made by what came before."""
    if not (path.is_dir() and place.is_dir()):
        shutil.move(path, place)
        return
    for below in path.iterdir():
        _merge(below, place / below.name)
