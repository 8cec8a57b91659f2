"""The guard of a home: a folder, or a bucket where the settings name one."""

import os

from federation.config.home import Home
from federation.store.folderguard import FolderGuard
from federation.store.guard import Guard


def open_guard(home: Home) -> Guard:
    """The guard that this home's settings name; nothing is asked of it yet.

    Raises:
        ConfigError: the file that says who asks the bucket cannot be used.
        OSError: the address is none.
    """
    if home.guard_bucket is None:
        return FolderGuard(home.guard)
    # The library is loaded where a bucket is named.
    from federation.blobs.register import SwapRegister  # noqa: PLC0415
    from federation.flows.backup.access import read_store_access  # noqa: PLC0415
    from federation.flows.ownlog.bucketguard import BucketGuard  # noqa: PLC0415

    file = home.guard_access
    given = {} if file is None else read_store_access(home.folder / file)
    return BucketGuard(SwapRegister(home.guard_bucket, given), os.uname().nodename)
