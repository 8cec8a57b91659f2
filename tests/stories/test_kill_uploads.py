"""kill -9 of a node whose photographs lie in a real bucket: nothing is claimed falsely.

`FEDERATION_KILLS` says how often (2; 60 is the full run).
"""

import hashlib
import json
import os
import random
import signal
import threading
import time
import urllib.request

import obstore
import pytest

from federation.blobs.bucket import open_store
from federation.blobs.incoming import PREFIX
from federation.store import blobs as held
from tests.bucketserver import BUCKET
from tests.photos.pictures import photo
from tests.stories.nodes import Node
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long]

KILLS = int(os.environ.get("FEDERATION_KILLS", "2"))
ADDRESS = f"s3://{BUCKET}/nodes/killed"
LONGEST_S = 1.5
DONE = "/v1/evidence/uploaded"


def said_of(data):
    digest = hashlib.sha256(data).hexdigest()
    return {"media_type": "image/jpeg", "sha256": digest, "size": len(data)}


class Sender:
    """Hands photographs in and has every third removed, until the node ends."""

    def __init__(self, node, photos):
        self.node, self.photos = node, photos
        self.taken: dict[bytes, str] = {}
        self.asked: set[str] = set()
        self.removed: set[str] = set()

    def run(self, token):
        for number, data in enumerate(self.photos):
            digest = self.upload(data, token)
            if digest is None:
                return
            if number % 3 == 2:
                self.asked.add(digest)
                removal = {"digest": digest, "ground": "request"}
                path = "/v1/control/remove-photo"
                status, _ = self.node.ask(path, removal, token=token)
                if status != 200:
                    return
                self.removed.add(digest)

    def upload(self, data, token):
        """The digest of the copy; None: the node has ended."""
        said = said_of(data)
        status, offered = self.node.ask("/v1/evidence/uploads", said, token=token)
        if status != 200:
            return None
        request = urllib.request.Request(offered["url"], data, method="PUT")
        for name, value in offered["headers"].items():
            request.add_header(name, value)
        urllib.request.urlopen(request).close()
        status, entry = self.node.ask(DONE, said, token=token)
        if status != 200:
            return None
        assert self.taken.setdefault(data, entry["sha256"]) == entry["sha256"]
        return entry["sha256"]


def test_what_was_acknowledged_is_kept_and_what_was_removed_is_gone(
    bucket_store, tmp_path, monkeypatch
):
    for name, value in bucket_store.environment().items():
        monkeypatch.setenv(name, value)
    chance, node = random.Random(KILLS), Node(tmp_path, "jagasuara.example")
    lines = f'[photos]\nstore = "{ADDRESS}"\nuploads = "{bucket_store.url}"\n'
    text = node.home.settings.read_text()
    node.home.settings.write_text(text.replace("[photos]\n", lines))
    taken, asked, removed = {}, set(), set()
    for turn in range(KILLS):
        photos = [photo(size=(200 + turn, 120 + number)) for number in range(40)]
        sender = Sender(node.start("--alone"), photos)
        worker = threading.Thread(target=sender.run, args=(token_of(node),))
        worker.start()
        while not sender.removed and worker.is_alive():
            time.sleep(0.01)
        time.sleep(chance.random() * LONGEST_S)
        node.stop(signal.SIGKILL)
        worker.join()
        assert sender.removed, "the node did something"
        taken |= sender.taken
        asked |= sender.asked
        removed |= sender.removed
        # What was called removed is gone, whatever became of the process.
        assert not removed & lying()
    node.start("--alone")
    token = token_of(node)
    for data, digest in taken.items():
        if digest not in asked:
            # The mark says so, by whichever process it was taken in.
            status, entry = node.ask(DONE, said_of(data), token=token)
            assert (status, entry["sha256"]) == (200, digest)

    def is_settled():
        rows = node.read(lambda view: {one.digest for one in held.list_blobs(view)})
        return rows == lying() and not rows & removed

    wait_until(is_settled, "what was begun is finished")
    kept = {digest for digest in taken.values() if digest not in asked}
    assert kept <= lying()
    node.stop()
    assert node.doctor()[0] == 0


def lying():
    """The copies in the bucket."""
    pages = obstore.list(open_store(ADDRESS))
    names = {one["path"] for page in pages for one in page}
    return {name[3:] for name in names if not name.startswith((PREFIX, "."))}


def token_of(node):
    return json.loads(node.home.control.read_text())["token"]
