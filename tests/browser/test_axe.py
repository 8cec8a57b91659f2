"""Everybody can use the pages: axe finds nothing on any of them, light or dark."""

import hashlib

import pytest

from federation.store.papers import PapersFolder
from tests import sample_map as sample
from tests.browser.axe import look, walk
from tests.browser.editor import signed_in
from tests.desk import let_people_in, link_of
from tests.homes import make_home, serving
from tests.peoplenode import PeopleNode
from tests.reading import TPS, photographed, two_nodes
from tests.refer import PAPERS, ask, make_referring, write_reports
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

LOOKS = [(390, "light"), pytest.param(1280, "dark", marks=pytest.mark.long)]


async def wear(tab, width, scheme):
    for domain in ("Page", "Runtime", "Network", "Log"):
        await tab.call(f"{domain}.enable")
    await tab.resize(width)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    await tab.call("Emulation.setEmulatedMedia", features=features)


def said(found):
    return "\n".join(f"{path}: {one}" for path, these in found.items() for one in these)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_axe_finds_nothing_on_any_page_of_the_results(
    chromium, sample_db, width, scheme
):
    async with PeopleNode(sample_db).serving() as url:
        tab = await chromium.tab()
        await wear(tab, width, scheme)
        found = await walk(
            tab,
            url,
            "/",
            "/wilayah/1371011001",
            f"/tps/{sample.DISPUTED}",
            f"/tps/{sample.JANGGAL}",
            "/cari?q=padang",
            "/tidak-ada",
            "/verify",
        )
        assert said(found) == ""
        assert {"/", "/cari", "/daftar", "/tidak-ada", "/verify"} <= set(found)
        await tab.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_axe_finds_nothing_where_a_cell_or_a_dot_of_a_picture_opens(
    chromium, tmp_path, width, scheme
):
    db = sample.turnout_map(tmp_path)
    async with PeopleNode(db).serving() as url:
        tab = await chromium.tab()
        await wear(tab, width, scheme)
        for code in ("", "/1371", "/137101"):
            assert await look(tab, f"{url}gambar{code}?turnout=90&share=50") == []
            assert await tab.run("document.querySelectorAll('.inside a').length") > 0
        assert await tab.run("document.querySelectorAll('.dot').length") > 0
        await tab.close()
    db.close()


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    make_referring(found)
    let_people_in(found)
    return found


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_axe_finds_nothing_on_any_page_of_a_coordinator(
    chromium, home, width, scheme
):
    reports = write_reports(home, 3)
    async with serving(home, alone=True) as node:

        async def is_ready():
            return (await node.get("/readyz"))[0] == 200

        await until(is_ready)
        PapersFolder(home.outbox).save(PAPERS)
        digest = hashlib.sha256(PAPERS).hexdigest()
        members = {"way": "by-hand", "dossier": digest, "formal": "initial"}
        status, said_of_it = await ask(node, "prepare", reports[0], **members)
        assert status == 200, said_of_it
        report = f"/laporan/{reports[0]['org']}/{reports[0]['id']}"
        link = f"/masuk?k={link_of('Koko')}"
        async with signed_in(chromium, node.url, link, width) as one:
            await wear(one.tab, width, scheme)
            papers = f"{report}/berkas/{digest}"
            paths = ("/", "/laporan", "/laporan/kembar", report, papers)
            await one.open(report)
            # What is said has more room than what it is called.
            rooms = "[...document.querySelectorAll('table.facts tr')].map((row) =>"
            rooms += " row.cells[1].clientWidth > row.cells[0].clientWidth)"
            assert set(await one.tab.run(rooms)) == {True}
            found = await walk(
                one.tab, node.url, *paths, "/lapor", "/antrean", "/masuk", "/mitra"
            )
            assert said(found) == ""
            assert {report, papers, "/lapor", "/antrean", "/masuk"} <= set(found)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_axe_finds_nothing_where_a_form_is_read_beside_its_photograph(
    chromium, tmp_path, width, scheme
):
    async with two_nodes(tmp_path) as two:
        await two.share(photographed(TPS))
        link = await two.let_in("Rina")
        async with signed_in(chromium, two.readers.url, link, width) as one:
            await wear(one.tab, width, scheme)
            form = f"/antrean/baca/{TPS}"
            found = await walk(one.tab, two.readers.url, form, f"/tps/{TPS}")
            assert said(found) == ""
            await one.open(form)
            await one.press("main .take button", form)
            assert await look(one.tab, await one.value("location.href")) == []
