"""The recipes of the how-tos, run as they stand, against a node that serves."""

import asyncio
import importlib.util
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from federation.config.peers import load_peers

PROJECT = Path(__file__).resolve().parents[2]
PAGES = PROJECT / "docs" / "how-to"
BLOCK = re.compile(r"```(\w+)\n(.*?)```\n", re.DOTALL)
TOOLS = ("bash", "curl", "openssl", "sha256sum", "xxd")


def _load():
    path = PROJECT / "tests" / "homes.py"
    spec = importlib.util.spec_from_file_location("homes_for_docs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


homes = _load()


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

    async def run(page, node, change=lambda script: script):
        script = re.sub(
            r"(?m)^node=.*$", f"node={node.url}", "".join(blocks(PAGES / page, "sh"))
        )
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-ec",
            change(script),
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


async def hand_in(node, *drafts):
    body = {"election": homes.ELECTION, "records": list(drafts)}
    secret = "a-token-of-our-own-platform-0123456789"
    named = {"name": "test", "secret": secret}
    assert (await node.post("/v1/control/add-token", named))[0] == 200
    status, said = await node.post("/v1/records", body, secret)
    assert status == 200
    return said["verdicts"]


CHECKS = ["check-a-record.md", "check-a-record.id.md"]


@pytest.mark.slow
@pytest.mark.parametrize("page", CHECKS)
async def test_openssl_alone_checks_a_record_as_the_page_says(node, follow, page):
    said = await hand_in(node, homes.draft(), homes.draft("1371011001002", 9, 8))
    code, printed = await follow(page, node)
    assert code == 0, printed
    assert said[0]["record"] in printed
    assert '"candidates":{"01":127,"02":27}' in printed
    assert printed.count("Signature Verified Successfully") == 2


@pytest.mark.slow
async def test_the_recipe_refuses_a_record_with_one_figure_changed(node, follow):
    await hand_in(node, homes.draft())

    def forge(script):
        changed = 'sed -i \'s/"01":127/"01":128/\' record\n'
        at = script.index('check record "$records"')
        return script[:at] + changed + script[at:]

    code, printed = await follow(CHECKS[0], node, forge)
    assert code != 0
    assert "Signature Verified Successfully" not in printed


@pytest.mark.slow
async def test_the_recipe_finds_a_record_beyond_the_first_block(node, follow):
    drafts = [homes.draft(f"1371011001{n:03}") for n in range(1, 300)]
    said = await hand_in(node, *drafts)
    last = said[-1]

    def other(script):
        script = script.replace("tps=1371011001001", "tps=1371011001299")
        return script.replace("number=1\n", f"number={last['index']}\n")

    code, printed = await follow(CHECKS[0], node, other)
    assert code == 0, printed
    assert last["record"] in printed


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", ["connect-without-our-code.md", "connect-without-our-code.id.md"]
)
async def test_a_platform_hands_in_with_curl_and_follows_the_map(node, follow, page):
    code, printed = await follow(page, node)
    assert code == 0, printed
    answered = json.loads(printed[: printed.index("]}") + 2])
    assert [one["outcome"] for one in answered["verdicts"]] == ["logged"]
    status, body, _ = await node.get("/v1/tps/1371011001001")
    assert status == 200
    assert json.loads(body)["contests"][0]["groups"][0]["votes"] == {
        "01": 127,
        "02": 27,
    }


@pytest.mark.parametrize("page", ["add-a-partner.md", "add-a-partner.id.md"])
def test_five_lines_make_a_partner(tmp_path, page):
    (entry,) = blocks(PAGES / page, "toml")
    path = tmp_path / "peers.toml"
    path.write_text(entry)
    (peer,) = load_peers(path)
    assert (peer.org, peer.url) == (
        "jagasuara.example",
        "https://data.jagasuara.example",
    )
    assert len(entry.splitlines()) == 5
