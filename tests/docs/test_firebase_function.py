"""The Cloud Function of docs/examples/firebase, run by what runs it there.

Firebase's own packages and the framework by which Google serves functions are fetched
from the registry; what stands in for the database is `firestore.mjs`, spoken to by
Google's client. Its emulator is a program that is fetched from elsewhere, at 100 MB.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.docs.test_firebase import EXAMPLE
from tests.stories.nodes import ELECTION, Node, closing_all, free_port
from tests.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
FRAMEWORK = "@google-cloud/functions-framework@5"
PATIENCE_S = 4 * LIMIT_S


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The example beside the packages that it names, as `firebase deploy` makes it."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    folder = tmp_path_factory.mktemp("function")
    for path in EXAMPLE.iterdir():
        shutil.copy(path, folder)
    quiet = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts"]
    for more in ([], [FRAMEWORK]):
        run = ["npm", "install", *quiet, *more]
        try:
            done = subprocess.run(
                run,
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=600,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("the registry of npm does not answer")
        if done.returncode:
            pytest.skip(f"the packages cannot be fetched: {done.stderr[-200:]}")
    return folder


class Firebase:
    """The function and the database that it writes into."""

    def __init__(self, packages, folder, secret):
        self._packages, self._secret = packages, secret
        self._kept, self.port = folder / "documents.json", free_port()
        self.url = f"http://127.0.0.1:{self.port}/federation"
        words = ["node", HERE / "firestore.mjs", packages, self._kept]
        self._store = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self._store_port = int(self._store.stdout.readline())
        self._function = None

    def start(self):
        framework = self._packages / "node_modules/.bin/functions-framework"
        emulator = f"127.0.0.1:{self._store_port}"
        self._function = subprocess.Popen(
            [framework, "--target=federation", f"--port={self.port}"],
            cwd=self._packages,
            env={
                **os.environ,
                "FEDERATION_SECRET": self._secret,
                "FIRESTORE_EMULATOR_HOST": emulator,
                "GCLOUD_PROJECT": "demo-federation",
            },
            start_new_session=True,
        )

    def kill(self):
        if self._function is not None:
            os.killpg(self._function.pid, signal.SIGKILL)
            self._function.wait()
        self._function = None

    def close(self):
        self.kill()
        self._store.kill()
        self._store.wait()
        self._store.stdout.close()

    def votes(self):
        """Candidate 01's, by polling station, as they lie in the database."""
        found = {}
        kept = json.loads(self._kept.read_text()) if self._kept.exists() else []
        for _, fields in kept:
            group = fields["groups"]["array_value"]["values"][0]["map_value"]["fields"]
            votes = group["votes"]["map_value"]["fields"]
            found[fields["tps"]["string_value"]] = int(votes["01"]["integer_value"])
        return found


@pytest.fixture
def node(tmp_path):
    with closing_all() as opened:
        opened.append(Node(tmp_path / "home", "jagasuara.example"))
        yield opened[0]


@pytest.fixture
def firebase(packages, tmp_path, node):
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    path = node.home.folder / "keys" / "firebase.secret"
    path.touch(0o600)
    path.write_text(secret + "\n")
    found = Firebase(packages, tmp_path, secret)
    with node.home.settings.open("a") as file:
        file.write(
            f'\n[[webhooks]]\nname = "firebase"\nurl = "{found.url}"\n'
            'secret_file = "keys/firebase.secret"\nallow_private = true\n'
        )
    yield found
    found.close()


@pytest.mark.long
def test_the_function_brings_the_map_into_firestore_and_what_it_missed_after(
    node, firebase
):
    firebase.start()
    node.start("--alone")
    node.take(0, 3, first=100)
    expected = {f"1371011001{number:03}": 100 for number in (1, 2, 3)}
    wait_until(lambda: firebase.votes() == expected, "the first changes", PATIENCE_S)
    assert refuse_stranger(firebase) == 401
    firebase.kill()
    node.take(3, 5, first=200)
    firebase.start()
    expected |= {"1371011001004": 200, "1371011001005": 200}
    wait_until(lambda: firebase.votes() == expected, "what it missed", PATIENCE_S)


@pytest.mark.long
def test_a_map_that_is_begun_anew_leaves_nothing_behind(node, firebase):
    firebase.start()
    node.start("--alone")
    node.take(0, 2, first=100)
    wait_until(lambda: len(firebase.votes()) == 2, "the first changes", PATIENCE_S)
    stray = dict.fromkeys(("9999999999001",), 7)
    assert put_stray(firebase, stray) == 200
    assert firebase.votes().keys() > stray.keys()
    assert put_stray(firebase, {}, reset=True) == 200
    assert firebase.votes() == {}


def refuse_stranger(firebase):
    """The status of an answer to a message that our node did not sign."""
    return _send(firebase, {"type": "map.changed"}, b"x" * 32)


def put_stray(firebase, votes, *, reset=False):
    """The status of an answer to a message of the node with these rows."""
    rows = [
        {
            "change": "added",
            "contest": "ppwp",
            "tps": tps,
            "row": {
                "status": "single",
                "flags": [],
                "groups": [{"votes": {"01": first}, "orgs": ["x.example"]}],
            },
        }
        for tps, first in votes.items()
    ]
    data = {
        "org": "x.example",
        "election": ELECTION,
        "reset": reset,
        "counts": {"changes": len(rows)},
        "changes": rows,
    }
    key = base64.b64decode(firebase._secret.removeprefix("whsec_"))
    return _send(firebase, {"type": "map.changed", "data": data}, key)


def _send(firebase, message, key):
    body, now = json.dumps(message).encode(), int(time.time())
    mac = hmac.new(key, f"m.{now}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": "m",
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    request = urllib.request.Request(firebase.url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
