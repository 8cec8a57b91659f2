"""The program of others (check.go): compiled, run against addresses and folders."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from federation.flows.audit.report import EXITS

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

    async def run(
        self, base, origin, vkey, *, index=None, older=(), mirrors=()
    ) -> Answer:
        words = ["-json", *(f"-older={path}" for path in older)]
        words += [f"-mirror={one}" for one in mirrors]
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


def compile_checker(folder: Path) -> Checker:
    """The program, compiled below `folder`; whatever needs it skips without Go."""
    if shutil.which("go") is None or not SUMDB.is_dir():
        why = "no Go, or no golang.org/x/mod/sumdb: tools of others were not asked"
        # What runs for every change must not leave this out without being noticed.
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
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
