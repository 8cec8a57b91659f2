"""The form by which somebody of ours reports: a bad line, no script, nobody's name."""

import base64
import errno
import hashlib
import json
import re

import aiohttp
import pytest

from federation.config.sealingkey import load_sealing_key
from federation.flows.annex.contents import AnnexPerson, IncidentAnnex
from federation.flows.annex.sealing import open_sealed
from federation.node import handedin
from federation.store.annex import AnnexFolder
from federation.web import handinpage
from federation.web.handinform import read_report
from tests.annexed import PASSPHRASE, give_key
from tests.browsing import Browser
from tests.handinnode import (
    FORM,
    ORG,
    a_photo,
    done,
    fill,
    make_reporting_home,
    path_of,
    reported_to,
    reports,
)
from tests.homes import ELECTION, serving
from tests.parts import NO_PARTS
from tests.waiting import until

NAMED = "Amplop dibagikan oleh Bapak Hendrawan Tobing, 0813-5555-0117"


@pytest.fixture
def home(tmp_path):
    return make_reporting_home(tmp_path)


@pytest.fixture
async def node(home):
    async with reported_to(home) as served:
        yield served


@pytest.fixture
async def browser(node):
    async with Browser(node.url) as opened:
        await opened.sign_in(f"/masuk?k={'S' * 43}")
        yield opened


async def send_photo(browser, page, data, **fields):
    body = aiohttp.FormData()
    form = page.form(path_of(page))
    body.add_field("form_token", fields.get("token", form.fields["form_token"]))
    body.add_field("photo", data, filename="foto.jpg")
    return await browser.post(path_of(page), body)


