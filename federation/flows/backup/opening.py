"""A place of backups, and a backup there, by the address that somebody typed."""

from collections.abc import Mapping
from pathlib import Path

from federation.blobs.blobs import is_remote
from federation.blobs.bucket import check_address
from federation.config.home import Home
from federation.config.settings import Settings
from federation.flows.backup.access import read_store_access
from federation.flows.backup.bucket import BucketPlace
from federation.flows.backup.folder import FolderPlace
from federation.flows.backup.form import BackupFile
from federation.flows.backup.place import BackupPlace


def place_for(home: Home, settings: Settings, address: str | Path) -> BackupPlace:
    """Where backups of a home are made.

    Args:
        home: Whose.
        settings: Its settings, which may name a file of who asks an object store.
        address: `s3://bucket/below`, or a folder, relative to the home.

    Raises:
        ConfigError: that file, or the address, cannot be used.
        OSError: the address is none.
    """
    if not is_remote(str(address)):
        return FolderPlace(home.folder.absolute() / address)
    check_address(str(address))
    file = settings.backup.store_access
    given = {} if file is None else read_store_access(home.folder / file)
    return BucketPlace(str(address), given, work=home.data)


def open_backup(
    path: str | Path, given: Mapping[str, str] | None = None, *, in_full: bool = True
) -> BackupFile:
    """A backup, as `BackupFile` opens it; `given` as in `BucketPlace`."""
    if is_remote(str(path)):
        check_address(str(path))
        address, _, name = str(path).rpartition("/")
        return BackupFile(BucketPlace(address, given), name, in_full=in_full)
    file = Path(path).absolute()
    return BackupFile(FolderPlace(file.parent), file.name, in_full=in_full)
