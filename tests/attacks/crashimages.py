"""Power cuts: disks as one may leave them, each opened as a start opens it.

What a node writes is watched by strace: key files, batches, merges, a new key, a
restart. At every call a power cut is played: what was synced is kept, of the rest any
part is there, torn at sectors, names too (`_disk.py`). Each image is opened, settled
and written on; keys that were not all made are made, a change of keys that was
interrupted is published again. None may have lost a key or what was acknowledged, hold
another root for a size that was shown, or be unable to go on without a partner or an
operator.

    wal        as usual                          --guard-elsewhere: the guard lies on a
    journal    the rollback journal                disk of its own, which loses other
                                                   writes than the database's
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from federation.config.disk import PRIVATE_FILE, PRIVATE_FOLDER
from federation.config.home import Home
from federation.errors import FederationError
from federation.flows.ownlog import begin, ingest
from federation.flows.ownlog.reconcile import PeersAsked, reconcile
from federation.store import leaves, logs
from federation.tlog.merkle import Frontier, hash_leaf
from tests.attacks._disk import CALLS, STRACE, Call, Disk, read_calls
from tests.attacks._workload import (
    count_migrations,
    draft,
    force,
    found_keys,
    migrated_once,
    open_node,
)
from tests.ownnode import NOW

JOURNALS: Final = {"wal": ("WAL", "FULL"), "journal": ("DELETE", "EXTRA")}
MUCH: Final = ("none", "all", "first", "first", "some", "some", "some")
_HERE: Final = re.compile(rb"^here \d+ \d+$", re.MULTILINE)


class Image(NamedTuple):
    """What a power cut left, and what had been promised by then."""

    files: dict[str, bytes]
    shown: dict[int, bytes]
    is_founded: bool


class Opened(NamedTuple):
    """What became of an image: the roots it holds, or why it cannot go on."""

    roots: dict[int, bytes]
    stuck: str = ""


class Found(NamedTuple):
    """How many images there were, and how many of them were bad, and why."""

    counts: dict[str, int]
    why: Counter[str]

    @property
    def is_bad(self) -> bool:
        """Whether anything was lost, forked or stuck."""
        return any(self.counts[name] for name in ("lost", "forks", "stuck"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many images, and of what."""
    parser.add_argument("--kind", choices=JOURNALS, default="wal")
    parser.add_argument("--guard-elsewhere", action="store_true")
    parser.add_argument("--synchronous", help="instead of what the node sets")
    parser.add_argument("--images", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)


