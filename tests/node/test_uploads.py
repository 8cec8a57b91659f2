"""A photograph that its sender puts into the bucket, and then tells the node of."""

import asyncio
import hashlib
from base64 import b64encode
from types import SimpleNamespace

import aiohttp
import obstore
import pytest
from aiohttp.test_utils import TestServer

from federation.blobs import below, incoming
from federation.blobs.incoming import LEFT_S, PREFIX, ComingFile, Incoming
from federation.blobs.objects import ObjectBlobs
from federation.blobs.presign import StoreKey, presign
from federation.blobs.probe import PhotoTraits
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.errors import ConfigError, DatabaseBusyError, FencedError
from federation.flows.photos import take
from federation.node.comingphotos import open_uploads
from federation.node.house.photostore import see_photo_store
from federation.node.photostore import PhotoStoreWatch
from federation.store import blobs as held
from federation.store.db import Database
from federation.text import Sentence
from tests.blobs import fake_s3
from tests.blobs.fake_s3 import EVERYTHING, FakeS3
from tests.homes import make_home, serving
from tests.photos.pictures import photo

ASK, DONE = "/v1/evidence/uploads", "/v1/evidence/uploaded"
PHOTO = photo(size=(200, 150), comment=b"somebody's name")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "a-key",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-store",
    "AWS_ALLOW_HTTP": "true",
    "AWS_REGION": "here",
}


def said_of(data, **other):
    digest = hashlib.sha256(data).hexdigest()
    return {"media_type": "image/jpeg", "sha256": digest, "size": len(data)} | other


async def unasked(_):
    return None


@pytest.fixture
async def s3(monkeypatch):
    fake = FakeS3()
    # By the clock: it would take the fault that a test plans, or be among what lies.
    monkeypatch.setattr(PhotoStoreWatch, "_ask", unasked)
    async with TestServer(fake.app()) as server:
        fake.url = f"http://127.0.0.1:{server.port}"
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.url)
        yield fake


@pytest.fixture
def home(tmp_path, s3):
    home = make_home(tmp_path)
    lines = f'store = "s3://bucket/below"\nuploads = "{s3.url}"'
    text = home.settings.read_text()
    assert "[photos]\n" in text
    home.settings.write_text(text.replace("[photos]\n", f"[photos]\n{lines}\n"))
    return Home.of(home.folder, load_settings(home.settings))


@pytest.fixture
async def node(home, monkeypatch):
    # Nothing is old: a node that sweeps as it begins would take what a test puts there.
    monkeypatch.setattr(fake_s3, "TIME", "2124-02-14T08:40:00.000Z")
    async with serving(home) as node:
        yield node


def coming(s3):
    """What lies in the bucket that nobody has looked at."""
    return [key for key in s3.objects if key.startswith(f"below/{PREFIX}/")]


def shared(s3):
    return {key: data for key, data in s3.objects.items() if PREFIX not in key}


async def upload(node, data, said=None, put=None, put_answers=200):
    """Ask, put there, tell: what the node answers last."""
    said = said or said_of(data)
    status, offered = await node.post(ASK, said)
    assert status == 200, offered
    sent = data if put is None else put
    headers = offered["headers"] | {"Content-Length": str(len(sent))}
    async with (
        aiohttp.ClientSession() as outside,
        outside.put(offered["url"], data=sent, headers=headers) as answer,
    ):
        assert answer.status == put_answers
    return await node.post(DONE, said)


async def test_it_is_taken_as_if_it_had_come_through_the_node(node, s3):
    status, entry = await upload(node, PHOTO)
    assert status == 200, entry
    ((key, copy),) = shared(s3).items()
    assert key.endswith(entry["sha256"])
    assert entry["sha256"] == hashlib.sha256(copy).hexdigest()
    assert b"somebody's name" not in copy
    # A mark, of which nobody learns anything, lies in the place of what came.
    ((mark, body),) = ((key, s3.objects[key]) for key in coming(s3))
    assert (mark.endswith(said_of(PHOTO)["sha256"]), len(body)) == (True, 73)
    headers = {"Authorization": f"Bearer {node.token}"}
    async with node._session.post(
        f"{node.url}/v1/evidence", data=PHOTO, headers=headers
    ) as said:
        assert await said.json() == entry
    assert await node.post(DONE, said_of(PHOTO)) == (200, entry)
    assert shared(s3) == {key: copy}


