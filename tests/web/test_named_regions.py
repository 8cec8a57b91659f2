"""A region that is not there is told so everywhere; one that is, is found."""

import pytest

from federation.errors import NotFoundError
from federation.flows.query.region import require_region
from federation.flows.query.scope import ask
from federation.store.db import Database
from tests import sample_map as sample

PROFILES = {sample.ELECTION: sample.profile()}
PAGES = ("/pola/77", "/selisih/77", "/gambar/77", "/kpu?region=77", "/daftar?region=77")
QUESTIONS = (
    *("forensics", "margin", "pictures", "kpu", "kpu/export", "stations", "gaps"),
    *("disputed", "export"),
)


async def test_a_region_that_is_not_there_is_on_no_page(browser):
    for path in ("/wilayah/77", *PAGES):
        assert (await browser.open(path)).status == 404, path
    for name in QUESTIONS:
        found = await browser.open(f"/v1/{name}?region=77")
        assert found.status == 404, name
        assert "there is no region 77" in found.text, name
        there = await browser.open(f"/v1/{name}?region=1371011001")
        assert there.status == 200, name


def test_without_a_list_of_stations_any_region_may_be_there(sample_db, tmp_path):
    asked = ask(PROFILES, [sample.ELECTION])
    with sample_db.view() as view:
        for code in ("", "13", sample.OUTSIDE[:10], sample.SINGLE[:10]):
            assert require_region(view, asked, code) == code
        with pytest.raises(NotFoundError, match="no region 77"):
            require_region(view, asked, "77")
    unlisted = Database.open(tmp_path / "unlisted")
    with unlisted.view() as view:
        assert require_region(view, asked, "77") == "77"
    unlisted.close()


@pytest.mark.parametrize("path", ["/pola", "/selisih", "/gambar"])
async def test_a_region_that_is_asked_for_is_the_one_that_is_shown(browser, path):
    asked = await browser.open(f"{path}?region=1371&lang=en")
    assert asked.url.split("?")[0].endswith(f"{path}/1371")
    assert "lang=en" in asked.url
    assert "Kota Padang" in asked.text
    assert (await browser.open(f"{path}?region=//evil.example")).status == 400
    assert (await browser.open(f"{path}?region=77")).status == 404


async def test_a_candidate_is_found_by_number_and_who_is_none_is_told_who_there_are(
    browser,
):
    for name in ("forensics", "pictures"):
        told = await browser.open(f"/v1/{name}?region=1371&candidate=2")
        same = await browser.open(f"/v1/{name}?region=1371&candidate=02")
        assert (told.status, told.text) == (200, same.text)
    for path in ("/pola", "/gambar", "/v1/forensics", "/v1/pictures"):
        assert (await browser.open(f"{path}?candidate=2")).status == 200, path
        for language in ("en", "id"):
            none = await browser.open(
                f"{path}?candidate=9", **{"Accept-Language": language}
            )
            assert none.status == 404, path
            said = {"en": "o candidate 9", "id": "idak ada calon 9"}[language]
            assert said in none.text, path
            assert ": 01, 02, 03" in none.text, path
