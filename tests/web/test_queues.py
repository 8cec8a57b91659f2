"""What waits, list beside list: each has its number, opens, and says which it is."""

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.partners import PartnerBook
from federation.web import api, regionpage, stationlist
from federation.web.context import SITE
from federation.web.problem import answer_problems
from federation.web.queues import QUEUES
from tests import sample_map as sample
from tests.peoplenode import DOOR
from tests.webnode import context_of, settings_of

LINK = re.compile(
    r'<a href="([^"]*)"( aria-current="page")?>([^<]*)(?: <b>([^<]*)</b>)?</a>'
)

FRAME = re.compile(r'<nav class="choices queues".*?</nav>', re.DOTALL)
TABS = re.compile(r'<nav class="choices" aria-label="Contests".*?</nav>', re.DOTALL)


@pytest.fixture
async def client(sample_db):
    async def partners():
        return PartnerBook(names={sample.ANA: "Ana & Co"})

    app = web.Application(middlewares=[answer_problems])
    app[SITE] = context_of(
        sample_db,
        settings_of(),
        profiles={sample.ELECTION: sample.profile()},
        partners=partners,
    )
    app.add_routes(stationlist.routes())
    app.add_routes(regionpage.routes())
    app.add_routes(endpoint.route() for endpoint in api.endpoints())
    async with TestClient(TestServer(app)) as found:
        yield found


async def queues(client, path):
    """The links of the frame: address, whether it is here, words, number."""
    text = await (await client.get(path)).text()
    frame = FRAME.search(text)[0]
    return [
        (href.replace("&amp;", "&").removeprefix("./"), bool(here), words, number)
        for href, here, words, number in LINK.findall(frame)
    ]


@pytest.mark.parametrize("region", ["", "1371", "1371011001"])
async def test_each_list_has_as_many_stations_as_its_number_says(client, region):
    shown = await queues(client, f"/daftar?status=disputed&lang=en&region={region}")
    assert {words for _, _, words, _ in shown} >= {"Monitors differ"}
    for href, _, words, number in shown:
        if href.startswith("kpu"):  # a list of changes, not of stations
            continue
        query = href.partition("?")[2].replace("lang=en&", "").replace("&lang=en", "")
        told = await (await client.get(f"/v1/stations?{query}")).json()
        assert told["total"] == len(told["stations"]) == int(number), words
        assert told["region"]["code"] == region
        assert (await client.get(f"/{href}")).status == 200


async def test_the_list_that_is_shown_is_said_and_no_other(client):
    for which in QUEUES.values():
        query = "&".join(f"{name}={value}" for name, value in which.given.items())
        here = [
            href
            for href, is_here, _, _ in await queues(client, f"/daftar?{query}")
            if is_here
        ]
        assert len(here) == 1
        assert query in here[0]


async def test_what_of_ours_others_dispute_is_a_list_with_our_name(client):
    shown = await queues(client, "/daftar?lang=en")
    [(href, _, words, number)] = [one for one in shown if "dispute" in one[2]]
    assert words == "Ana &amp; Co&#39;s that others dispute"
    assert number == "1"
    assert f"org={sample.ANA}" in href


@pytest.mark.parametrize(
    "page", ["/daftar?status=disputed", "/antrean", "/laporan/daftar"]
)
async def test_people_of_ours_find_the_reading_queue_and_the_reports_there(
    browser, node, page
):
    stranger = (await browser.open("/daftar?lang=en")).text
    assert "antrean" not in stranger
    await browser.sign_in(DOOR)
    text = (await browser.open(f"{page}{'&' if '?' in page else '?'}lang=en")).text
    frame = FRAME.search(text)[0]
    found = [
        (href.split("?")[0].strip("./"), bool(here))
        for href, here, *_ in LINK.findall(frame)
    ]
    for path in ("antrean", "laporan/daftar"):
        assert (path, f"/{path}" == page) in found
    assert sum(here for _, here in found) == 1


async def test_a_contest_without_a_record_has_no_tab(client, sample_db):
    text = await (await client.get("/?lang=en")).text()
    tabs = TABS.search(text)
    assert tabs[0].count("<a ") == 2  # of both there is a record
    with sample_db.transaction() as tx:
        tx.execute("DELETE FROM rollup WHERE contest = ?", ("pdpr",))
    text = await (await client.get("/?lang=en")).text()
    assert 'aria-label="Contests"' not in text
    # Whoever asks for it by its address sees that it is shown.
    text = await (await client.get("/?lang=en&contest=pdpr")).text()
    tabs = TABS.search(text)
    assert tabs[0].count("<a ") == 2
