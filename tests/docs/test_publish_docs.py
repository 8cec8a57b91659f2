"""The how-to of publishing without a server: its commands, its settings, its order."""

import asyncio
import os
import re
import sys
import tomllib
from pathlib import Path

import pytest

from federation.config.fingerprint import fingerprint
from federation.config.founding import load_identity_key
from federation.config.peers import load_peers
from federation.config.settings import parse_settings
from federation.flows.publish.folder import LATE
from tests.cli.filled_home import fill
from tests.docs.places import FINGERPRINT
from tests.homes import make_home
from tests.node.test_publishing import file_server

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"```(\w+)\n(.*?)```\n", re.DOTALL)
BOTH = pytest.mark.parametrize(
    "page", ["publish-without-a-server.md", "publish-without-a-server.id.md"]
)
OTHER = "kawalpemilu.example"


def blocks(page: str, kind: str) -> list[str]:
    text = (PAGES / page).read_text(encoding="utf-8")
    return [code for found, code in BLOCK.findall(text) if found == kind]


async def typed(home, script):
    """What a shell prints for these words in that home."""
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-ec",
        script,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "FEDERATION_HOME": str(home.folder),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


@pytest.mark.slow
@BOTH
async def test_a_partner_is_added_from_plain_files_as_the_page_says(tmp_path, page):
    ours, theirs = make_home(tmp_path), make_home(tmp_path, OTHER)
    await asyncio.to_thread(fill, ours, range(1, 5))
    export, _, add = blocks(page, "sh")
    site = tmp_path / "site"
    await typed(ours, export.replace("/srv/data", str(site)))
    org = ours.folder.name
    print_ = fingerprint(load_identity_key(ours, org))
    async with file_server(site) as (url, _):
        words = FINGERPRINT.sub(print_, add).replace("https://data.example.org", url)
        await typed(theirs, words.rstrip() + " --allow-private\n")
    [peer] = load_peers(theirs.peers)
    assert (peer.org, peer.url) == (org, url)


@BOTH
def test_the_settings_of_the_page_are_settings(page):
    (table,) = blocks(page, "toml")
    needed = 'org = "a.example"\nname = "A"\ncontact = "c"\nelections = ["e-1"]\n'
    static = parse_settings(needed + table, page).static
    assert static.folder == tomllib.loads(table)["static"]["folder"] == "/srv/data"


@BOTH
def test_what_rsync_copies_last_is_what_the_node_writes_last(page):
    aside, most, last = blocks(page, "sh")[1].splitlines()
    late = set(re.search(r"--include=\{(.*?)\}", aside)[1].split(","))
    kept_back = set(re.search(r"--exclude=\{(.*?)\}", most)[1].split(","))
    assert late == set(LATE)
    assert kept_back == {*LATE, "'.*.part'"}
    assert aside.split()[-1] == last.split()[2]
    assert most.split()[-1] == last.split()[-1]
