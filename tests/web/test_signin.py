"""In by a link, out by a button: pages, cookies, and what is refused."""

import itertools
import re
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import get_args

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from federation.config.settings import Listen
from federation.node import people as work
from federation.records.readers import ROLES, Act, Person, may_do
from federation.store import actions, people
from federation.text import Text
from federation.web.access import caller_of, require
from federation.web.app import make_app
from federation.web.forms import FIELD, read_form
from federation.web.sessions import SEEN_EVERY_S, cookie_form
from federation.web.signin import _ACTS as ACTS
from tests import sample_map as sample
from tests.browsing import Browser
from tests.webnode import context_of, settings_of

LINK, OTHER = "l" * 43, "m" * 43
DOOR = f"/masuk?k={LINK}"
END = 10_000_000
HTTPS = "https://data.ana.example"


class Node:
    """A node's web with people, whose clock a test sets."""

    def __init__(self, db, listen=None) -> None:
        self.db, self.now = db, 1_000
        self.settings = settings_of(listen=listen or Listen())
        numbers = itertools.count()
        self.site = context_of(
            db,
            self.settings,
            desk=self,
            profiles={sample.ELECTION: sample.profile()},
            clock=lambda: self.now,
            new_secret=lambda: f"{next(numbers):064}",
            control_token="c" * 40,
        )
        clocks = SimpleNamespace(wall=lambda: float(self.now))
        self._node = SimpleNamespace(clocks=clocks, resources=SimpleNamespace(db=db))
        self.asked = []

    async def run(self, request):
        self.asked.append(type(request).__name__)
        return await work.WORK[type(request)](self._node, request)

    def add(self, name="Pembaca", role="editor", link=LINK, until=END):
        with self.db.transaction() as tx:
            people.save_person(tx, name, role, link, self.now, until)

    def sessions(self, name="Pembaca"):
        with self.db.view() as view:
            known = people.list_people(view, self.now)
        return next(one.sessions for one in known if one.name == name)

    def actions(self):
        with self.db.view() as view:
            found = actions.read_actions(view, 1 << 62, 1000)
        return [(one.person, one.role, one.what) for one in reversed(found)]

    def state(self):
        """All that people's tables hold."""
        with self.db.view() as view:
            return [
                view.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in ("person", "session", "action")
            ]

    @asynccontextmanager
    async def serving(self):
        app = make_app(self.site)
        app.add_routes(
            [
                web.get("/probe/who", who),
                web.get("/probe/may/{act}", probe),
                web.post("/probe/form", form),
            ]
        )
        async with TestServer(app) as server:
            yield str(server.make_url("/"))


async def who(request):
    return web.Response(text=repr(await caller_of(request)))


async def probe(request):
    await require(request, request.match_info["act"])
    return web.Response(text="it is here: a secret of the station")


async def form(request):
    return web.json_response(dict(await read_form(request)))


@pytest.fixture
def node(sample_db):
    found = Node(sample_db)
    found.add()
    return found


@pytest.fixture
async def url(node):
    async with node.serving() as served:
        yield served


@pytest.fixture
async def browser(url):
    async with Browser(url) as opened:
        yield opened


async def test_a_link_signs_in_by_one_button_and_out_by_another(node, browser):
    page = await browser.open(DOOR)
    assert page.status == 200
    assert "Masuk sebagai Pembaca" in page.text
    page = await browser.send(page, page.form("/masuk"))
    assert (page.status, page.url) == (200, f"{browser.url}masuk")
    assert "Anda sudah masuk" in page.text
    assert await said(browser) == repr(Person("Pembaca", "editor"))
    page = await browser.sign_out()
    assert (page.status, page.url) == (200, f"{browser.url}masuk?keluar=1")
    assert "Anda sudah keluar" in page.text
    assert await said(browser) == "Nobody(sees_partners=False)"
    assert node.actions() == [
        ("", "machine", "add"),
        ("Pembaca", "editor", "sign-in"),
        ("Pembaca", "editor", "sign-out"),
    ]


async def said(browser):
    return (await browser.open("/probe/who")).text


async def test_looking_at_a_link_changes_nothing(node, browser):
    before = node.state()
    for _ in range(3):
        for method in ("get", "head"):
            async with browser.session.request(method, browser.url + DOOR[1:]) as got:
                assert got.status == 200
                assert not [one for one in browser.cookies() if "door" not in one]
    assert node.state() == before
    assert node.asked == []


