"""What the search box proposes while one types: what `/cari` finds, bounded."""

import json

import pytest

from federation.web import suggestions
from tests import sample_map as sample


async def proposed(browser, typed, **more):
    query = "".join(f"&{name}={value}" for name, value in more.items())
    page = await browser.open(f"{suggestions.PATH}?q={typed}&lang=id{query}")
    assert page.status == 200, page.text
    return json.loads(page.text)["found"]


@pytest.mark.parametrize(
    "typed", ["pad", "padang", "air tps 2", "1371", "137", "xyzzy"]
)
async def test_what_is_proposed_is_what_the_search_finds(browser, typed):
    found = await proposed(browser, typed.replace(" ", "+"))
    assert len(found) <= suggestions.MOST
    page = await browser.open(f"/cari?q={typed.replace(' ', '+')}&lang=id")
    for one in found:
        assert one["name"]
        assert one["href"].startswith("../")
        path = one["href"].removeprefix("..").partition("?")[0]
        assert path in page.text or page.url.partition("?")[0].endswith(path)
        led = await browser.open(one["href"].removeprefix(".."))
        assert led.status == 200, one


async def test_a_place_is_proposed_with_what_is_around_it_and_a_station_by_number(
    browser,
):
    found = await proposed(browser, "padang")
    assert "Kota Padang" in [one["name"] for one in found]
    number = sample.DISPUTED[:10]
    stations = await proposed(browser, f"{number}+tps+2")
    assert stations == [] or all("/tps/" in one["href"] for one in stations)
    (whole,) = await proposed(browser, "1371")
    assert whole["href"].partition("?")[0] == "../wilayah/1371"


async def test_of_one_letter_nothing_is_proposed(browser):
    for typed in ("", "p", "%20%20p", "..", "%00"):
        assert await proposed(browser, typed) == []


async def test_it_is_kept_for_a_minute_and_asks_the_register_once(browser, monkeypatch):
    before = await proposed(browser, "padang")
    asked = []
    monkeypatch.setattr(suggestions, "search", lambda *_: asked.append(1))
    assert await proposed(browser, "Padang+") == before
    assert asked == []
    page = await browser.open(f"{suggestions.PATH}?q=padang&lang=id")
    assert page.headers["Cache-Control"] == "public, max-age=60"


async def test_a_client_that_asks_without_end_is_told_to_wait(browser):
    statuses = []
    for number in range(200):
        page = await browser.open(f"{suggestions.PATH}?q=pa{number}")
        statuses.append(page.status)
        if page.status == 429:
            break
    assert page.status == 429
    assert statuses.count(200) >= 20
    assert int(page.headers["Retry-After"]) > 0
    assert (await browser.open("/cari?q=padang")).status == 200


async def test_an_election_that_is_not_here_has_no_proposals(browser):
    page = await browser.open(f"{suggestions.PATH}?q=padang&election=none")
    assert page.status == 404


@pytest.mark.parametrize("path", ["/", "/cari", "/cari?q=padang", "/wilayah/1371"])
async def test_pages_with_the_box_have_the_script_and_where_it_asks(browser, path):
    page = await browser.open(path)
    assert "/suggest.js" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    up = "../" * (path.partition("?")[0].count("/") - 1) or "./"
    assert f'data-suggest="{up}cari/saran"' in page.text
