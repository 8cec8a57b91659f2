"""`POST /v1/evidence`: what comes is drawn anew, and cited by the record after it."""

import asyncio
import hashlib
import json

import aiohttp
import pytest

from federation.photos.redraw import MOST_ORIGINAL_BYTES
from tests.homes import ELECTION, make_home, serving
from tests.photos.pictures import photo

PATH = "/v1/evidence"
PHOTO = photo(size=(200, 150), comment=b"somebody's name")
TPS = "1371011001001"


@pytest.fixture
async def node(tmp_path):
    async with serving(make_home(tmp_path)) as node:
        yield node


async def send(node, data, token="control", **headers):
    secret = node.token if token == "control" else token
    headers |= {"Authorization": f"Bearer {secret}"} if secret else {}
    async with node._session.post(node.url + PATH, data=data, headers=headers) as said:
        return said.status, json.loads(await said.read())


async def test_a_record_names_the_copy_that_was_answered(node):
    status, entry = await send(node, PHOTO)
    assert status == 200
    path = node.home.blobs
    (held,) = [one for one in (node.home.folder / path).rglob("*") if one.is_file()]
    data = held.read_bytes()
    assert entry["sha256"] == hashlib.sha256(data).hexdigest() == held.name
    assert (entry["size"], entry["media_type"]) == (len(data), "image/jpeg")
    record = {"tps": TPS, "contest": "ppwp", "evidence": [{**entry, "page": 2}]}
    body = {"election": ELECTION, "records": [record]}
    status, answer = await node.post("/v1/records", body)
    assert (status, answer["verdicts"][0]["outcome"]) == (200, "logged")
    assert await send(node, PHOTO) == (200, entry)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "this is PDF"),
        (b"hello", "no photograph that is known"),
        (PHOTO[:400], "ends too early"),
        (photo(size=(20, 20)), "20 × 20"),  # noqa: RUF001  as it is told
    ],
)
async def test_what_is_not_taken_is_told_why(node, data, says):
    status, answer = await send(node, data)
    assert (status, answer["code"]) == (422, "photo")
    assert says in answer["detail"]
    assert (await send(node, PHOTO))[0] == 200


async def test_a_photo_comes_with_a_token(node):
    assert (await send(node, PHOTO, token=None))[0] == 401
    assert (await send(node, PHOTO, token="x" * 40))[0] == 401


async def test_a_form_that_holds_a_photo_is_not_one(node):
    form = aiohttp.FormData()
    form.add_field("photo", PHOTO, filename="photo.jpg")
    status, answer = await send(node, form)
    assert (status, answer["code"]) == (415, "media-type")
    assert "itself" in answer["detail"]


async def test_more_bytes_than_are_taken_are_refused_before_they_have_come(node):
    async def endless():
        for _ in range((MOST_ORIGINAL_BYTES >> 20) + 2):
            yield bytes(1 << 20)

    status, answer = await send(node, endless())
    assert (status, answer["code"]) == (422, "photo")
    assert "64 MiB" in answer["detail"]


async def test_what_is_said_to_be_too_long_is_not_waited_for(node):
    reader, writer = await asyncio.open_connection(*node.url[7:].split(":"))
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n"
    head += f"Authorization: Bearer {node.token}\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.readuntil(b"\r\n")
    assert b" 422 " in answer
    writer.close()


async def test_photos_come_at_once_and_each_gets_its_own_answer(node):
    photos = [photo(size=(100 + n, 100)) for n in range(6)]
    answers = await asyncio.gather(*(send(node, data) for data in photos))
    assert {status for status, _ in answers} == {200}
    assert len({entry["sha256"] for _, entry in answers}) == 6


async def test_beyond_so_many_others_are_asked_to_wait(node):
    # They begin, and send no more.
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n"
    head += f"Authorization: Bearer {node.token}\r\n\r\nx"
    held = []
    for _ in range(16):
        held.append(await asyncio.open_connection(*node.url[7:].split(":")))
        held[-1][1].write(head.encode())
    for _ in range(100):
        status, answer = await send(node, PHOTO)
        if status == 503:
            break
    assert (status, answer["code"]) == (503, "busy")
    for _, writer in held:
        writer.close()
    for _ in range(200):
        status, _ = await send(node, PHOTO)
        if status == 200:
            break
        await asyncio.sleep(0.05)
    assert status == 200


async def test_nothing_is_left_of_what_came_but_the_copy(node):
    await send(node, PHOTO)
    await send(node, PHOTO[:300])
    for path in node.home.folder.rglob("*"):
        if path.is_file():
            assert b"somebody's name" not in path.read_bytes(), path