@pytest.mark.parametrize("lang", ["id", "en"])
async def test_no_page_of_the_way_in_gives_the_secret_away(browser, lang):
    page = await browser.open(f"{DOOR}&lang={lang}")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert LINK not in re.sub(r'(value|href)="[^"]*"', "", page.text)
    [title] = re.findall("<title>(.*)</title>", page.text)
    assert "Pembaca" not in title, "messengers show it"
    page = await browser.send(page, page.form("/masuk"))
    assert LINK not in page.url + page.text + str(page.headers)


async def test_not_even_a_bug_writes_a_secret_into_the_log(
    node, browser, caplog, monkeypatch
):
    await browser.sign_in(DOOR)
    [secret] = [v for k, v in browser.cookies().items() if "door" not in k]
    for number, at in enumerate((f"{DOOR}&lang=en", "/probe/who"), 1):

        async def broken(*_):
            raise RuntimeError("a bug of ours")

        monkeypatch.setattr(node.db, "read", broken)
        assert (await browser.open(at)).status == 500
        assert caplog.text.count("RuntimeError: a bug of ours") == number
    assert LINK not in caplog.text
    assert secret not in caplog.text


async def test_one_link_opens_several_devices_each_with_its_own_session(node, url):
    async with Browser(url) as one, Browser(url) as two:
        await one.sign_in(DOOR)
        await two.sign_in(DOOR)
        assert set(one.cookies().values()).isdisjoint(two.cookies().values())
        assert node.sessions() == 2
        await one.sign_out()
        assert "Pembaca" in await said(two)
        assert "Pembaca" not in await said(one)


async def test_a_revoked_person_is_out_at_once_everywhere(node, url):
    async with Browser(url) as one, Browser(url) as two:
        for browser in (one, two):
            await browser.sign_in(DOOR)
        with node.db.transaction() as tx:
            people.revoke_person(tx, "Pembaca", node.now)
        for browser in (one, two):
            assert "Pembaca" not in await said(browser)
            page = await browser.open("/probe/may/see")
            assert page.status == 403
            assert "mengakhiri akses" in page.text
        page = await one.open(DOOR)
        assert page.status == 404
        assert "dicabut" in page.text


def revoke(node):
    with node.db.transaction() as tx:
        people.revoke_person(tx, "Pembaca", node.now)


