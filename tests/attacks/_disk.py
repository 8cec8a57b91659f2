"""A disk as a power cut may leave it, out of what strace saw of a process.

Rule: strict. What was synced is kept. Of what was written since to a file any part may
be there, in any order, torn at sectors; of the names that changed since (made, renamed,
removed) a first part of each disk's is there, and not the others. A file's name is
synced by its folder alone, as POSIX says and no more.

    strace -f -y -xx -s BYTES -e trace=CALLS -o FILE …  →  read_calls  →  Disk.follow
"""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, Literal, NamedTuple, TypeAlias

SECTOR: Final = 512
CALLS: Final = (
    "openat,write,pwrite64,ftruncate,fallocate,fsync,fdatasync,rename,renameat,"
    "renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,lseek,writev,pwritev"
)
STRACE: Final = ("strace", "-f", "-y", "-qq", "-xx", "-s", "4194304", "-e", "trace=")
_CALL: Final = re.compile(
    r"(?P<process>\d+) +(?P<kind>\w+)\((?P<given>.*)\)"
    r" += (?P<result>-?\d+)(?:<(?P<path>[^>]*)>)?.*"
)
_HANDLE: Final = re.compile(r"(?P<number>\d+)<(?P<path>[^>]*)>")
_QUOTED: Final = re.compile(r'"([^"]*)"')
# An offset and what is written there; at -1: the size to which it is cut.
Write: TypeAlias = tuple[int, bytes | int]


class Call(NamedTuple):
    """What one call did: to `path`, which for a rename becomes `to`, for a link too."""

    kind: str
    path: str
    data: bytes = b""
    at: int = 0
    to: str = ""


def read_calls(trace: Path, folder: Path) -> Iterator[Call]:
    """The calls that changed something below `folder`, and what was said (`say`).

    Raises:
        ValueError: threads have written at once, or in a way that is not known here.
    """
    hexed = "".join(f"\\x{byte:02x}" for byte in str(folder).encode())
    reading = _Reading(str(folder))
    with trace.open() as lines:
        for line in lines:
            found = _CALL.fullmatch(line.rstrip("\n"))
            if found is None and hexed in line:
                raise ValueError(f"two threads at once: {line[:200]}")
            if found is not None and int(found["result"]) >= 0:
                yield from reading.calls(found)


class _Reading:
    """A trace: `_places` is how far each handle has been written."""

    def __init__(self, root: str) -> None:
        self._root, self._places = root, dict[tuple[str, str], int]()

    def calls(self, found: re.Match[str]) -> Iterator[Call]:
        kind, given = found["kind"], found["given"]
        texts = [_text(one) for one in _QUOTED.findall(given)]
        if kind == "openat":
            yield from self._open(found)
        elif kind in {"rename", "link", "unlink", "mkdir"}:
            if texts[0].decode().startswith(self._root):
                yield Call(kind, texts[0].decode(), to=texts[-1].decode())
        elif handle := _HANDLE.match(given):
            path = _text(handle["path"]).decode()
            if path == "/dev/null" and kind == "write":
                yield Call("say", "", texts[0])
            elif path.startswith(self._root):
                place = found["process"], handle["number"]
                yield from self._change(found, path, place, texts)

    def _open(self, found: re.Match[str]) -> Iterator[Call]:
        path = _text(found["path"] or "").decode()
        self._places[found["process"], found["result"]] = 0
        if path.startswith(self._root) and "O_CREAT" in found["given"]:
            yield Call("make", path)
        if path.startswith(self._root) and "O_TRUNC" in found["given"]:
            yield Call("cut", path, at=0)

    def _change(
        self,
        found: re.Match[str],
        path: str,
        place: tuple[str, str],
        texts: list[bytes],
    ) -> Iterator[Call]:
        kind, result = found["kind"], int(found["result"])
        last = found["given"].rpartition(",")[2]
        if kind == "pwrite64":
            yield Call("write", path, texts[0][:result], int(last))
        elif kind == "write":
            yield Call("write", path, texts[0][:result], self._places[place])
            self._places[place] += result
        elif kind == "ftruncate":
            yield Call("cut", path, at=int(last))
        elif kind in {"fsync", "fdatasync"}:
            yield Call("sync", path)
        elif kind == "lseek":
            self._places[place] = result
        else:
            raise ValueError(f"{kind} of {path} is not known here")


