"""Photographs in a bucket of a real object store: put there, read in parts, removed."""

import asyncio
import hashlib
import json
import os
import re
import signal
import time

import aiohttp
import obstore
import pytest

from federation.blobs.bucket import open_store
from federation.blobs.incoming import PREFIX, ComingFile, Incoming, name_of
from federation.blobs.presign import read_store_key
from federation.blobs.probe import is_probe, try_for_photos
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.node import photostore
from tests.bucketserver import BUCKET
from tests.clusters.ceph import CephCluster
from tests.homes import ELECTION, draft, make_home, serving
from tests.node.test_disk import alarms, until_alarm
from tests.photos.pictures import photo
from tests.stories.nodes import PROJECT
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.long]

ADDRESS = f"s3://{BUCKET}/nodes/photos"
#: What this one leaves lying there is no other's.
OF_THE_SILENT = f"s3://{BUCKET}/nodes/silent"
SILENT = (photostore.ALARM, photostore.SUBJECT)
TPS = "1371011001001"
PHOTO = photo(size=(200, 150), comment=b"somebody's name")


@pytest.fixture
async def outside(bucket_store, monkeypatch):
    """Somebody who has no key of the store."""
    for name, value in bucket_store.environment().items():
        monkeypatch.setenv(name, value)
    async with aiohttp.ClientSession() as session:
        yield session


def said_of(data):
    digest = hashlib.sha256(data).hexdigest()
    return {"media_type": "image/jpeg", "sha256": digest, "size": len(data)}


def lying():
    pages = obstore.list(open_store(ADDRESS))
    paths = sorted(found["path"] for page in pages for found in page)
    return [path for path in paths if not is_probe(path)]


async def test_an_address_lets_through_one_file_and_nothing_else(outside, bucket_store):
    key = read_store_key(os.environ)
    here = Incoming(ADDRESS, bucket_store.url, key)
    digest, now = hashlib.sha256(PHOTO).hexdigest(), int(time.time())
    file = ComingFile(digest, len(PHOTO), "image/jpeg")
    url, headers, _ = here.offer("one", file, now)
    ended = here.offer("one", file, now - 3_600).url
    other = PHOTO[:-1] + b"x"
    theirs = ComingFile(hashlib.sha256(other).hexdigest(), len(other), "image/jpeg")
    _, their_headers, _ = here.offer("one", theirs, now)
    bare = {k: v for k, v in headers.items() if not k.startswith("x-amz")}
    longer = headers | {"Content-Length": str(len(PHOTO) + 1)}

    async def put(url, headers, body):
        async with outside.put(url, data=body, headers=headers) as answer:
            return answer.status

    # Ceph 16 looks at no checksum: such bytes are found out when they are read
    # (`node/test_uploads.py`).
    others = [] if isinstance(bucket_store, CephCluster) else [(url, headers, other)]
    for at, head, body in (
        *others,
        (url, their_headers, other),
        (url, longer, PHOTO + b"x"),
        (url, bare, PHOTO),
        (url, headers | {"Content-Type": "text/html"}, PHOTO),
        (url.replace(digest, theirs.digest), headers, PHOTO),
        (ended, headers, PHOTO),
    ):
        assert await put(at, head, body) in {400, 403}, (at, head)
    assert lying() == []
    async with outside.get(url) as answer:
        assert answer.status == 403
    assert [await put(url, headers, PHOTO) for _ in range(2)] == [200, 412]
    pieces = [piece async for piece in here.pieces("one", file)]
    assert b"".join(pieces) == PHOTO
    # Taken in, it does not come once more while its address holds.
    await here.settle("one", digest)
    assert await put(url, headers, PHOTO) == 412
    assert await here.reads_taken("one", digest, await here.size("one", digest))
    assert await here.sweep(now) == 0
    assert await here.sweep(now + 10_000) == 1
    assert lying() == []


