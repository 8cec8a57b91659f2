"""The machines of a cluster: an address for each, 127.0.16.1 and so on.

And the processes of one: all that work in its folder.
"""

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from tests.bucketserver import BucketServer
from tests.stories.nodes import LOOPBACK, Wire


class Host:
    """One of them: where a node of it listens, and how it reaches the bucket."""

    #: What stands before a command that is run there.
    before: tuple[str, ...] = ()
    address = LOOPBACK

    def wire_to(self, server: BucketServer):
        """Its way to the bucket, which can be cut."""
        return Wire(int(server.url.rpartition(":")[2]))


class Loopback:
    """All of them on this machine."""

    #: Who may come to the databases.
    subnet = "127.0.0.0/8"

    def __init__(self, names: Iterable[str]) -> None:
        self._hosts = {}
        for number, name in enumerate(names, 1):
            self._hosts[name] = host = Host()
            host.address = f"127.0.16.{number}"

    def host(self, name: str) -> Host:
        return self._hosts[name]

    def close(self) -> None:
        """There is nothing to end."""


def pids_below(folder: Path) -> list[int]:
    """The processes that work in a folder, or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            where = (process / "cwd").readlink()
            if where == folder or folder in where.parents:
                found.append(int(process.name))
    return found


def signal_all(folder: Path, number: int) -> None:
    """To each process that works there, until none is new."""
    told: set[int] = set()
    while new := set(pids_below(folder)) - told:
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        told |= new
        time.sleep(0.01)
