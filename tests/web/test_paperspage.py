"""Papers for an agency on a page: looked at, then let go, by coordinators alone."""

import hashlib

import pytest

from federation.records.incident import IncidentName
from federation.store.db import Database
from federation.store.papers import PapersFolder
from tests.browsing import Browser
from tests.desk import SignedIn, did, hold_statements, let_people_in
from tests.homes import make_home, serving
from tests.records.test_incidentmerge import taken
from tests.refer import PAPERS, ask, find_row, history, make_referring, write_report
from tests.waiting import until

DIGEST = hashlib.sha256(PAPERS).hexdigest()


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    make_referring(found)
    let_people_in(found)
    return found


@pytest.fixture
async def node(home):
    incident = write_report(home)
    async with serving(home, alone=True) as served:
        served.incident = incident
        served.report = f"/laporan/{incident['org']}/{incident['id']}"
        served.page = f"{served.report}/berkas/{DIGEST}"

        async def is_ready():
            return (await served.get("/readyz"))[0] == 200

        await until(is_ready)
        PapersFolder(home.outbox).save(PAPERS)
        members = {"way": "by-hand", "dossier": DIGEST, "formal": "initial"}
        status, said = await ask(served, "prepare", incident, **members)
        assert status == 200, said
        yield served


@pytest.fixture
async def koko(node):
    async with SignedIn(node, "Koko") as browser:
        yield browser


def done(node):
    return [(who, what) for who, _, what, _ in did(node.home) if who]


async def press(browser, page, what, **fields):
    """The form of a page with this button."""
    path = page.url.split("?")[0]
    forms = [
        form
        for form in page.forms()
        if form.method == "post"
        and path.endswith(form.action.split("?")[0].lstrip("./"))
    ]
    return await browser.send(page, forms[0], do=what, **fields)


async def test_exactly_the_bytes_that_go_are_shown_and_that_is_written_down(node, koko):
    page = await koko.open("/laporan/kiriman?lang=id")
    assert "disiapkan, untuk diperiksa" in page.text
    page = await koko.open(f"{node.page}?lang=id")
    assert page.status == 200
    assert "informasi awal" in page.text
    assert DIGEST in page.text
    assert "Jalan Contoh 1" in page.text
    assert done(node) == []
    url = f"{node.url}{node.page}/pdf"
    async with koko.session.get(url) as answer:
        assert await answer.read() == PAPERS
        assert answer.content_type == "application/pdf"
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert done(node) == [("Koko", "refer-look")]


async def test_what_was_looked_at_is_approved_once_and_said_before_it_goes(node, koko):
    page = await koko.open(f"{node.page}?lang=id")
    page = await press(koko, page, "approve")
    assert "Disetujui, dan mitra diberi tahu" in page.text
    assert "disetujui, akan dikirim" in page.text
    assert history(node.home, node.incident) == ["report", "intended"]
    assert done(node) == [("Koko", "refer-approve")]


async def test_nothing_goes_that_nobody_says_to_have_looked_at(node, koko):
    page = await koko.open(f"{node.page}?lang=id")
    token = page.form("/keluar").fields["form_token"]
    fields = {"form_token": token, "do": "approve"}
    answered = await koko.post(f"{node.page}?lang=id", fields)
    assert answered.status == 400
    assert "Periksa berkasnya dahulu" in answered.text
    assert find_row(node.home, node.incident).state == "prepared"


async def test_a_reason_that_hides_something_is_told_on_the_page(node, koko):
    page = await koko.open(f"{node.page}?lang=id")
    page = await press(koko, page, "approve", anyway="surat\u202ekedua")
    assert page.status == 400
    assert "U+202E" in page.text
    assert "<h1>" in page.text
    assert done(node) == []


async def test_a_button_that_is_pressed_twice_is_pressed_once(node, koko):
    page = await koko.open(f"{node.page}?lang=id")
    for _ in range(2):
        answered = await press(koko, page, "approve")
        assert answered.status == 200
        assert "Disetujui, dan mitra diberi tahu" in answered.text
    assert history(node.home, node.incident).count("intended") == 1
    page = await koko.open(f"{node.page}?lang=id")
    for _ in range(2):
        answered = await press(koko, page, "withdraw")
        assert "Dibatalkan: tidak ada yang dikirim" in answered.text
    assert history(node.home, node.incident)[-1] == "withdrawn"


async def test_what_changed_meanwhile_is_told_and_nothing_goes(node, koko):
    page = await koko.open(f"{node.page}?lang=id")
    status, _ = await ask(node, "withdraw", node.incident)
    assert status == 200
    answered = await press(koko, page, "approve")
    assert answered.status == 409
    assert "tidak sekarang: keadaannya dibatalkan" in answered.text
    assert history(node.home, node.incident) == ["report"]