async def test_a_photo_comes_by_the_bucket_is_read_in_parts_and_is_removed(
    outside, bucket_store, tmp_path
):
    home = make_home(tmp_path)
    lines = f'store = "{ADDRESS}"\nuploads = "{bucket_store.url}"'
    text = home.settings.read_text()
    home.settings.write_text(text.replace("[photos]\n", f"[photos]\n{lines}\n"))
    home = Home.of(home.folder, load_settings(home.settings))
    async with serving(home) as node:
        said = said_of(PHOTO)
        assert await put_there(node, outside, said) == 200
        assert [PREFIX in path for path in lying()] == [True]
        status, entry = await node.post("/v1/evidence/uploaded", said)
        assert status == 200, entry
        digest, size = entry["sha256"], entry["size"]
        copy, mark = lying()
        assert copy == f"{digest[:2]}/{digest}"
        assert mark == f"{name_of('', said['sha256'])}"
        assert await node.post("/v1/evidence/uploaded", said) == (200, entry)
        record = {"tps": TPS, "contest": "ppwp", "evidence": [{**entry, "page": 1}]}
        batch = {"election": ELECTION, "records": [record]}
        assert (await node.post("/v1/records", batch))[0] == 200
        body = await read_whole(node, digest)
        assert hashlib.sha256(body).hexdigest() == digest
        for asked, part in (
            ("bytes=0-99", body[:100]),
            (f"bytes={size - 7}-", body[-7:]),
            ("bytes=-5", body[-5:]),
        ):
            assert await read(node, digest, Range=asked) == (206, part)
        assert (await read(node, digest, Range=f"bytes={size}-"))[0] == 416
        both = {"Range": "bytes=0-9", "If-Range": '"another"'}
        assert await read(node, digest, **both) == (200, body)
        both["If-Range"] = f'"{digest}"'
        assert await read(node, digest, **both) == (206, body[:10])
        removal = {"digest": digest, "ground": "request"}
        status, removed = await node.post("/v1/control/remove-photo", removal)
        assert (status, removed["was_held"]) == (200, True)
        assert lying() == [mark]
        assert (await read(node, digest))[0] == 404
        assert (await node.post("/v1/evidence/uploaded", said))[0] == 422
        assert lying() == []
        # Whoever has the file puts it there again: it is not taken, and goes.
        assert await put_there(node, outside, said) == 200
        assert (await node.post("/v1/evidence/uploaded", said))[0] == 422
        assert lying() == []


async def put_there(node, outside, said):
    """Ask for an address and put the photograph there: what the store answers."""
    _, offered = await node.post("/v1/evidence/uploads", said)
    url, headers = offered["url"], offered["headers"]
    async with outside.put(url, data=PHOTO, headers=headers) as answer:
        return answer.status


async def read_whole(node, digest):
    """Its bytes, once it is noted which record names it."""
    for _ in range(100):
        status, body = await read(node, digest)
        if status == 200:
            return body
        await asyncio.sleep(0.1)
    raise AssertionError(status)


async def read(node, digest, **headers):
    headers["Authorization"] = f"Bearer {node.token}"
    async with node._session.get(f"{node.url}/blob/{digest}", headers=headers) as said:
        return said.status, await said.read()


async def test_a_bucket_with_versions_is_found_out_and_one_without_is_not(
    outside, bucket_store
):
    address = "s3://versions/below"
    assert bucket_store.own("versions", "", "") == 200
    store = open_store(address)
    assert try_for_photos(store, address) == (False, True)
    for state, keeps in (("Enabled", True), ("Suspended", False)):
        said = f"<Status>{state}</Status>"
        body = f"<VersioningConfiguration>{said}</VersioningConfiguration>"
        assert bucket_store.own("versions", "versioning", body) == 200
        traits = try_for_photos(store, address)
        # Where versions are kept, Ceph 16 makes an object a second time.
        assert (traits.keeps_deleted, keeps or traits.creates) == (keeps, True), state


CORS = re.compile(r"```json cors.json\n(.+?)```", re.DOTALL)


