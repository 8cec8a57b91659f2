"""Pages for people: they show what the API says, in two languages, and do no harm."""

import contextlib
import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from msgspec import structs

from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.partners import PartnerBook
from federation.flows.query.comparison import TOLD
from federation.flows.query.stations import COVERED
from federation.records.coverage import OFFICIAL
from federation.records.merge import FLAGS, STATUSES
from federation.records.profile import CONTESTS, ROUNDS
from federation.records.result import RULES
from federation.records.timezones import tell_moment
from federation.text import Text, load_topic
from federation.web import (
    dashboard,
    forensics,
    kpupage,
    margin,
    page,
    pictures,
    recaps,
    regionpage,
    reportpage,
    searchpage,
    stationlist,
)
from federation.web.context import SITE
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

PAGES = [
    "/",
    "/?contest=pdpr",
    "/wilayah/13",
    "/wilayah/137101",
    "/wilayah/1371011001",
    f"/tps/{sample.AGREED}",
    f"/tps/{sample.DISPUTED}",
    f"/tps/{sample.JANGGAL}",
    f"/tps/{sample.PHOTO}",
    f"/tps/{sample.GAP}",
    f"/tps/{sample.WITHDRAWN}",
    f"/tps/{sample.REPEATED}",
    f"/tps/{sample.OUTSIDE}",
    "/kosong",
    "/berbeda",
    "/cari?q=padang",
    "/cari?q=pdaang",
    "/?sort=-covered&map=differs",
    "/wilayah/13?sort=disputed",
    "/daftar",
    "/daftar?flag=implausible",
    "/daftar?official=differs&sort=apart",
    f"/daftar?lacks={sample.ANA}&region=13",
    "/kpu",
    "/kpu?kind=appeared&region=13",
    "/laporan",
    "/rekapitulasi?show=all",
    "/selisih",
    "/selisih/72",
    "/selisih/1371011001?basis=kpu-plausible",
    "/gambar",
    "/gambar?contest=pdpr",
    "/gambar/1371?candidate=02&whose=kpu",
    "/gambar/1371011001",
    "/gambar/72",
    "/pola",
    "/pola/1371?candidate=02&whose=kpu",
    "/pola/1371011001?contest=pdpr",
]
WORDS = re.compile(
    r"\b(merkle|leaf|leaves|tiles?|origin|checkpoint|cosignature|equivocation|saksi)\b",
    re.IGNORECASE,
)


@pytest.fixture
async def client(sample_db):
    settings = settings_of(name='<script>alert("x")</script>', contact="x")
    profiles = {sample.ELECTION: sample.profile()}
    async with served(context_of(sample_db, settings, profiles=profiles)) as found:
        yield found


@contextlib.asynccontextmanager
async def served(site):
    app = web.Application(middlewares=[answer_problems])
    app[SITE] = site
    app.add_routes(regionpage.routes())
    app.add_routes(dashboard.routes())
    app.add_routes(stationlist.routes())
    app.add_routes(kpupage.routes())
    app.add_routes(searchpage.routes())
    app.add_routes(forensics.routes())
    app.add_routes(margin.routes())
    app.add_routes(pictures.routes())
    app.add_routes(recaps.routes())
    app.add_routes(reportpage.routes())
    async with TestClient(TestServer(app)) as found:
        yield found


