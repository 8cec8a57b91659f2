"""Results that a partner sees at once, and everybody else from a time on."""

import hashlib
import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest

from tests.cli.filled_home import federation
from tests.homes import ELECTION, PASSPHRASE
from tests.stories.nodes import Node, closing_all, start_all, trust_each_other
from tests.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.slow
#: So long three nodes may take until the partner has what waits.
BEFORE_S = 75


def wait_for(node: Node, at: int) -> str:
    """Let the node's results wait, as an operator does; the name of their log."""
    moment = datetime.fromtimestamp(at, UTC)
    text = node.home.settings.read_text()
    setting = f'[public_from]\n"{ELECTION}" = {moment:%Y-%m-%dT%H:%M:%SZ}\n'
    node.home.settings.write_text(f"{text}\n{setting}")
    phrase = node.home.folder / "passphrase"
    phrase.touch(0o600)
    phrase.write_text(PASSPHRASE)
    words = ["keys", "chain", "--election", ELECTION, "--passphrase-file", phrase]
    code, out, err = federation(node.home, *words)
    assert code == 0, out + err
    return f"{node.org}/{ELECTION}/from-{moment:%Y-%m-%dT%H%MZ}"


def get(node: Node, path: str) -> tuple[int, bytes]:
    """What a stranger is answered."""
    request = urllib.request.Request(node.url + path)
    request.add_header("X-Forwarded-For", "198.51.100.7")
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def counted(node: Node) -> dict[str, int]:
    """Of how many stations each organisation has told, as everybody sees it."""
    return json.loads(get(node, "/v1/summary")[1])["coverage"]


def is_told(node: Node, origin: str) -> bool:
    """Whether a stranger finds anything of this log here."""
    name = hashlib.sha256(origin.encode()).hexdigest()
    doors = [get(node, f"/{name}/{what}")[0] for what in ("checkpoint", "about")]
    doors.append(get(node, f"/{name}/tile/entries/000.p/2")[0])
    texts = [get(node, path)[1] for path in ("/logs", "/v1/status", "/metrics")]
    return set(doors) != {404} or any(origin.encode() in text for text in texts)


@pytest.mark.long
def test_a_partner_sees_results_at_once_and_everybody_at_their_time(tmp_path):
    a = Node(tmp_path, "jagapemilu.example")
    b = Node(tmp_path, "jagasuara.example")
    c = Node(tmp_path, "kawalpemilu.example")
    trust_each_other(a, b, c)
    peers = a.home.peers.read_text()
    table = f'\norg = "{b.org}"\n'
    a.home.peers.write_text(peers.replace(table, f'{table}logs = ["early"]\n'))
    at = (int(time.time()) + BEFORE_S + 59) // 60 * 60
    waits = wait_for(a, at)
    with closing_all() as running:
        running += [a, b, c]
        start_all(a, b, c)
        wait_until(lambda: not a.why_not(), "A signs")
        a.take(1, 21)
        c.take(1, 11)
        wait_until(lambda: b.size(waits) == 21, "B holds what waits")
        wait_until(lambda: counted(b) == {c.org: 10}, "C's is public everywhere")
        code, out, _ = federation(a.home, "status")
        assert code == 0
        held = {log["origin"]: log for log in json.loads(out)["logs"]}
        doctor = json.loads(federation(a.home, "doctor")[1])
        [step] = [one for one in doctor["steps"] if one["code"] == "early"]
        assert step["facts"] == {"public_from": {ELECTION: at}, "let_in": [b.org]}
        # All of it is before the time, or this machine was too slow to tell anything.
        told = [is_told(node, waits) for node in (a, b, c)]
        counts = [counted(node) for node in (a, c)]
        size, early = c.size(waits), time.time()
        assert early < at, "three nodes took longer than the test gives them"
        assert told == [False, False, False]
        assert counts == [{c.org: 10}] * 2
        assert size == 0, "C is a partner, and is not let have it"
        assert held[waits]["size"] == 21
        # From here on nobody does anything.
        whole = {a.org: 20, c.org: 10}
        for node in (a, b, c):
            wait_until(
                lambda node=node: counted(node) == whole,
                f"{node.org} shows it",
                at - early + LIMIT_S,
            )
            assert is_told(node, waits)
        assert time.time() >= at
        assert len({node.digest() for node in (a, b, c)}) == 1
        log = (b.home.folder / "serve.log").read_text()
        assert waits in log, "B says that it is open"
    for node in (a, b, c):
        assert node.doctor()[0] == 0, node.doctor()[1]
