"""Refusals and our own bugs have one form, and tell nothing of the machine."""

import errno
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.errors import NotFoundError, PhotoError, VerificationError
from federation.text import Sentence, Text
from federation.web.problem import MEDIA_TYPE, answer_problems
from federation.web.refusal import refusal
from tests.indonesian import find_english

SECRET = "/home/budi/data/keys"


async def ask(error: Exception, **headers: str):
    """The answer of a node whose handler ends in `error`."""

    async def handler(_: web.Request) -> web.Response:
        raise error

    app = web.Application(middlewares=[answer_problems])
    app.add_routes([web.get("/broken", handler)])
    async with TestClient(TestServer(app)) as client:
        got = await client.get("/broken", headers={"Accept": "text/html", **headers})
        assert got.content_type == MEDIA_TYPE
        return got.status, await got.json(content_type=None), got.headers


@pytest.mark.parametrize(
    "error",
    [ValueError(SECRET), KeyError(SECRET), PermissionError(errno.EACCES, "x", SECRET)],
)
async def test_a_bug_is_told_to_the_log_and_not_to_the_caller(error, caplog):
    with caplog.at_level(logging.ERROR, "federation.web.problem"):
        status, body, _ = await ask(error)
    assert (status, body["status"], body["code"]) == (500, 500, "bug")
    assert SECRET not in str(body)
    (said,) = caplog.records
    assert "/broken" in said.getMessage()
    assert said.exc_info[1] is error


async def test_a_full_disk_is_no_bug(caplog):
    status, body, _ = await ask(OSError(errno.ENOSPC, "full", SECRET))
    assert (status, body["code"]) == (507, "disk-full")
    assert SECRET not in str(body)
    assert not caplog.records


async def test_a_refusal_keeps_its_own_code(caplog):
    status, body, headers = await ask(VerificationError("not now"))
    assert (status, body["code"]) == (503, "verification")
    assert headers["Retry-After"] == "10"
    assert not caplog.records


async def test_a_redirect_is_no_refusal():
    async def away(_: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/there")

    app = web.Application(middlewares=[answer_problems])
    app.add_routes([web.get("/here", away)])
    async with TestClient(TestServer(app)) as client:
        got = await client.get("/here", allow_redirects=False)
        assert (got.status, got.headers["Location"]) == (303, "/there")


ASKED = {
    "id": "id",
    "en": "en",
    "id-ID,id;q=0.9,en;q=0.8": "id",
    "en-GB,en;q=0.9,id;q=0.5": "en",
    "de-DE": "en",
    "*": "en",
}


@pytest.mark.parametrize("kind", [NotFoundError, PhotoError])
@pytest.mark.parametrize("asked", ASKED)
async def test_a_refusal_is_told_in_the_language_that_is_asked_for(kind, asked):
    cause = Sentence("photo.removed")
    _, body, headers = await ask(kind(cause), **{"Accept-Language": asked})
    assert body["detail"] == Text(ASKED[asked]).say(cause)
    assert headers["Vary"] == "Accept-Language"


async def test_a_program_that_says_no_language_is_told_in_english():
    _, body, _ = await ask(NotFoundError(Sentence("photo.removed")))
    assert body["detail"] == Sentence("photo.removed")


SAID_BY_AIOHTTP = [
    refusal(web.HTTPUnauthorized, Sentence("refused.token-empty", how="")),
    refusal(web.HTTPForbidden, Sentence("refused.foreign-notice")),
    refusal(web.HTTPUnsupportedMediaType, Sentence("refused.photo-itself")),
    web.HTTPNotFound(),
    web.HTTPMethodNotAllowed("PUT", ["GET"]),
    OSError(errno.ENOSPC, "full"),
    OSError(errno.EIO, "broken"),
    OSError(errno.EMFILE, "many"),
    ValueError("a bug"),
]


@pytest.mark.parametrize("error", SAID_BY_AIOHTTP, ids=[*"abcdefghi"])
async def test_each_refusal_of_the_web_is_indonesian_to_the_end(error):
    _, body, _ = await ask(error, **{"Accept-Language": "id"})
    assert body["detail"]
    assert find_english(body["detail"]) == [], body["detail"]