REFUSED = {
    "unknown": (lambda node: node.add(link=OTHER), "tidak dikenal"),
    "ended": (lambda node: setattr(node, "now", END), "berlaku sampai 1970-04-26"),
    "revoked": (revoke, "sudah dicabut"),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_a_link_that_lets_nobody_in_says_why_and_what_to_do(node, browser, why):
    change, words = REFUSED[why]
    page = await browser.open(DOOR)
    change(node)
    for got in (
        await browser.open(DOOR),
        await browser.send(page, page.form("/masuk")),
    ):
        assert got.status == 404
        assert words in got.text
        assert "koordinator" in got.text
        assert "Pembaca" not in got.text
    assert "Pembaca" not in await said(browser)


@pytest.mark.parametrize("link", ["", "x", LINK[:-1], LINK + "x", "\x00", "%F0", "é"])
async def test_what_is_no_link_is_answered_as_one_that_is_unknown(browser, link):
    async with browser.session.get(f"{browser.url}masuk", params={"k": link}) as got:
        assert got.status == (404 if link else 200)
        assert "Pembaca" not in await got.text()


async def test_who_is_signed_in_is_told_when_it_ends(node, browser):
    await browser.sign_in(DOOR)
    node.now = END - 1
    assert "Pembaca" in await said(browser)
    node.now = END
    assert "Pembaca" not in await said(browser)
    page = await browser.open("/masuk")
    assert "berlaku sampai" in page.text


async def test_another_link_of_the_same_browser_takes_the_place_of_the_first(
    node, browser
):
    node.add("Anggota", "viewer", OTHER)
    await browser.sign_in(DOOR)
    page = await browser.open(f"/masuk?k={OTHER}")
    assert "Pembaca sedang masuk" in page.text
    await browser.send(page, page.form("/masuk"))
    assert await said(browser) == repr(Person("Anggota", "viewer"))
    assert (node.sessions("Pembaca"), node.sessions("Anggota")) == (0, 1)


async def test_ones_own_link_once_more_is_no_second_session(node, browser):
    await browser.sign_in(DOOR)
    page = await browser.open(DOOR)
    assert "Anda sudah masuk" in page.text
    assert node.sessions() == 1


async def test_signing_out_twice_is_no_mistake(node, browser):
    await browser.sign_in(DOOR)
    page = await browser.open("/masuk")
    out = page.form("/keluar")
    for _ in range(2):
        assert (await browser.send(page, out)).status == 200
    assert node.actions()[-1][2] == "sign-out"
    assert [what for _, _, what in node.actions()].count("sign-out") == 1


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_what_comes_without_the_cookie_does_not_take_it_away(node, url, headers):
    """A browser sends another site's form without it, and would obey the answer."""
    async with (
        Browser(url) as browser,
        browser.session.post(
            f"{url}keluar", headers=headers, allow_redirects=False
        ) as got,
    ):
        assert got.status == (403 if "Sec-Fetch-Site" in headers else 303)
        assert cookies_set(got.headers) == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", ACTS)
async def test_each_role_may_what_the_gate_says_and_is_told_the_rest(
    node, browser, role, act
):
    node.add(role=role)
    await browser.sign_in(DOOR)
    page = await browser.open(f"/probe/may/{act}")
    may = may_do(Person("Pembaca", role), act)
    assert page.status == (200 if may else 403)
    assert ("it is here" in page.text) == may
    if not may:
        assert "peran lain" in page.text
    account = await browser.open("/masuk?lang=en")
    assert (act_words(act) in account.text) == may
    reads = may_do(Person("Pembaca", role), "read-forms")
    assert ('href="./antrean?' in account.text) == reads


def act_words(act):
    return Text("en")(f"people.may-{act}")


@pytest.mark.parametrize("act", ACTS)
async def test_a_stranger_is_told_where_to_get_a_link_and_nothing_else(browser, act):
    for lang, words in (("id", "minta"), ("en", "coordinator makes a link")):
        page = await browser.open(f"/probe/may/{act}?lang={lang}")
        assert page.status == 403
        assert words in page.text or "koordinator" in page.text
        assert "it is here" not in page.text


async def test_the_commands_of_the_machine_may_do_all_without_a_session(browser):
    headers = {"Authorization": f"Bearer {'c' * 40}"}
    for act in ACTS:
        assert (await browser.open(f"/probe/may/{act}", **headers)).status == 200


# What a form is refused for.


@pytest.fixture
async def signed_in(browser):
    await browser.sign_in(DOOR)
    page = await browser.open("/masuk")
    return browser, page.form("/keluar").fields[FIELD]


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "OWN"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "http://127.0.0.1"}, False),
        ({"Origin": "OWN.evil.example"}, False),
        ({"Origin": ""}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "OWN"}, False),
        ({"Sec-Fetch-Site": ""}, False),
    ],
)
async def test_a_form_of_another_site_is_refused_whatever_it_holds(
    node, signed_in, headers, is_taken
):
    browser, token = signed_in
    own = browser.url.rstrip("/")
    headers = {k: v.replace("OWN", own) for k, v in headers.items()}
    page = await browser.post("/probe/form", {FIELD: token, "a": "1"}, **headers)
    assert page.status == (200 if is_taken else 403)
    assert (page.text == '{"a": "1"}') == is_taken
    page = await browser.post("/keluar", {FIELD: token}, **headers)
    assert (node.sessions() == 0) == is_taken


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é", "\ud800"])
async def test_a_form_without_the_token_of_this_session_is_refused(
    node, signed_in, token
):
    browser, _ = signed_in
    fields = {} if token is None else {FIELD: token.encode("utf-8", "replace").decode()}
    for path in ("/probe/form", "/keluar"):
        page = await browser.post(path, fields)
        assert page.status == 403
        assert "terlalu lama terbuka" in page.text
    assert node.sessions() == 1


