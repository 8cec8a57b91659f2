"""The papers for an agency: all that is asked for has its place, or is said to lack."""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given as whatever
from hypothesis import settings
from hypothesis import strategies as st
from msgspec import UNSET

from federation.config.agencies import Agency
from federation.flows.annex.contents import AnnexPerson, IncidentAnnex
from federation.flows.refer.dossier import (
    FORMAL,
    find_missing,
    is_formal,
)
from federation.flows.refer.papers import draw_dossier
from tests.dossiers import (
    ANNEX,
    INCIDENT,
    PHOTO,
    SUMMARY,
    UNSEEN,
    draw_photo,
    given,
    pages_of,
)

PROJECT = Path(__file__).parents[3]
LATE = datetime(2024, 2, 23, 17, tzinfo=UTC)  # 00.00 WIB of the day after the last
DIGEST = (
    "import hashlib; from tests.dossiers import given; "
    "from federation.flows.refer.papers import draw_dossier; "
    "print(hashlib.sha256(draw_dossier(given())).hexdigest())"
)


def annex(**changes):
    return msgspec.structs.replace(ANNEX, **changes)


def told(**changes):
    return " ".join("\n".join(pages_of(draw_dossier(given(**changes)))).split())


def test_a_complete_report_has_a_place_for_all_that_is_asked_for():
    pages = pages_of(draw_dossier(given()))
    whole = " ".join("\n".join(pages).split())
    assert find_missing(given()) == ()
    for text in (
        "Kepada Yth. Sentra Gakkumdu Kota Bandung Jalan Contoh Nomor 1 Bandung 40111",
        "Laporan dugaan pelanggaran (politik uang)",
        SUMMARY,
        "PELAPOR X",
        "ALAMAT PELAPOR",
        "TERLAPOR X",
        "KETERANGAN X",
        "SAKSI X",
        "ALAMAT SAKSI",
        "Isola, Sukasari, Kota Bandung, Jawa Barat, TPS 001, kode 3273011001001",
        "Rabu, 14 Februari 2024, 05.30 WIB",
        "Rabu, 14 Februari 2024, 08.00 WIB",
        "Dua orang membagikan amplop kepada warga di gang.",
        "Jumat, 23 Februari 2024, pukul 23.59 WIB",
        "sisa 5 hari kerja",
        "Semua syarat formal terpenuhi",
        "182.344 byte",
        PHOTO,
        UNSEEN,
        "gambar tidak tersedia di sini",
        "d4" * 30,
        "a.example/e",
        "Hormat kami, Jaga Suara",
        "tanda tangan dan nama jelas",
    ):
        assert text in whole, text
    assert "INFORMASI AWAL" not in whole
    assert "BELUM ADA" not in whole
    for number, page in enumerate(pages, 1):
        assert f"Halaman {number} dari {len(pages)}" in page
        assert "Rahasia" in page


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"annex": None}, ("reporter", "accused", "witnesses")),
        ({"annex": annex(reporter=None)}, ("reporter",)),
        ({"annex": annex(reporter=AnnexPerson(name="X", address=" "))}, ("reporter",)),
        (
            {"annex": annex(reporter=AnnexPerson(name="-", address="Jalan X"))},
            ("reporter",),
        ),
        ({"annex": annex(accused=())}, ("accused",)),
        (
            {"incident": msgspec.structs.replace(INCIDENT, description=UNSET)},
            ("account",),
        ),
        ({"written_at": LATE}, ("in-time",)),
    ],
)
def test_what_lacks_a_formal_requirement_is_initial_information_on_every_page(
    changes, missing
):
    papers = given(**changes)
    assert find_missing(papers) == missing
    assert not is_formal(papers)
    pages = pages_of(draw_dossier(papers))
    assert all("INFORMASI AWAL" in page for page in pages)
    whole = " ".join("\n".join(pages).split())
    assert whole.count("BELUM ADA") == len(missing)
    assert "Informasi awal dugaan pelanggaran" in whole
    assert "untuk ditelusuri" in whole


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        (
            {"incident": msgspec.structs.replace(INCIDENT, evidence=UNSET)},
            ("evidence",),
        ),
        ({"annex": annex(witnesses=())}, ("witnesses",)),
    ],
)
def test_what_can_follow_is_named_and_makes_it_no_less_of_a_report(changes, missing):
    papers = given(**changes)
    assert find_missing(papers) == missing
    assert not set(missing) & set(FORMAL)
    assert is_formal(papers)
    assert "INFORMASI AWAL" not in told(**changes)
    assert told(**changes).count("BELUM ADA") == 1


