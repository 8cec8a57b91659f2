"""Who asks, by which name, and on behalf of which site."""

import json
import re
from ipaddress import ip_network
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from federation.config.settings import Listen
from federation.web.origin import (
    NAMED_IN,
    PROXIES,
    _is_named,
    address_of,
    caller,
    is_foreign,
    is_local,
    own_names,
)
from tests.homes import add_peer, make_home, serving
from tests.waiting import until

PUBLIC = Listen(public_url="https://data.a.example/federation", hosts=("Node.LAN.",))


@pytest.mark.parametrize(
    ("listen", "names"),
    [
        (Listen(), {"127.0.0.1", "localhost"}),
        (Listen(host="::1"), {"::1", "localhost"}),
        (PUBLIC, {"127.0.0.1", "localhost", "data.a.example", "node.lan"}),
        (Listen(host="0.0.0.0"), None),
        (Listen(host="192.168.0.1"), None),
        (Listen(host="data.a.example"), None),
    ],
)
def test_only_a_node_of_this_machine_alone_asks_for_its_name(listen, names):
    assert own_names(listen) == names


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:8470", True),
        ("127.1.2.3", True),
        ("localhost", True),
        ("LocalHost.:8470", True),
        ("[::1]:8470", True),
        ("data.a.example", True),
        ("node.lan:80", True),
        ("evil.example", False),
        ("evil.example:8470", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example@localhost", False),
        ("localhost/evil.example", False),
        ("localhost?", False),
        ("192.168.0.1", False),
        ("[::1", False),
        ("", False),
        (":8470", False),
    ],
)
def test_a_name_is_ours_as_a_whole_or_not_at_all(host, is_ours):
    assert _is_named(host, own_names(PUBLIC)) is is_ours


