"""Other keys over the years, by the commands: partners follow with nothing changed."""

import json
import subprocess
import sys

import pytest

from tests.stories.nodes import PROJECT, Node
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

A, B = "jagasuara.example", "kawalpemilu.example"


def federation(node, *words, code=0):
    """What a command of this node prints as JSON."""
    words = ["keys", "statement", *words, "--home", str(node.home.folder), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *map(str, words)],
        capture_output=True, cwd=PROJECT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr + done.stdout


def passphrase(node):
    return node.home.folder / "passphrase"


def change(node, file, *prepare, sign=()):
    """Prepare on the node, sign offline, publish; the node is stopped meanwhile."""
    federation(node, "prepare", *prepare, "--out", file)
    federation(
        node, "sign", file, "--yes", "--passphrase-file", passphrase(node), *sign
    )
    node.stop()
    said = federation(node, "publish", file)
    # Done again it is the same, as after a crash in the middle.
    assert federation(node, "publish", file) == said
    node.start()
    return said


@pytest.fixture
def nodes(tmp_path):
    a, b = Node(tmp_path, A), Node(tmp_path, B)
    a.trust(b, b.url)
    b.trust(a, a.url)
    yield a.start(), b.start()
    for node in (a, b):
        node.stop()


def follows(a, b):
    """B holds what A has, and makes the same map of it."""
    wait_until(lambda: b.size(a.origin) == a.size(a.origin), "the history is held")
    wait_until(lambda: b.digest() == a.digest(), "the maps are one")


def test_every_key_of_the_node_is_replaced_and_the_partner_follows(nodes, tmp_path):
    a, b = nodes
    a.take(1, 6)
    follows(a, b)
    before = {one.name: one.read_bytes() for one in a.home.keys.glob("*.pem")}
    said = change(a, tmp_path / "all.json", "--replace", "all")
    assert len(said["changes"]) >= 6
    after = {one.name: one.read_bytes() for one in a.home.keys.glob("*.pem")}
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    a.take(6, 11)
    follows(a, b)
    assert covered(a) == covered(b) == 10
    assert ("rejected", a.origin) not in a.alarms() | b.alarms()
    assert ("keys-changed", a.origin) not in a.alarms() | b.alarms()
    # What only the new node key can sign: the partner knows who asks.
    wait_until(lambda: is_known_to_partner(a), "B knows the new node key of A")
    for node in nodes:
        code, told = node.doctor()
        assert code == 0, told


@pytest.mark.long
def test_what_a_stolen_key_signed_counts_nowhere_and_may_be_said_again(nodes, tmp_path):
    a, b = nodes
    a.take(1, 6)  # leaf 0 is the key statement, so these are 1 to 5
    a.take(6, 11)
    follows(a, b)
    assert covered(b) == 10
    words = ["--replace", "records", "--from", "6", "--reason", "laptop dicuri"]
    change(a, tmp_path / "stolen.json", *words)
    wait_until(lambda: covered(a) == 5, "A has judged its own history again")
    wait_until(lambda: covered(b) == 5, "B has judged it again")
    follows(a, b)
    for node in nodes:
        assert ("keys-changed", a.origin) in node.alarms()
        assert ("rejected", a.origin) not in node.alarms()
        told = node.told("keys-changed")
        assert all(one in told for one in ("5 records", "6 on", "laptop dicuri"))
    assert "Say again what was right" in a.told("keys-changed")
    a.take(6, 9)
    follows(a, b)
    assert covered(a) == covered(b) == 8
    # Also after both have read everything anew.
    for node in nodes:
        node.stop()
        node.start()
    assert covered(a) == covered(b) == 8
    for node in nodes:
        code, told = node.doctor()
        assert code == 0, told


@pytest.mark.long
def test_the_identity_key_changes_and_pins_of_the_old_one_go_on(nodes, tmp_path):
    a, b = nodes
    a.take(1, 4)
    follows(a, b)
    key = tmp_path / "new" / "identity.pem"
    new = ["--new-identity", key, "--new-passphrase-file", passphrase(a)]
    change(a, tmp_path / "identity.json", "--identity-only", sign=new)
    a.take(4, 7)
    follows(a, b)
    assert covered(b) == 6
    # The next statement is signed by the new key alone.
    change(a, tmp_path / "next.json", "--replace", "records", sign=["--identity", key])
    a.take(7, 9)
    follows(a, b)
    assert covered(b) == 8


@pytest.mark.long
def test_a_history_that_went_on_is_not_given_keys_that_were_made_before(
    nodes, tmp_path
):
    a, _ = nodes
    a.take(1, 4)
    file = tmp_path / "late.json"
    federation(a, "prepare", "--replace", "log", "--out", file)
    federation(a, "sign", file, "--yes", "--passphrase-file", passphrase(a))
    assert "systemctl stop" in federation(a, "publish", file, code=6)
    a.take(4, 5)
    a.stop()
    said = federation(a, "publish", file, code=6)
    assert "from 4 to 5" in said
    a.start()
    a.take(5, 6)


def covered(node):
    """How many stations the map has a result of."""
    return node.ask("/v1/summary")[1]["status"]["single"]


def is_known_to_partner(node):
    words = ["peers", "test", "--home", str(node.home.folder), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *words],
        capture_output=True, cwd=PROJECT, text=True, check=False,
    )  # fmt: skip
    steps = json.loads(done.stdout)
    return done.returncode == 0 and "warning" not in json.dumps(steps)