@pytest.mark.parametrize("page", ["share-photos.md", "share-photos.id.md"])
async def test_the_cors_rule_of_the_page_lets_a_browser_put_a_file_and_no_more(
    outside, bucket_store, page
):
    text = (PROJECT / "docs" / "how-to" / page).read_text()
    (rule,) = json.loads(CORS.search(text)[1])["CORSRules"]
    names = (("AllowedOrigins", "AllowedOrigin"), ("AllowedMethods", "AllowedMethod"))
    names += (("AllowedHeaders", "AllowedHeader"),)
    lines = [f"<{one}>{v}</{one}>" for many, one in names for v in rule[many]]
    lines.append(f"<MaxAgeSeconds>{rule['MaxAgeSeconds']}</MaxAgeSeconds>")
    body = "".join(lines)
    body = f"<CORSConfiguration><CORSRule>{body}</CORSRule></CORSConfiguration>"
    bucket = page.replace(".", "-")
    assert bucket_store.own(bucket, "", "") == 200
    assert bucket_store.own(bucket, "cors", body) == 200
    here = Incoming(f"s3://{bucket}", bucket_store.url, read_store_key(os.environ))
    digest = hashlib.sha256(PHOTO).hexdigest()
    file = ComingFile(digest, len(PHOTO), "image/jpeg")
    url, headers, _ = here.offer(page, file, int(time.time()))
    # As a browser asks before: without what it sends by itself.
    sent = {k.lower() for k in headers} - {"content-length"}
    (origin,) = rule["AllowedOrigins"]

    async def preflight(origin, method):
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        asked["Access-Control-Request-Headers"] = ",".join(sorted(sent))
        async with outside.options(url, headers=asked) as answer:
            told = answer.headers
            methods = told.get("Access-Control-Allow-Methods", "").split(", ")
            is_named = told.get("Access-Control-Allow-Origin") == origin
            return answer.status < 300 and is_named and method in methods

    assert await preflight(origin, "PUT")
    for asked in (("https://evil.example", "PUT"), (origin, "GET"), (origin, "DELETE")):
        assert not await preflight(*asked), asked
    named = {"Origin": origin}
    async with outside.put(url, data=PHOTO, headers=headers | named) as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == origin


async def test_a_store_that_stands_still_is_told_in_time_and_taken_up_when_it_wakes(
    outside, bucket_store, tmp_path, monkeypatch
):
    monkeypatch.setenv("AWS_TIMEOUT", "2s")
    monkeypatch.setattr(photostore, "SILENT_S", 1.0)
    monkeypatch.setattr(photostore, "INTERVAL_S", 1)
    home = make_home(tmp_path)
    lines = f'store = "{OF_THE_SILENT}"\nuploads = "{bucket_store.url}"'
    text = home.settings.read_text()
    home.settings.write_text(text.replace("[photos]\n", f"[photos]\n{lines}\n"))
    home = Home.of(home.folder, load_settings(home.settings))
    async with serving(home) as node:
        said = said_of(PHOTO)
        assert await put_there(node, outside, said) == 200
        bucket_store.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            for path, body in (
                ("/v1/evidence", PHOTO),
                ("/v1/evidence/uploaded", said),
            ):
                status, told = await node.post(path, body)
                assert (status, told["code"]) == (503, "store-away")
            # Each within the time that is waited for one answer, its retries and room.
            assert time.monotonic() - began < 60
            # Records without a photograph wait for no store.
            batch = {"election": ELECTION, "records": [draft(TPS)]}
            assert (await node.post("/v1/records", batch))[0] == 200
            await until_alarm(node, SILENT)
            assert await gauge(node) == 1
        finally:
            bucket_store.process.send_signal(signal.SIGCONT)
        status, entry = await node.post("/v1/evidence/uploaded", said)
        assert status == 200, entry
        assert await node.post("/v1/evidence", PHOTO) == (200, entry)

        async def settled():
            return SILENT not in await alarms(node)

        await until(settled)
        assert await gauge(node) == 0


async def gauge(node):
    headers = {"Authorization": f"Bearer {node.token}"}
    async with node._session.get(f"{node.url}/metrics", headers=headers) as said:
        text = await said.text()
    found = re.search(r"(?m)^federation_photo_store_silent (\S+)$", text)
    return float(found[1])