async def test_where_a_mark_lies_the_file_does_not_come_once_more(node, s3):
    _, offered = await node.post(ASK, said_of(PHOTO))
    _, entry = await upload(node, PHOTO)
    before = dict(s3.objects)
    for _ in range(2):
        async with (
            aiohttp.ClientSession() as outside,
            outside.put(
                offered["url"], data=PHOTO, headers=offered["headers"]
            ) as answer,
        ):
            assert answer.status == 412
        _, offered = await node.post(ASK, said_of(PHOTO))
    assert s3.objects == before
    assert await node.post(DONE, said_of(PHOTO)) == (200, entry)


async def test_only_we_can_make_a_mark(node, s3):
    """A store that checks nothing lets a sender put one there for what it has not."""
    _, entry = await upload(node, PHOTO)
    (mark,) = (s3.objects[key] for key in coming(s3))
    other = said_of(b"another file")
    for forged in (b"taken in " + b"0" * 64, mark):
        s3.objects[f"below/{incoming.name_of('', other['sha256'])}"] = forged
        status, said = await node.post(DONE, other)
        assert (status, said["code"]) == (404, "not-found")
        assert entry["sha256"] not in str(said)
    # Nor is a mark that another's token has earned one of ours.
    s3.objects[f"below/{incoming.name_of('other', said_of(PHOTO)['sha256'])}"] = mark
    assert len(coming(s3)) == 2
    assert (await node.post(DONE, said_of(PHOTO)))[0] == 200


async def test_a_mark_outlives_a_node_that_is_started_anew(home, s3, monkeypatch):
    # Nothing is old: the sweep of a node that starts would take the mark.
    monkeypatch.setattr(fake_s3, "TIME", "2124-02-14T08:40:00.000Z")
    async with serving(home) as node:
        _, entry = await upload(node, PHOTO)
    async with serving(home) as node:
        assert await node.post(DONE, said_of(PHOTO)) == (200, entry)
        removal = {"digest": entry["sha256"], "ground": "request"}
        assert (await node.post("/v1/control/remove-photo", removal))[0] == 200
        assert (await node.post(DONE, said_of(PHOTO)))[0] == 422
        assert s3.objects == {}


async def test_a_mark_of_an_earlier_key_is_nothing_known_and_no_fault(
    home, s3, monkeypatch
):
    monkeypatch.setattr(fake_s3, "TIME", "2124-02-14T08:40:00.000Z")
    async with serving(home) as node:
        _, entry = await upload(node, PHOTO)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret-of-the-store")
    async with serving(home) as node:
        assert await code_of(node) == (404, "not-found")
        assert coming(s3) == []
        assert await upload(node, PHOTO) == (200, entry)


async def test_why_nothing_lies_there_is_told_apart(s3, home, monkeypatch):
    async with serving(home) as node:
        assert await code_of(node) == (404, "not-found")
        await node.post(ASK, said_of(PHOTO))
        assert await code_of(node) == (404, "upload-awaited")
        monkeypatch.setattr(incoming, "LIFETIME_S", -1)
        await node.post(ASK, said_of(PHOTO))
        assert await code_of(node) == (410, "upload-ended")
    async with serving(home) as node:
        assert await code_of(node) == (404, "not-found")


async def code_of(node):
    status, said = await node.post(DONE, said_of(PHOTO))
    return status, said["code"]


@pytest.fixture
def small(home, monkeypatch):
    """A home whose settings let one photograph of ours be."""
    monkeypatch.setattr(fake_s3, "TIME", "2124-02-14T08:40:00.000Z")
    text = home.settings.read_text()
    home.settings.write_text(
        text.replace("[photos]\n", "[photos]\nown_max_photos = 1\n")
    )
    return Home.of(home.folder, load_settings(home.settings))


