"""The page of the pictures: what it draws is what the API says, and does no harm."""

import csv
import io
import re
import threading

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.flows.partners import PartnerBook
from federation.flows.query.pictures.shelf import PictureShelf
from federation.flows.query.scope import ask
from federation.web import pictures
from federation.web.context import SITE
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def site(sample_db):
    async def partners():
        return PartnerBook(names={sample.ANA: HOSTILE})

    return context_of(
        sample_db,
        settings_of(name=HOSTILE),
        profiles={sample.ELECTION: sample.profile()},
        partners=partners,
        clock=lambda: 2_000_000_000,
    )


@pytest.fixture
async def client(site):
    app = web.Application(middlewares=[answer_problems])
    app[SITE] = site
    app.add_routes(pictures.routes())
    app.add_routes(endpoint.route() for endpoint in pictures.endpoints())
    async with TestClient(TestServer(app)) as found:
        yield found


async def read(client, path):
    got = await client.get(path)
    return got, await got.text()


async def test_every_picture_has_a_title_words_a_table_and_what_it_cannot_prove(client):
    _, text = await read(client, "/gambar?lang=en")
    drawings = re.findall(r'<svg class="chart".*?</svg>', text, re.DOTALL)
    assert len(drawings) == 4  # of this map no turnout is known
    for drawing in drawings:
        assert 'role="img"' in drawing
        for name in re.search(r'aria-labelledby="([^"]*)"', drawing)[1].split():
            assert f'id="{name}"' in drawing
    assert text.count("<details>") == len(drawings)
    assert len(re.findall(r'<p class="not">It [^<]{40,}', text)) == len(drawings)


async def test_digits_lead_to_how_often_honest_counts_look_so(client):
    _, text = await read(client, "/gambar/13?lang=en&candidate=02&whose=kpu")
    for pattern, line in (("last", "all equally frequent"), ("second", "Benford")):
        section = re.search(
            rf'<section aria-labelledby="{pattern}">.*?</section>', text, re.DOTALL
        )[0]
        assert line in section
        [address] = re.findall(r'href="([^"]*/pola/13[^"]*)"', section)
        assert address.endswith(f"candidate=02&amp;whose=kpu#{pattern}")


async def test_forms_of_which_nobody_says_when_they_were_photographed_are_told(client):
    _, text = await read(client, "/gambar?lang=en")
    section = re.search(
        r'<section aria-labelledby="observed">.*?</section>', text, re.DOTALL
    )[0]
    assert "Of 6 of 6 stations no record says" in section
    told = await (await client.get("/v1/pictures")).json()
    assert told["untimed"]["together"] == 6
    assert told["observed"] == []


async def test_the_table_is_what_the_api_hands_out(client):
    _, text = await read(client, "/gambar/1371?lang=en&candidate=02")
    _, told = await read(
        client, "/v1/pictures?region=1371&candidate=02&picture=last&format=csv"
    )
    rows = list(csv.DictReader(io.StringIO(told)))
    section = re.search(
        r'<section aria-labelledby="last">.*?</section>', text, re.DOTALL
    )
    cells = re.findall(
        r'<tr><th scope="row" class="num">(\d)</th><td class="num">(\d+)</td>',
        section[0],
    )
    assert cells == [(row["digit"], row["count"]) for row in rows]
    assert sum(int(row["count"]) for row in rows) > 0
    address = re.search(r'href="([^"]*format=csv[^"]*)"', section[0])[1]
    offered, _ = await read(client, "/" + address.replace("&amp;", "&").lstrip("./"))
    assert (await offered.text()) == told


async def test_names_that_are_markup_are_words(client):
    for path in ("/gambar", "/gambar/1371011001"):
        _, text = await read(client, path)
        assert HOSTILE not in text
        assert "&lt;script&gt;" in text


async def test_kpu_and_another_candidate_are_chosen_by_links_that_keep_each_other(
    client,
):
    _, text = await read(client, "/gambar?whose=kpu&candidate=02")
    assert "whose=kpu&amp;candidate=03" in text
    assert re.search(r'candidate=02#votes"[^>]*>[^<]*', text)
    assert text.count('aria-current="true"') == 2


@pytest.mark.parametrize("path", ["/gambar?whose=nobody", "/gambar/1"])
async def test_what_there_is_not_is_a_page_that_says_so(client, path):
    got, text = await read(client, path)
    assert got.status == 400
    assert "<h1" in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("format=csv", "picture"),
        ("picture=pie", "picture"),
        ("whose=nobody", "whose"),
    ],
)
async def test_the_api_refuses_by_name(client, query, said):
    got, text = await read(client, f"/v1/pictures?{query}")
    assert got.status == 400
    assert said in text


async def test_while_it_is_being_counted_the_page_says_how_far_and_asks_again(
    client, site, monkeypatch
):
    may_count, read_all = threading.Event(), PictureShelf.read

    def wait(*given):
        may_count.wait()
        return read_all(*given)

    monkeypatch.setattr(PictureShelf, "read", wait)
    monkeypatch.setattr(site.pictures, "_patience_s", 0)
    try:
        for _ in range(2):  # who begins it, and who comes meanwhile
            got, text = await read(client, "/gambar?lang=en")
            assert got.headers["Refresh"] == "2"
            assert got.headers["Cache-Control"] == "no-store"
            assert "0 of 1 kabupaten" in text
            assert "<svg class" not in text
    finally:
        may_count.set()
    await site.pictures._counting  # nobody has to ask again for that
    got, text = await read(client, "/gambar?lang=en")
    assert "Refresh" not in got.headers
    assert "<svg class" in text


