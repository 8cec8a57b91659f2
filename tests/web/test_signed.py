"""Who signs is known; who signs badly is told why, wherever it asks."""

import re
from random import Random
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import Listen
from federation.feeds.signature import LABEL, RequestSigner
from federation.flows.partners import PartnerBook
from federation.records.readers import Partner
from federation.tlog.keys import Signer, encode_base64
from federation.web.access import NONCES, caller_of
from federation.web.app import make_app
from federation.web.nonces import Nonces
from tests.fakes import FixedClock, signer
from tests.webnode import context_of, settings_of

ORG, OTHER = "kawalpemilu.example", "jagapemilu.example"
OURS = "jagasuara.example"
URL = "https://data.jagasuara.example"
NOW = 1_707_915_900
KEY = signer(f"{ORG}/node")
PARTNERS = {org: Partner(org=org, asked=OURS, sees_photos=True) for org in (ORG, OTHER)}
KEYS = {org: signer(f"{org}/node") for org in PARTNERS}


async def a_book() -> PartnerBook:
    return PartnerBook({str(KEYS[org].key): org for org in PARTNERS}, PARTNERS)


@pytest.fixture
def clock():
    return FixedClock(float(NOW))


def a_desk(**doors):
    """What the node is told of: by default only that a stranger asked, unheard."""
    return SimpleNamespace(**{"asked_by_stranger": lambda *_: None} | doors)


def app_at(clock, public_url=URL, desk=None, **listen):
    """A node that has been there for a while, and a route that says who asks."""
    settings = settings_of(org=OURS, listen=Listen(public_url=public_url, **listen))
    then = clock.now
    clock.now -= 1000
    site = context_of(
        None,
        settings,
        partners=a_book,
        clock=lambda: int(clock.now),
        desk=desk or a_desk(),
    )
    app = make_app(site)
    clock.now = then

    async def who(request):
        caller = await caller_of(request)
        return web.json_response({"org": getattr(caller, "org", None)})

    app.router.add_route("*", "/who", who)
    return app


@pytest.fixture
async def node(clock):
    async with TestClient(TestServer(app_at(clock))) as client:
        yield client


def sign(clock, method="GET", url=f"{URL}/who", *, key: Signer = KEY, body=None):
    return RequestSigner(key, clock, Random()).sign(method, url, body)


async def ask(node, headers, method="GET", path="/who", body=None):
    """The status, and what was said: the code of a refusal, or who asked."""
    async with node.request(method, path, headers=headers, data=body) as answer:
        said = await answer.json()
        return answer.status, said.get("code") or said["org"], said.get("detail", "")


async def test_a_partner_is_known_by_its_signature(node, clock):
    assert await ask(node, sign(clock)) == (200, ORG, "")
    assert await ask(node, sign(clock, key=KEYS[OTHER])) == (200, OTHER, "")
    posted = sign(clock, "POST", body=b"abc")
    assert await ask(node, posted, "POST", body=b"abc") == (200, ORG, "")
    asked = sign(clock, url=f"{URL}/who?a=1&b=%20")
    assert await ask(node, asked, path="/who?a=1&b=%20") == (200, ORG, "")


async def test_without_a_signature_a_stranger_asks(node):
    assert await ask(node, {}) == (200, None, "")


def resigned(clock, pattern, new, key: Signer = KEY, url=f"{URL}/who"):
    """A signature over other parameters than ours always has."""
    headers = sign(clock, key=key, url=url)
    given = headers["Signature-Input"].removeprefix(f"{LABEL}=")
    params = re.sub(pattern, new, given)
    assert params != given
    lines = [("@method", "GET"), ("@target-uri", url)]
    covered = re.findall(r'"([^"]+)"', params.partition(")")[0])
    base = "".join(f'"{n}": {v}\n' for n, v in lines if n in covered)
    base += f'"@signature-params": {params}'
    signed = encode_base64(key.sign(base.encode()))
    return {"Signature-Input": f"{LABEL}={params}", "Signature": f"{LABEL}=:{signed}:"}


def without(name):
    return lambda clock: resigned(clock, rf';{name}=(?:"[^"]*"|\d+)', "")


def twice(clock):
    one, two = sign(clock), sign(clock)
    second = {name: text.replace(LABEL, "two", 1) for name, text in two.items()}
    return {name: f"{one[name]}, {second[name]}" for name in one}


def same_label(clock):
    one, two = sign(clock), sign(clock)
    return {name: f"{one[name]}, {two[name]}" for name in one}


def other_letters(clock):
    """The signature of another request of the same partner."""
    return sign(clock) | {"Signature": sign(clock)["Signature"]}


def header(name, text):
    return lambda clock: sign(clock) | {name: text}