async def test_where_a_partner_was_it_goes_only_with_a_reason(node, koko):
    db = Database.open(node.home.data)
    name = IncidentName(**node.incident)
    hold_statements(db, taken("b.example", "sent", name, agency="bawaslu"))
    db.close()
    page = await koko.open(f"{node.page}?lang=id")
    assert "b.example sudah menyampaikannya" in page.text
    answered = await press(koko, page, "approve", anyway="")
    assert answered.status == 409
    assert "tuliskan alasannya di bawah" in answered.text
    assert "--anyway" not in answered.text
    named = await press(koko, answered, "approve", anyway="kata Bapak Hendrawan Tobing")
    assert named.status == 400
    assert find_row(node.home, node.incident).state == "prepared"
    reason = "Bukti <b>baru</b>"
    answered = await press(koko, answered, "approve", anyway=reason)
    assert answered.status == 200
    assert "Bukti &lt;b&gt;baru&lt;/b&gt;" in answered.text
    assert find_row(node.home, node.incident).anyway == reason


async def test_approved_to_be_brought_it_is_noted_where_it_was_approved(node, koko):
    page = await koko.open("/laporan/kiriman?lang=id")
    assert "Amplop dibagikan" in page.text
    page = await koko.open(f"{node.page}?lang=id")
    assert "persis berkas ini yang diantar" in page.text
    page = await press(koko, page, "approve")
    page = await koko.send(page, page.form(f"{node.report}/antar"), reference="7/2019")
    assert "Sudah dicatat" in page.text
    said = ["report", "intended", "acknowledged", "referred"]
    assert history(node.home, node.incident) == said
    row = find_row(node.home, node.incident)
    assert (row.dossier, row.reference) == (DIGEST, "7/2019")


async def test_what_was_brought_by_hand_is_noted_with_its_number_later(node, koko):
    page = await koko.open(f"{node.report}?lang=id")
    for number, state in (("", "sent"), ("12/PL/2019", "acknowledged")):
        form = page.form(f"{node.report}/antar")
        page = await koko.send(page, form, agency="bawaslu", reference=number)
        assert "Sudah dicatat" in page.text
        assert find_row(node.home, node.incident).state == state
    assert "nomor 12/PL/2019" in page.text
    form = page.form(f"{node.report}/antar")
    for agency, number, status in (
        ("bawaslu", "13/PL/2019", 409),
        ("nobody", "", 404),
        ("<b>", "", 400),
        ("gakkumdu", "0813-5555-0117", 400),
    ):
        answered = await koko.send(page, form, agency=agency, reference=number)
        assert answered.status == status, agency
    assert find_row(node.home, node.incident).reference == "12/PL/2019"


async def test_of_an_unsure_one_somebody_says_what_became_of_it(node, koko):
    db = Database.open(node.home.data)
    with db.transaction() as tx:
        tx.execute("UPDATE outbox SET state = 'unsure', tries = 1, tried_at = 5")
    db.close()
    page = await koko.open(f"{node.page}?lang=id")
    assert "Apakah sudah sampai?" in page.text
    page = await press(koko, page, "was-sent")
    assert "laporan sudah di sana" in page.text
    assert find_row(node.home, node.incident).state == "sent"
    assert done(node) == [("Koko", "refer-was-sent")]


@pytest.mark.parametrize("who", ["Vina", "Edi", ""])
async def test_nobody_but_coordinators_sees_papers_or_lets_them_go(node, who):
    paths = ("/laporan/kiriman", node.page, f"{node.page}/pdf")
    async with Browser(node.url) as stranger, SignedIn(node, who or "Vina") as ours:
        browser = ours if who else stranger
        for path in paths:
            page = await browser.open(path)
            assert page.status == 403, path
            assert "PDF-1.4" not in page.text
        for path in (node.page, f"{node.report}/antar"):
            assert (await browser.post(path, {"do": "approve"})).status == 403
        if who:
            page = await browser.open(node.report)
            assert "/berkas/" not in page.text
            assert "/antar" not in page.text
    assert done(node) == []
    assert find_row(node.home, node.incident).state == "prepared"


async def test_papers_that_are_gone_or_not_of_this_report_are_not_there(node, koko):
    other = f"/laporan/{node.incident['org']}/{'0' * 32}/berkas/{DIGEST}"
    none = f"{node.report}/berkas/{'0' * 64}"
    for page in (other, none):
        for path in (page, f"{page}/pdf"):
            assert (await koko.open(path)).status == 404, path
    PapersFolder(node.home.outbox).drop(DIGEST)
    assert (await koko.open(f"{node.page}/pdf")).status == 404