async def test_an_older_sum_is_given_at_once_while_it_is_counted_again(
    client, site, sample_db, monkeypatch
):
    before, _ = await read(client, "/v1/pictures")
    more = sample._claim(2, sample.CITRA, sample.GAP, sample.three(11, 22, 33))
    sample.add_claims(sample_db, sample.CITRA, [more])
    sample.merge(sample_db)
    monkeypatch.setattr("federation.flows.query.pictures.shelf.KEPT_S", 0)
    may_count, read_all = threading.Event(), PictureShelf.read

    def wait(*given):
        may_count.wait()
        return read_all(*given)

    monkeypatch.setattr(PictureShelf, "read", wait)
    monkeypatch.setattr(site.pictures, "_patience_s", 0)
    try:
        meanwhile, _ = await read(client, "/v1/pictures")
    finally:
        may_count.set()
    await site.pictures._counting
    after, _ = await read(client, "/v1/pictures")
    assert await meanwhile.json() == await before.json()
    assert (await after.json())["stations"] == (await before.json())["stations"] + 1


async def test_what_fails_is_told_to_whoever_began_to_count(
    client, site, sample_db, monkeypatch
):
    def fail(*given):
        raise OSError(5, "the disk")

    monkeypatch.setattr(PictureShelf, "read", fail)
    with pytest.raises(OSError, match="the disk"):
        await site.pictures.read(
            sample_db,
            ask({sample.ELECTION: sample.profile()}, [sample.ELECTION], "", ""),
            "",
            0,
        )


@pytest.fixture
async def turnout_client(tmp_path):
    db = sample.turnout_map(tmp_path)
    site = context_of(
        db,
        settings_of(),
        profiles={sample.ELECTION: sample.profile()},
        clock=lambda: 2_000_000_000,
    )
    app = web.Application(middlewares=[answer_problems])
    app[SITE] = site
    app.add_routes(pictures.routes())
    app.add_routes(endpoint.route() for endpoint in pictures.endpoints())
    async with TestClient(TestServer(app)) as found:
        yield found
    db.close()


async def test_from_a_cell_of_the_nation_links_lead_to_each_of_its_stations(
    turnout_client,
):
    """As somebody clicks: a cell, province, kabupaten, kecamatan, its stations."""

    def links(text):
        section = re.search(
            r'<section aria-labelledby="cell">.*?</section>', text, re.DOTALL
        )[0]
        inside = re.search(r'<ul class="inside">.*?</ul>', section, re.DOTALL)[0]
        return [
            "/" + found.replace("&amp;", "&").lstrip("./")
            for found in re.findall(r'href="([^"]+)"', inside)
        ]

    _, text = await read(turnout_client, "/gambar?lang=en")
    drawing = re.search(
        r'<svg class="chart"[^>]*aria-labelledby="c3.*?</svg>', text, re.DOTALL
    )
    cells = {
        "/" + href.replace("&amp;", "&").lstrip("./")
        for href in re.findall(r'<a href="([^"]+)"', drawing[0])
    }
    stations, todo = [], list(cells)
    while todo:
        address = todo.pop().partition("#")[0]
        if found := re.match(r"/tps/(\w+)", address):
            stations.append(found[1])
            continue
        _, text = await read(turnout_client, address)
        todo += links(text)
    assert sorted(stations) == sorted(sample.REGISTER)


async def test_of_a_kecamatan_each_station_is_a_dot_and_a_row_that_opens(
    turnout_client,
):
    _, text = await read(turnout_client, "/gambar/137101?lang=en")
    section = re.search(
        r'<section aria-labelledby="dots">.*?</section>', text, re.DOTALL
    )[0]
    for code in sample.REGISTER:
        is_here = code.startswith("137101")
        assert section.count(f"/tps/{code}") == 2 * is_here
    assert 'aria-labelledby="turnout"' not in text
    assert 'class="dot open"' not in section
    _, text = await read(turnout_client, "/gambar/137101?turnout=90&share=50")
    opened = re.search(r'<ul class="inside">.*?</ul>', text, re.DOTALL)[0]
    marked = re.findall(r'href="[^"]*?(/tps/\d+)[^>]*><circle class="dot open"', text)
    assert marked
    assert sorted(marked) == sorted(re.findall(r"/tps/\d+", opened))
    _, text = await read(turnout_client, "/gambar?turnout=90&share=50")
    assert len(re.findall(r'class="cell s\d open"', text)) == 1
    _, table = await read(
        turnout_client, "/v1/pictures?region=137101&picture=dots&format=csv"
    )
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["tps"] for row in rows] == [
        code for code in sorted(sample.REGISTER) if code.startswith("137101")
    ]


@pytest.mark.parametrize(
    "query", ["turnout=3&share=0", "turnout=5", "share=5", "turnout=0&share=100"]
)
async def test_a_cell_that_there_is_not_is_refused(turnout_client, query):
    for path in ("/gambar", "/gambar/1371", "/v1/pictures"):
        assert (await turnout_client.get(f"{path}?{query}")).status == 400
