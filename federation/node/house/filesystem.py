"""What the folders lie on: a disk, a network, memory, a layer of a container.

Rule: what is acknowledged must be on a disk (fsync), one process writes (locks), and
what readers share with the writer lies in memory that both map. A network file system
promises none of the three as a disk does; memory and layers forget.

Source: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html;
https://sqlite.org/wal.html, "WAL does not work over a network filesystem"
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.node.house.house import House
from federation.node.house.moving import tell_move
from federation.text import Sentence

#: Where the kernel says what is mounted.
MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "ncpfs", "davfs")
)
#: Of what programs serve, those that speak to another machine.
_NETWORK_FUSE: Final = re.compile(r"fuse\.(sshfs|glusterfs|rclone|s3fs|davfs.*)")
_MEMORY: Final = frozenset(("tmpfs", "ramfs"))
_LAYERS: Final = frozenset(("overlay", "overlayfs", "aufs", "fuse.fuse-overlayfs"))
_WITHOUT_MODES: Final = frozenset(("vfat", "exfat", "msdos", "fuseblk", "ntfs3"))
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A file system and where it is mounted."""

    point: Path
    kind: str


async def see_filesystems(house: House) -> CheckStep:
    """Whether the folders lie on something that keeps what is written."""
    mounts = read_mounts(MOUNTS)
    home = house.home
    kinds = {
        folder: find_mount(mounts, folder.resolve())
        for folder in (home.data, home.guard, home.keys)
    }
    known = {folder: mount.kind for folder, mount in kinds.items() if mount}
    facts: dict[str, object] = {str(folder): kind for folder, kind in known.items()}
    if not known:
        return well("filesystem", Sentence("steps.filesystem-unknown"), **facts)
    worst: dict[tuple[str, str], list[str]] = {}
    for folder, kind in known.items():
        worst.setdefault((judge(kind), kind), []).append(str(folder))
    bad = [folder for folder, kind in known.items() if judge(kind)]
    mend = Sentence("steps.mend-filesystem", move=tell_move(home, bad))
    told = {
        name: Sentence(f"steps.filesystem-{name}", folder=", ".join(lie), kind=kind)
        for (name, kind), lie in worst.items()
        if name
    }
    if "layers" in told:
        mend = Sentence("steps.mend-filesystem-layers", home=home.folder)
    if "network" in told:
        return failed("filesystem", told["network"], mend, **facts)
    if told:
        return warned("filesystem", join(list(told.values())), mend, **facts)
    shown = ", ".join(sorted(set(known.values())))
    return well("filesystem", Sentence("steps.filesystem", kinds=shown), **facts)


def judge(kind: str) -> str:
    """What is wrong with a kind of file system: "network", "memory" …; "": nothing."""
    if _NETWORK_FUSE.fullmatch(kind):
        return "network"
    for name, kinds in (
        ("network", _NETWORK),
        ("memory", _MEMORY),
        ("layers", _LAYERS),
        ("modes", _WITHOUT_MODES),
    ):
        if kind in kinds:
            return name
    return ""


def read_mounts(path: Path) -> list[Mount]:
    """What the kernel says is mounted; nothing where there is no such file."""
    try:
        return parse_mounts(path.read_text().splitlines())
    except OSError:
        return []


def parse_mounts(lines: Iterable[str]) -> list[Mount]:
    """The mounts in the lines of a mountinfo; a later one lies over an earlier."""
    mounts = []
    for line in lines:
        before, is_whole, after = line.partition(" - ")
        fields = before.split(" ")
        if is_whole and len(fields) > 4:
            point = _ESCAPED.sub(lambda m: chr(int(m[1], 8)), fields[4])
            mounts.append(Mount(Path(point), after.split(" ")[0]))
    return mounts


def find_mount(mounts: Iterable[Mount], folder: Path) -> Mount | None:
    """The mount in which a folder lies, or will lie."""
    found: Mount | None = None
    for mount in mounts:
        if folder.is_relative_to(mount.point) and (
            found is None or len(mount.point.parts) >= len(found.point.parts)
        ):
            found = mount
    return found
