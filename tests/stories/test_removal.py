"""A photo that is shown no longer: removed at one node, deleted and said at another."""

import hashlib
import json
import re

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.photos.held import Photo, keep_photo
from tests.homes import ELECTION
from tests.stories.nodes import (
    Node,
    closing_all,
    start_all,
    station,
    trust_each_other,
)
from tests.stories.test_usb import federation, typed
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
DATA = b"the shared copy of a form"
ONE = hashlib.sha256(DATA).hexdigest()
FILE = {"media_type": "image/jpeg", "sha256": ONE, "size": len(DATA)}


async def hold(node, *, is_own):
    """The photo as a node holds it that took it in, or fetched it from a partner."""
    home = node.home
    db, blobs = node.open(), open_blobs(home.blobs, home.folder)
    photo = Photo(ONE, DATA, "image/jpeg")
    await keep_photo(db, blobs, photo, is_own=is_own, now=1_709_000_000)
    db.close()


def lies_at(node) -> bool:
    return any(path.name == ONE for path in (node.home.data / "blobs").rglob("*"))


def entry_at(node):
    """What this node says of the photo, as its operator sees it."""
    found = federation(node, "photos", "removals")["removals"]
    return next((one for one in found if one["digest"] == ONE), None)


def honoured_at(node):
    entry = entry_at(node)
    return entry and [by["org"] for one in entry["asked"] for by in one["honoured"]]


@pytest.mark.long
async def test_a_removes_b_deletes_and_says_so_and_c_does_not_follow_it(tmp_path):
    a = Node(tmp_path, "jagapemilu.example")
    b = Node(tmp_path, "jagasuara.example")
    c = Node(tmp_path, "kawalpemilu.example")
    trust_each_other(a, b, c)
    # C decides by hand.
    peers, text = c.home.peers, c.home.peers.read_text()
    peers.write_text(
        re.sub(r"(?m)^\[\[peer\]\]$", "[[peer]]\nhonour_removals = false", text)
    )
    for node in (a, b, c):
        await hold(node, is_own=node is a)
    with closing_all() as closing:
        closing += [a, b, c]
        start_all(a, b, c)
        record = {**station(1), "evidence": [FILE]}
        body = {"election": ELECTION, "records": [record]}
        status, answer = a.post("/v1/records", body)
        assert (status, answer["verdicts"][0]["outcome"]) == (200, "logged"), answer
        words = (
            "photos",
            "remove",
            ONE,
            "--ground",
            "wrong-photo",
            "--reason",
            "salah",
        )
        done = federation(a, *words)
        assert done["statement"]
        assert not lies_at(a)
        wait_until(lambda: not lies_at(b), "B deletes its copy")
        wait_until(lambda: honoured_at(a) == [b.org], "A sees who honoured it")
        wait_until(lambda: entry_at(c) is not None, "C hears of it")
        assert (lies_at(c), entry_at(c)["here"]) == (True, "not-honoured")
        # By hand, at C: the log says so, and asks nobody.
        assert federation(c, *words)["is_new"]
        assert not lies_at(c)
        # Killed and started again, nothing comes back and nothing is said twice.
        b.stop(9)
        b.start()
        again = federation(b, *words)
        assert (again["is_new"], lies_at(b)) == (False, False)
        assert json.loads(typed(a, *words).stdout)["is_new"] is False