def run(asked: argparse.Namespace) -> int:
    """Play it; 1 if anything was lost, forked or stuck."""
    journal, synchronous = JOURNALS[asked.kind]
    force(journal, asked.synchronous or synchronous)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        folder = Path(name)
        calls = watch(folder, journal, asked.synchronous or synchronous)
        found = examine(
            folder, calls, asked.images, Random(asked.seed), apart=asked.guard_elsewhere
        )
    where = "on another disk" if asked.guard_elsewhere else "beside the database"
    lines = [
        f"{asked.kind} {asked.synchronous or synchronous}, guard {where}",
        f"{len(calls)} calls, {time.monotonic() - began:.0f} s",
        *(f"{name:>9} {count:7,}" for name, count in found.counts.items()),
        *(f"{'':9} {count:7,} {why}" for why, count in found.why.most_common(5)),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(found.is_bad)


def watch(folder: Path, journal: str, synchronous: str) -> list[Call]:
    """What a node wrote below `folder`, call by call.

    Raises:
        FileNotFoundError: strace is not installed.
        subprocess.CalledProcessError: it may not look, or the node failed.
    """
    (folder / "home").mkdir()
    traced = [*STRACE[:-1], STRACE[-1] + CALLS, "-o", str(folder / "trace")]
    work = [sys.executable, "-m", "tests.attacks._workload", str(folder / "home")]
    subprocess.run([*traced, *work, journal, synchronous], check=True)
    return list(read_calls(folder / "trace", folder / "home"))


def examine(
    folder: Path, calls: list[Call], count: int, chance: Random, *, apart: bool
) -> Found:
    """Open `count` images; equal ones once."""
    place, home = folder / "image", folder / "home"
    known: dict[bytes, Opened] = {}
    totals: Counter[str] = Counter()
    why: Counter[str] = Counter()
    with migrated_once(count_migrations()):
        for image in cut(home, calls, count, chance, apart=apart):
            names = repr((image.is_founded, sorted(image.files)))
            key = hashlib.blake2b(names.encode(), digest_size=16)
            for path in sorted(image.files):
                key.update(hashlib.blake2b(image.files[path]).digest())
            digest = key.digest()
            if digest not in known:
                lay(
                    place,
                    {path[len(str(home)) :]: d for path, d in image.files.items()},
                )
                known[digest] = open_image(place, is_founded=image.is_founded)
            totals["images"] += 1
            for verdict, reason in judge(known[digest], image.shown):
                totals[verdict] += 1
                why[f"{verdict}: {reason}"] += 1
    totals["distinct"] = len(known)
    names = ("images", "distinct", "lost", "forks", "stuck")
    return Found({name: totals[name] for name in names}, why)


def cut(
    home: Path, calls: list[Call], count: int, chance: Random, *, apart: bool
) -> Iterator[Image]:
    """Images at moments spread evenly over the calls."""
    disks = [Disk(home), Disk(home)] if apart else [Disk(home)]
    shown: dict[int, bytes] = {}
    is_founded, done = False, 0
    for number, call in enumerate(calls):
        if call.kind == "say":
            is_founded = True
            size, _, root = call.data.decode().partition(" ")
            if root:
                shown = {**shown, int(size): bytes.fromhex(root)}
        else:
            is_guard = call.path.startswith(str(home / "guard"))
            # The folder that both lie in is synced for both.
            for disk in (
                disks if call.path == str(home) else [disks[is_guard and apart]]
            ):
                disk.follow(call)
        due = count * (number + 1) // len(calls)
        for _ in range(due - done):
            files: dict[str, bytes] = {}
            for disk in disks:
                files |= disk.left(chance.choice(MUCH), chance)
            yield Image(files, shown, is_founded)
        done = due


def lay(place: Path, files: dict[str, bytes]) -> None:
    """The image as files; what was written here is here still, whatever its inode."""
    shutil.rmtree(place, ignore_errors=True)
    (place / "guard").mkdir(parents=True)
    for name, data in files.items():
        path = place / name.lstrip("/")
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        path.touch(PRIVATE_FILE)
        with path.open("wb") as file:
            if name.startswith("/guard/"):
                made = path.stat()
                line = f"here {made.st_ino} {int(made.st_ctime)}".encode()
                data = _HERE.sub(line, data)  # noqa: PLW2901
            file.write(data)


def open_image(place: Path, *, is_founded: bool) -> Opened:
    """What a start makes of an image, and whether the log can go on."""
    try:
        if not is_founded:
            found_keys(Home(place), Random(2).randbytes)
        node = open_node(Home(place))
    except (FederationError, OSError) as error:
        return Opened({}, f"{type(error).__name__}: {_plain(error)}")
    try:
        log = node.log
        found = reconcile(node.db, node.guard, log, [], PeersAsked(0, 0), NOW)
        if found.action != "sign":
            return Opened({}, f"{found.action}: {_plain(found.reason)}")
        begin.introduce(node.db, node.guard, log)
        with node.db.view() as view:
            roots = {s: root for s, root, _ in logs.list_checkpoints(view, log.log_id)}
            frontier = Frontier()
            for leaf in leaves.read_leaves(view, log.log_id, 0, max(roots)):
                frontier.append(hash_leaf(leaf))
        if roots[max(roots)] != frontier.root():
            return Opened(roots, "the leaves are not those of the root")
        [said] = ingest.append(node.db, node.guard, log, [draft(999, 7)], NOW)
        return Opened(roots, "" if said.outcome == "logged" else said.outcome)
    except (FederationError, OSError) as error:
        return Opened({}, f"{type(error).__name__}: {_plain(error)}")
    finally:
        node.db.close()


def judge(opened: Opened, shown: dict[int, bytes]) -> Iterator[tuple[str, str]]:
    """What is wrong with an image, beside what had been promised."""
    if opened.stuck:
        yield "stuck", opened.stuck
        return
    if shown.keys() - opened.roots.keys():
        yield "lost", "an acknowledged record"
    if any(opened.roots.get(size, root) != root for size, root in shown.items()):
        yield "forks", "another root than was shown"


def _plain(error: object) -> str:
    return re.sub(r"\d+|/\S+", "…", str(error))


def memory() -> str | None:
    """Where files cost nothing, if there is such a place."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
