"""Refusals and our own bugs have one form, and tell nothing of the machine."""

import errno
import logging
from http import HTTPStatus

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.errors import NotFoundError, PhotoError, VerificationError
from federation.text import Sentence
from federation.web import errorspage
from federation.web.context import SITE
from federation.web.problem import MEDIA_TYPE, answer_problems
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
    app[SITE] = context_of(None, settings_of())
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


@pytest.mark.parametrize("kind", [NotFoundError, PhotoError])
async def test_a_command_is_refused_in_the_language_that_it_says(kind):
    error = kind(Sentence("photo.removed"))
    told = {}
    for asked in ("id", "en", "id-ID,id;q=0.9,en;q=0.8"):
        _, body, _ = await ask(error, **{"Accept-Language": asked})
        told[asked] = body["detail"]
    in_english = told.pop("en")
    assert in_english == str(error)
    assert told.pop("id").startswith("foto ini telah dihapus")
    assert set(told.values()) == {in_english}
