"""The folders of the data and of the guard: there, ours, to be written."""

import contextlib
import errno
import os
import stat
from pathlib import Path

from federation.errors import ConfigError, FederationError
from federation.flows.steps import CheckStep, failed, problem_of, warned, well
from federation.node.guards import open_guard
from federation.node.house.filesystem import MOUNTS, find_mount, read_mounts
from federation.node.house.house import House
from federation.node.house.owner import name_user, tell_owner
from federation.text import Sentence
from federation.text.cause import cause_of


async def see_folders(house: House) -> CheckStep:
    """Whether this user can write where the node writes."""
    home = house.home
    folders = [home.data, home.guard]
    faults = [fault for one in folders if (fault := _fault(one)) is not None]
    facts = {"data": str(home.data), "guard": str(home.guard)}
    if faults:
        # The guard lies beside the data; what keeps from one keeps from the other.
        mend = Sentence("steps.mend-folder-other")
        if (problem := problem_of(faults[0])) in ("folder-not-ours", "no-permission"):
            mend = tell_owner(home, Path(str(faults[0].values["folder"])))
        if problem == "read-only":
            mount = find_mount(read_mounts(MOUNTS), home.data.resolve())
            point = mount.point if mount else home.data
            mend = Sentence("steps.mend-read-only", folder=home.data, mount=point)
        return failed("folders", faults[0], mend, **facts)
    if not home.data.exists() and _has_signed(house):
        seen = Sentence(
            "steps.data-gone", folder=home.data, guard=home.guard_bucket or home.guard
        )
        mend = Sentence("steps.mend-data-gone", folder=home.data)
        return failed("folders", seen, mend, **facts)
    if home.data.exists() and _is_open(home.data):
        mode = f"{stat.S_IMODE(home.data.stat().st_mode):04o}"
        seen = Sentence("steps.folder-open", folder=home.data, mode=mode)
        mend = Sentence("steps.mend-folder-open", folder=home.data)
        return warned("folders", seen, mend, **facts)
    return well("folders", Sentence("steps.folders", folder=home.data), **facts)


def _fault(folder: Path) -> Sentence | None:
    """Why nothing can be written in a folder; None: it can, or it will be made."""
    try:
        status = folder.stat()
    except FileNotFoundError:
        return _fault(folder.parent) if folder.parent != folder else None
    except OSError as error:
        return _refused(folder, error)
    if not stat.S_ISDIR(status.st_mode):
        return _refused(folder, NotADirectoryError(errno.ENOTDIR, "", str(folder)))
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return _refused(folder, OSError(errno.EROFS, "", str(folder)))
    if not os.access(folder, os.W_OK | os.X_OK):
        told = {"owner": name_user(status.st_uid), "user": name_user(os.geteuid())}
        return Sentence("steps.folder-not-ours", folder=folder, **told)
    return None


def _refused(folder: Path, error: OSError) -> Sentence:
    return Sentence("steps.folder-refused", folder=folder, reason=cause_of(error))


def _has_signed(house: House) -> bool:
    """Whether the guard knows of a log of ours that something was signed in."""
    if isinstance(house.settings, ConfigError):
        return False
    guard = open_guard(house.home)
    if house.home.guard_bucket is not None:
        # Where it cannot be asked, the examination of the data says so.
        with contextlib.suppress(FederationError):
            return any(guard.read(one) is not None for one in house.settings.origins)
        return False
    return any(guard.was_founded(origin) for origin in house.settings.origins) and any(
        house.home.guard.glob("*.guard")
    )


def _is_open(folder: Path) -> bool:
    return bool(stat.S_IMODE(folder.stat().st_mode) & 0o077)