async def test_the_token_of_another_session_is_refused(node, url):
    async with Browser(url) as one, Browser(url) as two:
        for browser in (one, two):
            await browser.sign_in(DOOR)
        token = (await one.open("/masuk")).form("/keluar").fields[FIELD]
        assert (await two.post("/keluar", {FIELD: token})).status == 403
        door = await token_of_a_door(url)
        assert (await two.post("/keluar", {FIELD: door})).status == 403
        assert node.sessions() == 2


async def token_of_a_door(url):
    async with Browser(url) as third:
        return (await third.open(DOOR)).form("/masuk").fields[FIELD]


async def test_nobody_can_be_signed_in_by_a_page_of_another_site(node, browser):
    """A page could send a link of its own, and what is read would be credited to it."""
    fields = {"k": LINK}
    assert (await browser.post("/masuk", fields)).status == 403, "no cookie"
    await browser.open(DOOR)
    assert (await browser.post("/masuk", fields)).status == 403, "no token"
    token = (await browser.open(DOOR)).form("/masuk").fields[FIELD]
    foreign = {"Origin": "https://evil.example"}
    for headers in (foreign, {"Sec-Fetch-Site": "cross-site"}):
        page = await browser.post("/masuk", fields | {FIELD: token}, **headers)
        assert page.status == 403
        assert "situs lain" in page.text
    assert node.sessions() == 0
    assert (await browser.post("/masuk", fields | {FIELD: token})).status == 200


async def test_a_browser_that_keeps_no_cookies_is_told_so(node, url):
    async with Browser(url) as browser:
        page = await browser.open(DOOR)
        browser.session.cookie_jar.clear()
        page = await browser.send(page, page.form("/masuk"))
        assert page.status == 403
        assert "kuki" in page.text
    assert node.sessions() == 0


FORM = "application/x-www-form-urlencoded"
MANY = b"&".join(b"a%d=" % number for number in range(5_000))


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{}", "application/json", 415),
        (b"", "multipart/form-data; boundary=x", 415),
        (b"a=1&a=2", FORM, 400),
        (b"a=%ff", FORM, 400),
        (b"a=\xff", FORM, 400),
        (b"a=" + b"x" * 70_000, FORM, 400),
        (MANY, FORM, 400),
    ],
    ids=["json", "multipart", "twice", "bad text", "bytes", "long", "many"],
)  # fmt: skip
async def test_what_is_no_form_is_refused(signed_in, body, media, status):
    browser, _ = signed_in
    async with browser.session.post(
        f"{browser.url}probe/form", data=body, headers={"Content-Type": media}
    ) as got:
        assert got.status == status


@pytest.mark.parametrize("path", ["/keluar", "/masuk"])
async def test_nothing_changes_by_get(node, signed_in, path):
    browser, token = signed_in
    before = node.state()
    for query in ("", f"?{FIELD}={token}", f"?{FIELD}={token}&k={LINK}"):
        await browser.open(path + query)
    assert node.state() == before


# Cookies.


def cookies_set(page_headers):
    return page_headers.getall("Set-Cookie", [])


@pytest.mark.parametrize(
    ("public_url", "name", "path"),
    [
        (None, "federation-", "/"),
        ("http://data.ana.example", "federation-", "/"),
        (HTTPS, "__Host-federation-", "/"),
        (f"{HTTPS}/a/b", "__Secure-federation-", "/a/b/"),
        ("http://data.ana.example/a", "federation-", "/a/"),
    ],
)
async def test_the_flags_of_a_cookie_are_those_of_the_public_address(
    sample_db, public_url, name, path
):
    node = Node(sample_db, Listen(public_url=public_url))
    node.add()
    is_secure = (public_url or "").startswith("https")
    async with node.serving() as url, Browser(url) as browser:
        page = await browser.open(DOOR)
        [door] = cookies_set(page.headers)
        own = {
            "Cookie": door.partition(";")[0],
            "Origin": (public_url or url).rstrip("/"),
        }
        own["Origin"] = re.sub(r"^(\w+://[^/]+).*", r"\1", own["Origin"])
        fields = page.form("/masuk").fields
        async with browser.session.post(
            f"{url}masuk", data=fields, headers=own, allow_redirects=False
        ) as got:
            assert got.status == 303
            assert got.headers["Location"] == "./masuk"
            assert got.headers["Cache-Control"] == "private, no-store"
            [session] = cookies_set(got.headers)
    for cookie in (door, session):
        assert cookie.startswith(name)
        flags = {part.strip() for part in cookie.split(";")[1:]}
        assert {"HttpOnly", "SameSite=Lax", f"Path={path}"} <= flags
        assert ("Secure" in flags) == is_secure
        assert not any(flag.startswith("Domain") for flag in flags)
    [age] = re.findall(r"Max-Age=(\d+)", session)
    assert int(age) == END - node.now


