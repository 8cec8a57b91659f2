"""The page on which people of ours judge a report: who may, and what is signed."""

import json
import re

import pytest

from federation.records.incident import IncidentName
from federation.records.register import Register
from federation.records.result import Evidence
from federation.records.tps import TpsId
from federation.store import people, registers
from federation.store.db import Database
from tests.browsing import Browser
from tests.desk import SignedIn, did, hold_statements, let_people_in
from tests.homes import ELECTION, NAMES, make_home, serving
from tests.incidents import found_incidents
from tests.records.test_incidentmerge import report as any_report
from tests.records.test_incidentmerge import said as any_said
from tests.records.test_incidentmerge import taken as any_taken
from tests.refer import HAND, MAIL
from tests.waiting import until

ORG = "jagasuara.example"
REPORT = {
    "category": "politik_uang",
    "law": "pidana",
    "summary": "Amplop <b>dibagikan</b> di depan balai warga, sebelum subuh",
    "happened_at": "2019-04-17 05.00",
    "tps": "1371011001001",
}


@pytest.fixture
async def node(tmp_path):
    home = make_home(tmp_path, ORG)
    found_incidents(home)
    let_people_in(home)
    (home.folder / "agencies.toml").write_text(HAND + MAIL)
    reports = [REPORT | {"ref": str(n)} for n in range(2)]
    reports.append(REPORT | {"ref": "x", "tps": "1371021001001"})
    async with serving(home, alone=True) as served:
        served.names = []

        async def taken():
            body = {"election": ELECTION, "records": reports}
            status, said = await served.post("/v1/incidents", body)
            if status == 200:
                served.names = [one["incident"] for one in said["verdicts"]]
            return status == 200

        await until(taken)
        yield served


@pytest.fixture
async def edi(node):
    async with SignedIn(node, "Edi") as browser:
        yield browser


#: Nobody here has it.
PHOTO = Evidence(media_type="image/jpeg", sha256="ab" * 32, size=1000)


def hold(node, *statements):
    """What partners say, held here while the node runs."""
    db = Database.open(node.home.data)
    hold_statements(db, *statements)
    db.close()


async def shown(node, name):
    headers = {"Authorization": f"Bearer {node.token}"}
    _, said, _ = await node.get(f"/v1/incidents/{name}", headers=headers)
    return json.loads(said)


async def states(node, name):
    """What was said of a report, in the order of the log."""
    found = await shown(node, name)
    return [
        one["said"]["status"]
        for one in found["history"]
        if one["type"] == "incident-status/1"
    ]


#: What a coordinator notes.
ANSWER = {
    "status": "registered",
    "agency": "gakkumdu",
    "reference": "017/LP/PP/2019",
    "outcome": "",
    "reason": "",
}


def answer_form(page):
    wanted = {"reference", "seen"}
    return next(form for form in page.forms() if wanted <= form.fields.keys())


def closing_form(page):
    return next(f for f in page.forms() if f.fields.get("status") == "closed")


def judge_form(page, name):
    return next(
        form
        for form in page.forms()
        if form.action.split("?")[0].endswith(name)
        and "seen" in form.fields
        and "duplicate_of" not in form.fields
    )


async def test_an_editor_classifies_a_report_and_takes_it_back(node, edi):
    name = node.names[0]
    page = await edi.open(f"/laporan/{name}?lang=id")
    assert "Kita belum menyatakan apa pun" in page.text
    page = await edi.send(page, judge_form(page, name), status="verified")
    assert page.status == 200
    assert "Sudah ditandatangani" in page.text
    assert "Pernyataan terakhir kita: terverifikasi" in page.text
    undo = next(one for one in page.forms() if one.fields.get("status") == "received")
    page = await edi.send(page, undo)
    assert "Pernyataan terakhir kita: diterima" in page.text
    assert await states(node, name) == ["verified", "received"]
    assert did(node.home) == [
        ("Edi", "editor", "classify", f"{name} verified"),
        ("Edi", "editor", "classify", f"{name} received"),
    ]


async def test_the_name_of_a_place_and_its_station_are_two_words(node, edi):
    register = Register(ELECTION)
    register.add(TpsId(REPORT["tps"]), 250)
    register.names["1371011001"] = "Gunung Pangilun"
    db = Database.open(node.home.data)
    with db.transaction() as tx:
        registers.save_register(tx, register, "test")
    db.close()
    page = await edi.open(f"/laporan/{node.names[0]}?lang=id")
    assert re.search(r'Gunung Pangilun <a href="[^"]*/tps/1371011001001', page.text)


