"""The cookie of who is signed in goes to this node alone, and to nobody beside it."""

import re
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from federation.config.settings import Listen
from federation.store import people
from federation.web.forms import FIELD
from federation.web.sessions import cookie_form
from tests import sample_map as sample
from tests.browsing import Browser
from tests.peoplenode import DOOR, END, LINK, PeopleNode, cookies_set, said
from tests.webnode import context_of, settings_of

HTTPS = "https://data.ana.example"


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
    node = PeopleNode(sample_db, Listen(public_url=public_url))
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
    node = PeopleNode(sample_db, Listen(public_url=HTTPS))
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
    node = PeopleNode(sample_db, Listen(public_url=f"http://data.ana.example{prefix}"))
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
    first, second = PeopleNode(sample_db), PeopleNode(sample_db)
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
    assert page.text.startswith("Nobody(sees_partners=False")