async def test_a_secure_cookie_signs_in_and_is_taken_away_with_its_flags(sample_db):
    node = Node(sample_db, Listen(public_url=HTTPS))
    node.add()
    form = cookie_form(node.settings)
    with node.db.transaction() as tx:
        people.open_session(tx, LINK, "s" * 64, node.now)
    async with node.serving() as url, Browser(url) as browser:
        cookie = {"Cookie": f"{form.name}={'s' * 64}"}
        page = await browser.open("/masuk", **cookie)
        token = page.form("/keluar").fields[FIELD]
        async with browser.session.post(
            f"{url}keluar",
            data={FIELD: token},
            headers=cookie | {"Origin": HTTPS},
            allow_redirects=False,
        ) as got:
            assert got.status == 303
            [gone] = cookies_set(got.headers)
    assert gone.startswith(f'{form.name}="";')
    assert {"Max-Age=0", "Path=/", "Secure", "HttpOnly"} <= {
        part.strip() for part in gone.split(";")
    }
    assert node.sessions() == 0


@asynccontextmanager
async def proxied(url, prefix, seen):
    """A proxy that takes the prefix away; what it is sent beside that is in `seen`."""

    async def forward(request):
        async with ClientSession(auto_decompress=False) as session:
            kept = ("Cookie", "Content-Type", "Origin")
            async with session.request(
                request.method,
                f"{url}{request.match_info['tail']}",
                params=request.query,
                data=await request.read(),
                headers={k: v for k, v in request.headers.items() if k in kept},
                allow_redirects=False,
            ) as got:
                kept = ("Content-Type", "Location", "Set-Cookie")
                headers = [(k, v) for k, v in got.headers.items() if k in kept]
                body = await got.read()
                return web.Response(status=got.status, body=body, headers=headers)

    async def beside(request):
        seen.append(dict(request.cookies))
        return web.Response()

    app = web.Application()
    app.router.add_route("*", f"{prefix}/{{tail:.*}}", forward)
    app.router.add_get("/beside", beside)
    async with TestServer(app) as server:
        yield str(server.make_url(f"{prefix}/"))


async def test_below_a_path_of_a_proxy_one_signs_in_and_nobody_else_is_told(sample_db):
    prefix, beside = "/a/federation", []
    node = Node(sample_db, Listen(public_url=f"http://data.ana.example{prefix}"))
    node.add()
    async with (
        node.serving() as url,
        proxied(url, prefix, beside) as outside,
        Browser(outside) as browser,
    ):
        page = await browser.sign_in(f"{outside}masuk?k={LINK}")
        assert page.url == f"{outside}masuk"
        assert "Anda sudah masuk" in page.text
        assert "Pembaca" in (await browser.open(f"{outside}probe/who")).text
        await browser.open("/beside")
        page = await browser.open(f"{outside}tps/{sample.AGREED}")
        page = await browser.send(page, page.form("/keluar"))
        assert page.url == f"{outside}masuk?keluar=1"
    assert beside == [{}], "the secret is sent below the path only"
    assert node.sessions() == 0


def test_nodes_of_one_host_leave_each_others_cookies_alone():
    seen = {
        cookie_form(settings_of(org=org, listen=Listen(port=port, public_url=url))).name
        for org in ("a.example", "b.example")
        for port in (8470, 8471)
        for url in (None, f"{HTTPS}/a", f"{HTTPS}/b")
    }
    assert len(seen) == 12


async def test_a_session_of_one_node_is_none_of_another(sample_db, tmp_path):
    first, second = Node(sample_db), Node(sample_db)
    second.settings = settings_of(listen=Listen(port=8471))
    second.site = context_of(
        sample_db, second.settings, desk=second, clock=lambda: 1_000
    )
    first.add()
    async with first.serving() as one, second.serving() as two, Browser(one) as browser:
        await browser.sign_in(DOOR)
        kept = browser.cookies()
        async with browser.session.get(f"{two}probe/who") as got:
            assert "Pembaca" not in await got.text()
        async with browser.session.get(f"{two}masuk") as got:
            assert not cookies_set(got.headers)
        assert browser.cookies() == kept
        assert "Pembaca" in await said(browser)


