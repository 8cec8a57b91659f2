"""A form that changes something is of this very browser, or nothing is done."""

import pytest

from federation.web.forms import FIELD
from tests.browsing import Browser
from tests.peoplenode import DOOR, LINK


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
