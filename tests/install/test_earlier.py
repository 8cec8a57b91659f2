"""What an earlier version wrote is read and served, and its nodes are spoken with.

`earlier.tar.xz`: the homes of two partners as the program of the commit below left them
after a night (270 and 60 results, each with the other's), without their identity keys;
`earlier.zip`: the bundle that it wrote of them. With a clone that has that commit, the
program itself runs beside this one.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from federation.config.home import Home
from federation.config.settings import load_settings
from federation.store.upgrade import COPY_NAME
from tests.homes import add_peer
from tests.stories.nodes import PROJECT, Node, closing_all, free_port, start_all
from tests.waiting import LIMIT_S, wait_until

#: Before photographs, people, reports: 30 steps of the tables, where there are 50 now.
EARLIER = "429c881b04f3ff8d8d42f9b46a3057ac08e98377"
HERE = Path(__file__).parent
PEMILU, KAWAL = "jagapemilu.example", "kawalpemilu.example"
SIZES = {f"{PEMILU}/pilpres-2019": 271, f"{KAWAL}/pilpres-2019": 61}
STATION = "7202062005001"
#: A start that changes tables, or of a program that is compiled first, beside others.
LONG_S = 10 * LIMIT_S


class EarlierNode(Node):
    """One of the two homes; `program` is the folder of the one that serves it."""

    patience_s = LONG_S

    def __init__(self, folder: Path, org: str, program: Path = PROJECT) -> None:
        self.org, self.origin = org, f"{org}/pilpres-2019"
        settings = folder / org / "federation.toml"
        self.home = Home.of(folder / org, load_settings(settings))
        self.process, self.folder = None, program
        self.home.peers.write_text("")
        self.move(free_port())

    def spawn(self, *flags: str) -> None:
        words = ["-m", "federation", "serve", "--home", str(self.home.folder), *flags]
        with (self.home.folder / "serve.log").open("ab") as output:
            # From this folder a program is taken before an installed one.
            self.process = subprocess.Popen(
                [sys.executable, *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=self._environ(),
            )

    def _environ(self):
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return {**kept, "PYTHONPATH": str(self.folder)}

    def sizes(self) -> dict[str, int]:
        """How much is held of each history, as the node says it."""
        _, status = self.ask("/v1/status")
        return {log["origin"]: log["size"] for log in status["logs"]}

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "federation", *words]
        return subprocess.run(
            [*command, "--home", str(self.home.folder)],
            cwd=self.folder,
            env=self._environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=LONG_S,
        )

    def sign(self, name: str) -> None:
        """One more result, by the command."""
        table = f"kode_tps,01,02,sah\n{name},50,60,110\n"
        path = self.home.folder / "more.csv"
        path.write_text(table)
        said = self.run("import", str(path), "--contest", "ppwp", "--form", "plano")
        assert said.returncode == 0, said.stdout + said.stderr


@pytest.fixture
def homes(tmp_path):
    """The folder of the two homes, as the earlier version left them."""
    with tarfile.open(HERE / "earlier.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    for org in (PEMILU, KAWAL):
        for folder in ("data", "guard", "keys"):
            (tmp_path / org / folder).chmod(0o700)
        for path in (tmp_path / org / "keys").iterdir():
            path.chmod(0o600)
    return tmp_path


def test_what_the_first_start_would_change_is_told_before(homes):
    node = EarlierNode(homes, PEMILU)
    said = node.run("upgrade-check", "--json")
    assert said.returncode == 0, said.stdout + said.stderr
    steps = {step["code"]: step for step in json.loads(said.stdout)["steps"]}
    facts = steps["tables"]["facts"]
    assert facts["now"] == 30
    assert len(facts["due"]) == facts["needed"] - 30 >= 20
    assert facts["unknown"] == []
    assert not (node.home.data / COPY_NAME).exists()


def test_a_bundle_of_an_earlier_version_is_taken_in_whole(homes):
    # A home without a database: a new node of one of them, who pins the other.
    node, other = EarlierNode(homes, PEMILU), EarlierNode(homes, KAWAL)
    for path in node.home.data.iterdir():
        path.unlink()
    add_peer(node.home, other.home)
    said = node.run("import", str(HERE / "earlier.zip"))
    assert said.returncode == 0, said.stdout + said.stderr
    assert "61" in said.stdout


@pytest.mark.slow
def test_an_earlier_home_is_upgraded_served_and_pulled_and_signs_on(homes):
    ours, partner = EarlierNode(homes, PEMILU), EarlierNode(homes, KAWAL)
    for path in partner.home.data.iterdir():
        path.unlink()
    add_peer(ours.home, partner.home)
    add_peer(partner.home, ours.home, ours.url)
    with closing_all() as running:
        running += [ours, partner]
        ours.start("--alone")
        assert (ours.home.data / COPY_NAME).exists()
        assert ours.sizes() == SIZES
        status, shown = ours.ask(f"/v1/tps/{STATION}")
        assert (status, shown["tps"]) == (200, STATION)
        ours.sign("7202062005101")
        # Whoever has nothing pulls all of it, and verifies every byte.
        partner.start("--alone")
        wait_until(
            lambda: partner.sizes().get(ours.origin) == 272, "all is pulled", LONG_S
        )
    examined = ours.run("doctor", "--deep", "--json")
    report = json.loads(examined.stdout)
    assert [one for one in report["findings"] if one["level"] == "error"] == []
    assert {s["code"]: s["state"] for s in report["steps"]}["data"] == "ok"


@pytest.fixture(scope="module")
def earlier_program(tmp_path_factory):
    """The folder of the earlier program, out of the history of this clone."""
    if shutil.which("git") is None:
        pytest.skip("no git here")
    ask = ["git", "cat-file", "-e", f"{EARLIER}^{{commit}}"]
    if subprocess.run(ask, cwd=PROJECT, capture_output=True, check=False).returncode:
        pytest.skip(f"without the history (a shallow clone?): no commit {EARLIER}")
    run = ["git", "archive", "--format=tar", EARLIER, "federation"]
    packed = subprocess.run(run, cwd=PROJECT, capture_output=True, check=True)
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.slow
def test_partners_of_both_versions_pull_from_each_other(homes, earlier_program):
    ours = EarlierNode(homes, PEMILU)
    theirs = EarlierNode(homes, KAWAL, earlier_program)
    add_peer(ours.home, theirs.home, theirs.url)
    add_peer(theirs.home, ours.home, ours.url)
    with closing_all() as running:
        running += [ours, theirs]
        start_all(ours, theirs, flags=["--alone"])
        assert not (theirs.home.data / COPY_NAME).exists(), "it is the earlier one"
        ours.sign("7202062005101")
        theirs.sign("7202062005102")
        wanted = {ours.origin: 272, theirs.origin: 62}
        for node in (ours, theirs):
            said = node.run("sync", "now")
            assert said.returncode == 0, said.stdout + said.stderr
            assert node.sizes() == wanted
        assert ours.run("peers", "test").returncode == 0
        # It reads what we say of ourselves, as it knows each member of our note.
        said = theirs.run("peers", "test")
        assert said.returncode == 0, said.stdout + said.stderr
    for node in (ours, theirs):
        log = (node.home.folder / "serve.log").read_text()
        assert not re.search(r"Traceback|\bERROR\b", log), log
        # While only one of them is up; nothing that one said was refused by the other.
        for line in log.splitlines():
            assert "turn-failed" not in line or "did not answer" in line


@pytest.mark.slow
def test_going_back_the_earlier_version_goes_on_with_the_copy(homes, earlier_program):
    ours = EarlierNode(homes, PEMILU)
    with closing_all() as running:
        running += [ours]
        ours.start("--alone")
        ours.stop()
        (ours.home.data / COPY_NAME).replace(ours.home.data / "federation.db")
        back = EarlierNode(homes, PEMILU, earlier_program)
        running.append(back)
        back.start("--alone")
        assert back.sizes() == SIZES