class Reader(HTMLParser):
    """Every tag with its attributes, and the text between them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


async def read(client, path, lang="id"):
    join = "&" if "?" in path else "?"
    got = await client.get(f"{path}{join}lang={lang}")
    return got, Reader(await got.text())


@pytest.mark.parametrize("lang", ["id", "en"])
async def test_every_page_is_whole_in_both_languages(client, lang):
    for path in PAGES:
        got, html = await read(client, path, lang)
        assert got.status == 200, path
        assert html.open == [], path
        assert ("html", {"lang": lang}) in html.tags
        assert got.headers["Content-Language"] == lang
        assert len([tag for tag, _ in html.tags if tag == "h1"]) == 1


@pytest.mark.parametrize("lang", ["id", "en"])
async def test_people_never_meet_the_machinery(client, lang):
    for path in PAGES:
        _, html = await read(client, path, lang)
        assert not WORDS.search(html.text), path


async def test_no_page_has_anything_inline_or_from_elsewhere(client):
    for path in [*PAGES, "/tps/x"]:
        got, html = await read(client, path)
        policy = got.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        scripts = [attrs["src"] for tag, attrs in html.tags if tag == "script"]
        named = {one.partition("?")[0].rpartition("/")[2] for one in scripts}
        assert named <= {"live.js", "suggest.js"}
        assert len(named) == len(scripts)
        assert bool(scripts) == ("script-src 'self'" in policy)
        for tag, attrs in html.tags:
            assert tag not in {"style", "iframe", "object"}
            assert "style" not in attrs
            assert not [name for name in attrs if name.startswith("on")]
            for name in ("href", "src", "action"):
                assert attrs.get(name, "./").startswith((".", "?", "#")), (path, attrs)


@pytest.mark.slow
async def test_every_link_of_every_page_leads_somewhere(client):
    seen, todo = set(), ["/"]
    while todo:
        path = todo.pop()
        got = await client.get(path)
        assert got.status == 200, path
        if got.content_type != "text/html":
            continue
        for _, attrs in Reader(await got.text()).tags:
            href = urljoin(path, attrs.get("href", ""))
            is_page = not href.startswith(("/v1", "/openapi", "/verify"))
            if is_page and "#" not in href and "lang=" not in href and href not in seen:
                seen.add(href)
                todo.append(href)
    assert f"/tps/{sample.DISPUTED}" in seen
    assert f"/tps/{sample.FAR_GAP}" in seen
    assert len(seen) > 20


async def test_text_of_others_is_shown_and_never_run(client):
    got = await client.get("/wilayah/1371011001")
    text = await got.text()
    assert "<b>Air" not in text
    assert "Mata &lt;b&gt;Air&lt;/b&gt;" in text
    assert text.count("static/live.js") == text.count("static/suggest.js") == 1
    assert text.count("<script") == 2
    for path in ('/tps/<svg onload="x">', '/tps?code="><script>x</script>'):
        body = await (await client.get(path)).text()
        assert "<svg" not in body
        assert "<script" not in body


async def test_a_station_shows_each_version_with_its_organisations_and_kpu(client):
    _, html = await read(client, f"/tps/{sample.DISPUTED}")
    for said in ("Versi A", "Versi B", "KPU (resmi, terpisah)", "40", "41", "berbeda"):
        assert said in html.text
    rows = [attrs for tag, attrs in html.tags if tag == "tr"]
    assert rows.count({"role": "row", "class": "differs"}) == 1
    assert "\N{NOT EQUAL TO} selisih 1" in html.text


async def test_beside_each_statement_of_a_station_is_its_receipt(client):
    _, html = await read(client, f"/tps/{sample.DISPUTED}")
    receipts = [
        tag["href"]
        for kind, tag in html.tags
        if kind == "a" and tag["href"].endswith("/receipt")
    ]
    said = [claim for org in (sample.ANA, sample.BUDI) for claim in sample.said_by(org)]
    assert sorted(receipts) == sorted(
        f"../v1/records/{claim.record}/receipt"
        for claim in said
        if claim.tps == sample.DISPUTED
    )
    saved = [tag for kind, tag in html.tags if kind == "a" and "download" in tag]
    assert len(saved) == len(receipts) == 3


async def test_kpu_is_shown_where_no_monitor_has_been(client):
    _, html = await read(client, f"/tps/{sample.GAP}")
    for said in ("belum ada", "KPU (resmi, terpisah)", "60"):
        assert said in html.text


async def test_an_implausible_form_says_in_words_what_does_not_hold(client):
    _, html = await read(client, f"/tps/{sample.JANGGAL}")
    assert "jumlah suara calon tidak sama dengan suara sah" in html.text


@pytest.mark.parametrize("lang", ["id", "en"])
async def test_organisations_are_called_by_their_names_on_every_page(client, lang):
    names = {sample.ANA: "Ana & Kawan", sample.BUDI: "Budi", sample.CITRA: "Citra"}

    async def known():
        return PartnerBook(names=names)

    site = dataclasses.replace(client.app[SITE], partners=known)
    async with served(site) as named:
        for path in PAGES:
            _, html = await read(named, path, lang)
            said = {word.strip() for word in html.words}
            for org, name in names.items():
                # Its domain only beside its name, for whoever wants to know it.
                assert org not in said or name in said, (path, org)
        _, html = await read(named, f"/tps/{sample.DISPUTED}", lang)
    assert "Ana & Kawan" in html.text
    assert ("span", {"class": "org", "title": sample.BUDI}) in html.tags


async def test_the_first_page_counts_as_the_api_does(client):
    _, html = await read(client, "/", "en")
    assert "66.6 % Together: 6 of 9 polling stations" in html.text
    assert "148 – 149" in html.text
    _, html = await read(client, "/")
    assert "66,6 %" in html.text


async def test_a_place_is_found_by_its_name_and_a_code_leads_to_its_page(client):
    _, html = await read(client, "/cari?q=mata+air")
    assert "Tempat yang cocok" in html.text
    assert any("wilayah/1371011001" in a.get("href", "") for _, a in html.tags)
    for typed, path in (
        ("13.71", "wilayah/1371"),
        (sample.DISPUTED, f"tps/{sample.DISPUTED}"),
    ):
        got = await client.get("/cari", params={"q": typed}, allow_redirects=False)
        assert got.status == 303
        assert got.headers["Location"] == f"./{path}"
    for typed in ("<svg onload=x>", "zzzz", ""):
        got = await client.get("/cari", params={"q": typed})
        assert got.status == 200
        assert "<svg onload" not in await got.text()


async def test_every_figure_of_a_page_opens_a_list_of_as_many(client):
    for path in ("/", "/wilayah/13", "/wilayah/1371", "/wilayah/1371011001"):
        _, html = await read(client, path)
        links = {
            attrs["href"]
            for tag, attrs in html.tags
            if tag == "a" and "/daftar?" in attrs.get("href", "")
        }
        assert len(links) > 4
        covered = {href for href in links if "covered=any" in href}
        assert len(covered) >= (1 if len(path) > len("/wilayah/1371") else 2)
        assert any("covered=figures" in href for href in links)
        for href in links:
            got = await client.get(urljoin(path, href))
            text = await got.text()
            listed = Reader(text)
            shown = [
                attrs
                for tag, attrs in listed.tags
                if tag == "li" and attrs.get("class", "").startswith("station ")
            ]
            total = re.search(r'class="big"><b>(\d+)</b>', text)
            assert total is not None, href
            assert len(shown) == int(total[1]), href
            assert shown, href


async def test_the_parts_of_a_region_are_put_in_order_by_links(client):
    def parts(html):
        hrefs = [attrs.get("href", "") for tag, attrs in html.tags if tag == "a"]
        found = [re.search(r"wilayah/(\d\d)(?:$|\?)", href) for href in hrefs]
        return [one[1] for one in found if one][-2:]

    _, html = await read(client, "/?sort=covered")
    assert parts(html) == ["13", "72"]
    _, html = await read(client, "/?sort=-covered")
    assert parts(html) == ["72", "13"]
    heads = [attrs for tag, attrs in html.tags if tag == "th" and "aria-sort" in attrs]
    assert [one["aria-sort"] for one in heads].count("ascending") == 1


@pytest.mark.parametrize("path", ["/", "/wilayah/13", "/daftar", "/gambar"])
@pytest.mark.parametrize("lang", ["id", "en"])
async def test_a_page_of_the_map_names_election_and_contest(client, path, lang):
    contest = load_topic("page")["contest_ppwp"][lang]
    told = f"{contest} · {getattr(sample.profile().file.name, lang)}"
    text = await (await client.get(path, params={"lang": lang})).text()
    assert told in re.findall("<title>(.*)</title>", text)[0]
    assert told in re.findall('og:title" content="(.*)"', text)[0]
    assert told in re.findall("<h1>(.*)</h1>", text)[0]


@pytest.mark.parametrize("lang", ["id", "en"])
async def test_the_page_of_a_station_names_its_election(client, lang):
    told = getattr(sample.profile().file.name, lang)
    address = f"/tps/{sample.AGREED}?lang={lang}"
    text = await (await client.get(address)).text()
    assert told in re.findall("<title>(.*)</title>", text)[0]
    assert told in re.findall("<h1>(.*)</h1>", text)[0]


async def test_a_contest_of_which_nobody_has_said_anything_has_no_tab(
    client, sample_db
):
    tabs = ("a", {"href": "./?lang=id&election=pemilu-uji&contest=pdpr"})
    _, html = await read(client, "/")
    assert tabs in html.tags
    with sample_db.transaction() as tx:
        tx.execute("DELETE FROM rollup WHERE contest='pdpr'")
    _, html = await read(client, "/")
    assert tabs not in html.tags


async def test_every_page_says_when_the_map_last_changed(client):
    for path in PAGES:
        _, html = await read(client, path)
        when = "08.00 WITA" if path.endswith("/72") else "07.00 WIB"
        said = f"Perubahan terakhir {when}, dari ana.example." in html.text
        assert said, path


@pytest.mark.parametrize(
    ("at", "now", "code", "told"),
    [
        (1_707_920_040, 1_707_920_100, "3171", "21.14 WIB"),
        (1_707_920_040, 1_707_920_100, "7202011001001", "22.14 WITA"),
        (1_707_920_040, 1_707_920_100, "91", "23.14 WIT"),
        (1_707_920_040, 1_708_000_000, "", "2024-02-14 21.14 WIB"),
        (1_707_920_040, 1_707_926_400, "91", "2024-02-14 23.14 WIT"),
    ],
)
def test_a_moment_is_told_in_the_time_of_the_place(at, now, code, told):
    moment = tell_moment(at, now, code)
    assert Text("id").say(moment) == told
    assert str(moment) == Text("en").say(moment) == told.replace(".", ":")


async def test_the_parts_of_a_region_are_files_too(client):
    for path in ("/", "/wilayah/1371"):
        _, html = await read(client, path)
        files = [a["href"] for tag, a in html.tags if tag == "a" and "download" in a]
        assert [href.rpartition("=")[2] for href in files] == [*PAGE_FORMS]
        assert all("/v1/regions" in href for href in files)


async def test_a_list_and_its_files_say_the_same(client):
    _, html = await read(client, "/daftar?official=differs")
    page = [href for tag, a in html.tags if "/tps/" in (href := a.get("href", ""))]
    files = [a["href"] for tag, a in html.tags if tag == "a" and "download" in a]
    assert len(files) == len(PAGE_FORMS)
    assert all("what=stations" in href for href in files)
    data = next(a["href"] for _, a in html.tags if "/v1/stations" in a.get("href", ""))
    assert "official=differs" in data
    assert page


@pytest.mark.parametrize(
    "typed",
    ["1371011001002", "1371 0110 01002", "13.71.01.1001-002", "1371011001002\n"],
)
async def test_a_code_is_found_however_it_is_typed(client, typed):
    got = await client.get("/tps", params={"code": typed}, allow_redirects=False)
    assert got.status == 303
    assert got.headers["Location"] == f"./tps/{sample.DISPUTED}"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tps?code=12", 400),
        ("/tps", 400),
        ("/tps/xx", 400),
        ("/tps/1371011001777", 404),
        ("/wilayah/77", 404),
        ("/wilayah/7", 400),
        ("/?election=nope", 404),
        ("/?contest=nope", 404),
        ("/kosong?region=1", 400),
        ("/daftar?status=nope", 400),
        ("/daftar?sort=nope", 400),
        ("/?sort=nope", 400),
        ("/?map=nope", 400),
        ("/daftar?official=differs&after=12", 400),
    ],
)
async def test_a_mistake_is_answered_with_a_page_and_a_way_on(client, path, status):
    got = await client.get(path)
    assert got.status == status
    assert got.content_type == "text/html"
    tags = [tag for tag, _ in Reader(await got.text()).tags]
    assert "form" in tags


@pytest.mark.parametrize("name", ["../page.py", "%2e%2e/page.py", "x.css", ".", ""])
async def test_only_the_static_files_are_served(client, name):
    assert (await client.get(f"/static/{name}")).status == 404


async def test_the_style_sheet_may_be_kept_for_ever_at_its_own_address(client):
    got = await client.get(page.static_address("style.css"))
    assert "immutable" in got.headers["Cache-Control"]
    assert got.content_type == "text/css"
    plain = await client.get("/static/style.css")
    assert plain.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "id"),
        ("id", "id"),
        ("id-ID,id;q=0.9,en;q=0.8", "id"),
        ("en-GB,en;q=0.9", "en"),
        ("en;q=0.5,id;q=0.5", "id"),
        ("en,id;q=0.3", "en"),
        ("de,nl", "en"),
        ("id;q=x,en;q=0.1", "en"),
        ("id;q=nan", "en"),
        (",;q=,=", "en"),
    ],
)
def test_the_language_is_what_the_browser_likes_more(header, lang):
    headers = {"Accept-Language": header} if header else {}
    request = make_mocked_request("GET", "/", headers=headers)
    assert dashboard.pick_page_language(request) == lang
    chosen = make_mocked_request("GET", "/?lang=en", headers=headers)
    assert dashboard.pick_page_language(chosen) == "en"


@pytest.mark.parametrize(
    ("shouted", "written"),
    [
        ("KOTA PADANG", "Kota Padang"),
        ("VII KOTO SUNGAI SARIK", "VII Koto Sungai Sarik"),
        ("DKI JAKARTA", "DKI Jakarta"),
        ("Mata <b>Air</b>", "Mata <b>Air</b>"),
        ("", ""),
    ],
)
def test_a_name_that_a_register_shouts_is_written_as_people_do(shouted, written):
    assert page.gentle(shouted) == written


def test_templates_escape_everything_and_say_nothing_themselves():
    folder = Path(page.__file__).parent / "templates"
    for path in folder.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text
        for key in re.findall(r'"page\.([a-z_]+)"', text):
            if not key.endswith("_"):
                assert key in load_topic("page"), key


def test_every_word_of_the_pages_has_a_user():
    folder = Path(page.__file__).parent
    files = [*folder.glob("*.py"), *folder.glob("templates/*.html")]
    files += (folder.parent / "cli").rglob("*.py")
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    for key in load_topic("page"):
        of_a_code = re.match(
            r"(status|official|flag|meaning|covered|contest|round|figure|title|lead|list|filter|map|tile|found|queue|file)_",
            key,
        )
        assert of_a_code or re.search(rf"page\.{key}[\"']", code), key


def test_every_code_of_the_map_has_a_word():
    words = load_topic("page")
    for kind, codes in (
        ("status", STATUSES),
        ("official", OFFICIAL),
        ("flag", FLAGS),
        ("meaning_status", STATUSES),
        ("meaning_flag", FLAGS),
        ("covered", COVERED),
        ("contest", CONTESTS),
        ("round", ROUNDS),
        ("figure", TOLD),
    ):
        for code in codes:
            assert f"{kind}_{code}" in words
    assert set(load_topic("rules")) == set(RULES)


async def test_a_station_is_found_however_its_code_is_written(client):
    code = sample.AGREED
    dotted = ".".join((code[:2], code[2:4], code[4:6], code[6:10], code[10:]))
    got = await client.get(f"/tps/{dotted}?lang=en", allow_redirects=False)
    assert got.status == 303
    assert got.headers["Location"].endswith(f"/tps/{code}?lang=en")


async def test_stations_that_were_not_added_are_told_beside_the_votes(
    client, monkeypatch
):
    def not_added(*given, **named):
        answer = whole(*given, **named)
        found = structs.replace(shown := answer.region, tally=structs.replace(
            shown.tally, votes={}, not_added=3))  # fmt: skip
        return structs.replace(answer, region=found)

    whole = regionpage.region.region
    monkeypatch.setattr(regionpage.region, "region", not_added)
    for lang, words in (("en", "Not added: 3"), ("id", "Tidak dijumlahkan: 3")):
        got, reader = await read(client, "/", lang)
        assert got.status == 200
        assert words in reader.text
