"""`federation refer dossier`: from a signed report to papers for an agency."""

import asyncio
import contextlib
import hashlib
import io
import json
import stat
from types import SimpleNamespace

import msgspec
import pytest

from federation.blobs.blobs import open_blobs
from federation.cli.output import CONFLICT, NOT_FOUND, OK, USAGE
from federation.cli.refer.dossier import _pictures
from federation.config.fingerprint import fingerprint
from federation.config.home import Home
from federation.flows.incidents.index import index_all_incidents
from federation.flows.refer.papers import draw_dossier
from federation.records.receipt import parse_receipt
from federation.records.result import Evidence
from federation.records.sealed import record_id, seal
from federation.store import logs
from federation.store.annex import AnnexFolder
from federation.store.db import Database
from federation.tlog.keys import parse_vkey
from federation.tlog.merkle import hash_leaf
from tests.annexed import CONTENTS, give_key, passphrase_file, sealed
from tests.cli.reports import ELECTION, SUMMARY, keep_reports, sign_report
from tests.dossiers import INCIDENT, given, pages_of
from tests.drawn import drawn
from tests.fakes import FakeOrg
from tests.records.test_incident import make_incident

AGENCIES = """
[[agency]]
key = "bawaslu-31"
name = "Bawaslu DKI Jakarta"
kind = "bawaslu"
regions = ["31"]
address = "Jalan Contoh Nomor 1"

[[agency]]
key = "gakkumdu"
name = "Sentra Gakkumdu Pusat"
kind = "gakkumdu"
address = "Jalan Contoh Nomor 2"
"""


@pytest.fixture
def home(federation, own_home, tmp_path):
    keep_reports(federation, own_home, tmp_path, AGENCIES)
    return own_home


@pytest.fixture
def name(federation, home):
    """Of a report that was signed here."""
    return sign_report(federation)


@pytest.fixture
def draw(federation, name, tmp_path):
    def call(file, *words, code=OK):
        path = tmp_path / file
        ended = federation("refer", "dossier", name, "--out", path, *words, "--json")
        assert ended.code == code, ended
        if code != OK:
            return path, ended.out + ended.err
        return path, json.loads(ended.out)

    return call


def test_a_receipt_proves_each_signed_record_to_whoever_gets_the_papers(
    draw, federation, name, own_home, tmp_path
):
    folder = tmp_path / "receipts"
    federation("incidents", "status", name, "verified")
    path, told = draw("one.pdf", "--receipts", folder)
    assert len(told["receipts"]) == 2
    vkey = Home(own_home).vkey("jagasuara.example").read_text().strip()
    trust = ("--fingerprint", fingerprint(parse_vkey(vkey)))
    text = text_of(path).replace(" ", "")
    for file in sorted(folder.iterdir()):
        assert str(file) in told["receipts"]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        receipt = parse_receipt(file.read_bytes())
        record = record_id(receipt.leaf[: receipt.leaf.index(b"\n\n") + 1])
        assert file.name == f"receipt-{record[:16]}.txt"
        assert record in text
        ended = federation("verify", file, *trust)
        assert ended.code == OK, ended
        damaged = tmp_path / "damaged.txt"
        damaged.write_bytes(file.read_bytes().replace(b"index ", b"index 1", 1))
        assert federation("verify", damaged, *trust).code != OK
    # Again, for other papers: what lies there may be replaced.
    _, again = draw("two.pdf", "--receipts", folder)
    assert again["receipts"] == told["receipts"]


def test_nobody_else_gets_a_receipt_of_a_report(federation, name):
    shown = json.loads(federation("incidents", "show", name, "--json").out)
    assert federation("receipt", shown["record"]).code == NOT_FOUND


def text_of(path):
    return " ".join("\n".join(pages_of(path.read_bytes())).split())


def test_a_signed_report_becomes_papers_for_the_agency_that_is_concerned(draw, name):
    path, told = draw("one.pdf")
    assert told["incident"] == name
    assert (told["agency"], told["formal"]) == ("gakkumdu", False)
    assert told["missing"] == ["reporter", "accused", "evidence", "witnesses"]
    assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = text_of(path)
    for said in (
        "INFORMASI AWAL",
        "Sentra Gakkumdu Pusat Jalan Contoh Nomor 2",
        SUMMARY,
        "kode wilayah 3171",
        "Rabu, 17 April 2019, 05.30 WIB",
        "dihitung sejak laporan diterima",
        name,
    ):
        assert said in text, said
    assert f"jagasuara.example/{ELECTION}/incidents" in text.replace(" ", "")


def test_with_its_annex_it_is_a_report_and_the_use_is_written_down(
    draw, name, home, federation, tmp_path
):
    give_key(Home(home))
    report = tmp_path / "report.json"
    report.touch(0o600)
    report.write_bytes(msgspec.json.encode(CONTENTS))
    own = ("--election", ELECTION)
    incident = name.partition("/")[2]
    ended = federation("annex", "add", incident, "--file", report, *own)
    assert ended.code == OK, ended
    key = ("--passphrase-file", passphrase_file(tmp_path))
    refused, told = draw("not.pdf", "--annex", *key, code=USAGE)
    assert "--why" in told
    assert not refused.exists()
    path, told = draw("two.pdf", "--annex", "--why", "untuk lembaga", *key)
    assert (told["formal"], told["missing"]) == (True, ["evidence"])
    text = text_of(path)
    assert "INFORMASI AWAL" not in text
    for said in ("Zulkifli Manurung", "Jalan Kenari 17", "Hendrawan Tobing"):
        assert said in text
    log = federation("people", "log", "--json").out
    assert log.count("annex-export") == 1