async def test_at_the_bound_each_door_refuses_and_what_was_accepted_is_kept(small, s3):
    other = photo(size=(180, 130))
    async with serving(small) as node:
        _, entry = await upload(node, PHOTO)
        _, said = await node.post(ASK, said_of(other))
        assert (said["status"], said["code"]) == (507, "photos-full")
        # Another one has come when the last place is taken: it lies there still.
        s3.objects[f"below/{incoming.name_of('', said_of(other)['sha256'])}"] = other
        for path, body in ((DONE, said_of(other)), ("/v1/evidence", other)):
            status, said = await node.post(path, body)
            assert (status, said["code"]) == (507, "photos-full")
            assert "own_max_photos" in said["detail"]
        assert other in s3.objects.values()
        # What was taken in needs no room.
        assert await node.post("/v1/evidence", PHOTO) == (200, entry)
        assert await upload(node, PHOTO, put_answers=412) == (200, entry)
        status, text, _ = await node.get(
            "/metrics", headers={"Authorization": f"Bearer {node.token}"}
        )
        assert b'federation_photos_room{of="us"} 1' in text
        removal = {"digest": entry["sha256"], "ground": "request"}
        assert (await node.post("/v1/control/remove-photo", removal))[0] == 200
        assert (await node.post(DONE, said_of(other)))[0] == 200


async def test_a_store_that_refuses_us_is_told_as_the_store_and_no_disk(node, s3):
    await node.post(ASK, said_of(PHOTO))
    s3.refuses = EVERYTHING
    for path, body in (("/v1/evidence", PHOTO), (DONE, said_of(PHOTO))):
        status, said = await node.post(path, body)
        assert (status, said["code"]) == (503, "store-away")
        assert "disk" not in said["detail"]
        assert s3.url not in said["detail"], "what it is called is nobody's business"
    s3.refuses = frozenset()
    assert (await node.post("/v1/evidence", PHOTO))[0] == 200


async def test_an_address_binds_length_kind_and_digest_and_is_kept_by_no_cache(node):
    status, offered = await node.post(ASK, said_of(PHOTO))
    digest = b64encode(hashlib.sha256(PHOTO).digest()).decode()
    assert status == 200
    assert offered["headers"] == {
        "Content-Length": str(len(PHOTO)),
        "Content-Type": "image/jpeg",
        "If-None-Match": "*",
        "x-amz-checksum-sha256": digest,
    }
    names = "content-length%3Bcontent-type%3Bhost%3Bif-none-match"
    names += "%3Bx-amz-checksum-sha256"
    assert f"X-Amz-SignedHeaders={names}&" in offered["url"]
    assert ENVIRONMENT["AWS_SECRET_ACCESS_KEY"] not in offered["url"]


async def test_what_a_store_lets_through_is_found_out_and_removed(node, s3):
    # This store checks nothing.
    for said, put, says in (
        ({}, PHOTO[:-1] + b"x", "SHA-256"),
        ({}, PHOTO[:-1], "bytes"),
        ({}, PHOTO + b"x", "bytes"),
        ({"media_type": "image/png"}, PHOTO, "is JPEG"),
        (said_of(b"<html><script>"), b"<html><script>", "this is HTML"),
        (said_of(PHOTO[:400]), PHOTO[:400], "ends too early"),
    ):
        status, answer = await upload(node, PHOTO, said_of(PHOTO) | said, put)
        assert (status, answer["code"]) == (422, "photo")
        assert says in answer["detail"]
        assert s3.objects == {}
    assert (await upload(node, PHOTO))[0] == 200


async def test_what_has_not_come_is_told_and_may_come_still(node):
    for said in (said_of(PHOTO), said_of(PHOTO, size=1)):
        status, answer = await node.post(DONE, said)
        assert (status, answer["code"]) == (404, "not-found")
    assert (await upload(node, PHOTO))[0] == 200


async def test_what_is_no_photograph_is_given_no_address(node, s3):
    for said in (
        said_of(PHOTO, sha256="../../guard"),
        said_of(PHOTO, sha256=said_of(PHOTO)["sha256"] + "\n"),
        said_of(PHOTO, sha256="A" * 64),
        said_of(PHOTO, size=0),
        said_of(PHOTO, size=1 << 40),
        said_of(PHOTO, media_type="text/html"),
        said_of(PHOTO, url="http://169.254.169.254/"),
        {},
    ):
        for path in (ASK, DONE):
            assert (await node.post(path, said))[0] == 400, said
    assert s3.objects == {}


