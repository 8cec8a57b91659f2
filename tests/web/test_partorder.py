"""Files of a region's parts come in the order of its page."""

import csv
import io
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.query.partorder import PART_ORDERS
from federation.web import api, regionpage
from federation.web.context import SITE
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.webnode import context_of, settings_of


@pytest.fixture
async def client(sample_db):
    app = web.Application(middlewares=[answer_problems])
    app[SITE] = context_of(
        sample_db, settings_of(), profiles={sample.ELECTION: sample.profile()}
    )
    app.add_routes(regionpage.routes())
    app.add_routes(endpoint.route() for endpoint in api.endpoints())
    async with TestClient(TestServer(app)) as found:
        yield found


@pytest.mark.parametrize("order", sorted(PART_ORDERS))
async def test_the_file_that_a_page_offers_has_its_parts_in_its_order(client, order):
    html = await (await client.get("/", params={"sort": order})).text()
    shown = re.findall(r'href="[^"]*wilayah/(\d\d)["?]', html)[-2:]
    assert sorted(shown) == ["13", "72"]
    [address] = re.findall(r'href="\.?/?(v1/regions\?[^"]*format=csv)"', html)
    answered = await client.get("/" + address.replace("&amp;", "&"))
    table = csv.DictReader(io.StringIO(await answered.text()))
    assert [row["region"] for row in table if row["region"]] == shown


async def test_an_order_that_there_is_not_is_refused(client):
    assert (await client.get("/v1/regions?sort=nope")).status == 400