def _text(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", ""))


class File:
    """What is in a file: `kept` is synced, `since` was written after that."""

    def __init__(self) -> None:
        self.kept = b""
        self.since: list[Write] = []

    def follow(self, call: Call) -> None:
        """What a call changes in it."""
        if call.kind == "sync":
            self.kept, self.since = _written(self.kept, self.since), []
        else:
            self.since.append(
                (call.at, call.data) if call.kind == "write" else (-1, call.at)
            )

    def left(self, much: str, chance: Random) -> bytes:
        """Its bytes after a power cut."""
        if not self.since or much == "none":
            return self.kept
        if much == "all":
            return _written(self.kept, self.since)
        if much == "first":
            count = chance.randrange(len(self.since) + 1)
            some = [*self.since[:count]]
            if count < len(self.since):
                some += _torn(self.since[count], chance)
            return _written(self.kept, some)
        some = []
        for one in self.since:
            lot = chance.random()
            some += [one] if lot < 0.5 else _torn(one, chance) if lot < 0.7 else []
        return _written(self.kept, some)


def _torn(one: Write, chance: Random) -> list[Write]:
    """Some of the sectors of what was written."""
    at, data = one
    if isinstance(data, int):
        return []
    cuts = range(0, len(data), SECTOR)
    if chance.random() < 0.5:
        return [(at, data[: chance.choice(cuts)])]
    kept = [cut for cut in cuts if chance.random() < 0.5]
    return [(at + cut, data[cut : cut + SECTOR]) for cut in kept]


def _written(data: bytes, some: list[Write]) -> bytes:
    if not some:
        return data
    found = bytearray(data)
    for at, what in some:
        if isinstance(what, int):
            found[what:] = bytes(max(0, what - len(found)))
        else:
            if at > len(found):
                found += bytes(at - len(found))
            found[at : at + len(what)] = what
    return bytes(found)


class Disk:
    """One file system, below an empty folder: the names in it, synced and since."""

    def __init__(self, root: Path) -> None:
        """`root` was always there."""
        self._root = str(root)
        self._kept: dict[str, Entry] = {}
        self._since: list[tuple[str, dict[str, Entry]]] = []
        self._now: dict[str, Entry] = {}

    def follow(self, call: Call) -> None:
        """What a call changes here."""
        kind, path = call.kind, call.path
        entry = self._now.get(path, "none")
        if kind == "mkdir":
            self._name(path, {path: "folder"})
        elif kind == "make":
            if entry == "none":  # else it is opened again
                self._name(path, {path: File()})
        elif kind == "unlink":
            self._name(path, {path: "none"})
        elif kind == "link":
            self._name(call.to, {call.to: entry})
        elif kind == "rename":
            self._name(path, {call.to: entry, path: "none"})
        elif isinstance(entry, File):
            entry.follow(call)
        else:
            self._sync(path)

    def left(self, much: str, chance: Random) -> dict[str, bytes]:
        """Files and their bytes after a power cut; those of a lost folder are lost."""
        names, count = dict(self._kept), len(self._since)
        if much == "none":
            count = 0
        elif much != "all" and count:
            count = chance.randrange(count + 1)
        for _, some in self._since[:count]:
            names.update(some)
        return {
            path: entry.left(much, chance)
            for path, entry in names.items()
            if isinstance(entry, File) and self._is_reached(path, names)
        }

    def _sync(self, folder: str) -> None:
        for place, names in self._since:
            if place == folder:
                self._kept.update(names)
        self._since = [one for one in self._since if one[0] != folder]

    def _name(self, path: str, names: dict[str, "Entry"]) -> None:
        self._now.update(names)
        self._since.append((path.rpartition("/")[0], names))

    def _is_reached(self, path: str, names: dict[str, "Entry"]) -> bool:
        above = path.rpartition("/")[0]
        if above == self._root:
            return True
        return names.get(above) == "folder" and self._is_reached(above, names)


Entry: TypeAlias = File | Literal["folder", "none"]