async def test_a_button_that_is_pressed_twice_changes_nothing(node, edi):
    name = node.names[0]
    page = await edi.open(f"/laporan/{name}?lang=id")
    form = judge_form(page, name)
    for said in ("Sudah ditandatangani", "sudah tercatat: tidak ada yang berubah"):
        answered = await edi.send(page, form, status="verified")
        assert said in answered.text
    assert await states(node, name) == ["verified"]
    assert len(did(node.home)) == 1


async def test_of_two_editors_the_second_is_told_and_nothing_is_signed(node, edi):
    name = node.names[0]
    page = await edi.open(f"/laporan/{name}?lang=id")
    async with SignedIn(node, "Esti") as esti:
        other = await esti.open(f"/laporan/{name}?lang=id")
        await esti.send(other, judge_form(other, name), status="verified")
    reason = "Tidak ada saksi yang dapat <i>ditemui</i>"
    late = await edi.send(
        page, judge_form(page, name), status="unverifiable", reason=reason
    )
    assert late.status == 409
    assert "sementara itu seseorang dari organisasi kita" in late.text
    assert "Tidak ada saksi yang dapat &lt;i&gt;ditemui" in late.text, "nothing is lost"
    assert await states(node, name) == ["verified"]
    # What stands now was seen on the page that told so.
    again = await edi.send(
        late, judge_form(late, name), status="unverifiable", reason=reason
    )
    assert again.status == 200
    assert await states(node, name) == ["verified", "unverifiable"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": ""}, "Pilih hasil pemeriksaan"),
        ({"status": "nonsense"}, "Pilih hasil pemeriksaan"),
        ({"status": "rejected"}, "Tuliskan alasannya"),
        ({"status": "rejected", "reason": "x" * 301}, "paling banyak 300"),
        (
            {"status": "rejected", "reason": "Kata Bapak Hendrawan Tobing tidak"},
            "tampak seperti nama orang",
        ),
        ({"status": "rejected", "reason": "a\u202eb"}, "Belum tersimpan"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_signed(node, edi, fields, said):
    name = node.names[0]
    page = await edi.open(f"/laporan/{name}?lang=id")
    page = await edi.send(page, judge_form(page, name), **fields)
    assert (page.status, said in page.text) == (400, True), page.text
    assert await states(node, name) == []
    assert did(node.home) == []


async def test_a_pair_is_proposed_with_reasons_confirmed_and_taken_back(node, edi):
    one, other, _ = node.names
    page = await edi.open("/laporan/kembar?lang=id")
    assert "TPS yang sama" in page.text
    assert page.text.count('class="pair"') == 1
    [form] = [form for form in page.forms() if "duplicate_of" in form.fields]
    page = await edi.send(page, form, status="duplicate")
    assert page.url.split("?")[0].endswith("/laporan/kembar")
    assert "Sudah ditandatangani" in page.text
    assert 'class="pair"' not in page.text
    merged = (await shown(node, one))["merged"]["merged"]
    assert len(merged["reports"]) == 2

    page = await edi.open(f"/laporan/{other}?lang=id")
    assert "tentang satu hal" in page.text
    [form] = [form for form in page.forms() if "duplicate_of" in form.fields]
    page = await edi.send(page, form, status="not_duplicate")
    assert "bukan tentang satu hal" in page.text
    assert len((await shown(node, one))["merged"]["merged"]["reports"]) == 1
    pair = " ".join(sorted((one, other)))
    assert did(node.home) == [
        ("Edi", "editor", "pair", pair),
        ("Edi", "editor", "unpair", pair),
    ]


async def test_a_pair_is_said_once_whichever_of_the_two_is_named_first(node, edi):
    one, other, _ = node.names
    pages = [await edi.open(f"/laporan/{name}?lang=id") for name in (one, other)]
    for page, said in zip(
        pages, ("Sudah ditandatangani", "sudah tercatat"), strict=True
    ):
        [form] = [form for form in page.forms() if "duplicate_of" in form.fields]
        assert said in (await edi.send(page, form, status="duplicate")).text
    assert await states(node, one) == ["duplicate"]


@pytest.mark.parametrize("path", ["/laporan/kembar", "/laporan/{name}"])
async def test_organisations_and_places_are_told_by_name(node, edi, path):
    page = await edi.open(path.format(name=node.names[0]) + "?lang=id")
    pairs = page.text[page.text.index('<ul class="stations pairs">') :]
    assert f'<span class="org" title="{ORG}">{NAMES[ORG]}</span>' in pairs
    assert "Sumatera Barat" in pairs
    assert f"<small>{ORG}" not in page.text


async def test_a_pair_that_was_decided_meanwhile_is_not_decided_again(node, edi):
    one, other, _ = node.names
    page = await edi.open(f"/laporan/{one}?lang=id")
    [form] = [form for form in page.forms() if "duplicate_of" in form.fields]
    async with SignedIn(node, "Esti") as esti:
        there = await esti.open(f"/laporan/{other}?lang=id")
        [theirs] = [one for one in there.forms() if "duplicate_of" in one.fields]
        await esti.send(there, theirs, status="not_duplicate")
    late = await edi.send(page, form, status="duplicate")
    assert late.status == 409
    assert await states(node, one) == ["not_duplicate"]


async def test_viewers_see_and_may_not_and_strangers_are_told_how_to_come_in(node):
    name = node.names[0]
    async with SignedIn(node, "Vina") as vina:
        page = await vina.open(f"/laporan/{name}?lang=id")
        assert page.status == 200
        assert [form for form in page.forms() if "seen" in form.fields] == []
        token = page.form("/keluar").fields["form_token"]
        fields = {"form_token": token, "status": "verified", "seen": ""}
        assert (await vina.post(f"/laporan/{name}", fields)).status == 403
        assert (await vina.open("/laporan/kembar")).status == 200
    async with Browser(node.url) as stranger:
        assert (await stranger.post(f"/laporan/{name}", {})).status == 403
        assert (await stranger.open("/laporan/kembar")).status == 403
    assert await states(node, name) == []


async def test_what_an_agency_did_is_for_coordinators_to_say_and_to_change(node, edi):
    name = node.names[0]
    page = await edi.open(f"/laporan/{name}?lang=id")
    form = judge_form(page, name)
    for status in ("referred", "registered", "not_registered", "decided", "closed"):
        assert (await edi.send(page, form, status=status)).status == 403, status
    async with SignedIn(node, "Koko") as koko:
        there = await koko.open(f"/laporan/{name}?lang=id")
        answered = await koko.send(there, answer_form(there), **ANSWER)
        assert answered.status == 200
    page = await edi.open(f"/laporan/{name}?lang=id")
    assert "hanya koordinator yang dapat mengubahnya" in page.text
    seen = (await shown(node, name))["history"][-1]["record"]
    late = await edi.send(page, form, status="verified", seen=seen)
    assert late.status == 409
    assert await states(node, name) == ["registered"]


async def test_a_form_of_another_site_and_one_of_another_browser_are_refused(node, edi):
    name = node.names[0]
    page = await edi.open(f"/laporan/{name}?lang=id")
    form = judge_form(page, name)
    for fields, headers in (
        ({"form_token": "0" * 64}, {}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        sent = form.fields | {"status": "verified"} | fields
        assert (await edi.post(f"/laporan/{name}", sent, **headers)).status == 403
    assert await states(node, name) == []
    nobody = f"/laporan/{ORG}/{'0' * 32}"
    assert (await edi.post(nobody, form.fields | {"status": "verified"})).status == 404


async def test_a_coordinator_notes_the_answer_closes_the_report_and_takes_it_back(node):
    name = node.names[0]
    async with SignedIn(node, "Koko") as koko:
        page = await koko.open(f"/laporan/{name}?lang=id")
        assert "Belum ke lembaga mana pun" in page.text
        page = await koko.send(page, answer_form(page), **ANSWER)
        assert "Sudah ditandatangani" in page.text
        assert (
            "Jawaban: <b>diregistrasi instansi</b> · nomor 017/LP/PP/2019" in page.text
        )
        decided = ANSWER | {"status": "decided", "outcome": "violation"}
        decided["reason"] = "Terbukti <b>melanggar</b>"
        page = await koko.send(page, answer_form(page), **decided)
        assert "“Terbukti &lt;b&gt;melanggar&lt;/b&gt;”" in page.text
        page = await koko.send(page, closing_form(page), reason="Selesai")
        assert "Pernyataan terakhir kita: selesai" in page.text
        assert "Jawaban: <b>diputuskan</b>" in page.text, "it stands when it is closed"
        merged = (await shown(node, name))["merged"]["merged"]
        assert merged["status"] == ["closed"]
        assert merged["statuses"][0]["outcome"] == "violation"
        # The form of an answer stands before it, with its last choice.
        *_, undo = (f for f in page.forms() if f.fields.get("status") == "decided")
        page = await koko.send(page, undo)
        assert "Pernyataan terakhir kita: diputuskan" in page.text
    found = await shown(node, name)
    last = found["history"][-1]["said"]
    assert (last["reference"], last["outcome"]) == ("017/LP/PP/2019", "violation")
    assert [what for *_, what, _ in did(node.home)] == [
        *("answer", "answer", "close", "answer")
    ]
    assert {(who, role) for who, role, *_ in did(node.home)} == {
        ("Koko", "coordinator")
    }


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reference": " "}, "nomor yang diberikan lembaga"),
        ({"reference": "1" * 101}, "paling banyak 100"),
        ({"reference": "0813-5555-0117"}, "Belum tersimpan"),
        ({"reason": "Kata Bapak Hendrawan Tobing"}, "tampak seperti nama orang"),
        ({"agency": "<script>"}, ""),
        ({"outcome": "nonsense"}, ""),
    ],
)
async def test_an_answer_that_is_wrong_is_refused_and_nothing_typed_is_lost(
    node, fields, said
):
    name = node.names[0]
    async with SignedIn(node, "Koko") as koko:
        page = await koko.open(f"/laporan/{name}?lang=id")
        typed = ANSWER | {"reason": "Berkas lengkap"} | fields
        page = await koko.send(page, answer_form(page), **typed)
    assert page.status == 400
    assert said in page.text
    assert not said or typed["reason"] in page.text
    assert await states(node, name) == []


async def test_where_it_was_taken_is_shown_whoever_took_it(node, edi):
    name = node.names[0]
    a1 = any_report("a.example", tps="1371011001001", evidence=(PHOTO,))
    mine = IncidentName(org=ORG, id=name.partition("/")[2])
    evil = "<script>alert(1)</script>"
    hold(
        node,
        a1,
        any_said("a.example", "duplicate", a1.name, duplicate_of=mine),
        any_taken("a.example", "intended", a1.name, agency="gakkumdu"),
        any_taken(
            "a.example", "acknowledged", a1.name, agency="gakkumdu", reference=evil
        ),
        any_taken("b.example", "sent", mine, agency="gakkumdu"),
        any_taken("c.example", "intended", mine, agency="bawaslu"),
        any_said("a.example", "registered", a1.name, agency="gakkumdu", reason=evil),
        any_said("b.example", "rejected", mine, reason="Bukan pelanggaran"),
    )
    page = await edi.open(f"/laporan/{name}?lang=id")
    assert page.status == 200, page.text
    assert "<script>" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    taken_part, history = page.text.split('id="history"')
    assert "menerimanya dua kali" in taken_part
    for org in ("a.example", "b.example", "c.example"):
        assert f">{org}</span></b>" in taken_part
    assert "Sentra" in taken_part, "the agency has its name"
    assert "waktunya sudah lewat (2024-02-15 10:00 WIB)" in taken_part
    assert "Jawaban: <b>diregistrasi instansi</b>" in taken_part
    assert "Bukan pelanggaran" in history
    assert history.count("akan diteruskan") == 2


async def test_photographs_of_partners_are_asked_for_and_shown_to_nobody_else(
    node, edi
):
    name = node.names[0]
    a1 = any_report("a.example", tps="1371011001001", evidence=(PHOTO,))
    mine = IncidentName(org=ORG, id=name.partition("/")[2])
    hold(node, a1, any_said("a.example", "duplicate", a1.name, duplicate_of=mine))

    async def is_noted():
        page = await edi.open(f"/laporan/{name}?lang=id")
        return "disebut oleh a.example" in page.text

    await until(is_noted)
    page = await edi.open(f"/laporan/{name}?lang=id")
    page = await edi.send(page, page.form(f"/laporan/{name}/foto"))
    assert page.status == 200
    assert "asked=" in page.url
    async with Browser(node.url) as stranger:
        assert (await stranger.post(f"/laporan/{name}/foto", {})).status == 403
    nobody = f"/laporan/{ORG}/{'0' * 32}/foto"
    token = page.form("/keluar").fields["form_token"]
    assert (await edi.post(nobody, {"form_token": token})).status == 404


async def test_whose_link_has_ended_says_nothing_any_more(node, edi):
    name = node.names[0]
    page = await edi.open(f"/laporan/{name}?lang=id")
    db = Database.open(node.home.data)
    with db.transaction() as tx:
        people.save_person(tx, "Edi", "viewer", "n" * 43, 0, 1 << 36)
    db.close()
    answered = await edi.send(page, judge_form(page, name), status="verified")
    assert answered.status == 403
    assert await states(node, name) == []