async def test_two_that_tell_of_it_at_once_take_it_in_once(node, s3):
    _, offered = await node.post(ASK, said_of(PHOTO))
    async with aiohttp.ClientSession() as outside:
        url, headers = offered["url"], offered["headers"]
        await outside.put(url, data=PHOTO, headers=headers)
    told = [node.post(DONE, said_of(PHOTO)) for _ in range(2)]
    first, second = await asyncio.gather(*told)
    assert first == second
    assert first[0] == 200
    assert len(shared(s3)) == 1


async def test_where_the_store_fails_it_lies_there_still(node, s3):
    await node.post(ASK, said_of(PHOTO))
    s3.objects[f"below/{incoming.name_of('', said_of(PHOTO)['sha256'])}"] = PHOTO
    s3.refuses = EVERYTHING
    assert (await node.post(DONE, said_of(PHOTO)))[0] in {500, 503}
    s3.refuses = frozenset()
    assert len(coming(s3)) == 1
    assert (await node.post(DONE, said_of(PHOTO)))[0] == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DatabaseBusyError(Sentence("machine.database-busy", path="db")), 409),
        (FencedError(Sentence("held.fenced-away")), 503),
    ],
    ids=["busy", "fenced"],
)
async def test_where_the_database_takes_nothing_it_lies_there_still(
    node, s3, monkeypatch, error, status
):
    """Whoever is fenced takes nothing any more: the next node to write does."""

    def refuse(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(take.originals, "save_copy", refuse)
        assert (await upload(node, PHOTO))[0] == status
    assert len(coming(s3)) == 1
    if isinstance(error, FencedError):
        return
    assert (await node.post(DONE, said_of(PHOTO)))[0] == 200
    assert PHOTO not in s3.objects.values()


@pytest.mark.parametrize("there", [len(PHOTO), 73], ids=["file", "mark"])
async def test_what_goes_while_it_is_read_was_not_there(node, monkeypatch, there):
    async def size(*_):
        return there

    monkeypatch.setattr(Incoming, "size", size)
    assert await code_of(node) == (404, "not-found")


async def test_nobody_speaks_of_what_another_has_put_there(node, s3):
    digest = said_of(PHOTO)["sha256"]
    theirs = f"below/{incoming.name_of('somebody else', digest)}"
    s3.objects[theirs] = PHOTO
    assert (await node.post(DONE, said_of(PHOTO)))[0] == 404
    assert s3.objects == {theirs: PHOTO}


async def test_what_nobody_speaks_of_again_is_swept_and_nothing_else(s3):
    key = StoreKey("a-key", "a-secret-of-the-store")
    here = Incoming("s3://bucket/below", s3.url, key)
    left = f"below/{incoming.name_of('one', '0' * 64)}"
    more = [f"below/{incoming.name_of('two', f'{n:064x}')}" for n in range(1500)]
    others = [f"below/{PREFIX}/note.txt", f"below/ab/ab{'0' * 62}", "incoming/x"]
    s3.objects |= dict.fromkeys([left, *more, *others], b"x")
    put_at = 1_707_900_000.0  # what this store says of everything
    assert await here.sweep(put_at + LEFT_S - 1) == 0
    assert await here.sweep(put_at + LEFT_S + 1) == 1501
    assert await here.sweep(put_at + LEFT_S + 1) == 0
    assert sorted(s3.objects) == sorted(others)


def test_what_is_on_its_way_is_bounded_for_each_and_for_all(monkeypatch):
    monkeypatch.setattr(incoming, "MOST_OF_ONE", (3, 100))
    monkeypatch.setattr(incoming, "MOST_OF_ALL", (5, 130))
    here = Incoming("s3://bucket/below", "https://store.example", StoreKey("a", "b"))

    def offer(sender, number, size=1, now=0):
        file = ComingFile(f"{number:064x}", size, "image/jpeg")
        return here.offer(sender, file, now) is not None

    assert [offer("one", n) for n in range(4)] == [True] * 3 + [False]
    assert offer("one", 1)  # the same file again
    assert not offer("two", 9, size=101)
    assert offer("two", 9, size=100)
    assert not offer("three", 10, size=50)
    assert [offer("three", n) for n in (10, 11)] == [True, False]
    ended = incoming.LIFETIME_S + LEFT_S + incoming.SWEEP_S
    assert not offer("one", 4, now=ended - 1)
    assert offer("one", 4, now=ended)


def test_a_smaller_file_of_the_same_name_is_counted_as_the_larger(monkeypatch):
    monkeypatch.setattr(incoming, "MOST_OF_ONE", (3, 100))
    here = Incoming("s3://bucket/below", "https://store.example", StoreKey("a", "b"))

    def offer(number, size, now=0):
        file = ComingFile(f"{number:064x}", size, "image/jpeg")
        return here.offer("one", file, now) is not None

    assert [offer(1, size) for size in (60, 1)] == [True] * 2
    assert [offer(2, size) for size in (60, 40)] == [False, True]


async def test_what_was_taken_in_is_counted_until_its_address_ends(s3, monkeypatch):
    monkeypatch.setattr(incoming, "MOST_OF_ONE", (1, 100))
    here = Incoming("s3://bucket/below", s3.url, StoreKey("a", "b"))

    def offer(number, now):
        file = ComingFile(f"{number:064x}", 1, "image/jpeg")
        return here.offer("one", file, now) is not None

    assert offer(1, now=0)
    await here.drop("one", f"{1:064x}")
    assert not offer(2, now=incoming.LIFETIME_S - 1)
    assert offer(2, now=incoming.LIFETIME_S)


def test_an_address_is_signed_as_the_specification_signs():
    # Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    key = StoreKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    url = "https://examplebucket.s3.amazonaws.com/test.txt"
    signed = presign("GET", url, {}, key, now=1_369_353_600, lifetime_s=86_400)
    told = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    assert signed.endswith(f"&X-Amz-Signature={told}")
    assert key.secret not in repr(key)


def test_the_host_is_signed_as_clients_send_it():
    def signed(url):
        return presign("PUT", url, {}, StoreKey("a", "b"), now=0, lifetime_s=900)

    plain = signed("https://s3.example.org/b/x")
    assert signed("HTTPS://S3.Example.org:443/b/x") == plain
    assert signed("http://s3.example.org:80/b/x") == plain.replace("https", "http")
    other = signed("https://s3.example.org:8333/b/x")
    assert other.startswith("https://s3.example.org:8333/b/x?")
    assert other.partition("?")[2] != plain.partition("?")[2]
    assert signed("http://[::1]:80/x").startswith("http://[::1]/x?")


async def test_a_node_without_a_bucket_says_so_and_takes_them_the_direct_way(tmp_path):
    async with serving(make_home(tmp_path)) as node:
        for path in (ASK, DONE):
            status, answer = await node.post(path, said_of(PHOTO))
            assert (status, "/v1/evidence" in answer["detail"]) == (404, True)


def test_without_a_key_that_signs_a_node_does_not_promise_it(home, monkeypatch):
    settings = load_settings(home.settings)
    resources = SimpleNamespace(settings=settings, home=home)
    assert open_uploads(resources) is not None
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigError, match="AWS_SECRET_ACCESS_KEY"):
        open_uploads(resources)


