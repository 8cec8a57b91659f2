"""What everybody may read of the interface, and how it refuses."""

from xml.etree.ElementTree import fromstring

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.web.app import make_app
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

V2 = "/open311/v2"


def serving(sample_db, *incidents, **given):
    elections = [sample.ELECTION, "pemilu-2024"]
    settings = settings_of(incidents=incidents, elections=elections, **given)
    return TestClient(TestServer(make_app(context_of(sample_db, settings))))


@pytest.fixture
async def client(sample_db):
    async with serving(sample_db, sample.ELECTION) as client:
        yield client


async def test_services_are_for_everybody_in_both_forms(client):
    got = await client.get(f"{V2}/services.json")
    assert got.headers["Content-Type"] == "application/json; charset=utf-8"
    services = await got.json()
    assert services[0]["metadata"] is True
    assert services[0]["type"] == "realtime"
    got = await client.get(f"{V2}/services.xml")
    assert got.headers["Content-Type"] == "text/xml; charset=utf-8"
    found = fromstring(await got.read()).findall("service")
    codes = [one.findtext("service_code") for one in found]
    assert codes == [one["service_code"] for one in services]


async def test_names_are_in_the_language_that_is_asked_for_first(client):
    for asked, name in (("en-GB,id;q=0.5", "Campaign material"), ("", "Alat peraga")):
        headers = {"Accept-Language": asked}
        got = await client.get(f"{V2}/services.json", headers=headers)
        assert (await got.json())[0]["service_name"].startswith(name)


async def test_a_service_has_a_definition(client):
    got = await client.get(f"{V2}/services/politik_uang.xml")
    found = fromstring(await got.read())
    assert found.findtext("service_code") == "politik_uang"
    assert found.findtext("attributes/attribute/code") == "law"
    assert found.findtext("attributes/attribute/values/value/key") == "administrasi"


#: What is asked, the status, and what stands in the description.
REFUSED = [
    ("/services/parkir.json", 404, "parkir"),
    ("/services.json?jurisdiction_id=city.gov", 404, "city.gov"),
    ("/services", 404, "/open311/v2/services"),
    ("/nothing.json", 404, "/open311/v2/nothing.json"),
]


@pytest.mark.parametrize(("path", "status", "text"), REFUSED)
async def test_a_refusal_has_the_form_of_the_standard(client, path, status, text):
    headers = {"Accept-Language": "en"}
    got = await client.get(V2 + path, headers=headers)
    assert got.status == status
    if ".json" in path:
        [fault] = await got.json()
        assert fault["code"] == status
        assert text in fault["description"]
    else:
        assert got.content_type == "text/xml"
        [fault] = fromstring(await got.read())
        assert fault.findtext("code") == str(status)
        assert text in fault.findtext("description")


async def test_a_node_that_keeps_no_reports_has_none_of_it(sample_db):
    async with serving(sample_db) as client:
        for path in ("discovery.json", "services.json", "services/lainnya.json"):
            assert (await client.get(f"{V2}/{path}")).status == 404


async def test_of_several_elections_one_must_be_named(sample_db):
    async with serving(sample_db, sample.ELECTION, "pemilu-2024") as client:
        got = await client.get(f"{V2}/services.json")
        assert got.status == 400
        assert "pemilu-2024" in (await got.json())[0]["description"]
        path = f"{V2}/services.json?jurisdiction_id=pemilu-2024"
        assert (await client.get(path)).status == 200


async def test_of_one_election_our_own_name_will_do(client):
    for name in (sample.ELECTION, sample.ANA, ""):
        path = f"{V2}/services.json?jurisdiction_id={name}"
        assert (await client.get(path)).status == 200


async def test_the_discovery_file_says_where_the_interface_is(client):
    found = await (await client.get(f"{V2}/discovery.json")).json()
    [endpoint] = found["endpoints"]
    assert endpoint["url"] == str(client.make_url(V2))
    assert endpoint["formats"] == ["text/xml", "application/json"]


async def test_the_discovery_file_says_the_address_of_the_settings(sample_db):
    listen = Listen(public_url="https://ana.example/federasi/")
    async with serving(sample_db, sample.ELECTION, listen=listen) as client:
        got = await client.get(f"{V2}/discovery.xml")
        url = fromstring(await got.read()).findtext("endpoints/endpoint/url")
    assert url == "https://ana.example/federasi/open311/v2"
