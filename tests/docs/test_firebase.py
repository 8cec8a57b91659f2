"""docs/examples/firebase as it stands: results in, changes back, nothing lost."""

import base64
import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stories.nodes import ELECTION, closing_all, free_port
from tests.stories.nodes import Node as StoryNode
from tests.waiting import wait_until

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "firebase"


@pytest.fixture
def program():
    found = shutil.which("node")
    if found is None:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say("node is not installed")
    return found


@pytest.fixture
def node(tmp_path):
    with closing_all() as opened:
        opened.append(StoryNode(tmp_path / "home", "jagasuara.example"))
        yield opened[0]


class Receiver:
    """The program of the example: what would be Firestore is a file."""

    def __init__(self, program, folder, secret):
        self.path, self.port = folder / "documents.json", free_port()
        self.url = f"http://127.0.0.1:{self.port}/federation"
        self._words = [program, EXAMPLE / "local.mjs", self.path, str(self.port)]
        self._secret = secret
        self._process = None

    def start(self):
        self._process = subprocess.Popen(
            self._words,
            env={**os.environ, "FEDERATION_SECRET": self._secret},
            stdout=subprocess.PIPE,
        )
        assert self.url in self._process.stdout.readline().decode()

    def kill(self):
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            process.stdout.close()

    def documents(self):
        return json.loads(self.path.read_text()) if self.path.exists() else {}


@pytest.fixture
def receiver(program, tmp_path, node):
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    path = node.home.folder / "keys" / "firebase.secret"
    path.touch(0o600)
    path.write_text(secret + "\n")
    found = Receiver(program, tmp_path, secret)
    with node.home.settings.open("a") as file:
        file.write(
            f'\n[[webhooks]]\nname = "firebase"\nurl = "{found.url}"\n'
            'secret_file = "keys/firebase.secret"\nallow_private = true\n'
        )
    yield found
    found.kill()


def _firestore(number, first):
    def integer(value):
        return {"integerValue": str(value)}

    votes = {"01": integer(first), "02": integer(27)}
    return {
        "name": f"projects/demo/databases/(default)/documents/results/r{number}",
        "fields": {
            "kelurahan": {"stringValue": "1371011001"},
            "tps": integer(number),
            "paslon": {"mapValue": {"fields": votes}},
            "sah": integer(first + 27),
            "tidakSah": integer(1),
        },
    }


def _realtime(number, first):
    return {
        "kelurahan": "1371011001",
        "tps": number,
        "paslon": {"01": first, "02": 27},
        "sah": first + 27,
        "tidakSah": 1,
    }


def hand_in(program, node, exported):
    """Exit code and what was said."""
    path = node.home.folder / "export.json"
    path.write_text(json.dumps(exported))
    token = json.loads(node.home.control.read_text())["token"]
    done = subprocess.run(
        [program, EXAMPLE / "handin.mjs", path, node.url, ELECTION],
        env={**os.environ, "FEDERATION_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def votes_by_tps(documents):
    return {one["tps"]: one["groups"][0]["votes"]["01"] for one in documents.values()}


def shows(receiver, expected):
    return votes_by_tps(receiver.documents()) == expected


@pytest.mark.slow
def test_results_go_in_and_changes_come_back_also_to_who_was_killed(
    program, node, receiver
):
    node.start("--alone")
    receiver.start()
    firestore = {"documents": [_firestore(number, 100) for number in (1, 2, 3)]}
    assert hand_in(program, node, firestore)[:2] == (0, '{"logged":3}\n')
    assert hand_in(program, node, firestore)[:2] == (0, '{"held":3}\n')
    expected = {f"1371011001{number:03}": 100 for number in (1, 2, 3)}
    wait_until(lambda: shows(receiver, expected), "the first changes")

    receiver.kill()
    branch = {f"r{number}": _realtime(number, 200) for number in (4, 5)}
    assert hand_in(program, node, branch)[:2] == (0, '{"logged":2}\n')
    node.stop()
    node.start("--alone")
    assert hand_in(program, node, {"r6": _realtime(6, 300)})[:1] == (0,)
    receiver.start()
    expected |= {"1371011001004": 200, "1371011001005": 200, "1371011001006": 300}
    wait_until(lambda: shows(receiver, expected), "what came while it was gone")


def test_what_is_wrong_with_a_row_is_told_with_its_place(program, node):
    node.start("--alone")
    branch = {"r1": {**_realtime(1, 10), "paslon": {"09": 10}}}
    code, said, why = hand_in(program, node, branch)
    assert (code, said) == (1, '{"refused":1}\n')
    assert "r1: candidates.09 candidate:" in why


CHECK = """
import { take } from "./webhook.mjs";
import { createHmac } from "node:crypto";
const key = Buffer.alloc(32, 7), now = 1700000000;
const secret = "whsec_" + key.toString("base64");
const data = { reset: false, counts: { changes: 0 }, changes: [], election: "e" };
const body = Buffer.from(JSON.stringify({ type: "map.changed", data }));
const longer = Buffer.concat([body, Buffer.from(" ")]);
const sign = (id, at) =>
  "v1," + createHmac("sha256", key).update(`${id}.${at}.`)
    .update(body).digest("base64");
const headers = (at, signature, id = "m") => ({
  "webhook-id": id, "webhook-timestamp": `${at}`, "webhook-signature": signature,
});
const keep = async () => {}, drop = keep;
const ask = async (headers, data = body) =>
  (await take({ headers, body: data, secret, now, keep, drop }))[0];
console.log(JSON.stringify([
  await ask(headers(now, sign("m", now))),
  await ask(headers(now, "v1,AAAA " + sign("m", now))),
  await ask(headers(now, sign("m", now)), longer),
  await ask(headers(now, sign("m", now), "n")),
  await ask(headers(now - 400, sign("m", now - 400))),
  await ask(headers(now, "")),
  await ask({}),
]));
"""


def test_the_function_believes_nobody_but_the_node(program):
    done = subprocess.run(
        [program, "--input-type=module", "--eval", CHECK],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [200, 200, *[401] * 5]


@pytest.mark.parametrize("name", ["index.mjs", "local.mjs", "handin.mjs"])
def test_each_file_is_a_program(program, name):
    subprocess.run([program, "--check", EXAMPLE / name], check=True)


def test_only_the_function_needs_packages():
    for path in EXAMPLE.glob("*.mjs"):
        text = path.read_text(encoding="utf-8")
        assert max(map(len, text.splitlines())) <= 100
        foreign = {
            line.rpartition(" from ")[2]
            for line in text.splitlines()
            if line.startswith("import") and "firebase" in line
        }
        assert bool(foreign) == (path.name == "index.mjs")