def asked(peer="127.0.0.1", proxies=(), named_in="x-forwarded-for", **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    transport = Mock()
    transport.get_extra_info = lambda name, default=None: (
        (peer, 4711) if name == "peername" else default
    )
    app = {PROXIES: [ip_network(one) for one in proxies], NAMED_IN: named_in}
    return make_mocked_request("GET", "/", given, transport=transport, app=app)


NGINX = ["127.0.0.1", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("peer", "proxies", "forwarded", "who"),
    [
        ("192.0.2.1", [], None, "192.0.2.1"),
        ("192.0.2.1", NGINX, "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", [], "198.51.100.7", "127.0.0.1"),
        ("127.0.0.1", NGINX, None, "127.0.0.1"),
        ("127.0.0.1", NGINX, "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", NGINX, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", NGINX, "203.0.113.9, 198.51.100.7, 10.1.1.1", "198.51.100.7"),
        ("127.0.0.1", NGINX, "198.51.100.7:4711", "198.51.100.7"),
        ("127.0.0.1", NGINX, "10.1.1.1", "127.0.0.1"),
        ("127.0.0.1", NGINX, "somebody", "127.0.0.1"),
        ("127.0.0.1", NGINX, "203.0.113.9, somebody", "127.0.0.1"),
        ("127.0.0.1", NGINX, "[2001:db8::1]:4711", "2001:db8::/64"),
        ("127.0.0.1", NGINX, "2001:db8::ffff", "2001:db8::/64"),
        ("::ffff:127.0.0.1", NGINX, "198.51.100.7", "198.51.100.7"),
        ("::ffff:192.0.2.1", [], None, "192.0.2.1"),
        ("::1", [], None, "::1"),
    ],
)
def test_the_caller_is_the_last_whom_a_trusted_proxy_names(
    peer, proxies, forwarded, who
):
    headers = {} if forwarded is None else {"X_Forwarded_For": forwarded}
    assert caller(asked(peer, proxies, **headers)) == who


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("127.0.0.1", "for=198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "For=198.51.100.7;proto=https; by=10.0.0.1", "198.51.100.7"),
        ("127.0.0.1", "for=203.0.113.9, for=198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "for=198.51.100.7,for=10.1.1.1;proto=http", "198.51.100.7"),
        ("127.0.0.1", 'for="198.51.100.7:4711"', "198.51.100.7"),
        ("127.0.0.1", 'for="[2001:db8::1]:4711"', "2001:db8::/64"),
        ("127.0.0.1", 'for=198.51.100.7;host="a, b"', "198.51.100.7"),
        ("127.0.0.1", "for=203.0.113.9, for=unknown", "127.0.0.1"),
        ("127.0.0.1", "for=203.0.113.9, for=_hidden", "127.0.0.1"),
        ("127.0.0.1", "for=203.0.113.9, proto=https", "127.0.0.1"),
        ("127.0.0.1", "for=203.0.113.9;for=198.51.100.7", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        # What a caller leaves open is closed by no word of our proxy.
        ("127.0.0.1", 'for="203.0.113.9, for=198.51.100.7', "198.51.100.7"),
        ("127.0.0.1", 'for=203.0.113.9;x=", for=198.51.100.7', "198.51.100.7"),
        ("127.0.0.1", 'x=", for="[2001:db8::1]"', "2001:db8::/64"),
        pytest.param("127.0.0.1", ",".join([chr(34)] * 4000), "127.0.0.1", id="quotes"),
        ("192.0.2.1", "for=198.51.100.7", "192.0.2.1"),
    ],
)
def test_a_proxy_may_name_callers_as_rfc_7239_says(peer, forwarded, who):
    given = {"Forwarded": forwarded, "X_Forwarded_For": "203.0.113.200"}
    assert caller(asked(peer, NGINX, "forwarded", **given)) == who


def test_a_caller_cannot_choose_an_address_by_a_header_of_its_own():
    headers = {"X_Forwarded_For": "198.51.100.7", "Forwarded": "for=203.0.113.9"}
    assert caller(asked("127.0.0.1", NGINX, **headers)) == "198.51.100.7"


def test_the_addresses_of_one_network_count_as_one():
    assert address_of(("2001:db8::1", 1, 0, 0)) == address_of(("2001:db8::2", 1, 0, 0))
    assert address_of(("fe80::1%eth0", 1, 0, 2)) == "fe80::/64"
    assert address_of(None) == ""


@pytest.mark.parametrize(
    ("origin", "is_refused"),
    [
        (None, False),
        ("http://127.0.0.1:8470", False),
        ("http://127.0.0.1:8471", True),
        ("https://evil.example", True),
        ("null", True),
        ("http://[", True),
        ("", True),
    ],
)
def test_a_page_of_another_site_is_told_by_its_origin(origin, is_refused):
    headers = {} if origin is None else {"Origin": origin}
    assert is_foreign(asked(Host="127.0.0.1:8470", **headers)) is is_refused


@pytest.mark.parametrize(
    ("peer", "listen", "headers", "is_told"),
    [
        ("127.0.0.1", Listen(), {}, True),
        ("::1", Listen(), {}, True),
        ("192.0.2.1", Listen(), {}, False),
        ("127.0.0.1", Listen(), {"X_Forwarded_For": "192.0.2.1"}, False),
        ("127.0.0.1", Listen(), {"Forwarded": "for=192.0.2.1"}, False),
        ("127.0.0.1", Listen(), {"Via": "1.1 proxy"}, False),
        # A proxy that says nothing of callers, as nginx does unless it is told to.
        ("127.0.0.1", Listen(public_url="https://a.example"), {}, False),
        (
            "127.0.0.1",
            Listen(public_url="https://a.example", trusted_proxies=("127.0.0.1",)),
            {},
            True,
        ),
    ],
)
def test_nobody_is_taken_for_local_who_may_come_through_a_proxy(
    peer, listen, headers, is_told
):
    assert is_local(asked(peer, **headers), listen) is is_told


def set_listen(home, lines):
    text = home.settings.read_text().replace("[listen]\n", f"[listen]\n{lines}\n", 1)
    home.settings.write_text(text)


async def test_a_website_that_leads_to_this_machine_reads_nothing(tmp_path):
    home = make_home(tmp_path)
    set_listen(home, 'hosts = ["node.lan"]')
    async with serving(home, alone=True) as node:
        for path in ("/", "/logs", "/v1/status", "/metrics", "/verify", "/livez"):
            for host, status in (("evil.example", 421), ("node.lan", 200)):
                got, body, headers = await node.get(path, headers={"Host": host})
                assert got == status
                assert status == 200 or b"listen.hosts" in body
                assert "Access-Control-Allow-Origin" not in headers


async def test_no_answer_tells_versions(tmp_path):
    async with serving(make_home(tmp_path), alone=True) as node:
        for path in ("/", "/logs", "/nothing", "/v1/gaps?x=1", "/v1/export"):
            _, _, headers = await node.get(path)
            assert "Server" not in headers
        # Not HTTP: that is answered before there is a request.
        _, _, headers = await node.get("/", headers={"X": "x" * 100_000})
        assert headers["Server"] == "tps-federation"


async def test_limits_count_callers_behind_the_proxy_and_not_the_proxy(tmp_path):
    home = make_home(tmp_path)
    set_listen(home, 'trusted_proxies = ["127.0.0.1"]')
    async with serving(home, alone=True) as node, aiohttp.ClientSession() as session:
        for number in (1, 2):
            headers = {"X-Forwarded-For": f"198.51.100.{number}"}
            answers = []
            for _ in range(40):
                news = {"org": "stranger.example"}
                async with session.post(
                    f"{node.url}/notify", json=news, headers=headers
                ) as answer:
                    answers.append(answer.status)
            assert set(answers[:30]) == {202}
            assert 429 in answers[30:]


@pytest.fixture
def failing(tmp_path):
    """A home whose partner does not answer and whose folder cannot be written to."""
    home = make_home(tmp_path)
    other = make_home(tmp_path, "kawalpemilu.example")
    add_peer(home, other, "http://127.0.0.1:1")
    text = home.settings.read_text().replace('# to = "site"', 'to = "keys"')
    home.settings.write_text(text.replace("# interval_s = 300", "interval_s = 1"))
    return home


async def told(node, **headers):
    """Which partners and subjects of alarms the two pages show."""
    _, body, _ = await node.get("/v1/status", headers=headers)
    _, metrics, _ = await node.get("/metrics", headers=headers)
    assert b"federation_alarms" in metrics
    status = json.loads(body)
    orgs = {one["org"] for one in status["peers"]}
    orgs |= set(re.findall(r'federation_peer_failures{org="(.*)"}', metrics.decode()))
    return orgs, {one["subject"] for one in status["alarms"]} - {""}


async def wait_for(node, what, **headers):
    async def is_told():
        return await told(node, **headers) == what

    await until(is_told)


async def test_strangers_learn_of_no_partner_and_no_folder(failing):
    all_of_it = {"kawalpemilu.example"}, {"keys"}
    async with serving(failing, alone=True) as node:
        await wait_for(node, all_of_it)
        stranger = {"X-Forwarded-For": "198.51.100.7"}
        assert await told(node, **stranger) == (set(), set())
        token = {"Authorization": f"Bearer {node.token}"}
        assert await told(node, **stranger, **token) == all_of_it
        wrong = stranger | {"Authorization": "Bearer guess"}
        for path in ("/metrics", "/v1/status"):
            assert (await node.get(path, headers=wrong))[0] == 401


async def test_what_is_free_on_a_disk_tells_no_stranger_when_a_report_is_written(
    failing,
):
    async with serving(failing, alone=True) as node:
        for headers, is_told in (({}, True), ({"Via": "1.1 x"}, False)):
            _, metrics, _ = await node.get("/metrics", headers=headers)
            assert b'federation_disk_refuses{disk="data"}' in metrics
            assert (b"federation_disk_free_bytes" in metrics) is is_told


async def test_strangers_are_told_that_a_node_is_not_ready_and_not_why(failing):
    async with serving(failing, alone=False) as node:
        status, why, _ = await node.get("/readyz")
        assert status == 503
        assert b"pilpres" in why or b"pemilu" in why
        stranger = {"X-Forwarded-For": "198.51.100.7"}
        status, told_so, _ = await node.get("/readyz", headers=stranger)
        assert status == 503
        assert told_so.startswith(b"not ready: ")
        assert b"example" not in told_so
        indonesian = {"Accept-Language": "id"}
        _, why, _ = await node.get("/readyz", headers=indonesian)
        assert re.search(r": (node sedang dijalankan|menunggu)", why.decode())
        _, told_so, _ = await node.get("/readyz", headers=stranger | indonesian)
        assert told_so.startswith(b"belum siap: ")


async def test_an_operator_may_show_partners_to_everybody(failing):
    set_listen(failing, "show_partners = true")
    async with serving(failing, alone=True) as node:
        all_of_it = {"kawalpemilu.example"}, {"keys"}
        await wait_for(node, all_of_it, Via="1.1 x")
        # A token was never asked for: none is refused.
        wrong = {"Via": "1.1 x", "Authorization": "Bearer guess"}
        assert await told(node, **wrong) == all_of_it
