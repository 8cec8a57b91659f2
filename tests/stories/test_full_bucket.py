"""A real object store without room: it is told, and what lies there stays."""

import contextlib
import os
from types import SimpleNamespace

import obstore
import pytest
from obstore.exceptions import BaseError

from federation.blobs import below
from federation.blobs.bucket import open_store
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.node import photostore
from federation.node.house.photostore import see_photo_store
from tests.bucketserver import BUCKET, bucket_server
from tests.homes import ELECTION, draft, make_home, serving
from tests.node.test_disk import alarms, until_alarm
from tests.photos.pictures import photo
from tests.stories.test_uploads_bucket import SILENT, gauge, read_whole
from tests.waiting import until

pytestmark = pytest.mark.slow

ADDRESS = f"s3://{BUCKET}/nodes/photos"
#: One volume, which takes nothing more behind its first megabyte.
SMALL = ("-volume.max=1", "-master.volumeSizeLimitMB=1")
ROOMY = ("-volume.max=8",)
TPS = "1371011001001"
FIRST, SECOND = photo(size=(200, 150)), photo(size=(300, 200))


@contextlib.contextmanager
def store_in(folder, monkeypatch, *more):
    """Ours, in the environment of whoever asks."""
    with bucket_server(folder, more=more) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


def fill():
    """As others do who have the same store: not even what is small fits any more."""
    store = open_store(f"s3://{BUCKET}/others")
    for size in (200_000, 2_000):
        taken = 0
        while takes(store, f"{size}-{taken}", os.urandom(size)):
            taken += 1
            assert taken < 200, "it takes all"


def takes(store, name, body):
    """Whether there is room for it."""
    try:
        obstore.put(store, name, body, use_multipart=False)
    except BaseError:
        return False
    return True


async def see(home):
    return await see_photo_store(
        SimpleNamespace(home=home, sound=load_settings(home.settings))
    )


def keep_deleted(store):
    """From now on what is deleted stays as an older version."""
    said = "<Status>Enabled</Status>"
    body = f"<VersioningConfiguration>{said}</VersioningConfiguration>"
    assert store.own(BUCKET, "versioning", body) == 200


@pytest.mark.parametrize("keeps", [False, True], ids=["forgets", "keeps-deleted"])
async def test_a_bucket_without_room_is_told_and_takes_photographs_when_it_has_some(
    tmp_path, monkeypatch, keeps
):
    monkeypatch.setattr(photostore, "SILENT_S", 1.0)
    monkeypatch.setattr(photostore, "INTERVAL_S", 1)
    monkeypatch.setattr(below, "_TRIED_S", 1.0)
    home = make_home(tmp_path)
    text = home.settings.read_text()
    line = f'[photos]\nstore = "{ADDRESS}"\n'
    home.settings.write_text(text.replace("[photos]\n", line))
    home = Home.of(home.folder, load_settings(home.settings))
    with store_in(tmp_path / "store", monkeypatch, *SMALL) as store:
        if keeps:
            keep_deleted(store)
        async with serving(home) as node:
            status, entry = await node.post("/v1/evidence", FIRST)
            assert status == 200
            record = {"tps": TPS, "contest": "ppwp", "evidence": [{**entry, "page": 1}]}
            batch = {"election": ELECTION, "records": [record]}
            assert (await node.post("/v1/records", batch))[0] == 200
            shared = await read_whole(node, entry["sha256"])
            fill()
            status, said = await node.post("/v1/evidence", SECOND)
            assert (status, said.get("code")) == (503, "store-away")
            # What lies there is given out, and a record waits for no photograph.
            assert await read_whole(node, entry["sha256"]) == shared
            batch = {"election": ELECTION, "records": [draft(TPS)]}
            assert (await node.post("/v1/records", batch))[0] == 200
            await until_alarm(node, SILENT)
            assert await gauge(node) == 1
            found = await see(home)
            assert found.state == "failed"
            assert found.seen.values["cause"].key == "blobs.store-failed"
            assert found.mend.key == "steps.mend-photo-store-full"
    with store_in(tmp_path / "store", monkeypatch, *ROOMY):
        async with serving(home) as node:
            assert (await node.post("/v1/evidence", SECOND))[0] == 200
            assert await read_whole(node, entry["sha256"]) == shared

            async def settled():
                return SILENT not in await alarms(node)

            await until(settled)
            assert await gauge(node) == 0
        assert (await see(home)).state == ("warning" if keeps else "ok")
