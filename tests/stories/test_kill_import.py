"""kill -9 at random moments of taking in a stick: what came stays, the rest comes.

`FEDERATION_KILLS` says how often (10).
"""

import os
import random
import subprocess
import sys
import time
from functools import partial

import pytest

from federation.config.peers import Peer, format_peer
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.handed import bundle_of
from tests.homes import ELECTION
from tests.stories.nodes import PROJECT
from tests.waiting import wait_until

KILLS = int(os.environ.get("FEDERATION_KILLS", "10"))
STEP = 256
# Steps are small here, so that there are many; each waits until a line, or the end, of
# standard input lets it begin: a run that is to be killed is never over before.
IMPORT = f"""
import sys
from federation.cli import main
from federation.flows.pull import extend
extend.STEP_LEAVES = {STEP}
save = extend.save_step
def save_step(*given):
    sys.stdin.readline()
    return save(*given)
extend.save_step = save_step
main(sys.argv[1:])
"""
MOST = 4


def bring(node, path, *words, stdin=subprocess.DEVNULL):
    """`federation import`, as a process of its own."""
    words = ["import", str(path), *words, "--home", str(node.home.folder), "--json"]
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, *words],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=PROJECT,
    )


@pytest.mark.slow
@pytest.mark.long
def test_an_import_killed_between_two_steps_goes_on_where_it_was(suara, tmp_path):
    chance = random.Random(KILLS)
    jaga = FakeOrg("jagapemilu.example", ELECTION)
    tree = Tree(jaga).grow(jaga.results(0, STEP * (MOST + 1) * (KILLS + 2)))
    path = bundle_of(tmp_path / "stick.zip", FakePeer("x").show(tree))
    with suara.home.peers.open("a") as peers:
        peers.write("\n" + format_peer(Peer(org=jaga.org, identity=jaga.identity.key)))

    def reached():
        found = suara.state(jaga.origin)
        return 0 if found is None else found.next_index

    # Looked at first: there is a database then, which is read while they run.
    with bring(suara, path, "--dry-run") as process:
        assert b'"new":' in process.stdout.read()
    held = reached()
    for _ in range(KILLS):
        steps = chance.randint(1, MOST)
        with bring(suara, path, stdin=subprocess.PIPE) as process:
            let_begin(process, steps)
            wait_until(partial(has_gone_on, process, reached, held + steps * STEP))
            let_begin(process, 1)
            time.sleep(chance.uniform(0, 0.02))
            process.kill()
        # What was verified and committed stays, and only whole steps are.
        before, held = held, reached()
        assert (held - before) / STEP in {steps, steps + 1}
        assert suara.leaves(jaga.origin) == tree.leaves[:held]
    with bring(suara, path) as process:
        said = process.stdout.read().decode()
    assert process.returncode == 0, said
    assert suara.size(jaga.origin) == tree.size
    assert suara.leaves(jaga.origin) == tree.leaves
    code, said = suara.doctor()
    assert code == 0, said


def let_begin(process, steps):
    process.stdin.write(b"\n" * steps)
    process.stdin.flush()


def has_gone_on(process, reached, index):
    assert process.poll() is None, process.stdout.read().decode()
    return reached() >= index
