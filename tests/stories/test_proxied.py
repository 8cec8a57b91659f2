"""A partner behind nginx or Caddy, at the root of a name and below a path of a site.

Two real nodes, each a process. Between the proxy and the node lies a wire that keeps
what goes over it, so that it is seen what the node was asked, and by whom.
"""

import json
import re
import signal
import threading
import time
import urllib.request
from random import Random
from types import SimpleNamespace

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from cryptography.hazmat.primitives import serialization

from federation.config.keystore import load_signer
from federation.feeds.signature import RequestSigner
from tests.certificates import Authority
from tests.proxies import NAME, PROGRAMS, replaced, running, site_file
from tests.stories.nodes import (
    ELECTION,
    Wire,
    free_port,
    is_level,
    start_all,
    station,
)
from tests.stories.test_people import command
from tests.stories.test_photos import has, is_whole, log, named, policy, take_in
from tests.waiting import LIMIT_S, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long]

LONG_S = 4 * LIMIT_S
PHOTOS = [b"\xff\xd8\xff" + Random(n).randbytes(2_500_000) for n in range(3)]


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """Whoever is started believes it: by the system's own variable."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    made = Authority(folder)
    pem = made.certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "authority.pem").write_bytes(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


@pytest.fixture(params=["", "/federation"], ids=["name", "path"])
def base(request):
    return request.param


@pytest.fixture(params=PROGRAMS)
def program(request):
    return request.param


@pytest.fixture
def front(program, base, pemilu, authority, opened, tmp_path):
    """The proxy before `pemilu`: its address, and what came through to the node."""
    port, talks = free_port(), []
    certificate = authority.server_file(NAME, days=(-1, 60))
    url = f"https://{NAME}:{port}{base}"
    given = {"# public_url =": f'public_url = "{url}" #'}
    given["# trusted_proxies = []"] = 'trusted_proxies = ["127.0.0.1"]'
    settings = pemilu.home.settings
    settings.write_text(replaced(settings.read_text(), given))
    wire = Wire(pemilu.port, talks)
    opened.append(wire)
    inner = int(wire.url.rpartition(":")[2])
    text = site_file(program, port, inner, certificate, below=bool(base))
    with running(program, tmp_path / "proxy", text, port):
        yield SimpleNamespace(url=url, talks=talks, trusting=authority.trusting())


def asked(front):
    """The heads of all questions that the node got through the proxy, in order."""
    heads = re.compile(rb"(?:GET|HEAD|POST) [^\r\n]+ HTTP/1\.[01]\r\n(?:[^\r\n]+\r\n)*")
    return [head.decode() for one in front.talks for head in heads.findall(one.asked)]


def is_asked(front, *parts):
    """Whether one question has all of these; names of headers in any case."""
    return any(
        all(part.lower() in head.lower() for part in parts) for head in asked(front)
    )


def wait_for_news(front, node, since, seconds):
    """What the map answers, through the proxy, to a partner that waits for news."""
    key = load_signer(node.home.role_key("node"), f"{node.org}/node")
    url = f"{front.url}/v1/changes?election={ELECTION}&since={since}&wait={seconds}"
    signed = RequestSigner(key, time.time, Random(1)).sign("GET", url, None)
    question = urllib.request.Request(url, headers=dict(signed))
    began = time.monotonic()
    with urllib.request.urlopen(question, timeout=90, context=front.trusting) as got:
        return json.load(got), time.monotonic() - began


def cursor(node):
    return node.ask("/v1/status")[1]["cursors"][ELECTION]


async def test_records_photos_and_news_come_through_and_each_caller_has_its_own_limits(
    front, base, pemilu, suara
):
    pemilu.trust(suara, suara.url)
    suara.trust(pemilu, front.url)
    policy(suara, pemilu, "all")
    # Slow enough that a photo is cut off in the middle.
    text = suara.home.peers.read_text()
    suara.home.peers.write_text(f"{text}max_kbit_s = 16000\n")
    await take_in(pemilu, *PHOTOS)
    start_all(pemilu, suara)
    wait_until(lambda: not pemilu.why_not(), "it signs", LONG_S)
    log(pemilu, *(named(number, data) for number, data in enumerate(PHOTOS)))
    wait_until(lambda: suara.size(pemilu.origin) == 4, "B has the records", LONG_S)
    cut_off(suara)
    wait_until(lambda: all(has(suara, one) for one in PHOTOS), "and photos", LONG_S)
    assert all(is_whole(suara, one) for one in PHOTOS)
    # What is for partners came to whoever signed, and the rest of what was cut off.
    assert is_asked(
        front, f"GET {base}/blobs/", "\nSignature:", "\nX-Forwarded-For: 127.0.0.1"
    )
    assert is_asked(front, f"GET {base}/blob/", "\nSignature:", "\nRange: bytes=")
    log(suara, station(20))
    wait_until(lambda: pemilu.size(suara.origin) == 2, "A has what B says", LONG_S)
    assert is_asked(front, f"POST {base}/notify", "\nSignature:")
    wait_until(lambda: is_level(pemilu, suara), "both maps are the same", LONG_S)
    news_come_at_once(front, pemilu, suara)
    await limits_are_of_each_caller(front)
    see_all_steps_well(suara, pemilu)
    # Nobody of the two has anything against the other.
    wait_until(lambda: suara.size(pemilu.origin) == 5, "B has the news", LONG_S)
    for node in (pemilu, suara):
        assert node.alarms() == set()


def cut_off(node):
    """Kill it in the middle of a photo, and start it again."""
    partial = node.home.data / "partial"

    def has_some():
        return partial.exists() and any(
            one.stat().st_size > 200_000 for one in partial.rglob("*") if one.is_file()
        )

    wait_until(has_some, "a part of a photo", LONG_S)
    node.stop(signal.SIGKILL)
    node.start()


def news_come_at_once(front, node, partner):
    found = []
    since = cursor(node)
    waiting = threading.Thread(
        target=lambda: found.append(wait_for_news(front, partner, since, 60))
    )
    waiting.start()
    wait_until(
        lambda: is_asked(front, f"since={since}&wait=60", "\nSignature:"), "it waits"
    )
    node.take(10, 11)
    waiting.join(90)
    [(answer, seconds)] = found
    assert [one["tps"] for one in answer["changes"]] == [station(10)["tps"]]
    assert seconds < 30


async def limits_are_of_each_caller(front):
    """Who asks too often is told so; others behind the same proxy are not."""

    async def speak(address, times):
        connector = TCPConnector(ssl=front.trusting, local_addr=(address, 0))
        async with ClientSession(
            connector=connector, timeout=ClientTimeout(total=LIMIT_S)
        ) as session:
            told = []
            for _ in range(times):
                async with session.post(
                    f"{front.url}/notify", json={"org": "x.example"}
                ) as got:
                    told.append(got.status)
            return told

    often = await speak("127.0.0.2", 60)
    assert often[:30] == [202] * 30
    assert 429 in often[30:]
    assert await speak("127.0.0.3", 3) == [202] * 3


def see_all_steps_well(node, partner):
    (seen,) = command(node, "peers", "test", partner.org)["peers"]
    states = {step["code"]: step["state"] for step in seen["steps"]}
    assert states == dict.fromkeys(states, "ok"), seen
    assert states["tls"] == "ok"
