"""A backup is made: of one moment, while the node runs.

    lock → database → looked at → photographs → the rest → file → name

Rule: a file has its name only when it is whole and on the disk, with every photograph
that it names. What a killed process left is no backup, and goes at the next time.
The database comes first: keys and settings that are newer than it do no harm, older
ones would not fit it. A copy in which SQLite finds damage is no backup.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from federation.blobs.blobs import is_remote, open_blobs
from federation.config.backupkey import load_backup_public
from federation.config.home import Home
from federation.config.lastbackup import LastBackup, save_last
from federation.config.peers import list_identity_files
from federation.config.sealingkey import key_id
from federation.config.settings import Settings
from federation.errors import VerificationError
from federation.flows.backup.form import (
    BELOW,
    DATABASE,
    ORIGINALS,
    PHOTOS,
    PUBLIC,
    SECRETS,
    WRITTEN,
    has_place,
    write_backup,
)
from federation.flows.backup.manifest import BackupManifest, LogExtent, list_extents
from federation.flows.backup.originals import (
    SavedOriginals,
    folder_of,
    save_originals,
)
from federation.flows.backup.photos import (
    CopiedPhotos,
    copy_held,
)
from federation.flows.backup.place import (
    ENDING,
    PHOTOS_FOLDER,
    BackupPlace,
    free_names,
)
from federation.flows.backup.room import check_room
from federation.flows.backup.secret import collect_secrets, seal_secrets
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.form import check_form
from federation.store.reserve import free_bytes
from federation.store.upgrade import program_version
from federation.text import Sentence, quote

#: The copy, and the file that is made of it, which is smaller.
_COPIES: Final = 2


@dataclass(frozen=True, kw_only=True)
class BackupSource:
    """Whose backup it is: the home, its settings, and its database opened."""

    home: Home
    settings: Settings
    db: Database


class CreatedBackup(msgspec.Struct, frozen=True, kw_only=True):
    """What was made.

    Attributes:
        path: Of the file.
        size: Of it, in bytes, without photographs.
        manifest: What it says of itself.
        photos_new: How many photographs came to those that were beside it.
        photos_missing: How many are held by name only: gone, or damaged.
        originals_new: How many originals came to those that were beside it.
    """

    path: str
    size: int
    manifest: BackupManifest
    photos_new: int
    photos_missing: int
    originals_new: int


def create_backup(
    source: BackupSource,
    place: BackupPlace,
    now: float,
    *,
    with_annex: bool = False,
    with_originals: bool = False,
    told: Callable[[int], None] = lambda _: None,
) -> CreatedBackup:
    """Make a backup; a folder is made if it is not there.

    Args:
        source: Of what.
        place: Where.
        now: Unix seconds.
        with_annex: Sealed annexes and mail, too.
        with_originals: Original photographs, too, sealed; where there is no backup key,
            their folder is named among what was left out.
        told: Called with the number of photographs that are done, and with 0 again and
            again while the file is sent; what it raises ends it.

    Raises:
        ConflictError: another backup is being made there.
        VerificationError: the database is damaged.
        ConfigError: peers.toml, agencies.toml, the public backup key, or the place
            cannot be used, or there is more in `keys/` than a backup takes.
        OSError: a disk is full or failed, or the object store; no file was made.
    """
    site = source.settings.publish.to
    home = source.home
    public = None if site is None or is_remote(site) else home.folder / site
    place.check(home, public)
    with place.alone(), place.workshop() as work:
        check_room(work, free_bytes(work), _COPIES * source.db.size())
        copy = work / FILE_NAME
        source.db.copy_to(copy)
        db = Database.open(work, readonly=True)
        with contextlib.closing(db):
            wanted = _AskedFor(with_annex, with_originals)
            return _make(source, place, db, int(now), told, wanted)


class _AskedFor(NamedTuple):
    """What goes along only where it was asked for."""

    annex: bool
    originals: bool


def _make(
    source: BackupSource,
    place: BackupPlace,
    db: Database,
    now: int,
    told: Callable[[int], None],
    wanted: _AskedFor,
) -> CreatedBackup:
    home, settings = source.home, source.settings
    extents = _look_at(db)
    photos = asyncio.run(_copy_photos(home, db, place, told))
    public = load_backup_public(home)
    folder = home.originals if wanted.originals else None
    unsealed = {str(folder)} if folder is not None and public is None else set[str]()
    originals = _seal_originals(folder, db, place, public, told)
    secrets = collect_secrets(home, settings)
    vkeys, far = _vkeys_of(home)
    files, odd = _files_of(home, vkeys, with_annex=wanted.annex)
    manifest = BackupManifest(
        org=settings.org,
        name=settings.name,
        made_at=now,
        program=program_version(),
        logs=extents,
        photos=len(photos.digests),
        photo_store=home.blobs if is_remote(home.blobs) else "",
        originals=len(originals.digests),
        key="" if public is None else key_id(public),
        has_annex=wanted.annex,
        left_out=sorted({*secrets.left_out, *far, *odd, *unsealed}),
    )

    def members() -> Iterator[tuple[str, Path | bytes]]:
        yield from files
        if public is not None:
            yield SECRETS, seal_secrets(secrets, settings.org, now, public)
        yield PHOTOS, _lines(photos.digests)
        if originals.digests:
            yield ORIGINALS, _lines(originals.digests)
        yield DATABASE, db.path

    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    file = db.path.with_name(f"new{ENDING}")
    write_backup(file, manifest, members())
    size = file.stat().st_size
    names = free_names(settings.org, stamp)
    path = place.path_of(place.publish(file, names, lambda: told(0)))
    last = LastBackup(path=path, made_at=now, has_keys=public is not None)
    # It is made, and good: where our own disk is the full one, only that is not noted.
    with contextlib.suppress(OSError):
        save_last(home.last_backup, last)
    return CreatedBackup(
        path=path,
        size=size,
        manifest=manifest,
        photos_new=photos.new,
        photos_missing=photos.missing,
        originals_new=originals.new,
    )


def _lines(digests: list[str]) -> bytes:
    return "".join(f"{digest}\n" for digest in digests).encode()


def _look_at(db: Database) -> list[LogExtent]:
    """What is in the copy.

    Raises:
        VerificationError: SQLite finds that it is damaged.
    """
    with db.view() as view:
        if wrong := check_form(view, deep=False):
            told = Sentence("backup.database-damaged", cause=quote(wrong[0]))
            raise VerificationError(told)
        return list_extents(view)


async def _copy_photos(
    home: Home, db: Database, place: BackupPlace, told: Callable[[int], None]
) -> CopiedPhotos:
    if is_remote(home.blobs):
        return CopiedPhotos([], 0, 0)
    source = open_blobs(home.blobs, home.folder)
    return await copy_held(db, source, place.beside(PHOTOS_FOLDER), told)


def _seal_originals(
    folder: Path | None,
    db: Database,
    place: BackupPlace,
    public: bytes | None,
    told: Callable[[int], None],
) -> SavedOriginals:
    if folder is None or public is None:
        return SavedOriginals([], 0)
    target = place.beside(folder_of(key_id(public)))
    return asyncio.run(save_originals(db, folder, target, public, told))


def _vkeys_of(home: Home) -> tuple[dict[str, Path], set[str]]:
    """Identity keys of partners elsewhere than in `keys/`, by their names in a home.

    And those that cannot come along, as they lie outside of it.

    Raises:
        ConfigError: peers.toml cannot be used.
    """
    inside, outside = dict[str, Path](), set[str]()
    for path in list_identity_files(home.peers):
        if path.parent == home.keys:
            continue
        is_below = path.is_relative_to(home.folder)
        name = path.relative_to(home.folder).as_posix() if is_below else ""
        if BELOW.fullmatch(name):
            inside[name] = path
        else:
            outside.add(str(path))
    return inside, outside


def _files_of(
    home: Home, vkeys: dict[str, Path], *, with_annex: bool
) -> tuple[list[tuple[str, Path]], list[str]]:
    """Names and paths of what is there as files and no secret.

    And the paths of those whose names have no place in a backup.
    """
    found = [(name, home.folder / name) for name in WRITTEN]
    found += [(f"elections/{one.name}", one) for one in home.elections.glob("*.json")]
    public = (one for one in home.keys.iterdir() if one.suffix in PUBLIC)
    found += [(f"keys/{one.name}", one) for one in public]
    found += vkeys.items()
    for folder in (home.annex, home.mailbox) if with_annex else ():
        found += [
            (path.relative_to(home.folder).as_posix(), path)
            for path in folder.rglob("*")
        ]
    there = sorted((name, path) for name, path in found if path.is_file())
    odd = [str(path) for name, path in there if not has_place(name)]
    return [one for one in there if has_place(one[0])], odd
