"""Disks that are full, read-only or too small: what a node answers, and how it goes on.

Real file systems (tmpfs, mounted for this and unmounted after) below `data` and
`guard`: where mounting is not allowed, nothing is played and it says so. A node with a
full disk answers what is read, says everywhere that it is full, refuses what would be
written with one precise error, asks its partners for nothing, starts again, is
examined, and takes in by itself when there is room.

    data      the database's disk is full, the guard's is not
    guard     the guard's disk is full, the database's is not
    inodes    the guard's disk has room, and none for one file more: what came is kept
    bare      the same as `data`, in a home that never had a reserve
"""

import argparse
import contextlib
import errno
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.homes import ELECTION
from tests.stories.nodes import Node, station
from tests.waiting import wait_until

MIB = 1 << 20
SIZE_MIB = 48
INODES = 400
STORIES = ("data", "guard", "inodes", "bare")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which of them."""
    parser.add_argument("--story", choices=STORIES, help="only this one")


def run(asked: argparse.Namespace) -> int:
    """Play each, print what was answered; what must hold is `play`'s to say."""
    if not may_mount():
        print("nothing was played: mounting is not allowed here")  # noqa: T201
        return 0
    wrong = 0
    for story in [asked.story] if asked.story else STORIES:
        with tempfile.TemporaryDirectory(prefix="federation-disks-") as folder:
            found = play(Path(folder), story)
        print(json.dumps({story: found}, indent=1))  # noqa: T201  the figures
        wrong += len(found["wrong"])
    return 1 if wrong else 0


def may_mount() -> bool:
    """Whether a file system can be mounted here, and is unmounted again."""
    with tempfile.TemporaryDirectory() as folder:
        if _mount(Path(folder), 1).returncode:
            return False
        _unmount(Path(folder))
    return True


def play(folder: Path, story: str) -> dict[str, Any]:
    """What a node answers before, while and after; `wrong`: what should not be so."""
    with contextlib.ExitStack() as stack:
        node = Node(folder, "jagasuara.example")
        text = node.home.settings.read_text()
        size = 0 if story == "bare" else 8
        text = re.sub(r"(?m)^#? ?reserve_mb = .*$", f"reserve_mb = {size}", text)
        node.home.settings.write_text(text)
        disk = node.home.guard if story in {"guard", "inodes"} else node.home.data
        disk.mkdir(exist_ok=True)
        before = {one.name: one.read_bytes() for one in disk.iterdir()}
        stack.enter_context(mounted(disk, SIZE_MIB))
        for name, body in before.items():
            (disk / name).write_bytes(body)
        stack.callback(node.stop)
        return Story(node, disk, story).play()


def is_of_disk(alarms) -> bool:
    """Whether one of these codes speaks of a disk."""
    return any(code.startswith("disk-") for code in alarms or ())