def test_a_partners_report_with_our_id_opens_none_of_our_annexes(
    name, home, federation, tmp_path
):
    other, incident = "lain.example", name.partition("/")[2]
    give_key(Home(home))
    AnnexFolder(Home(home).annex).save(sealed(incident))
    taken = make_incident(id=incident)
    taken = msgspec.structs.replace(taken, org=other, election=ELECTION)
    leaf = seal(taken, FakeOrg(other).records)
    with contextlib.closing(Database.open(home / "data")) as db:
        with db.transaction() as tx:
            log = logs.add_log(tx, f"{other}/{ELECTION}/incidents", own=False)
            logs.append_leaves(tx, log.id, 0, [leaf], [hash_leaf(leaf)])
        index_all_incidents(db)
    key = ("--annex", "--why", "untuk lembaga")
    key += ("--passphrase-file", passphrase_file(tmp_path))
    words = ("refer", "dossier", f"{other}/{incident}", "--out", tmp_path / "eight.pdf")
    ended = federation(*words, *key)
    assert ended.code == USAGE, ended
    assert "those of jagasuara.example only" in " ".join(ended.err.split())
    assert not (tmp_path / "eight.pdf").exists()
    assert "annex-export" not in federation("people", "log", "--json").out
    # Without it the papers are made of what is signed.
    assert federation(*words).code == OK


def test_what_is_formally_required_decides_how_drawn_papers_go(
    draw, name, home, federation, tmp_path
):
    give_key(Home(home))
    bare, _ = draw("bare.pdf")

    def prepare(file, *words, agency="gakkumdu"):
        which = (name, "--agency", agency, "--dossier", file)
        ended = federation("refer", "prepare", *which, *words, "--json")
        return ended.code, ended.out + ended.err

    code, told = prepare(bare, "--complete")
    assert code == USAGE
    for lacks in ("name and address of the reporter", "whom the report accuses"):
        assert lacks in " ".join(told.split())
    assert json.loads(prepare(bare)[1])["formal"] == "initial"
    AnnexFolder(Home(home).annex).save(sealed(name.partition("/")[2]))
    key = ("--passphrase-file", passphrase_file(tmp_path))
    full, told = draw("full.pdf", "--annex", "--why", "untuk lembaga", *key)
    assert told["formal"], told
    for words, formal in (((), "report"), (("--initial",), "initial")):
        code, told = prepare(full, *words)
        assert (code, json.loads(told)["formal"]) == (OK, formal)
    code, told = prepare(full, agency="bawaslu-31")
    assert code == CONFLICT
    assert "for gakkumdu" in told


def test_another_agency_is_chosen_by_its_key(draw):
    path, told = draw("three.pdf", "--agency", "bawaslu-31")
    assert told["agency"] == "bawaslu-31"
    assert "Bawaslu DKI Jakarta" in text_of(path)
    path, told = draw("four.pdf", "--agency", "kpu", code=NOT_FOUND)
    assert "bawaslu-31, gakkumdu" in told
    assert not path.exists()


def test_nothing_is_overwritten_and_nothing_drawn_for_nobody(
    draw, federation, home, tmp_path
):
    path, _ = draw("five.pdf")
    before = path.read_bytes()
    draw("five.pdf", code=CONFLICT)
    assert path.read_bytes() == before
    unknown = f"jagasuara.example/{'0' * 32}"
    words = ("refer", "dossier", unknown, "--out", tmp_path / "six.pdf")
    assert federation(*words).code == NOT_FOUND
    (home / "agencies.toml").unlink()
    _, told = draw("seven.pdf", code=NOT_FOUND)
    assert "agencies.example.toml" in told
    assert not (tmp_path / "seven.pdf").exists()


def test_pictures_that_are_held_here_are_drawn_small_and_others_named(own_home):
    file = io.BytesIO()
    drawn(1).save(file, "JPEG")
    held, broken = file.getvalue(), b"no picture"
    home = Home(own_home)
    digests = [hashlib.sha256(data).hexdigest() for data in (held, broken, b"gone")]
    evidence = tuple(
        Evidence(media_type="image/jpeg", sha256=digest, size=1) for digest in digests
    )
    incident = msgspec.structs.replace(INCIDENT, evidence=evidence)
    blobs = open_blobs(home.blobs, home.folder)

    async def read():
        for digest, data in zip(digests[:2], (held, broken), strict=True):
            await blobs.put(digest, data)
        return await _pictures(SimpleNamespace(home=home), incident)

    pictures = asyncio.run(read())
    assert list(pictures) == digests[:1]
    assert len(pictures[digests[0]]) < len(held)
    pdf = draw_dossier(given(incident=incident, photos=pictures))
    assert pdf.count(b"/Subtype /Image") == 1
    text = " ".join("\n".join(pages_of(pdf)).split())
    assert text.count("gambar tidak tersedia di sini") == 2
