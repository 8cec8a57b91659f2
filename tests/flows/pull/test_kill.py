"""kill -9 in the middle of a pull: nothing committed is lost, nothing is half."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from federation.store import leaves

KILLS = int(os.environ.get("FEDERATION_KILLS", "5"))
PROGRAM = Path(__file__).with_name("pulling.py")


async def run_and_kill(folder: Path, url: str, after_s: float) -> tuple[int, bool]:
    """The last next index that was acknowledged, and whether it was killed."""
    # Not asyncio's own children: of hundreds, now and then it loses an exit code.
    child = subprocess.Popen(  # noqa: ASYNC220  starting one blocks for a moment only
        [sys.executable, str(PROGRAM), str(folder), url],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with child:
        ready = await asyncio.to_thread(child.stdout.readline)
        assert ready.strip() == b"READY"
        try:
            await asyncio.to_thread(child.wait, after_s)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        lines = (await asyncio.to_thread(child.stdout.read)).split()
        ended = await asyncio.to_thread(child.wait)
    assert ended in {0, -signal.SIGKILL}
    return int(lines[-1]) if lines else 0, ended != 0


@pytest.mark.slow
async def test_a_pull_survives_kill_9_at_any_moment(
    make_puller, fakes, suara, tmp_path
):
    tree = fakes.Tree(suara)
    rng = random.Random(20240214)
    feed = fakes.FakePeer(suara.org).show(tree)
    acknowledged, kills = tree.size, 0
    async with TestServer(fakes.app_of(feed), host="127.0.0.1") as server:
        url = str(server.make_url("/")).rstrip("/")
        while kills < KILLS:
            if acknowledged == tree.size:
                tree.grow(suara.results(tree.size - 1, tree.size + 1999))
            after_s = rng.uniform(0.0, 0.3)
            reached, killed = await run_and_kill(tmp_path / "node", url, after_s)
            kills += killed
            acknowledged = check(make_puller("node"), suara, tree, reached)
        await run_and_kill(tmp_path / "node", url, 60)
    assert check(make_puller("node"), suara, tree, tree.size) == tree.size


def check(puller, owner, tree, acknowledged) -> int:
    """The size held; all that is stored is a beginning of the log, and whole."""
    size = 0
    if owner.origin not in puller.logs():
        assert acknowledged == 0
    else:
        log = puller.log(owner)
        size = log.size
        assert log.next_index >= acknowledged, "what was said to be kept is gone"
        assert puller.leaves(owner) == tree.leaves[: log.next_index]
        assert puller.claimed(owner) == list(range(1, log.next_index))
        with puller.db.view() as view:
            held = leaves.frontier(view, log.id, log.size).root()
            reached = leaves.frontier(view, log.id, log.next_index).root()
        assert held == tree.checkpoint(log.size).root
        assert reached == tree.checkpoint(log.next_index).root
    puller.db.close()
    return size
