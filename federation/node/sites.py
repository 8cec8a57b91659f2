"""Where a site is written: a folder or a bucket, by the address that names it."""

from pathlib import Path

from federation.blobs.blobs import is_remote
from federation.config.home import Home
from federation.config.settings import Settings
from federation.flows.publish.outputfolder import OutputFolder
from federation.flows.publish.place import SitePlace


def open_place(
    address: str | Path, folder: Path, home: Home, settings: Settings
) -> SitePlace:
    """The place at an address; nothing is made or asked yet.

    Args:
        address: `s3://bucket/below`, or a folder.
        folder: Where an address that is a relative path begins.
        home: Of the node.
        settings: Its own, which may name a file of who asks an object store.

    Raises:
        ConfigError: that file, or the address, cannot be used.
        OSError: the address is none.
    """
    if not is_remote(str(address)):
        return OutputFolder(folder / address)
    # The library is loaded where something goes to a bucket.
    from federation.blobs.bucket import check_address  # noqa: PLC0415
    from federation.flows.backup.access import read_store_access  # noqa: PLC0415
    from federation.flows.publish.outputbucket import OutputBucket  # noqa: PLC0415

    check_address(str(address))
    file = settings.publish.store_access
    given = {} if file is None else read_store_access(home.folder / file)
    return OutputBucket(str(address), given)
