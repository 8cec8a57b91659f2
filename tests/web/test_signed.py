"""Who signs is known; who signs badly is told why, wherever it asks."""

from random import Random

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.feeds.signature import RequestSigner
from federation.flows.partners import PartnerBook
from federation.records.readers import Partner
from federation.tlog.keys import Signer
from federation.web.access import caller_of
from federation.web.app import make_app
from tests.fakes import FixedClock, signer
from tests.webnode import context_of, settings_of

ORG, OTHER = "kawalpemilu.example", "jagapemilu.example"
OURS = "jagasuara.example"
URL = "https://data.jagasuara.example"
NOW = 1_707_915_900
KEY = signer(f"{ORG}/node")
PARTNER = Partner(org=ORG, asked=OURS, sees_photos=True)


async def a_book() -> PartnerBook:
    return PartnerBook({str(KEY.key): ORG}, {ORG: PARTNER})


@pytest.fixture
def clock():
    return FixedClock(NOW + 100.0)  # the node has been there for a while


@pytest.fixture
async def node(clock):
    """A node by the address URL, and one route that says who asks."""
    settings = settings_of(org=OURS, listen=Listen(public_url=URL))
    started = FixedClock(NOW - 1000.0)
    site = context_of(None, settings, partners=a_book, clock=lambda: int(started.now))
    app = make_app(site)
    started.now = clock.now

    async def who(request):
        return web.json_response(
            {"org": getattr(await caller_of(request), "org", None)}
        )

    app.router.add_route("*", "/who", who)
    async with TestClient(TestServer(app)) as client:
        yield client


def sign(clock, method="GET", url=f"{URL}/who", key: Signer = KEY, body=None):
    return RequestSigner(key, clock, Random(clock.now)).sign(method, url, body)


async def ask(node, headers, method="GET", path="/who", body=None):
    async with node.request(method, path, headers=headers, data=body) as answer:
        return answer.status, await answer.json()


async def test_a_partner_is_known_by_its_signature(node, clock):
    assert await ask(node, sign(clock)) == (200, {"org": ORG})
    assert await ask(node, {}) == (200, {"org": None})