@pytest.mark.parametrize(
    "cookie",
    [
        *("", ";;;", "=", "{name}", "{name}=", "{name}=x", "{name}=\xff"),
        "{name}=" + "s" * 4000,
    ],
)
async def test_a_cookie_that_is_of_nobody_is_nobody(node, browser, cookie):
    name = cookie_form(node.settings).name
    page = await browser.open("/probe/who", Cookie=cookie.format(name=name))
    assert page.text == "Nobody(sees_partners=False)"


# What a page is for whom.


PAGES = ("/", "/wilayah/13", "/kosong", "/berbeda", f"/tps/{sample.AGREED}", "/tps/x")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_for_strangers_says_nothing_of_signing_in(browser, path):
    page = await browser.open(path)
    assert page.headers["Cache-Control"] == "no-cache"
    for word in ("/masuk", "/keluar", "form_token", 'class="who"'):
        assert word not in page.text
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("path", [*PAGES, "/v1/status", "/v1/gaps", "/metrics"])
async def test_an_answer_to_somebody_signed_in_is_kept_nowhere(sample_db, path):
    listen = Listen(host="0.0.0.0", public_url="http://127.0.0.1")
    node = Node(sample_db, listen)
    node.readiness, node.alarms = list, list

    async def metrics(caller):
        return {}

    node.metrics = metrics
    node.add()
    async with node.serving() as url, Browser(url) as browser:
        if path.startswith("/v1"):
            before = await browser.open(path)
            assert before.headers["Access-Control-Allow-Origin"] == "*"
        await browser.sign_in(DOOR)
        page = await browser.open(path)
        assert page.headers["Cache-Control"] == "private, no-store"
        assert "Access-Control-Allow-Origin" not in page.headers
        if page.headers["Content-Type"].startswith("text/html"):
            assert "Pembaca" in page.text
            assert page.form("/keluar").fields[FIELD]
        style = await browser.open("/static/style.css?v=1")
        assert style.headers["Cache-Control"].startswith("public")


async def test_a_name_is_only_text_on_a_page(node, browser):
    node.add('<b onclick="x">', "viewer", OTHER)
    link = f"/masuk?k={OTHER}"
    for page in (await browser.open(link), await browser.sign_in(link)):
        assert "<b onclick" not in page.text
        assert "&lt;b onclick" in page.text


async def test_when_somebody_was_last_seen_is_kept_seldom(node, browser):
    await browser.sign_in(DOOR)
    node.asked.clear()
    for _ in range(5):
        node.now += SEEN_EVERY_S // 4
        await said(browser)
    assert node.asked == ["SeeSession"]
    node.now = 5  # a clock that was set back
    await said(browser)
    assert node.asked == ["SeeSession"] * 2


async def test_a_disk_that_takes_nothing_keeps_nobody_out(node, browser):
    await browser.sign_in(DOOR)

    async def full(request):
        raise OSError(28, "full")

    node.run = full
    node.now += SEEN_EVERY_S
    assert "Pembaca" in await said(browser)


async def test_a_link_signs_in_so_often_and_then_waits(node, url):
    for number in range(21):
        async with Browser(url) as browser:
            page = await browser.sign_in(DOOR)
            assert page.status == (200 if number < 20 else 429)
    assert page.headers["Retry-After"] == "60"
    assert "tunggu" in page.text
    node.now += 60
    async with Browser(url) as browser:
        assert (await browser.sign_in(DOOR)).status == 200


async def test_a_damaged_row_is_nobody(node, browser):
    await browser.sign_in(DOOR)
    with node.db.transaction() as tx:
        tx.execute("UPDATE person SET role = 'admin'")
    assert "Pembaca" not in await said(browser)
    page = await browser.open(DOOR)
    assert page.status == 500
    assert "federation doctor" in page.text


def test_what_a_person_may_do_is_listed_in_full():
    assert set(ACTS) == set(get_args(Act))
