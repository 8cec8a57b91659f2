"""What is signed on the way out, and what follows where it is not believed."""

from random import Random

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from federation.errors import PeerError
from federation.feeds.answer import judge_disbelief
from federation.feeds.http import HttpFeed
from federation.feeds.introduction import FIRST_S, MOST_S, Introduction
from federation.feeds.resource import (
    ABOUT,
    ELECTIONS,
    LOGS,
    basis_of,
    blob_of,
    checkpoint_of,
    keys_of,
    tile_of,
)
from federation.feeds.signature import RequestSigner, open_request
from federation.feeds.status import format_status
from federation.text import Sentence
from federation.tlog.tile import Bundle, Tile
from tests.fakes import FixedClock, signer

ORG = "jagasuara.example"
KEY = signer("kawalpemilu.example/node")
PUBLIC, PRIVATE = f"{ORG}/pemilu-2024", f"{ORG}/pemilu-2024/incidents"


@pytest.fixture
def clock():
    return FixedClock()


@pytest.fixture
def introduction(clock):
    return Introduction(RequestSigner(KEY, clock, Random(1)), clock)


def test_what_strangers_get_as_well_is_not_signed(introduction):
    same = [
        ABOUT,
        ELECTIONS,
        basis_of("0" * 64),
        checkpoint_of(PUBLIC),
        keys_of(PUBLIC),
    ]
    same += [tile_of(PUBLIC, Tile(0, 0, 256)), tile_of(PUBLIC, Bundle(0, 256))]
    other = [LOGS, blob_of("0" * 64), checkpoint_of(PRIVATE), keys_of(PRIVATE)]
    other += [tile_of(PRIVATE, Tile(0, 0, 256)), tile_of(PRIVATE, Bundle(0, 256))]
    for resources, expected in ((same, False), (other, True)):
        for resource in resources:
            signed = introduction.sign_get(
                f"https://x.example/{resource.path}", resource
            )
            assert bool(signed) is expected, resource.path


def test_what_is_signed_is_what_a_node_opens(introduction, clock):
    url = "https://x.example/logs"
    opened = open_request("GET", url, introduction.sign_get(url, LOGS), int(clock.now))
    assert (opened.key, opened.expires - opened.created) == (KEY.key, 60)
    other = open_request("GET", url, introduction.sign_get(url, LOGS), int(clock.now))
    assert opened.nonce != other.nonce


def test_it_is_told_again_after_a_while_that_grows(introduction, clock):
    why = Sentence("network.unbelieved", said="x")
    waited = []
    for _ in range(9):
        introduction.refused(why)
        began = clock.now
        while not introduction.sign_get("https://x.example/logs", LOGS):
            clock.advance(1)
        waited.append(clock.now - began)
    assert waited[:3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    assert waited[-1] == MOST_S
    introduction.believed()
    assert introduction.refusal is None


class Unbelieving:
    """A node that believes nobody, and shows everybody what is public."""

    def __init__(self):
        self.asked = []

    async def handle(self, request):
        is_signed = "Signature-Input" in request.headers
        self.asked.append((request.path, is_signed))
        if is_signed:
            said = {"code": "request-clock", "detail": "noon here, two there"}
            return web.json_response(said, status=401)
        if request.path != "/logs":
            return web.Response(status=404)
        return web.Response(body=format_status([]), headers={"ETag": '"x"'})


async def test_public_records_go_on_where_a_signature_is_not_believed(
    introduction, clock
):
    node = Unbelieving()
    app = web.Application()
    app.router.add_get("/{path:.*}", node.handle)
    async with TestServer(app) as server, ClientSession() as session:
        url = str(server.make_url("")).rstrip("/")
        feed = HttpFeed(session, ORG, url, introduction=introduction)
        assert await feed.logs(None) == (format_status([]), '"x"')
        assert node.asked == [("/logs", True), ("/logs", False)]
        assert "noon here, two there" in str(introduction.refusal)
        # One request from now on, until it is told again.
        await feed.logs(None)
        assert node.asked[2:] == [("/logs", False)]
        # What strangers never get is not said to be absent.
        with pytest.raises(PeerError) as error:
            await feed.fetch(blob_of("0" * 64))
        assert error.value.cause == "unbelieved"
        assert not error.value.is_absent
        clock.advance(2 * MOST_S)
        await feed.logs(None)
        assert ("/logs", True) in node.asked[4:]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[" * 2000, b'{"code":5,"detail":"x"}', b"\xff", b"9" * 2000]
)
def test_a_refusal_that_says_nothing_readable_is_no_disbelief(body):
    assert judge_disbelief(401, body) is None


def test_a_node_that_does_not_believe_who_asks_is_understood_at_401_only():
    body = b'{"code":"request-clock","detail":"two clocks"}'
    meaning = judge_disbelief(401, body)
    assert meaning is not None
    assert meaning.cause == "unbelieved"
    assert judge_disbelief(403, body) is None
