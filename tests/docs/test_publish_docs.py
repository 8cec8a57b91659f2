"""The how-to of publishing without a server: its commands, its settings, its order."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from federation.config.fingerprint import fingerprint
from federation.config.founding import load_identity_key
from federation.config.peers import load_peers
from federation.config.settings import load_settings, parse_settings
from federation.errors import FederationError
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


def secret(home):
    """A file beside the home, with a passphrase."""
    path = home.with_name("passphrase")
    path.touch(0o600)
    path.write_text("correct horse battery staple\n")
    return path


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
    publish = parse_settings(needed + table, page).publish
    assert publish.to == tomllib.loads(table)["publish"]["to"] == "/srv/data"


@BOTH
def test_in_a_new_home_two_lines_are_uncommented_as_the_page_says(tmp_path, page):
    home, site = tmp_path / "home", tmp_path / "site"
    words = ["init", "--home", home, "--org", OTHER, "--name", "K", "--yes"]
    words += ["--election", "pilpres-2019"]
    words += ["--contact", "k@kawalpemilu.example", "--passphrase-file", secret(home)]
    done = subprocess.run(
        [Path(sys.executable).parent / "federation", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = home / "federation.toml"
    text = written.read_text()
    (table,) = blocks(page, "toml")
    with pytest.raises(FederationError):
        parse_settings(text + table, page)
    # The table is the last; another one above it has an interval, too.
    before, heading, last = text.partition("\n[publish]\n")
    assert heading
    assert "\n[" not in last
    for name, value in tomllib.loads(table)["publish"].items():
        said = json.dumps(str(site) if name == "to" else value)
        last, count = re.subn(rf"(?m)^# ({name} = ).*$", rf"\g<1>{said}", last)
        assert count == 1
    written.write_text(before + heading + last)
    assert load_settings(written).publish.to == str(site)


@BOTH
def test_what_rsync_copies_last_is_what_the_node_writes_last(page):
    text = blocks(page, "sh")[1]
    assert not set("{}") & set(text)  # cron's shell knows no braces
    # What is set aside must not be put in place where the rest failed.
    aside, most, last = text.strip().split(" &&\n")
    late = re.findall(r"--include=(\S+)", aside)
    assert (late[0], set(late[1:])) == ("'*/'", set(LATE))
    assert set(re.findall(r"--exclude=(\S+)", most)) == {*LATE, "'.*.part'"}
    assert aside.split()[-1] == last.split()[2]
    assert most.split()[-1] == last.split()[-1]
