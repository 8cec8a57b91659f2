"""The how-to of sharing by stick, run as it stands, by two homes in turn."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from federation.config.fingerprint import fingerprint
from federation.config.founding import load_identity_key
from tests import homes

PROJECT = Path(__file__).resolve().parents[2]
PAGES = PROJECT / "docs" / "how-to"
BLOCK = re.compile(r"```sh\n(.*?)```\n", re.DOTALL)
ROWS = "tps,01,02\n1371011001001,100,50\n1371011001002,70,80\n"

pytestmark = pytest.mark.slow


@pytest.fixture
def blocks(request, tmp_path):
    """The page's commands, block by block, with a folder of ours as the stick."""
    stick = tmp_path / "stick"
    stick.mkdir()
    text = (PAGES / request.param).read_text(encoding="utf-8")
    found = BLOCK.findall(text)
    assert len(found) == 7
    (table,) = re.findall(r"```toml\n(.*?)```\n", text, re.DOTALL)
    return [table] + [code.replace("/media/usb", str(stick)) for code in found]


@pytest.mark.long
@pytest.mark.parametrize(
    "blocks", ["share-by-usb.md", "share-by-usb.id.md"], indirect=True
)
def test_two_who_never_connect_share_as_the_page_says(blocks, tmp_path):
    us, them = (
        homes.make_home(tmp_path),
        homes.make_home(tmp_path, "jagapemilu.example"),
    )
    for name in ("results.csv", "hasil.csv"):
        (tmp_path / name).write_text(ROWS)

    def run(home, script):
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        home = {"FEDERATION_HOME": str(home.folder), "FEDERATION_LANG": "en"}
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, **home, "PATH": path},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    entry, listed, write, take, back, home_again, since, lost = blocks
    for home, other in ((us, them), (them, us)):
        org = other.folder.name
        shutil.copy(other.vkey(org), home.folder / "keys")
        named = entry.replace("jagapemilu.example", org)
        home.peers.write_text(named)
        assert fingerprint(load_identity_key(other, org)) in run(home, listed)
    run(us, write)
    printed = run(them, take)
    assert "would bring 3 records" in printed
    assert ": 3 new records" in printed
    run(them, back)
    assert "holds 3 of our 3 records" in run(us, home_again)
    run(us, since)
    for folder in (us.data, us.guard):
        shutil.rmtree(folder)
    assert "our own records, taken back" in run(us, lost)