async def test_a_bucket_that_keeps_what_is_deleted_gets_no_originals(
    home, s3, monkeypatch
):
    """And of what is removed there nothing is claimed, until it does so no more."""
    async with serving(home) as node:
        _, entry = await upload(node, PHOTO)
    s3.version = "an-older-one"
    removal = {"digest": entry["sha256"], "ground": "request"}
    async with serving(home) as node:
        status, said = await node.post(ASK, said_of(photo(size=(180, 130))))
        assert (status, "versioning" in said["detail"]) == (404, True)
        await publish(node, entry)
        for is_new in (True, False):
            status, said = await node.post("/v1/control/remove-photo", removal)
            assert (status, said["is_new"], said["is_kept"]) == (200, is_new, True)
            assert (said["statement"], said["is_due"]) == ("", True)
            assert "s3://bucket/below" in said["why"]
        with monkeypatch.context() as patch:
            # Asked twice of one removal, it would be away at the second.
            patch.setattr(ObjectBlobs, "traits", keeps_once())
            status, said = await node.post("/v1/control/remove-photo", removal)
            assert (status, said["is_kept"]) == (200, True)
        found = await node.get(f"/blob/{entry['sha256']}", headers=as_us(node))
        assert found[0] == 404
    s3.version = None
    async with serving(home) as node:
        status, said = await node.post("/v1/control/remove-photo", removal)
        assert (status, said["is_kept"], said["is_due"]) == (200, False, False)
        assert len(said["statement"]) == 64