async def test_the_form_is_small_has_no_script_and_asks_for_no_name_without_a_key(
    browser,
):
    page = await browser.open("/lapor")
    assert page.status == 200, page
    assert "Laporkan pelanggaran" in page.text
    assert "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "reporter_name" not in page.text
    # Nobody knows thirteen digits by heart.
    assert re.search(r'<a href="[^"]*/"[^>]*>Cari kodenya', page.text)
    # One answer has all of it: nothing is loaded beside it.
    assert not re.search(r'(?:src|href)="[^"]*(?:static|style)', page.text)
    style = re.search("<style>(.*)</style>", page.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.headers["Content-Security-Policy"]
    assert len(page.text.encode()) < 4_200


async def test_a_report_is_signed_and_its_number_shown(node, browser):
    _, page = await fill(browser)
    assert page.status == 200, page
    assert "Sudah ditandatangani" in page.text
    assert "Amplop &lt;b&gt;dibagikan" in page.text
    said, [report] = await reports(node)
    assert path_of(page).removeprefix("/lapor/") in said
    assert f"{ORG}/{path_of(page).removeprefix('/lapor/')}" in page.text
    assert report["said"]["law"] == "pidana"
    assert report["said"]["happened_at"] == "2019-04-16T22:00:00Z"


async def test_a_form_that_is_sent_twice_is_one_report_and_says_so(node, browser):
    form, page = await fill(browser)
    again = await browser.send(form, form.form("/lapor"), **FORM | {"place": "32"})
    assert path_of(again) == path_of(page)
    assert "tetap satu" in again.text
    assert len((await reports(node))[1]) == 1
    await fill(browser)
    assert len((await reports(node))[1]) == 2


async def test_on_a_full_disk_a_page_says_so_and_the_same_form_comes_later(
    node, browser, monkeypatch
):
    page = await browser.open("/lapor")
    fields = page.form("/lapor").fields | FORM

    async def failing(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(handedin, "add_incidents", failing)
        answered = await browser.post("/lapor", fields, Accept="text/html,*/*;q=0.8")
        assert answered.status == 507
        assert "disk penuh" in answered.text
        assert "<h1>" in answered.text
        answered = await browser.post("/lapor", fields)
        assert json.loads(answered.text)["code"] == "disk-full"
    assert (await browser.post("/lapor", fields)).status == 200
    assert len((await reports(node))[1]) == 1


async def test_personal_words_are_shown_with_what_was_typed_and_marked_on_request(
    node, browser
):
    _, page = await fill(browser, description=NAMED)
    assert page.status == 400
    assert "<mark>Hendrawan Tobing</mark>" in page.text
    assert "<mark>0813-5555-0117</mark>" in page.text
    assert page.form("/lapor").fields["summary"] == FORM["summary"]
    assert NAMED in page.text
    assert (await reports(node))[1] == []
    more = FORM | {"description": NAMED, "redact": "1"}
    page = await browser.send(page, page.form("/lapor"), **more)
    assert page.status == 200, page.text
    said, [_] = await reports(node)
    assert "Tobing" not in said
    assert "0117" not in said


async def test_what_is_wrong_is_told_and_nothing_is_lost_or_signed(node, browser):
    for name, value in (
        ("place", ""),
        ("place", "317101000"),
        ("place", "00"),
        ("place", "x"),
        ("category", ""),
        ("category", "x"),
        ("law", "x"),
        ("happened_at", ""),
        ("happened_at", "2999-01-01T00:00"),
        ("happened_at", "x"),
        ("known_at", "x"),
        ("summary", ""),
        ("summary", "x" * 301),
        ("summary", "a\u202eb"),
        ("election", "pemilu-1955"),
        ("form_id", "x"),
    ):
        _, page = await fill(browser, **{name: value})
        assert page.status == 400, (name, value)
        assert 'role="alert"' in page.text
        if name not in {"election", "form_id"}:
            assert f'id="wrong-{name}"' in page.text, (name, value, page.text)
        kept = page.form("/lapor").fields["summary"]
        assert kept == (FORM | {name: value})["summary"]
    assert (await reports(node))[1] == []


async def test_photographs_follow_one_by_one_drawn_anew_and_never_twice(node, browser):
    _, page = await fill(browser)
    for shade, count in ((90, 1), (90, 1), (10, 2)):
        page = await send_photo(browser, page, a_photo(shade))
        assert page.status == 200, page.text
        assert "Foto sudah masuk" in page.text
        [report] = (await reports(node))[1]
        assert len(report["said"]["evidence"]) == count
        assert f"Foto: {count}" in page.text
    for data in (b"no picture", b""):
        answered = await send_photo(browser, page, data)
        assert "Foto: 2" in answered.text, answered
        assert "sudah masuk.</p>" not in answered.text
    page = await browser.open(path_of(page))
    token = page.form(path_of(page)).fields["form_token"]
    head = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    cut = head.format("form_token", "") + token + "\r\n"
    cut += head.format("photo", '; filename="a.jpg"')
    async with browser.session.post(
        page.url,
        data=cut.encode() + a_photo(200)[:999],
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    ) as answered:
        assert answered.status == 400
        assert "laporannya aman" in await answered.text()
    assert len((await reports(node))[1][0]["said"]["evidence"]) == 2
    digest = report["said"]["evidence"][0]["sha256"]
    blob = await browser.session.get(f"{node.url}/blob/{digest}")
    assert blob.status == 200
    assert b"Zulkifli" not in await blob.read()


@pytest.mark.parametrize("part", NO_PARTS, ids=lambda part: str(part[:9]))
async def test_a_form_of_parts_that_are_none_is_refused_and_no_bug(browser, part):
    _, page = await fill(browser)
    token = page.form(path_of(page)).fields["form_token"].encode()
    head = b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n'
    for before in (b"", head + token + b"\r\n"):
        async with browser.session.post(
            page.url,
            data=before + b"--x\r\n" + part,
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        ) as answered:
            assert answered.status == 400
            assert "laporannya aman" in await answered.text()


async def test_only_whoever_handed_a_report_in_adds_to_it(node, browser):
    _, page = await fill(browser)
    async with Browser(node.url) as other:
        assert (await other.open(path_of(page))).status == 403
        await other.sign_in(f"/masuk?k={'B' * 43}")
        assert (await other.open(path_of(page))).status == 404
        token = (await other.open("/lapor")).form("/lapor").fields["form_token"]
        answered = await send_photo(other, page, a_photo(), token=token)
        assert answered.status == 404
    answered = await send_photo(browser, page, a_photo(), token="x" * 64)
    assert answered.status == 403
    [report] = (await reports(node))[1]
    assert "evidence" not in report["said"]


async def test_a_form_of_another_site_is_refused(node, browser):
    page = await browser.open("/lapor")
    fields = page.form("/lapor").fields | FORM
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://x.example"}):
        answered = await browser.post("/lapor", fields, **headers)
        assert answered.status == 403
    answered = await browser.post("/lapor", fields | {"form_token": ""})
    assert answered.status == 403
    assert (await reports(node))[1] == []


async def test_who_told_it_is_sealed_and_comes_back_nowhere(home, tmp_path):
    give_key(home)
    async with serving(home, alone=True) as node, Browser(node.url) as browser:

        async def is_ready():
            return (await node.get("/readyz"))[0] == 200

        await until(is_ready)
        await browser.sign_in(f"/masuk?k={'S' * 43}")
        _, page = await fill(
            browser,
            reporter_name="Zulkifli Manurung",
            reporter_address="Jalan Kenari 17",
            reporter_contact="0813-5555-0117",
            accused_name="Hendrawan Tobing",
            accused_about="kepala dusun",
        )
        assert page.status == 200, page
        for said in (page.text, (await reports(node))[0]):
            for word in ("Zulkifli", "Kenari", "0117", "Hendrawan", "kepala dusun"):
                assert word not in said, word
    report = path_of(page).removeprefix("/lapor/")
    annex = AnnexFolder(home.annex).load(ELECTION, report)
    opened = open_sealed(annex, load_sealing_key(home.annex_private, PASSPHRASE))
    assert opened.reporter.name == "Zulkifli Manurung"
    assert opened.reporter.address == "Jalan Kenari 17"
    assert opened.reporter.contact == "0813-5555-0117"
    [accused] = opened.accused
    assert (accused.name, accused.about) == ("Hendrawan Tobing", "kepala dusun")


async def test_with_a_key_the_form_asks_for_what_the_law_asks_of_a_report(home):
    give_key(home)
    async with reported_to(home) as node, Browser(node.url) as browser:
        await browser.sign_in(f"/masuk?k={'S' * 43}")
        page = await browser.open("/lapor")
    # Law 7/2017 art. 454 (4): who reports, with an address; accused; account
    for name in ("reporter_name", "reporter_address", "accused_name", "description"):
        assert f'name="{name}"' in page.text, name
    assert len(page.text.encode()) < 5_300


@pytest.mark.parametrize(
    ("told", "sealed"),
    [
        ({}, None),
        (
            {"reporter_contact": "0813"},
            IncidentAnnex(reporter=AnnexPerson(name="-", contact="0813")),
        ),
        (
            {"accused_name": "X"},
            IncidentAnnex(accused=(AnnexPerson(name="X"),)),
        ),
    ],
)
def test_only_what_was_told_of_people_is_sealed(told, sealed):
    assert read_report(FORM | told).personal == sealed


def test_of_an_accused_somebody_says_more_than_where_to_be_found():
    read = read_report(FORM | {"accused_about": "kepala dusun"})
    assert set(read.faults) == {"accused_name"}


@pytest.mark.parametrize(
    ("place", "happened", "utc"),
    [
        ("3171", "2019-04-17T05:00", "2019-04-16T22:00:00Z"),
        ("9471", "2019-04-17T05:00", "2019-04-16T20:00:00Z"),
        ("7371010001001", "2019-04-17T05:00", "2019-04-16T21:00:00Z"),
        ("9471", "17 April 2019 05.00 WIB", "2019-04-16T22:00:00Z"),
    ],
)
def test_a_time_is_that_of_the_place(place, happened, utc):
    read = read_report(FORM | {"place": place, "happened_at": happened})
    assert read.faults == {}
    assert read.draft["happened_at"] == utc


async def test_a_time_or_a_place_that_cannot_be_is_told_at_its_field(node, browser):
    _, page = await fill(browser, place="0001", known_at="2099-01-01T05:00")
    assert page.status == 400, page
    assert "tidak mempunyai tempat" in page.text
    assert "masih di masa depan" in page.text
    assert (await reports(node))[1] == []


@pytest.fixture
def strict(monkeypatch):
    """Before the node is there: each of ours may do one thing of each kind."""
    monkeypatch.setattr(handinpage, "REPORTS_AT_ONCE", 1)
    monkeypatch.setattr(handinpage, "PHOTOS_AT_ONCE", 1)


async def test_who_reports_without_end_waits_and_loses_nothing(strict, node, browser):
    _, stands = await fill(browser)
    assert stands.status == 200
    _, page = await fill(browser, summary="Saksi diusir")
    assert page.status == 429
    assert 0 < int(page.headers["Retry-After"]) <= 60
    assert "Saksi diusir" in page.text
    assert "Terlalu banyak" in page.text
    assert len((await reports(node))[1]) == 1
    page = await send_photo(browser, stands, a_photo())
    assert page.status == 200
    page = await send_photo(browser, stands, a_photo(91))
    assert page.status == 429
    assert "Terlalu banyak" in page.text
    async with Browser(node.url) as other:
        await other.sign_in(f"/masuk?k={'B' * 43}")
        _, page = await fill(other, summary="Alat peraga")
        assert page.status == 200


async def test_who_reported_and_added_a_photo_stands_in_the_log_of_actions(
    node, browser, home
):
    _, page = await fill(browser)
    [report] = (await reports(node))[1]
    name = report["incident"]
    assert done(home) == [("Sari", "viewer", "report", name)]
    await fill(browser, place="0001")  # refused: nothing was done
    page = await send_photo(browser, page, a_photo())
    assert page.status == 200
    page = await send_photo(browser, page, a_photo())  # it stands already
    assert done(home)[1:] == [("Sari", "viewer", "report-photo", name)]


async def test_the_form_is_shown_to_the_machines_own_token_which_is_nobody(node):
    headers = {"Authorization": f"Bearer {node.token}"}
    status, said, _ = await node.get("/lapor", headers=headers)
    assert status == 200
    assert b"form_id" in said
    assert b"/masuk" not in said
