"""The reading queue over HTTP: who is told of it, and what."""

import csv
import io

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.queue.answers import QueueAnswer
from federation.records.readers import NOBODY, THIS_MACHINE, Insider, Partner, Person
from federation.web.app import make_app
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

TOKEN = "t" * 40
PROFILES = {sample.ELECTION: sample.profile()}


@pytest.fixture
async def client(sample_db):
    site = context_of(sample_db, settings_of(), profiles=PROFILES, control_token=TOKEN)
    async with TestClient(TestServer(make_app(site))) as client:
        yield client


async def test_the_machine_is_told_what_waits(client):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    got = await client.get("/v1/queue?queue=unread", headers=headers)
    assert got.status == 200
    assert got.headers["Cache-Control"] == "private, no-cache"
    answer = msgspec.json.decode(await got.read(), type=QueueAnswer)
    assert [form.tps for form in answer.forms] == [sample.PHOTO]
    got = await client.get("/v1/queue?queue=unread&format=csv", headers=headers)
    [row] = csv.DictReader(io.StringIO(await got.text()))
    assert row["tps"] == sample.PHOTO
    assert (await client.get("/v1/queue?queue=x", headers=headers)).status == 400


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        (NOBODY, 404),
        (Partner(org=sample.BUDI, asked=sample.ANA), 404),
        (Insider(), 404),
        (Person("Sari", "viewer"), 404),
        (Person("Sari", "editor"), 200),
        (Person("Sari", "coordinator"), 200),
        (THIS_MACHINE, 200),
    ],
)
async def test_whoever_reads_no_forms_is_answered_as_if_it_were_not_there(
    client, asks_as, caller, status
):
    asks_as(caller)
    got = await client.get("/v1/queue")
    assert got.status == status
    if status == 404:
        there_is_none = await client.get("/v1/nothing")
        assert await got.read() == await there_is_none.read()
