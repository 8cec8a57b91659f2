"""The machines of a cluster: an address for each, and a way to run something there.

`Loopback` has all of them on this machine, 127.0.16.1 and so on. `Networked` has each
in a network namespace of its own behind a router: a way between two can be cut, and
what is sent then vanishes without a word, as with a cable that is pulled. For that the
program is in a namespace of its own (`enter_network`), so that nothing of this
machine's network is touched, and nothing of it stays.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bucketserver import BucketServer
from tests.stories.nodes import LOOPBACK, Wire
from tests.waiting import wait_until

_INSIDE = "FEDERATION_TESTS_NETWORK"
#: With these a process is in a network of its own: as root, and as anybody else.
_AS_ROOT = ("unshare", "--net")
_AS_USER = ("unshare", "--user", "--map-current-user", "--keep-caps", "--net")


class Host:
    """One of them: where a node of it listens, and how it reaches the bucket."""

    #: What stands before a command that is run there.
    before: tuple[str, ...] = ()
    address = LOOPBACK

    def wire_to(self, server: BucketServer):
        """Its way to the bucket, which can be cut."""
        return Wire(int(server.url.rpartition(":")[2]))


class Near(Host):
    """One whose way to the bucket nobody cuts."""

    def wire_to(self, server: BucketServer):
        return _Plain(server.url)


class _Plain:
    """The bucket's own address, as a `Wire`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def close(self) -> None:
        """There is nothing to end."""


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


class Networked:
    """Each in a namespace, this program is at the router between them."""

    subnet = "10.16.0.0/16"

    def __init__(self, names: Iterable[str]) -> None:
        self._hosts: dict[str, _Namespace] = {}
        self._cut: set[tuple[str, str]] = set()
        _ip("link", "set", "lo", "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        for number, name in enumerate(names, 1):
            self._hosts[name] = _Namespace(self, name, number)

    def host(self, name: str) -> "_Namespace":
        return self._hosts[name]

    def cut(self, one: str, others: Iterable[str]) -> None:
        """Nothing comes from one to any of the others, nor back, and nobody is told."""
        for pair in self._pairs(one, others):
            if pair not in self._cut:
                self._cut.add(pair)
                self._rule("add", pair)

    def mend(self, one: str, others: Iterable[str]) -> None:
        for pair in self._pairs(one, others):
            if pair in self._cut:
                self._cut.remove(pair)
                self._rule("del", pair)

    def mend_all(self) -> None:
        for pair in list(self._cut):
            self._cut.remove(pair)
            self._rule("del", pair)

    def close(self) -> None:
        for one in self._hosts.values():
            one.close()

    def _pairs(self, one: str, others: Iterable[str]) -> Iterator[tuple[str, str]]:
        for other in others:
            if other != one:
                yield from ((one, other), (other, one))

    def _rule(self, verb: str, pair: tuple[str, str]) -> None:
        source, goal = (self._hosts[name].address for name in pair)
        _ip("rule", verb, "from", source, "to", goal, "priority", "100", "blackhole")


class _Namespace(Host):
    """A machine with one cable, to the router."""

    def __init__(self, network: Networked, name: str, number: int) -> None:
        self.name, self._network = name, network
        self.address, gateway = f"10.16.{number}.2", f"10.16.{number}.1"
        # It ends with this program, however that ends, and its network with it.
        words = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "1d"]
        self._holder = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        there = Path(f"/proc/{self._holder.pid}/ns/net")
        ours = Path("/proc/self/ns/net").readlink()
        wait_until(lambda: there.readlink() != ours, f"the network of {name}")
        self.before = ("nsenter", f"--net={there}", "--")
        cable = f"cable{number}"
        _ip("link", "add", cable, "type", "veth", "peer", "name", f"end{number}")
        _ip("link", "set", f"end{number}", "netns", str(self._holder.pid))
        _ip("address", "add", f"{gateway}/24", "dev", cable)
        _ip("link", "set", cable, "up")
        self._ip("link", "set", "lo", "up")
        self._ip("address", "add", f"{self.address}/24", "dev", f"end{number}")
        self._ip("link", "set", f"end{number}", "up")
        self._ip("route", "add", "default", "via", gateway)

    def wire_to(self, server: BucketServer):
        return _Way(self._network, self.name, server)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()

    def _ip(self, *words: str) -> None:
        _call(*self.before, "ip", *words)


class _Way:
    """From one machine to the one with the bucket: what `Wire` is on loopback."""

    def __init__(self, network: Networked, name: str, server: BucketServer) -> None:
        self.url, self._network, self._name = server.url, network, name

    def cut(self) -> None:
        self._network.cut(self._name, ["bucket"])

    def mend(self) -> None:
        self._network.mend(self._name, ["bucket"])

    def close(self) -> None:
        self.mend()


def why_no_network() -> str:
    """Why this machine lets nobody have a network of his own; "" where it does."""
    if os.environ.get(_INSIDE):
        return ""
    try:
        _call(*_words(), "ip", "link", "add", "end1", "type", "veth")
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or b""
        return said.decode().strip() or str(error)
    return ""


def enter_network() -> None:
    """Begin the program anew in a network of its own, unless it is in one.

    Raises:
        OSError, subprocess.CalledProcessError: this machine does not allow it.
    """
    if os.environ.get(_INSIDE):
        return
    words = [*_words(), sys.executable, *sys.orig_argv[1:]]
    sys.stdout.flush()
    os.execvpe(words[0], words, {**os.environ, _INSIDE: "1"})


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


def _words() -> tuple[str, ...]:
    return _AS_ROOT if os.geteuid() == 0 else _AS_USER


def _ip(*words: str) -> None:
    _call("ip", *words)


def _call(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