class Story:
    """One node, and the disk below a part of it."""

    def __init__(self, node: Node, disk: Path, name: str) -> None:
        self.node, self.disk, self.name = node, disk, name
        self.said: dict[str, Any] = {}
        self.wrong: list[str] = []

    def play(self) -> dict[str, Any]:
        """From well to full, over a restart, to well again."""
        node = self.node
        node.start("--alone")
        wait_until(lambda: not node.why_not(), "it signs")
        self.expect("taken in", self.post(1)[0], 200)
        time.sleep(1.5)  # it has looked at its disk
        self.fill()
        first = self.post(2)
        self.expect("refused", first[0] in {500, 503, 507}, told=first)
        second = self.post(3)
        self.expect("refused again", second[0] in {500, 507}, told=second)
        self.look("full")
        self._rest()
        self._start_again()
        return self._go_on(first)

    def _rest(self) -> None:
        """Nothing goes round in circles."""
        node = self.node
        log = (node.home.folder / "serve.log").read_bytes()
        time.sleep(3)
        grown = (node.home.folder / "serve.log").stat().st_size - len(log)
        self.expect("its log is quiet", grown < 2_000, told=f"{grown} bytes in 3 s")

    def _start_again(self) -> None:
        """Stopped, examined and started on the full disk."""
        node = self.node
        node.stop()
        self.fill()  # what the node gave back, too
        self.expect("doctor", self.failed_steps(), {"room"})
        try:
            node.spawn("--alone")
            wait_until(lambda: self.get("/livez"), "it answers")
            self.said["starts while full"] = "yes"
            self.look("started full")
        except AssertionError as error:
            self.wrong.append("it does not start")
            self.said["starts while full"] = str(error)[-300:]
            node.stop()

    def _go_on(self, first: tuple[int, Any, str, str]) -> dict[str, Any]:
        """With room again."""
        node = self.node
        self.make_room()
        began = time.monotonic()
        if node.process is None:
            node.start("--alone")
        wait_until(node.home.control.exists, "commands find it")
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not node.why_not(), "it signs again", 15)
        self.said["ready again after s"] = round(time.monotonic() - began, 1)
        self.expect("ready again", node.why_not(), "")
        self.expect("taken in again", self.post(4)[0], 200)
        again = [self.post(number)[1] for number in (2, 3)]
        outcomes = [self.outcome(one) for one in again]
        kept = "held" if first[2] == "kept" else "logged"
        self.expect("sent again", outcomes, [kept, "logged"])
        alarms = wait_until(lambda: self.alarms() is not None and [self.alarms()])
        self.expect(
            "no alarm of room left", "disk-full" not in alarms[0], told=alarms[0]
        )
        node.stop()
        self.expect("doctor after", self.failed_steps(), set())
        return self.said | {"wrong": self.wrong}

    def expect(
        self, what: str, found: object, wanted: object = None, *, told: object = None
    ) -> None:
        """Note what was found; it is wrong where it is not what was wanted."""
        self.said[what] = found if told is None else told
        if found != (True if wanted is None else wanted):
            self.wrong.append(what)

    def look(self, when: str) -> None:
        """What the node says of itself while it takes nothing."""
        node = self.node
        wait_until(lambda: self.get("/readyz") is not None, "it answers")
        with contextlib.suppress(AssertionError):
            # While it starts it says that first.
            wait_until(lambda: "disk" in node.why_not(), "it says so", 6)
        reason = node.why_not()
        self.expect(f"{when}: readyz says so", "disk" in reason, told=reason)
        with contextlib.suppress(AssertionError):
            # Room that went since the node looked is refused first and told next.
            wait_until(lambda: is_of_disk(self.alarms()), "it is told", 20)
        alarms = self.alarms()
        self.expect(f"{when}: alarm", is_of_disk(alarms), told=alarms)
        text = self.get("/metrics") or ""
        found = re.findall(r"(?m)^federation_disk_refuses\{[^}]*\} 1$", text)
        self.expect(f"{when}: metric", bool(found), told=found)
        shown = [self.get(path) is not None for path in ("/logs", "/v1/summary", "/")]
        self.expect(f"{when}: reads are answered", all(shown), told=shown)
        code, out = self.run_command("status")
        self.expect(f"{when}: status says so", "disk" in out, told=(code, out[-400:]))

    def alarms(self) -> list[str] | None:
        """The codes that everybody is shown."""
        said = self.get("/v1/status")
        return said and sorted({one["code"] for one in json.loads(said)["alarms"]})

    def get(self, path: str) -> str | None:
        """A page, or None where it is not answered as it should."""
        try:
            with urllib.request.urlopen(self.node.url + path, timeout=20) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode() if path == "/readyz" else None
        except OSError:
            return None

    def post(self, number: int) -> tuple[int, Any, str, str]:
        """One record: status, answer, code and detail."""
        rows = [station(number)]
        body = {"election": ELECTION, "records": rows}
        status, said = self.node.post("/v1/records", body)
        said = said or {}
        return status, said, said.get("code", ""), said.get("detail", "")

    def outcome(self, said: dict[str, Any]) -> str:
        return said["verdicts"][0]["outcome"] if "verdicts" in said else said["code"]

    def failed_steps(self) -> set[str]:
        """What the doctor finds, looking at everything."""
        _, out = self.run_command("doctor", "--deep", "--json")
        steps = json.loads(out)["steps"]
        return {one["code"] for one in steps if one["state"] == "failed"}

    def run_command(self, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [*COMMAND, *words, "--home", str(self.node.home.folder), "--lang", "en"],
            capture_output=True, check=False, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def fill(self) -> None:
        """No byte more can be written."""
        if self.name == "inodes":
            with contextlib.suppress(OSError):
                for number in range(INODES):
                    (self.disk / f"filler-{number}").touch()
            return
        with contextlib.suppress(OSError), (self.disk / "filler").open("ab") as file:
            while True:
                file.write(b"x" * 4096)
                file.flush()

    def make_room(self) -> None:
        for one in self.disk.glob("filler*"):
            one.unlink()


COMMAND = [sys.executable, "-m", "federation"]


@contextlib.contextmanager
def mounted(folder: Path, mib: int) -> Iterator[None]:
    """A file system of that size for the block."""
    done = _mount(folder, mib)
    if done.returncode:
        raise OSError(errno.EPERM, done.stderr.decode())
    try:
        yield
    finally:
        _unmount(folder)


def _mount(folder: Path, mib: int) -> "subprocess.CompletedProcess[bytes]":
    return _run(
        "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size={mib}m,nr_inodes={INODES}",
        "tmpfs",
        str(folder),
    )


def _unmount(folder: Path) -> None:
    for _ in range(50):
        if _run("umount", str(folder)).returncode == 0:
            return
        time.sleep(0.1)
    _run("umount", "--lazy", str(folder))


def _run(*words: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(words, capture_output=True, check=False)
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(words, 127, b"", str(error).encode())
