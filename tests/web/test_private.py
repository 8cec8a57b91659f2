"""What is shown to somebody who is signed in is theirs, and is nothing of strangers."""

import pytest

from federation.config.settings import Listen
from federation.web.forms import FIELD
from tests import sample_map as sample
from tests.browsing import Browser
from tests.peoplenode import DOOR, OTHER, PeopleNode

PAGES = ("/", "/wilayah/13", "/kosong", "/berbeda", f"/tps/{sample.AGREED}", "/tps/x")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_for_strangers_says_nothing_of_signing_in(browser, path):
    page = await browser.open(path)
    assert page.headers["Cache-Control"] == "no-cache"
    for word in ("/masuk", "/keluar", "form_token", 'class="who"'):
        assert word not in page.text
    assert "Set-Cookie" not in page.headers


@pytest.mark.slow
@pytest.mark.parametrize("path", [*PAGES, "/v1/status", "/v1/gaps", "/metrics"])
async def test_an_answer_to_somebody_signed_in_is_kept_nowhere(sample_db, path):
    listen = Listen(host="0.0.0.0", public_url="http://127.0.0.1")
    node = PeopleNode(sample_db, listen)
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