BAD, CLOCK, UNKNOWN = "request-signature", "request-clock", "request-unknown-key"
STRANGE = signer("nobody.example/node")
REFUSED = {
    "signed by nobody's key": (UNKNOWN, lambda c: sign(c, key=STRANGE), "peers.toml"),
    "signed by another key of that name": (
        UNKNOWN,
        lambda c: sign(c, key=Signer.from_seed(f"{ORG}/node", b"x" * 32)),
        "newest key statement",
    ),
    "signed by the records key": (
        UNKNOWN,
        lambda c: sign(c, key=signer(f"{ORG}/records")),
        f"{ORG}/records",
    ),
    "signed by another's key": (
        BAD,
        lambda c: resigned(c, re.escape(str(KEY.key)), str(KEYS[OTHER].key)),
        "does not hold",
    ),
    "a bare name for a key": (
        BAD,
        lambda c: resigned(c, re.escape(str(KEY.key)), f"{ORG}/node"),
        "vkey",
    ),
    "a key of small order": (
        BAD,
        lambda c: resigned(c, r'keyid="[^"]*"', f'keyid="{ORG}/node+00000000+AQ=="'),
        "vkey",
    ),
    "good for 61 s": (
        BAD,
        lambda c: resigned(c, r"expires=\d+", f"expires={NOW + 61}"),
        "61 s",
    ),
    "expires before it was created": (
        BAD,
        lambda c: resigned(c, r"expires=\d+", f"expires={NOW - 1}"),
        "-1 s",
    ),
    "the word for a time": (
        BAD,
        lambda c: resigned(c, r"created=\d+", 'created="now"'),
        "Integer",
    ),
    "no time": (BAD, without("created"), "`created`"),
    "no end": (BAD, without("expires"), "`expires`"),
    "no nonce": (BAD, without("nonce"), "`nonce`"),
    "a short nonce": (
        BAD,
        lambda c: resigned(c, r'nonce="[^"]*"', 'nonce="1"'),
        "8 to 64",
    ),
    "a long nonce": (
        BAD,
        lambda c: resigned(c, r'nonce="[^"]*"', f'nonce="{"1" * 65}"'),
        "8 to 64",
    ),
    "no key": (BAD, without("keyid"), "`keyid`"),
    "no algorithm": (BAD, without("alg"), "`alg`"),
    "another algorithm": (
        BAD,
        lambda c: resigned(c, 'alg="ed25519"', 'alg="hmac-sha256"'),
        "algorithm",
    ),
    "no tag": (BAD, without("tag"), "tag"),
    "an unknown parameter": (BAD, lambda c: resigned(c, r"\)", ");admin"), "admin"),
    "the method not covered": (BAD, lambda c: resigned(c, '"@method" ', ""), "@method"),
    "the address not covered": (
        BAD,
        lambda c: resigned(c, ' "@target-uri"', ""),
        "@target-uri",
    ),
    "a part covered twice": (
        BAD,
        lambda c: resigned(c, '"@method"', '"@method" "@method"'),
        "multiple times",
    ),
    "a part that is not there": (
        BAD,
        lambda c: resigned(c, '"@method"', '"@method" "x-none"'),
        "x-none",
    ),
    "another method": (BAD, lambda c: sign(c, "HEAD"), f"GET {URL}/who"),
    "another path": (BAD, lambda c: sign(c, url=f"{URL}/whom"), f"{URL}/who"),
    "another query": (BAD, lambda c: sign(c, url=f"{URL}/who?a"), f"{URL}/who"),
    "another node": (BAD, lambda c: sign(c, url="https://x.example/who"), URL),
    "another scheme": (
        BAD,
        lambda c: sign(c, url=f"{URL}/who".replace("s:", ":")),
        URL,
    ),
    "another port": (BAD, lambda c: sign(c, url=f"{URL}:8443/who"), URL),
    "another's signature": (BAD, other_letters, "does not hold"),
    "two signatures": (BAD, twice, "more than once"),
    "one label twice": (BAD, same_label, "Signature-Input"),
    "no signature": (BAD, header("Signature", ""), "No signatures"),
    "a label without its signature": (BAD, header("Signature", "x=:AAAA:"), "labels"),
    "a signature that is text": (
        BAD,
        header("Signature", f'{LABEL}="AAAA"'),
        "Byte Sequence",
    ),
    "a short signature": (BAD, header("Signature", f"{LABEL}=:AAAA:"), "does not hold"),
    "garbage": (BAD, header("Signature-Input", "???((("), "Signature-Input"),
    "nothing": (BAD, header("Signature-Input", ""), "Signature-Input"),
    "deep nesting": (
        BAD,
        header("Signature-Input", "a=" + "(" * 4000),
        "Signature-Input",
    ),
    "many labels": (
        BAD,
        header("Signature-Input", ",".join(f"a{n}=()" for n in range(900))),
        "labels",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_not_signed_as_it_must_be_is_refused_with_the_reason(
    node, clock, name
):
    code, headers, reason = REFUSED[name]
    status, said, detail = await ask(node, headers(clock))
    assert (status, said) == (401, code), detail
    assert reason in detail


async def test_a_refusal_says_how_to_sign(node, clock):
    async with node.get("/who", headers=sign(clock, "HEAD")) as answer:
        assert answer.headers["WWW-Authenticate"].startswith("Signature ")
        assert '"@target-uri"' in answer.headers["Accept-Signature"]
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/livez", "/openapi.json", "/nowhere", "/logs"])
async def test_a_bad_signature_is_refused_where_everybody_may_read(node, clock, path):
    bad = sign(clock, "HEAD", f"{URL}{path}")
    assert (await ask(node, bad, path=path))[:2] == (401, BAD)


@pytest.mark.parametrize(
    ("skew", "expected"),
    [
        (-7200, CLOCK),
        (-61, CLOCK),
        (-60, ORG),
        (-1, ORG),
        (60, ORG),
        (61, CLOCK),
        (7200, CLOCK),
    ],
)
async def test_a_clock_may_be_wrong_by_a_minute_and_else_both_are_named(
    node, clock, skew, expected
):
    there = FixedClock(clock.now + skew)
    status, said, detail = await ask(node, sign(there))
    assert said == expected
    assert status == (401 if expected == CLOCK else 200)
    if expected == CLOCK:
        assert "2024-02-14T13:05:00Z" in detail, "ours"
        theirs = {-7200: "11:05:00Z", -61: "13:03:59Z", 61: "13:06:01Z"}
        assert theirs.get(skew, "15:05:00Z") in detail
        assert f"{abs(skew)} s" in detail


async def test_a_request_is_answered_once(node, clock):
    headers = sign(clock)
    assert (await ask(node, headers))[0] == 200
    for passed in (0, 59):
        clock.now = NOW + passed
        assert (await ask(node, headers))[:2] == (401, "request-replayed")
    clock.now = NOW + 61
    assert (await ask(node, headers))[:2] == (401, CLOCK)


async def test_who_repeats_what_another_has_sent_is_told_the_same(node, clock):
    """A replay is nothing of the partner's: its next request is answered."""
    headers = sign(clock)
    await ask(node, headers)
    assert (await ask(node, headers))[1] == "request-replayed"
    assert (await ask(node, sign(clock)))[1] == ORG


async def test_what_was_signed_before_the_node_began_is_refused(clock):
    headers = sign(FixedClock(clock.now - 1))
    later = sign(clock)
    app = app_at(clock)
    app._state[NONCES] = Nonces(int(clock.now))
    async with TestClient(TestServer(app)) as node:
        status, code, detail = await ask(node, headers)
        assert (status, code) == (401, CLOCK)
        assert "before this node began" in detail
        assert (await ask(node, later))[1] == ORG


async def test_who_fills_its_own_memory_of_nonces_hurts_itself_only(clock):
    app = app_at(clock)
    nonces = app._state[NONCES] = Nonces(0, most=5)
    async with TestClient(TestServer(app)) as node:
        for _ in range(5):
            assert (await ask(node, sign(clock)))[0] == 200
        assert (await ask(node, sign(clock)))[:2] == (429, "too-many")
        assert (await ask(node, sign(clock, key=KEYS[OTHER])))[:2] == (200, OTHER)
        for _ in range(20):
            await ask(node, sign(clock, "HEAD"))
            await ask(node, sign(clock, key=STRANGE))
        assert nonces.count(OTHER) == 1, "strangers fill nothing"
        clock.now += 61
        assert (await ask(node, sign(clock)))[1] == ORG
        assert nonces.count(ORG) == 1, "what has passed is forgotten"


BODIES = {
    "another body": (lambda c: sign(c, "POST", body=b"abc"), b"abd", "does not match"),
    "a longer one": (lambda c: sign(c, "POST", body=b"abc"), b"abcd", "does not match"),
    "none": (lambda c: sign(c, "POST", body=b"abc"), b"", "does not match"),
    "one that is not signed": (lambda c: sign(c, "POST"), b"abc", "Content-Digest"),
    "a digest that is not covered": (
        lambda c: (
            sign(c, "POST") | {"Content-Digest": sign(c, body=b"abc")["Content-Digest"]}
        ),
        b"abc",
        "Content-Digest",
    ),
    "more than is read": (
        lambda c: sign(c, "POST", body=b"x" * 70_000),
        b"x" * 70_000,
        "65536",
    ),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_is_the_one_that_was_signed(node, clock, name):
    headers, body, reason = BODIES[name]
    status, code, detail = await ask(node, headers(clock), "POST", body=body)
    assert (status, code) == (401, BAD)
    assert reason in detail


async def test_a_body_that_is_refused_spends_no_nonce(node, clock):
    headers = sign(clock, "POST", body=b"abc")
    assert (await ask(node, headers, "POST", body=b"abd"))[0] == 401
    assert (await ask(node, headers, "POST", body=b"abc"))[1] == ORG


@pytest.mark.parametrize(
    "headers",
    [
        {"Signature": 'keyId="https://mastodon.example/actor#main-key",headers="date"'},
        {
            "Signature-Input": 'sig=("@authority");keyid="x";tag="web-bot-auth"',
            "Signature": "sig=:AAAA:",
        },
    ],
    ids=["an older kind", "a crawler's"],
)
async def test_what_others_sign_for_themselves_is_a_strangers(node, headers):
    assert await ask(node, headers) == (200, None, "")


async def test_a_signature_of_another_tag_stands_beside_ours(node, clock):
    crawler = {
        "Signature-Input": 'a=("@authority");keyid="x";tag="web-bot-auth"',
        "Signature": "a=:AAAA:",
    }
    both = {name: f"{crawler[name]}, {ours}" for name, ours in sign(clock).items()}
    assert await ask(node, both) == (200, ORG, "")


async def test_whether_an_organisation_is_a_partner_is_told_to_nobody_else(node, clock):
    """A stranger knows the names and keys of all, and can only sign badly."""

    async def said_of(key):
        forged = resigned(clock, re.escape(str(STRANGE.key)), str(key), key=STRANGE)
        return await ask(node, forged)

    unknown = signer("unheard.example/node").key
    assert await said_of(KEY.key) == await said_of(unknown)


PROXIES = {
    "TLS ends before it": (URL, f"{URL}/who", {"Host": "127.0.0.1:8470"}),
    "it has a host of its own": (URL, f"{URL}/who", {"Host": "node.internal"}),
    "it lies below a path": (f"{URL}/tps", f"{URL}/tps/who", {}),
    "it says who was asked": (
        URL,
        f"{URL}/who",
        {"Host": "x", "X-Forwarded-Host": "y", "X-Forwarded-Proto": "http"},
    ),
    "the port is the usual one": (f"{URL}:443", f"{URL}/who", {}),
    "it is written otherwise": (URL, "HTTPS://Data.JagaSuara.Example:443/who", {}),
}


@pytest.mark.parametrize("name", PROXIES)
async def test_a_signature_is_for_the_address_in_the_settings_whatever_proxies_say(
    clock, name
):
    public, signed, changed = PROXIES[name]
    # Public nodes listen for proxies on other machines, too.
    app = app_at(clock, public, host="0.0.0.0")
    async with TestClient(TestServer(app)) as node:
        assert (await ask(node, sign(clock, url=signed) | changed))[1] == ORG


async def test_a_node_without_an_address_takes_its_own_names_only(clock):
    app = app_at(clock, None, host="0.0.0.0", hosts=("data.local",))
    async with TestClient(TestServer(app)) as node:
        for host in (f"127.0.0.1:{node.port}", "data.local:1", "localhost"):
            headers = sign(clock, url=f"http://{host}/who") | {"Host": host}
            assert (await ask(node, headers))[1] == ORG, host
        # A partner that was sent this could send it on to us.
        other = sign(clock, url="http://m.example/who") | {"Host": "m.example"}
        status, code, detail = await ask(node, other)
        assert (status, code) == (401, BAD)
        assert "listen.public_url" in detail


async def test_strangers_use_up_nothing_of_the_news_that_a_partner_signs(clock):
    heard = []
    desk = a_desk(news=heard.append)
    body = b'{"org":"%s"}' % ORG.encode()
    kind = {"Content-Type": "application/json"}

    async def tell(node, headers, body=body):
        async with node.post("/notify", headers=kind | headers, data=body) as answer:
            return answer.status

    async with TestClient(TestServer(app_at(clock, desk=desk))) as node:
        strange = [await tell(node, {}) for _ in range(40)]
        assert strange == [202] * 30 + [429] * 10
        assert heard == [ORG] * 3
        signed = sign(clock, "POST", f"{URL}/notify", body=body)
        assert await tell(node, signed) == 202
        assert heard == [ORG] * 4
        other = sign(clock, "POST", f"{URL}/notify", key=KEYS[OTHER], body=body)
        assert await tell(node, other) == 400, "news of another"
        assert heard == [ORG] * 4


async def test_no_shared_cache_keeps_what_depends_on_who_asks(node, clock):
    async def kept(path, headers):
        async with node.get(path, headers=headers) as answer:
            return answer.headers.get("Cache-Control")

    assert await kept("/who", sign(clock)) == "private, no-cache"
    assert await kept("/who", {}) is None
    assert await kept("/who", sign(clock, "HEAD")) == "no-store"
    nowhere = f"/nowhere/{'0' * 64}"
    assert await kept(nowhere, {}) == "no-store", "a partner may find something there"
