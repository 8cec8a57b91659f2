"""A program that knows no companion keys takes a log that has some, as any other."""

import json
import os
import subprocess
import sys

import pytest

from federation.config.fingerprint import fingerprint
from tests.fakes import FakeOrg, Tree
from tests.flows.audit.conftest import write_folder
from tests.install.test_earlier import LONG_S, earlier_program

__all__ = ("earlier_program",)


@pytest.mark.slow
def test_an_earlier_version_verifies_what_both_keys_signed(tmp_path, earlier_program):
    owner = FakeOrg("jagasuara.example")
    tree = Tree(owner).grow(owner.results(0, 20))
    leaf = owner.announce(owner.companion_of("log"), owner.companion_of("identity"))
    folder = write_folder(tmp_path / "log", tree.grow([leaf, owner.result(20)]))
    trusted = fingerprint(owner.identity.key)
    words = ["verify", str(folder), "--fingerprint", trusted, "--json"]
    said = subprocess.run(
        [sys.executable, "-m", "federation", *words],
        cwd=earlier_program,
        env={**os.environ, "PYTHONPATH": str(earlier_program)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_S,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    [log] = json.loads(said.stdout)["logs"]
    assert (log["size"], log["records"], log["unknown"]) == (23, 22, 1)
    assert "companion" not in log, "it is the earlier one"