async def test_a_bucket_that_writes_over_holds_photographs_and_gets_no_originals(
    home, s3
):
    """It says yes to what it was told not to do, and nothing: it is tried by deeds."""
    s3.writes_over = True
    async with serving(home) as node:
        status, said = await node.post(ASK, said_of(PHOTO))
        assert (status, "If-None-Match" in said["detail"]) == (404, True)
        assert s3.objects == {}
        first = await node.post("/v1/evidence", PHOTO)
        assert first[0] == 200
        assert await node.post("/v1/evidence", PHOTO) == first
        (copy,) = s3.objects.values()
        assert hashlib.sha256(copy).hexdigest() == first[1]["sha256"]
    found = await see_photo_store(
        SimpleNamespace(home=home, sound=load_settings(home.settings))
    )
    assert (found.facts["writes_over"], found.facts["keeps_deleted"]) == (True, False)
    assert found.mend


def keeps_once():
    """Answers each task once: the node's own turn may ask meanwhile, too."""
    asked = set()

    async def traits(_):
        task = asyncio.current_task()
        if task in asked:
            raise OSError("the store went away")
        asked.add(task)
        return PhotoTraits(keeps_deleted=True, creates=True)

    return traits


def as_us(node):
    return {"Authorization": f"Bearer {node.token}"}


async def publish(node, entry):
    record = {"tps": "1371011001001", "contest": "ppwp", "evidence": [entry]}
    batch = {"election": "pilpres-2019", "records": [record]}
    status, said = await node.post("/v1/records", batch)
    assert (status, said["verdicts"][0]["outcome"]) == (200, "logged")


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
async def test_whichever_request_to_the_store_fails_asking_again_takes_it_in_once(
    node, s3, monkeypatch, is_done
):
    """Each of them once, not done or done and not answered: as a kill leaves it."""
    _, entry = await upload(node, PHOTO)
    (copy,) = shared(s3).values()
    place = f"below/{incoming.name_of('', said_of(PHOTO)['sha256'])}"
    for number in range(20):
        s3.objects = {place: PHOTO}
        await forget(node, entry["sha256"])
        with monkeypatch.context() as patch:
            faults = StoreFaults(patch, number, is_done=is_done)
            status, said = await node.post(DONE, said_of(PHOTO))
        assert (status == 200) is not faults.is_over, said
        # What was not acknowledged lies there to be taken in, or was, by its row.
        assert PHOTO in s3.objects.values() or copy in s3.objects.values()
        assert await node.post(DONE, said_of(PHOTO)) == (200, entry)
        assert list(shared(s3).values()) == [copy]
        assert PHOTO not in s3.objects.values()
        if not faults.is_over:
            return
    raise AssertionError(number)


async def forget(node, digest):
    """Nothing is known of the photograph, as before it came first."""
    db = Database.open(node.home.data)
    with db.transaction() as tx:
        held.mark_going(tx, digest)
        held.drop_going(tx, digest)
    db.close()


class StoreFaults:
    """One request to the store fails, the `number`th; `is_done`: after it was done."""

    def __init__(self, patch, number, *, is_done):
        self.is_over, self._left, self._is_done = False, number, is_done
        for name in ("head", "get_range", "put", "delete"):
            patch.setattr(below.obstore, name, self._faulty(getattr(obstore, name)))

    def _faulty(self, call):
        def asked(*given, **named):
            is_now, self._left = self._left == 0, self._left - 1
            answer = call(*given, **named) if self._is_done or not is_now else None
            if is_now:
                self.is_over = True
                raise obstore.exceptions.GenericError("the store went away")
            return answer

        return asked
