"""Photographs that look alike, over HTTP: who is told, and that it is no verdict."""

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.photos.alikeanswers import AlikeAnswer
from federation.flows.photos.index import index_all
from federation.records.readers import NOBODY, THIS_MACHINE, Insider, Partner, Person
from federation.store.db import Database
from federation.web.app import make_app
from tests.ownnode import ELECTION, small_profile
from tests.photographed import A, B, add_named, file_of
from tests.webnode import context_of, settings_of

TPS, OTHER = "3171010001001", "3171010001002"
ONE, TWO, THREE = (f"{number:064x}" for number in (1, 2, 3))
LOOK, NEAR = "5a" * 32, "5a" * 31 + "00"


@pytest.fixture
async def client(tmp_path):
    db = Database.open(tmp_path / "data")
    add_named(db, A, [(TPS, [file_of(ONE, likeness=LOOK)])], own=True)
    add_named(db, B, [(OTHER, [file_of(TWO, likeness=NEAR)])])
    index_all(db)
    site = context_of(
        db, settings_of(elections=[ELECTION]), profiles={ELECTION: small_profile()}
    )
    async with TestClient(TestServer(make_app(site))) as client:
        yield client
    db.close()


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        (NOBODY, 404),
        (Partner(org=B, asked=A), 404),
        (Insider(), 404),
        (Person("Sari", "viewer"), 200),
        (Person("Sari", "coordinator"), 200),
        (THIS_MACHINE, 200),
    ],
)
async def test_only_who_may_see_photos_is_told(client, asks_as, caller, status):
    asks_as(caller)
    got = await client.get("/v1/photos/alike")
    assert got.status == status
    page = await (await client.get(f"/tps/{TPS}?lang=en")).text()
    assert ("Looks like the photo of polling station" in page) is (status == 200)
    if status == 404:
        there_is_none = await client.get("/v1/nothing")
        assert await got.read() == await there_is_none.read()


async def test_a_pair_is_told_once_and_page_by_page(client, asks_as):
    asks_as(THIS_MACHINE)
    got = await client.get("/v1/photos/alike?limit=1&region=3171")
    assert got.status == 200, await got.text()
    assert got.headers["Cache-Control"] == "private, no-cache"
    answer = msgspec.json.decode(await got.read(), type=AlikeAnswer)
    [pair] = answer.alike
    assert (pair.here.tps, pair.here.org, pair.here.sha256) == (TPS, A, ONE)
    assert (pair.there.tps, pair.there.org, pair.there.sha256) == (OTHER, B, TWO)
    assert pair.elsewhere
    assert pair.bits == 4
    assert answer.next == TPS
    got = await client.get("/v1/photos/alike?region=32")
    assert not msgspec.json.decode(await got.read(), type=AlikeAnswer).alike


async def test_the_page_says_in_both_languages_that_it_proves_nothing(client, asks_as):
    asks_as(Person("Sari", "viewer"))
    page = await (await client.get(f"/tps/{TPS}?lang=id")).text()
    assert f"Mirip foto TPS {OTHER}, disebut oleh {B}." in page
    assert "Mirip bukan bukti" in page
    page = await (await client.get(f"/tps/{OTHER}?lang=en")).text()
    assert f"Looks like the photo of polling station {TPS}, named by {A}." in page
    assert "Looking alike is no proof" in page
