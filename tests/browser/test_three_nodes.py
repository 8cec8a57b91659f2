"""A reader before three real nodes: what is found, ordered, narrowed, kept and live.

One story, told in order over one set of nodes: somebody opens our node's pages, which
show what three organisations signed, one of them hostile. Meanwhile nothing complains.
"""

import csv
import io
import json
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
import pytest_asyncio

from tests.browser.axe import walk
from tests.browser.person import Person
from tests.browser.test_signin import Reader
from tests.browser.three import ELECTION, three_nodes
from tests.browser.watching import POLYGLOT, complaints, watch
from tests.homes import draft
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

KABUPATEN = "7202"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def nodes(tmp_path_factory):
    async with three_nodes(tmp_path_factory.mktemp("three")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def reader(chromium, nodes):
    """Somebody with a mouse, in whose browser nothing may complain."""
    tab = await chromium.tab()
    await watch(tab)
    await tab.resize(1280)
    yield Person(tab, nodes.ours.url)
    assert complaints(tab, nodes.ours.url) == []
    await tab.close()


async def stations(nodes, **which):
    """All stations that the API answers, page by page."""
    found, after = [], ""
    while True:
        fields = {**which, "limit": "50", **({"after": after} if after else {})}
        said = await nodes.ask(f"/v1/stations?{urlencode(fields)}")
        found += said["stations"]
        if not (after := said.get("next", "")):
            return found


async def shown(reader):
    """The codes of the stations on the page, in its order."""
    links = (
        "JSON.stringify([...document.querySelectorAll('.station .place a')]"
        ".map((one) => one.pathname.split('/').at(-1)))"
    )
    return json.loads(await reader.tab.run(links))


async def test_a_place_is_searched_as_people_type_it_and_its_station_opened(
    reader, nodes
):
    [known, *_] = await stations(nodes, status="agreed")
    tps = known["tps"]
    village = (await nodes.ask(f"/v1/regions/{tps[:10]}"))["region"]["name"]
    await reader.open("/?lang=id")
    await reader.click("mis.", "form.search", leads=False)
    await reader.type(f"{village.lower()} tps {int(tps[10:])}")
    await reader.key("Enter", leads=True)
    assert await reader.path() == "/cari"
    await reader.click(tps, "main")
    assert await reader.path() == f"/tps/{tps}"
    said = await reader.text()
    assert "cocok" in said
    for votes in known["groups"][0]["votes"].values():
        assert str(votes) in said


async def test_a_region_is_sorted_as_the_api_counts(reader, nodes):
    answer = await nodes.ask(f"/v1/regions/{KABUPATEN}")
    counts = {
        child["code"]: child["coverage"]["official"].get("differs", 0)
        for child in answer["children"]
    }
    await reader.open(f"/wilayah/{KABUPATEN}?lang=id")
    await reader.click("berbeda dari KPU", "[aria-labelledby=regions] thead")
    rows = "[aria-labelledby=regions] tbody tr"
    links = json.loads(
        await reader.tab.run(
            f"JSON.stringify([...document.querySelectorAll('{rows} th a')]"
            ".map((one) => one.pathname.split('/').at(-1)))"
        )
    )
    told = [int(one) for one in await reader.texts(f"{rows} td:last-child")]
    assert len(set(counts.values())) > 2
    assert set(links) == set(counts)
    assert told == [counts[code] for code in links]
    assert told == sorted(told, reverse=True)
    order = "document.querySelector('[aria-sort=descending]').innerText"
    assert "berbeda dari KPU" in await reader.tab.run(order)
    await reader.click("berbeda dari KPU", "[aria-labelledby=regions] thead")
    told = [int(one) for one in await reader.texts(f"{rows} td:last-child")]
    assert told == sorted(counts.values())


async def test_a_list_is_narrowed_and_sorted_to_what_the_api_answers(reader, nodes):
    await reader.open("/?lang=id")
    await reader.click("berbeda dari KPU", ".tiles")
    everywhere = await stations(nodes, official="differs")
    assert f"{len(everywhere)} dari" in await reader.text(".big")
    await reader.click("Saring", "main", leads=False)
    await reader.choose("flag", "implausible")
    await reader.click("Tampilkan", ".filters")
    which = {"official": "differs", "flag": "implausible"}
    narrowed = await stations(nodes, **which)
    assert 0 < len(narrowed) < len(everywhere)
    assert await shown(reader) == [one["tps"] for one in narrowed][:50]
    await reader.open("/daftar?status=disputed&lang=id")
    await reader.click("selisih terbesar dulu", ".tools")
    ordered = await stations(nodes, status="disputed", sort="apart")
    plain = await stations(nodes, status="disputed")
    codes = [one["tps"] for one in ordered]
    assert codes != [one["tps"] for one in plain]
    assert await shown(reader) == codes[:50]


async def test_what_is_downloaded_is_what_the_api_answers_and_the_page_shows(
    reader, nodes, tmp_path
):
    await reader.open("/daftar?status=disputed&lang=id")
    on_page = await shown(reader)
    await reader.tab.call(
        "Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path)
    )
    every = await stations(nodes, status="disputed")
    for form in ("csv", "ndjson"):
        [address] = json.loads(
            await reader.tab.run(
                "JSON.stringify([...document.querySelectorAll("
                f"'.tools a[download][href*=\"format={form}\"]')]"
                ".map((one) => one.href))"
            )
        )
        asked = parse_qs(urlsplit(address).query)
        assert (asked["status"], asked["election"]) == (["disputed"], [ELECTION])
        await reader.click(form.upper(), ".tools", leads=False)
        [kept] = await until(lambda form=form: _kept(tmp_path, form))
        path = address.removeprefix(nodes.ours.url)
        assert kept.read_bytes() == await nodes.ask(path)
        assert codes_in(form, kept.read_text(encoding="utf-8-sig")) == on_page
    assert on_page == [one["tps"] for one in every]


async def _kept(folder, form):
    return [one for one in folder.glob(f"*.{form}") if one.stat().st_size]


def codes_in(form, text):
    """The codes of the stations in a file, in its order."""
    if form == "csv":
        return [row["tps"] for row in csv.DictReader(io.StringIO(text))]
    _head, *lines = map(json.loads, text.splitlines())
    return [line["tps"] for line in lines]


PUBLIC = (
    "/?lang=id",
    f"/wilayah/{KABUPATEN}?lang=id",
    "/wilayah/{hostile}?lang=id",
    "/tps/{hostile}001?lang=id",
    "/daftar?region={hostile}&lang=id",
    "/cari?lang=id&q={typed}",
    "/cari?lang=id&q={place}",
    "/gambar/{hostile}?lang=id",
)
#: What is asked for here is nowhere; the page says so, perhaps in these words.
REFUSED = (
    "/?lang=id&map={typed}&sort={typed}",
    "/tps/{typed}",
    "/wilayah/{typed}",
    "/gambar/{typed}",
    "/daftar?flag={typed}&region={typed}",
    "/cari?q=a&election={typed}&contest={typed}",
    "/bantuan/peringatan/{typed}",
    "/{typed}",
)


def public_paths(nodes, paths=PUBLIC):
    typed = quote(POLYGLOT, safe="")
    words = {"hostile": nodes.hostile, "typed": typed, "place": "img"}
    return [path.format(**words) for path in paths]


async def test_hostile_text_in_every_field_stays_text_for_everybody(reader, nodes):
    """And axe finds nothing; the fixture sees that nothing ran or complained."""
    found = await walk(reader.tab, reader.url, *public_paths(nodes))
    assert {one for findings in found.values() for one in findings} == set()
    assert {"/", "/cari", "/daftar", "/verify", f"/tps/{nodes.hostile}001"} <= set(
        found
    )
    await reader.open(f"/tps/{nodes.hostile}001?lang=id")
    said = await reader.text("body")
    # The partner's name, the kelurahan's, the kecamatan's.
    assert said.count("<img src=x onerror=hurt=1>") >= 3
    assert "{{7*7}}" in said
    await reader.open(f"/cari?q={quote(POLYGLOT)}")
    assert await reader.tab.run("document.querySelector('#q').value") == POLYGLOT


async def test_hostile_text_in_an_address_stays_text(chromium, nodes):
    tab = await chromium.tab()
    await watch(tab)
    person = Person(tab, nodes.ours.url)
    for path in public_paths(nodes, REFUSED):
        await person.open(path)
        assert await tab.run("document.querySelector('main') !== null"), path
        assert await tab.run("document.querySelectorAll('img').length") == 0, path
    # The browser tells of each address that leads nowhere, and of nothing else.
    assert [
        one
        for one in complaints(tab, nodes.ours.url)
        if "with a status of 4" not in one
    ] == []
    await tab.close()


@pytest.mark.long
async def test_hostile_text_stays_text_for_people_who_are_signed_in(reader, nodes):
    await reader.open(await nodes.let_in(POLYGLOT, "coordinator"))
    await reader.click("<img", "form.door")
    paths = ("/mitra", "/antrean", "/laporan/daftar", "/lapor", "/masuk")
    found = await walk(reader.tab, reader.url, *paths, *public_paths(nodes))
    assert {one for findings in found.values() for one in findings} == set()
    assert {"/mitra", "/antrean", "/lapor", "/masuk"} <= set(found)
    [report] = [one for one in found if one.startswith(f"/laporan/{nodes.ours.org}/")]
    await reader.open("/mitra?lang=id")
    assert POLYGLOT in await reader.text("body")
    await reader.open(f"{report}?lang=id")
    assert (await reader.text()).count(POLYGLOT) > 2


async def test_without_javascript_every_page_says_the_same(chromium, reader, nodes):
    tab = await chromium.tab()
    plain = Reader(tab)
    for path in public_paths(nodes):
        await reader.open(path)
        said = await reader.text()
        await plain.open(f"{reader.url}{path}")
        here = await tab.run("document.querySelector('main').innerText")
        assert " ".join(here.split()) == said, path
    assert tab.events["Log.entryAdded"] == []
    await tab.close()


async def test_what_is_noticed_would_have_been_noticed(chromium, nodes):
    """A foreign script, a foreign picture: the policy stops both, and it is seen."""
    tab = await chromium.tab()
    await watch(tab)
    await Person(tab, nodes.ours.url).open("/?lang=id")
    assert complaints(tab, nodes.ours.url) == []
    await tab.run(f"document.querySelector('main').innerHTML = {json.dumps(POLYGLOT)}")
    await until(lambda: _says(tab, nodes.ours.url, "script-src"))
    await tab.run("window.hurt = 1")
    await until(lambda: _says(tab, nodes.ours.url, "hostile text ran"))
    await tab.close()


async def _says(tab, url, words):
    return any(words in one for one in complaints(tab, url))


async def test_a_record_passed_on_by_a_sync_changes_the_open_page(reader, nodes):
    """No reload: what Kawal Pemilu signs comes by the node in the middle."""
    [missing, *_] = await stations(nodes, status="missing")
    tps = missing["tps"]
    await reader.open(f"/wilayah/{tps[:10]}?lang=id")
    await until(lambda: _is_listening(reader))
    await reader.tab.run("window.isSame = true")
    tile, big = ".tiles .single", ".big"
    was = int((await reader.text(f"{tile} b")).replace(".", ""))
    covered = await reader.text(big)
    votes = {"01": 61, "02": 103, "03": 17}
    record = {**draft(tps), "candidates": votes}
    await nodes.sign(nodes.theirs, **record)

    async def is_changed():
        return int(await reader.text(f"{tile} b")) == was + 1

    await until(is_changed)
    assert await reader.text(big) != covered
    [line] = [one for one in await reader.texts(".station") if f"TPS {tps[10:]}" in one]
    for count in votes.values():
        assert str(count) in line
    assert await reader.tab.run("window.isSame === true")
    documents = [
        one
        for one in reader.tab.events["Network.requestWillBeSent"]
        if one["type"] == "Document"
    ]
    assert len(documents) == 1


async def _is_listening(reader):
    return await reader.tab.run("document.querySelector('.live')?.hidden === false")
