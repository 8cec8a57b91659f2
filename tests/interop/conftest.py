"""The program of others: compiled once, run against addresses and folders."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from federation.feeds.feed import log_path
from federation.flows.audit.finding import EXITS
from federation.records.keychain import encode_keys
from federation.tlog.keys import format_vkey
from federation.tlog.tile import bundles_of, format_tile_path, new_tiles
from tests.fakes import FakeOrg, Tree

HERE = Path(__file__).parent
# Debian: golang-go and golang-golang-x-mod-dev (.ci/run installs both).
GOCODE = Path("/usr/share/gocode")
SUMDB = GOCODE / "src/golang.org/x/mod/sumdb"


class Answer(NamedTuple):
    """What the program answered: its exit code, and its report."""

    exit: int
    verdict: str
    size: int
    checks: dict[str, bool]
    findings: list[tuple[str, int]]
    text: str


class Checker:
    """The compiled program."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def run(self, base, origin, vkey, *, index=None, older=()) -> Answer:
        words = ["-json", *(f"-older={path}" for path in older)]
        words += [] if index is None else [f"-index={index}"]
        process = await asyncio.create_subprocess_exec(
            self.path,
            *words,
            str(base),
            origin,
            vkey,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = await process.communicate()
        assert not complaint, complaint.decode()
        report = json.loads(said)
        # Its table of kinds is a copy: whatever it answers must be what ours answers.
        assert process.returncode == EXITS.get(report["verdict"], 0) == report["exit"]
        checks = dict[str, bool]()
        for one in report["checks"]:
            checks[one["check"]] = one["ok"] and checks.get(one["check"], True)
        found = [(one["kind"], one["index"]) for one in report["findings"]]
        return Answer(
            process.returncode,
            report["verdict"],
            report["size"],
            checks,
            found,
            said.decode(),
        )


@pytest.fixture(scope="session")
def checker(tmp_path_factory) -> Checker:
    """The program of check.go; a test that needs it skips where Go is missing."""
    if shutil.which("go") is None or not SUMDB.is_dir():
        why = "no Go, or no golang.org/x/mod/sumdb: tools of others were not asked"
        # What runs for every change must not leave this out without being noticed.
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("go")
    made = folder / "check"
    subprocess.run(
        ["go", "build", "-o", str(made), "."],
        cwd=HERE,
        check=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GO111MODULE": "off",
            "GOPATH": str(GOCODE),
            "GOCACHE": str(folder / "cache"),
        },
    )
    return Checker(made)


class Published:
    """A log of 601 records as plain files; each test damages it as it likes."""

    def __init__(self, folder, checker, tree):
        self.folder, self.checker, self.owner = folder, checker, tree.owner
        self.save("keys", encode_keys(tree.owner.statements))
        self.write(tree)

    def path(self, name):
        return self.folder / log_path(self.owner.origin, name)

    def save(self, name, data):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def write(self, tree):
        for tile in [*new_tiles(0, tree.size), *bundles_of(0, tree.size)]:
            self.save(format_tile_path(tile), tree.tile(tile))
        self.save("checkpoint", tree.note())

    def change(self, name, how):
        self.save(name, how(self.path(name).read_bytes()))

    async def check(self, **options):
        options.setdefault("vkey", format_vkey(self.owner.log.key))
        return await self.checker.run(self.folder, self.owner.origin, **options)


@pytest.fixture
def tree():
    owner = FakeOrg("jagasuara.example")
    return Tree(owner).grow(owner.results(0, 600))


@pytest.fixture
def published(tmp_path, checker, tree):
    return Published(tmp_path / "files", checker, tree)
