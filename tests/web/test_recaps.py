"""`/v1/recaps`, the page `/rekapitulasi`, and the block of a region's page."""

import json

import pytest

from federation.flows.recap import shelf
from tests.recapped import note_recaps

KECAMATAN = "137101"


@pytest.fixture
def noted(node):
    whole = {"01": 999_999, "02": 5, "03": 0}
    above = {**whole, "02": 6}
    note_recaps(node.db, (KECAMATAN, whole), ("1371", whole), ("13", above))


async def test_programs_get_the_documents_and_only_those_that_they_ask_for(
    noted, browser
):
    answer = json.loads((await browser.open("/v1/recaps?contest=ppwp")).text)
    assert [one["region"]["code"] for one in answer["documents"]] == [
        *("13", "1371", KECAMATAN)
    ]
    broken = await browser.open("/v1/recaps?verdict=broken&region=1371")
    [one] = json.loads(broken.text)["documents"]
    assert (one["level"], one["verdict"], one["first"]) == ("kecamatan", "broken", True)
    table = await browser.open("/v1/recaps?verdict=broken&region=1371&format=csv")
    head, *rows = table.text.splitlines()
    assert "difference" in head.split(",")
    assert len(rows) == len(one["sums"])
    assert (await browser.open("/v1/recaps?verdict=odd")).status == 400
    assert (await browser.open("/v1/recaps?after=odd")).status == 400


async def test_the_page_tells_where_it_begins_and_is_in_the_frame_of_the_queues(
    noted, browser
):
    page = await browser.open("/rekapitulasi?lang=en")
    assert "this is where it begins" in page.text
    assert "Kecamatan Padang Selatan" in page.text
    other = await browser.open("/daftar?status=disputed&lang=en")
    assert "rekapitulasi?" in other.text
    assert (await browser.open("/rekapitulasi?show=odd")).status == 400
    none = await browser.open("/rekapitulasi?show=undecided&lang=en")
    assert "All 3 documents" in none.text


async def test_a_region_shows_the_documents_that_add_it_up(noted, browser):
    page = await browser.open("/wilayah/1371?lang=en")
    assert page.text.count('class="recap"') == 1
    assert "follows from the level below" in page.text
    none = await browser.open("/wilayah/72?lang=en")
    assert 'class="recap"' not in none.text


async def test_a_region_of_which_only_a_document_is_known_has_a_page(node, browser):
    assert (await browser.open("/wilayah/3171?lang=en")).status == 404
    note_recaps(node.db, ("3171", {"01": 5}))
    page = await browser.open("/wilayah/3171?lang=en")
    assert page.status == 200
    assert 'class="recap"' in page.text


async def test_without_documents_the_page_says_so_and_no_list_names_it(node, browser):
    page = await browser.open("/rekapitulasi?lang=en")
    assert "Nobody has recorded sums" in page.text
    other = await browser.open("/daftar?status=disputed&lang=en")
    assert "rekapitulasi" not in other.text


async def test_a_document_that_the_map_does_not_hold_yet_is_nowhere(node, browser):
    note_recaps(node.db, ("3171", {"01": 5}), is_shown=False)
    assert (await browser.open("/wilayah/3171?lang=en")).status == 404
    assert json.loads((await browser.open("/v1/recaps")).text)["documents"] == []
    assert "/rekapitulasi" not in (await browser.open("/daftar?status=disputed")).text


async def test_the_documents_of_a_map_are_compared_once_for_all_pages_and_readers(
    noted, node, browser, monkeypatch
):
    compared, whole = [], shelf.compare_recaps
    monkeypatch.setattr(
        shelf, "compare_recaps", lambda *asked: compared.append(asked) or whole(*asked)
    )
    first = json.loads((await browser.open("/v1/recaps?limit=1")).text)
    rest = await browser.open(f"/v1/recaps?limit=9&after={first['next']}")
    assert len(json.loads(rest.text)["documents"]) == 2
    for other in ("?org=x", "?verdict=broken", "?first=1"):
        assert (await browser.open(f"/v1/recaps{other}")).status == 200
    await browser.open("/rekapitulasi")
    assert len(compared) == 1
    note_recaps(node.db, (KECAMATAN, {"01": 1}))
    told = json.loads((await browser.open("/v1/recaps?region=1371")).text)
    assert [one["sums"][0]["said"] for one in told["documents"]] == [999_999, 1]
    assert len(compared) == 2
