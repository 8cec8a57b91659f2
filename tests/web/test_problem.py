"""Refusals and our own bugs have one form, and tell nothing of the machine."""

import errno
import logging
from http import HTTPStatus

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.errors import NotFoundError, PhotoError, VerificationError
from federation.text import Sentence, Text
from federation.web import errorspage
from federation.web.context import SITE
from federation.web.problem import MEDIA_TYPE, answer_problems
from federation.web.refusal import refusal
from tests.indonesian import find_english
from tests.webnode import context_of, settings_of

NO_ADDRESS = Listen()
SECRET = "/home/budi/data/keys"


async def ask(error: Exception, listen: Listen = NO_ADDRESS, **headers: str):
    """The answer of a node whose handler ends in `error`."""

    async def handler(_: web.Request) -> web.Response:
        raise error

    app = web.Application(middlewares=[answer_problems])
    app[SITE] = context_of(None, settings_of(listen=listen))
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


@pytest.mark.parametrize(
    ("public", "leads"),
    [
        (None, "/errors#not-found"),
        ("https://node.example", "https://node.example/errors#not-found"),
        ("https://a.example/below/", "https://a.example/below/errors#not-found"),
    ],
)
async def test_its_type_leads_to_what_the_code_means(public, leads):
    _, body, _ = await ask(NotFoundError("x"), Listen(public_url=public))
    assert body["type"] == leads


async def test_the_page_of_the_codes_has_each_of_them_in_both_languages():
    app = web.Application()
    # Without an election there is no map whose last change a page could tell.
    app[SITE] = context_of(None, settings_of(elections=[]))
    app.add_routes(errorspage.routes())
    async with TestClient(TestServer(app)) as client:
        for language in ("id", "en"):
            got = await client.get("/errors", params={"lang": language})
            text = await got.text()
            answers, rows = errorspage.codes(language)
            assert got.status == HTTPStatus.OK
            assert answers["format"][:40] in text
            assert all(f'id="{code}"' in text for code in answers)
            assert all(f'id="row-{code}"' in text for code in rows)


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
