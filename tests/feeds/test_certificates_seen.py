"""Until when a certificate holds is noted of each that was believed, of no other."""

import time

import aiohttp
import pytest
from aiohttp import web

from federation.errors import PeerError
from federation.feeds.http import HttpFeed
from federation.feeds.resource import LOGS
from federation.feeds.sessions import Sessions
from tests.certificates import Authority

DAY_S = 86_400


async def ask(context, scheme="https"):
    """What is noted after one question."""

    async def answer(_):
        return web.json_response({"logs": []})

    app = web.Application()
    app.router.add_get("/logs", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    port = runner.addresses[0][1]
    try:
        async with Sessions() as sessions:
            session = sessions.session(allow_private=True)
            feed = HttpFeed(session, "a.example", f"{scheme}://127.0.0.1:{port}")
            await feed.fetch(LOGS)
            return sessions.certificates
    finally:
        await runner.cleanup()


@pytest.fixture
def authority(tmp_path, monkeypatch):
    made = Authority(tmp_path)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", made.trusting())
    return made


@pytest.mark.parametrize("days", [1, 14, 400])
async def test_the_end_of_a_certificate_that_is_believed_is_noted(authority, days):
    seen = await ask(authority.server(days=(-1, days)))
    assert seen.keys() == {"127.0.0.1"}
    assert abs(seen["127.0.0.1"] - time.time() - days * DAY_S) < DAY_S


async def test_of_one_that_is_not_believed_nothing_is_noted(authority):
    with pytest.raises(PeerError, match="expired"):
        await ask(authority.server(days=(-3, -1)))


async def test_without_tls_there_is_none():
    assert await ask(None, "http") == {}
