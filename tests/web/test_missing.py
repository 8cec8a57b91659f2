"""Photographs that are wanted and not here, over HTTP: who is told, and of what."""

import json

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.photos.index import index_all
from federation.records.readers import NOBODY, THIS_MACHINE, Insider, Partner, Person
from federation.store import wanted
from federation.store.db import Database
from federation.store.wanted import ALL, OPENED, PhotoTry
from federation.web.app import make_app
from tests.ownnode import ELECTION, small_profile
from tests.photographed import A, B, add_named, file_of
from tests.webnode import context_of, settings_of

TPS, OTHER = "3171010001001", "3171010001002"
ONE, TWO, UNNAMED = (f"{number:064x}" for number in (1, 2, 3))
PATH = "/v1/photos/missing"


@pytest.fixture
async def client(tmp_path):
    db = Database.open(tmp_path / "data")
    add_named(db, B, [(TPS, [file_of(ONE)]), (OTHER, [file_of(TWO)])])
    index_all(db)
    with db.transaction() as tx:
        wanted.want_photos(tx, [(ONE, B), (UNNAMED, B)], ALL, 1)
        wanted.want_photos(tx, [(TWO, B)], OPENED, 1)
        wanted.save_try(tx, TWO, PhotoTry(B, "absent", 5, 1, 9))
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
        (Partner(org=B, asked=A, sees_photos=True), 404),
        (Insider(), 404),
        (Person("Sari", "viewer"), 200),
        (Person("Sari", "coordinator"), 200),
        (THIS_MACHINE, 200),
    ],
)
async def test_only_who_may_see_photos_is_told(client, asks_as, caller, status):
    asks_as(caller)
    assert (await client.get(PATH)).status == status


async def test_it_says_which_whose_and_who_was_asked_and_no_cache_keeps_it(
    client, asks_as
):
    asks_as(THIS_MACHINE)
    got = await client.get(PATH)
    assert got.headers["Cache-Control"] == "private, no-cache"
    one = {"digest": ONE, "stations": [TPS], "named_by": [B], "asked": []}
    two = {"digest": TWO, "stations": [OTHER], "named_by": [B]}
    tried = {"org": B, "cause": "absent", "at": 5}
    assert await got.json() == {
        "photos": [
            one | {"is_opened": False},
            two | {"asked": [tried], "is_opened": True},
        ],
        "next": "",
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_pages_of_any_size_come_to_all_that_records_name(client, asks_as, limit):
    """Also where the last of a page is named by nothing any more: it is no end."""
    asks_as(THIS_MACHINE)
    found, after, pages = [], "", 0
    while pages == 0 or after:
        got = await client.get(PATH, params={"limit": str(limit), "after": after})
        page = json.loads(await got.read())
        found += [photo["digest"] for photo in page["photos"]]
        after, pages = page["next"], pages + 1
    assert found == [ONE, TWO]


@pytest.mark.parametrize("wrong", ["limit=0", "limit=x", "limit=100000", "page=2"])
async def test_what_cannot_be_asked_is_refused(client, asks_as, wrong):
    asks_as(THIS_MACHINE)
    assert (await client.get(f"{PATH}?{wrong}")).status == 400
