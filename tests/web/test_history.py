"""The history on the page of a station: nothing that was replaced is only a number."""

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec import structs

from federation.flows.merge import merge_once
from federation.store import logs
from federation.store.db import Database
from federation.web import dashboard
from federation.web.context import SITE
from tests.ownnode import ELECTION, small_profile
from tests.photographed import A, add_leaves, result
from tests.webnode import context_of, settings_of

#: In Makassar: WITA.
HERE = "7371011001001"


@pytest.fixture
def page(tmp_path):
    """What the page says of so many statements, a minute after another."""
    db = Database.open(tmp_path)

    async def ask(count, lang):
        with db.transaction() as tx:
            log = logs.add_log(tx, f"{A}/{ELECTION}", own=False)
        said = [
            structs.replace(
                result(A, HERE, None),
                candidates={"01": 90 + n, "02": 40},
                figures={"suara_sah": 130 + n, "disabilitas_j": 1},
                recorded_at=f"2024-02-14T13:{n:02}:00Z",
            )
            for n in range(count)
        ]
        add_leaves(db, log, said)
        profiles = {ELECTION: small_profile()}
        while merge_once(db, profiles):
            pass
        app = web.Application()
        settings = settings_of(elections=[ELECTION])
        app[SITE] = context_of(db, settings, profiles=profiles)
        app.add_routes(dashboard.routes())
        async with TestClient(TestServer(app)) as client:
            answer = await client.get(f"/tps/{HERE}?lang={lang}")
            assert answer.status == 200
            return await answer.text()

    yield ask
    db.close()


@pytest.mark.parametrize(
    ("lang", "recorded", "changed"),
    [
        ("id", "dicatat 2024-02-14 21:0{} WITA", "Berubah dari pernyataan sebelumnya"),
        ("en", "recorded 2024-02-14 21:0{} WITA", "Changed from the statement before"),
    ],
)
async def test_each_statement_has_its_time_there_its_figures_and_what_changed(
    page, lang, recorded, changed
):
    text = await page(3, lang)
    now, _, before = text[text.index('"statements"') :].partition("<details")
    assert recorded.format(2) in now
    assert f'{changed}: <span class="id">01</span> 91 → <b>92</b>; ' in now
    assert re.search("(Suara sah|Valid votes) <b>132</b>", now)
    assert re.search("(Suara sah|Valid votes) <b>130</b>", before)
    assert "disabilitas" not in text
    assert [recorded.format(n) in before for n in (0, 1, 2)] == [True, True, False]
    assert f'{changed}: <span class="id">01</span> 90 → <b>91</b>' in before
    assert '<span class="id">01</span> <b>90</b>' in before
    assert before.count("/receipt") == 2


@pytest.mark.parametrize(("count", "is_open"), [(6, True), (7, False)])
async def test_a_long_history_is_folded_away_and_a_short_one_is_not(
    page, count, is_open
):
    text = await page(count, "id")
    [attributes] = re.findall(
        r"<details([^>]*)>\s*<summary>Pernyataan lama", text, re.DOTALL
    )
    assert ("open" in attributes) == is_open


async def test_of_more_than_are_told_the_rest_is_counted(page):
    text = await page(30, "id")
    assert "Pernyataan lama yang sudah diganti: 29" in text
    assert "Yang lebih lama dan tidak ditampilkan: 9" in text
