"""The recipes of the how-tos, run as they stand, against a node that serves."""

import asyncio
import dataclasses
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from federation.config.peers import load_peers
from tests import homes
from tests.waiting import until

PROJECT = Path(__file__).resolve().parents[2]
PAGES = PROJECT / "docs" / "how-to"
BLOCK = re.compile(r"```(\w+)\n(.*?)```\n", re.DOTALL)
TOOLS = ("bash", "curl")


def blocks(path: Path, kind: str) -> list[str]:
    """The page's blocks of that language."""
    text = path.read_text(encoding="utf-8")
    return [code for found, code in BLOCK.findall(text) if found == kind]


@pytest.fixture
def follow(tmp_path):
    """Runs all shell blocks of a page as one script; returns what it printed."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    folder = tmp_path / "reader"
    folder.mkdir()

    async def run(page, node):
        script = re.sub(
            r"(?m)^node=.*$", f"node={node.url}", "".join(blocks(PAGES / page, "sh"))
        )
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-ec",
            script,
            cwd=folder,
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "FEDERATION_HOME": str(node.home.folder),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    return run


@pytest.fixture
async def node(tmp_path):
    async with homes.serving(homes.make_home(tmp_path)) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", ["connect-without-our-code.md", "connect-without-our-code.id.md"]
)
async def test_a_platform_hands_in_with_curl_and_follows_the_map(node, follow, page):
    code, printed = await follow(page, node)
    assert code == 0, printed
    answered, _ = json.JSONDecoder().raw_decode(printed)
    assert [one["outcome"] for one in answered["verdicts"]] == ["logged"]
    assert not any(one.get("flags") for one in answered["verdicts"])
    # Acknowledged is: written and signed. The map follows, as soon as it can.
    contests = await until(lambda: _contests_of(node, "1371011001001"))
    assert contests[0]["groups"][0]["votes"] == {
        "01": 127,
        "02": 27,
    }


async def _contests_of(node, tps):
    status, body, _ = await node.get(f"/v1/tps/{tps}")
    assert status == 200
    return json.loads(body)["contests"]


@pytest.mark.parametrize("page", ["add-a-partner.md", "add-a-partner.id.md"])
def test_five_lines_make_a_partner(tmp_path, page):
    entry, *_ = blocks(PAGES / page, "toml")
    path = tmp_path / "peers.toml"
    path.write_text(entry)
    (peer,) = load_peers(path)
    assert (peer.org, peer.url) == (
        "jagasuara.example",
        "https://data.jagasuara.example",
    )
    assert len(entry.splitlines()) == 5


@pytest.mark.parametrize("page", ["add-a-partner.md", "add-a-partner.id.md"])
def test_what_a_partner_may_have_goes_into_its_table(tmp_path, page):
    """And all but `logs` says what holds where nothing is said, as the page tells."""
    entry, permissions, waiting = blocks(PAGES / page, "toml")
    assert "public_from" in waiting, "that is of federation.toml"
    path = tmp_path / "peers.toml"
    path.write_text(entry)
    (before,) = load_peers(path)
    path.write_text(entry + permissions)
    (peer,) = load_peers(path)
    assert peer.logs == ("incidents",)
    assert dataclasses.replace(peer, logs=()) == before