def test_no_original_is_promised_that_may_not_have_been_kept():
    assert "apakah berkas aslinya juga disimpan, dijawab organisasi" in told()


def test_without_a_rule_there_is_no_clock_and_nobody_is_late():
    assert find_missing(given(deadline=None, written_at=LATE)) == ()
    assert "Batas waktu" not in told(deadline=None)


def test_the_same_input_makes_the_same_bytes_on_any_day_and_machine():
    here = hashlib.sha256(draw_dossier(given())).hexdigest()
    elsewhere = {"TZ": "Asia/Jayapura", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    ended = subprocess.run(
        [sys.executable, "-c", DIGEST],
        cwd=PROJECT,
        env=os.environ | elsewhere,
        capture_output=True,
        check=True,
        text=True,
    )
    assert ended.stdout.strip() == here
    assert draw_dossier(given(contact="x@y.example")) != draw_dossier(given())


def test_an_agency_that_reads_english_is_written_to_in_english():
    agency = Agency(key="a", name="Agency", kind="other", language="en")
    whole = told(agency=agency)
    assert "Report of a suspected violation" in whole
    assert "5 working day(s) left" in whole
    assert "Wednesday, 14 February 2024, 05:30 WIB" in whole


def test_what_people_wrote_is_printed_and_never_read_as_markup():
    hostile = '<img src="/etc/hostname"/> <b>x</i> &amp; &#60; <a href="http://x">'
    incident = msgspec.structs.replace(INCIDENT, summary=hostile, description=hostile)
    pdf = draw_dossier(given(incident=incident))
    # The bold summary of the letter is in another font, which its letters count anew.
    whole = "".join("".join(pages_of(pdf)).split())
    assert whole.count("".join(hostile.split())) >= 2
    assert b"/URI" not in pdf
    assert pdf.count(b"/Subtype /Image") == draw_dossier(given()).count(
        b"/Subtype /Image"
    )


def test_a_letter_without_a_picture_is_a_question_mark_that_is_explained():
    incident = msgspec.structs.replace(INCIDENT, description="Nama: 山田 – é “x”")
    whole = told(incident=incident)
    assert "Nama: ??" in whole
    assert "menggantikan aksara yang tidak dapat dicetak" in whole
    assert "menggantikan aksara" not in told()


def test_a_picture_that_is_none_is_left_out():
    assert told(photos={PHOTO: b"no picture"}).count("gambar tidak tersedia") == 2
    assert told(photos={PHOTO: draw_photo((3, 4000))}).count("tidak tersedia") == 1


_TEXT = st.text(max_size=400)


@settings(max_examples=25, deadline=None)
@whatever(_TEXT, _TEXT, st.lists(st.text(max_size=30), max_size=4))
def test_no_text_keeps_the_papers_from_being_made(description, other, place):
    person = AnnexPerson(name=other[:200] or "x", address="\n".join(other), about=other)
    pdf = draw_dossier(
        given(
            incident=msgspec.structs.replace(INCIDENT, description=description * 10),
            annex=IncidentAnnex(reporter=person, accused=(person,) * 3, notes=other),
            place=tuple(place),
            sender=other or "x",
        )
    )
    assert pdf.startswith(b"%PDF-")


def test_the_longest_texts_that_can_be_are_printed_whole():
    person = AnnexPerson(name="n" * 200, address="a\n" * 250, about="w " * 1000)
    whole = told(
        annex=IncidentAnnex(reporter=person, accused=(person,) * 5, notes="c" * 20_000)
    )
    assert whole.replace(" ", "").count("w") >= 6 * 1000
    assert whole.replace(" ", "").count("c") >= 20_000
