"""A witness program of others, aics-witness (Apache-2.0), and a log that is theirs.

It needs Python 3.12, so no pin of ours can hold it. Where it is installed, in an
environment of its own, `AICS_WITNESS` names its program:

    python3.12 -m venv other && other/bin/pip install aics-witness==0.1.0
    AICS_WITNESS=other/bin/aics-witness pytest tests/interop/test_witness_program.py
"""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.homes import make_home, serving
from tests.node.test_witnessing import (
    ORIGIN,
    OTHER,
    command,
    log_vkey,
    name_witness,
    take,
    witness_for,
    witnessed,
)
from tests.outsidewitness import OtherLog, proof, verify_cosignature
from tests.waiting import wait_until

PROGRAM = os.environ.get("AICS_WITNESS") or shutil.which("aics-witness")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM, reason="aics-witness is not installed"),
]


def run(folder, *words):
    env = {**os.environ, "AICS_WITNESS_CONFIG": str(folder / "witness.json")}
    words = [PROGRAM, *words]
    done = subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_their_witness_confirms_our_log(tmp_path):
    home, folder = make_home(tmp_path), tmp_path / "other"
    folder.mkdir()
    said = run(folder, "init", "--name", "witness.example/w1")
    vkey = next(word for word in said.split() if word.startswith("witness.example/w1+"))
    run(folder, "add-log", "--origin", ORIGIN, "--vkey", log_vkey(home))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    words = [PROGRAM, "serve", "--listen", f"127.0.0.1:{port}"]
    env = {**os.environ, "AICS_WITNESS_CONFIG": str(folder / "witness.json")}
    # Its start is quick, and nothing else runs in the loop by then.
    with subprocess.Popen(words, cwd=folder, env=env) as served:  # noqa: ASYNC220
        try:
            await asyncio.to_thread(wait_until, lambda: is_open(port))
            name_witness(home, f"http://127.0.0.1:{port}", vkey)
            async with serving(home, alone=True) as node:
                for number in range(5):
                    note, line = await witnessed(node, number + 1)
                    at = verify_cosignature(line, note, vkey)
                    assert abs(at - time.time()) < 600
                    await take(node, number)
                await witnessed(node, 6)
        finally:
            served.terminate()
    assert "6" in run(folder, "status")


def is_open(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


SUBMIT = """
import sys
from pathlib import Path
from aics_witness.feeder import WitnessClient

url, vkey, folder = sys.argv[1:]
with WitnessClient(url, vkey) as client:
    for size in range(1, 10):
        def prove(old, new):
            data = Path(folder, f"{old}-{new}").read_bytes()
            return [data[at : at + 32] for at in range(0, len(data), 32)]
        note = Path(folder, str(size)).read_bytes()
        assert client.submit(note, prove, old_size=0 if size % 3 == 0 else None)
print("all")
"""


async def test_their_client_is_confirmed_by_us(tmp_path):
    """Each third time from size 0, so that our 409 leads it to the proof."""
    home, log = make_home(tmp_path), OtherLog(OTHER)
    log.leaves = [b"%d" % n for n in range(9)]
    for size in range(1, 10):
        (tmp_path / str(size)).write_bytes(log.note(size))
        for old in range(1, size + 1):
            hashes = proof(old, log.leaves[:size])
            (tmp_path / f"{old}-{size}").write_bytes(b"".join(hashes))
    witness_for(home, log)
    vkey = command(home, "witness", "key")["vkey"]
    async with serving(home, alone=True) as node:
        python = Path(PROGRAM).parent / "python"
        words = [str(python), "-c", SUBMIT, node.url, vkey, str(tmp_path)]
        done = await asyncio.to_thread(
            subprocess.run, words, capture_output=True, text=True, check=False
        )
    assert done.stdout == "all\n", done.stderr
    assert command(home, "witness", "show")["witnessed"][0]["size"] == 9
