"""What is published of a map: the same line everywhere, made once per change."""

import hashlib
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.query import published
from federation.records.publishedmap import format_map, parse_map
from federation.records.register import format_register_digest
from federation.store import mapreading, mapstate
from federation.web import api, maps
from federation.web.context import SITE
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

PROFILE = sample.profile()
PATH = f"/v1/maps/{sample.ELECTION}"


@pytest.fixture
async def node(sample_db):
    settings = settings_of(elections=[sample.ELECTION, "pemilu-lain"])
    site = context_of(sample_db, settings, profiles={sample.ELECTION: PROFILE})
    app = web.Application(middlewares=[answer_problems])
    app[SITE] = site
    app.add_routes([one.route() for one in [*api.endpoints(), *maps.endpoints()]])
    async with TestClient(TestServer(app)) as client:
        yield SimpleNamespace(client=client, db=sample_db)


async def test_the_map_is_one_canonical_line_that_names_all_it_is_made_from(node):
    got = await node.client.get(PATH)
    body = await got.read()
    said = parse_map(body)
    assert got.content_type == "application/json"
    assert body == format_map(said)
    with node.db.view() as view:
        assert said == published.published_map(view, sample.ELECTION)
        assert said.vector == mapstate.vector(view, sample.ELECTION)
        assert said.digest == mapreading.map_digest(view, sample.ELECTION)
    assert said.rows == 10
    assert said.profile == PROFILE.digest
    assert said.register == format_register_digest(sorted(sample.REGISTER))


async def test_the_basis_is_the_bytes_with_the_digest(node):
    said = parse_map(await (await node.client.get(PATH)).read())
    for digest in (said.profile, said.register):
        got = await node.client.get(f"/v1/basis/{digest}")
        assert hashlib.sha256(await got.read()).hexdigest() == digest
        assert "immutable" in got.headers["Cache-Control"]
    wanted = "".join(f"{code}\n" for code in sorted(sample.REGISTER))
    assert await got.text() == wanted


@pytest.mark.parametrize(
    "path",
    [f"/v1/basis/{'0' * 64}", "/v1/basis/x", "/v1/maps/x", "/v1/maps/pemilu-lain"],
)
async def test_what_is_not_here_is_not_found(node, path):
    assert (await node.client.get(path)).status == 404


async def test_the_rows_are_read_once_per_change_for_all_who_ask(node, monkeypatch):
    read = []
    real = mapreading.map_digest
    monkeypatch.setattr(mapreading, "map_digest", lambda *a: read.append(1) or real(*a))

    async def ask():
        digests = [(await (await node.client.get(PATH)).json())["digest"]]
        for contest in ("ppwp", "pdpr", "ppwp"):
            got = await node.client.get(f"/v1/summary?contest={contest}")
            digests.append((await got.json())["digest"])
        assert len(set(digests)) == 1
        return digests[0]

    first = await ask()
    tag = (await node.client.get(PATH)).headers["ETag"]
    again = await node.client.get(PATH, headers={"If-None-Match": tag})
    assert (again.status, len(read)) == (304, 1)
    sample.add_claims(node.db, sample.CITRA, sample.said_by(sample.CITRA))
    sample.merge(node.db)
    assert await ask() != first
    assert len(read) == 2
