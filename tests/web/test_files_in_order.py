"""A list's file has the rows of its page, in the order of the page."""

import csv
import json
import re
from io import StringIO

import pytest

from federation.flows.query import export, stations
from tests.sample_map import ANA, ELECTION

_STATION = re.compile(r'<li class="station .*?/tps/([0-9A-Z]{13})', re.DOTALL)
_FILE = re.compile(r'href="([^"]*/?v1/export[^"]*format=(csv|ndjson)[^"]*)" download')
_NEXT = re.compile(r'href="([^"]*daftar[^"]*after=[^"]*)"')


async def shown_on_pages(browser, address):
    """The codes of all its pages, and where the files of the first are."""
    codes, files = [], {}
    while address:
        page = await browser.open(address)
        assert page.status == 200, page.text[-500:]
        codes += _STATION.findall(page.text)
        files = files or {form: at for at, form in _FILE.findall(page.text)}
        following = _NEXT.search(page.text)
        address = following and "/" + following[1].replace("&amp;", "&").lstrip("./")
    return codes, {
        form: "/" + at.replace("&amp;", "&").lstrip("./") for form, at in files.items()
    }


async def rows_of_files(browser, files):
    as_csv = (await browser.open(files["csv"])).text.removeprefix("\ufeff")
    head, *lines = (await browser.open(files["ndjson"])).text.splitlines()
    return (
        [row["tps"] for row in csv.DictReader(StringIO(as_csv))],
        [json.loads(line)["tps"] for line in lines],
        json.loads(head),
    )


@pytest.mark.parametrize("sort", ["", "apart"])
@pytest.mark.parametrize("which", ["", f"org={ANA}", "region=13", "covered=any"])
@pytest.mark.parametrize("page", [2, 500])
async def test_a_file_has_the_rows_of_the_list_in_its_order(
    browser, monkeypatch, which, sort, page
):
    monkeypatch.setattr(export, "PAGE", page)
    codes, files = await shown_on_pages(browser, f"/daftar?{which}&sort={sort}")
    assert codes
    as_csv, as_ndjson, head = await rows_of_files(browser, files)
    assert as_csv == codes
    assert as_ndjson == codes
    assert head.get("sort", "") == sort


async def test_the_order_of_the_figures_is_another_than_that_of_the_codes(browser):
    codes, files = await shown_on_pages(browser, f"/daftar?org={ANA}&sort=apart")
    assert codes != sorted(codes), "or the test above says nothing"
    assert "sort=apart" in files["csv"]


async def test_too_many_for_an_order_come_by_code_in_page_and_file(
    browser, monkeypatch
):
    monkeypatch.setattr(stations, "MAX_SORTED", 1)
    codes, files = await shown_on_pages(browser, f"/daftar?org={ANA}&sort=apart")
    assert "sort" not in files["csv"]
    asked = {form: f"{address}&sort=apart" for form, address in files.items()}
    as_csv, as_ndjson, head = await rows_of_files(browser, asked)
    assert as_csv == as_ndjson == codes == sorted(codes)
    assert "sort" not in head


async def test_an_order_is_asked_of_stations_alone(browser):
    page = await browser.open(f"/v1/export?what=results&sort=apart&election={ELECTION}")
    assert page.status == 400
    assert "sort" in page.text
