"""records/personal.py: what free text may give away of a person."""

import gzip
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.records import personal
from federation.records.personal import find_all, find_personal, redact
from federation.sources.personal import why_personal
from tests.bench.personal import DIGITS, caught, caught_in_chats, refused_in_chats
from tests.records.personal_corpus import EACH, KNOWN, clean, leaked, place_of, planted
from tests.records.personal_held_out import HELD_OUT
from tests.records.spellings import spellings


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("HP 0812-0000-0000", "telephone", "0812-0000-0000"),
        ("hubungi +62 812 0000 000", "telephone", "+62 812 0000 000"),
        ("081200000000", "telephone", "081200000000"),
        ("kantor (0451) 421000", "telephone", "(0451) 421000"),
        ("telp 021-5550000", "telephone", "021-5550000"),
        ("NIK 7202010101800001", "nik", "7202010101800001"),
        ("7202 0101 0180 0001 ikut mencoblos", "nik", "7202 0101 0180 0001"),
        ("kirim ke relawan@contoh.example", "email", "relawan@contoh.example"),
        ("relawan (at) contoh.example", "email", "relawan (at) contoh.example"),
        ("mobil DN 1234 AB", "plate", "DN 1234 AB"),
        ("di -1.39512, 120.75431", "position", "-1.39512, 120.75431"),
        ("1°23'42\"S", "position", "1°23'42\"S"),
        ("lihat https://maps.app.goo.gl/abc", "position", "maps.app.goo.gl/abc"),
        ("akun @relawan.poso", "account", "@relawan.poso"),
        ("wa.me/6281200000000", "account", "wa.me/6281200000000"),
        ("diantar Pak Budi", "name", "Budi"),
        ("IBU SITI menolak", "name", "SITI"),
        ("oleh Sdr.Ali", "name", "Ali"),
        ("saksi H. Ahmad", "name", "Ahmad"),
        ("(62) 812 3456 7890", "telephone", "(62) 812 3456 7890"),
        ("+62 (812) 3456 7890", "telephone", "+62 (812) 3456 7890"),
        ("0812/3456/7890", "telephone", "0812/3456/7890"),
        ("0812 - 3456 - 7890", "telephone", "0812 - 3456 - 7890"),
        ("hubungi 8123456789", "telephone", "8123456789"),
        ("WA 812-3456-7890", "telephone", "812-3456-7890"),
        ("NIK 32730120O198OOO1", "nik", "32730120O198OOO1"),
        ("a [at] b [dot] id", "email", "a [at] b [dot] id"),
        ("budi at gmail dot com", "email", "budi at gmail dot com"),
        ("fb.com/budi", "account", "fb.com/budi"),
        ("https://x.com/budi", "account", "x.com/budi"),
        ("lihat twitter.com/budi", "account", "twitter.com/budi"),
        ("ig budi_s", "account", "ig budi_s"),
        ("B-1234-XYZ", "plate", "B-1234-XYZ"),
        ("-1.395, 120.754", "position", "-1.395, 120.754"),
        ("-1.39512 / 120.75431", "position", "-1.39512 / 120.75431"),
        ("120.75431, -1.39512", "position", "120.75431, -1.39512"),
        ("lat: 1.39512 long 120.75431", "position", "lat: 1.39512"),
        ("51.5074, -0.1278", "position", "51.5074, -0.1278"),
        ("6P58QV8W+2X", "position", "6P58QV8W+2X"),
        ("a/n Budi", "name", "Budi"),
        ("nama: Budi Santoso", "name", "Budi Santoso"),
        ("saksi Budi", "name", "Budi"),
        ("Ketua KPPS: Budi Santoso", "name", "Budi Santoso"),
        ("08.1234.567.890", "telephone", "08.1234.567.890"),
        ("0812_3456_7890", "telephone", "0812_3456_7890"),
        (
            "HP \u0660\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
            "telephone",
            "\u0660\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
        ),
        ("7202_0101_0180_0001", "nik", "7202_0101_0180_0001"),
        ("KTP 3171_0112_3456_0001", "nik", "3171_0112_3456_0001"),
        ("relawan@mail\u3002com", "email", "relawan@mail\u3002com"),
    ],
)
def test_what_may_be_somebodys_is_found_and_named(text, kind, word):
    found = find_personal(text)
    assert found == (kind, word, text.index(word), text.index(word) + len(word))


@pytest.mark.parametrize(
    "text",
    [
        "foto buram, halaman 2 tidak terbaca",
        "TPS 12 RT 3 RW 4",
        "7202011001004 tertukar dengan 7202011001005",
        "dihitung ulang 2024-02-14 23.45 WIB",
        "suara sah 179, tidak sah 3, total 182",
        "C1 plano, C.Hasil salinan",
        "angka 1.234 dibaca 1234",
        "ibu kota kabupaten",
        "Form A 12 B",
        "SK 12 KPU",
        "Pak RT hadir",
        "Bu RT hadir",
        "0.1234, 0.5678",
        "saksi dari paslon 02 tidak hadir",
        "Saksi Paslon 02 tidak hadir, saksi PDIP hadir",
        "dicek at TPS 12. Selesai",
        "7202011001004 8 suara, 82 sah",
        "TPS 08 1234 567 890",
        "3171_0112_3456_0001",
        "nama calon tertukar",
        "mulai 0.1234",
        "kelurahan 8171011001 dan 8201012001",
        "foto/6208012007001/ppwp",
        "6208102001 013",
        "8123456789",
        "suara 1.234, 100.500",
        "dikirim lewat telegram pukul.",
        "2345+67",
        "uuid:1a2b0812-3456-7890-8123-aaaaaaaaaaaa",
        "buka 0800-1300",
        "Nama Kelurahan salah, saksi Golkar hadir",
        "",
    ],
)
def test_words_of_the_work_are_nobodys(text):
    assert find_personal(text) is None


@pytest.mark.slow
def test_no_code_of_a_station_is_a_telephone_number(shared):
    """One of each district of the register of 2024; of each village, where a code
    begins as a telephone number does."""
    path = shared / "data" / "register2024" / "kp24-tps-register.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as text:
        villages = json.load(text)["tps"]
    assert len(villages) > 80_000
    near = [code for code in villages if code.startswith(("620", "8"))]
    codes = [*{code[:6]: code for code in villages}.values(), *near]
    refs = (f"foto/{code}001/ppwp" for code in codes)
    assert [ref for ref in refs if find_personal(ref)] == []


def test_a_number_that_begins_like_that_code_is_found():
    for text in ("6208120000000", "6281200000000", "62 0812-0000-0000"):
        assert find_personal(text).kind == "telephone"


HALVES = pytest.mark.parametrize("half", [KNOWN, HELD_OUT], ids=["known", "held out"])
#: Where one pattern uncovers the next, and where each begins at every character.
WORST = [
    "@a0O", "@aktp", "H. ", "H. A. ", "a@b.", "1.1111 ", "0 8 ", "nol delapan ",
    "lat 1.1111", "Saksi Aktp", "Jl. Aa 1 ", "jalan a ", "BRI ", "oleh x ", "Pak Aa ",
    "ig a", "google.", "tinggal RT 1", "x (at) ", "7202 ", "\u00a0", "[nama]", "…",
]  # fmt: skip


@HALVES
def test_what_is_written_in_digits_is_found(half):
    there, found = caught(half)
    digits = sum(found[kind] for kind in DIGITS) / sum(there[kind] for kind in DIGITS)
    assert digits >= 0.97
    assert found.total() >= 0.97 * EACH


@HALVES
def test_reports_about_nobody_are_hardly_ever_refused(half):
    assert sum(bool(find_all(text.text)) for text in clean(half)) <= 0.02 * EACH


def test_of_texts_as_they_stand_in_chats_most_are_found_and_hardly_any_wrongly():
    there, found = caught_in_chats()
    assert found.total() >= 0.9 * there.total() == 0.9 * EACH
    assert len(refused_in_chats()) <= 0.02 * EACH


@HALVES
def test_nothing_of_what_was_found_is_left_in_a_redacted_text(half):
    for text in planted(half):
        start, end = place_of(text)
        if any(one.start < end and start < one.end for one in find_all(text.text)):
            redacted = redact(text.text, 300)
            assert not leaked(text, redacted), redacted
            assert find_all(redacted) == []


def test_findings_stand_in_their_places_and_never_overlap():
    text = "Pak Budi, HP 0812-0000-0000, NIK 7202010101800001"
    found = find_all(text)
    assert [one.kind for one in found] == ["name", "telephone", "nik"]
    assert all(text[one.start : one.end] == one.word for one in found)
    marks = "Pak [nama], HP [nomor telepon], NIK [nomor KTP]"
    assert redact(text, 300) == marks


TEXTS = st.lists(
    st.one_of(
        st.sampled_from([text.text for text in planted(KNOWN)]),
        st.sampled_from(["Pak ", "saksi ", "a/n ", "0812", "@", " ", "Budi", "[nama]"]),
        st.text("0189 .-/@[]…aBAhPkO°,+", max_size=12),
    ),
    max_size=6,
).map("".join)


@given(TEXTS, st.integers(0, 400))
def test_a_redacted_text_is_clean_stays_as_it_is_and_fits(text, most):
    redacted = redact(text, most)
    assert find_all(redacted) == []
    assert redact(redacted, most) == redacted
    assert len(redacted) <= max(most, len(text))


#: What each pattern finds, written in as many ways as it allows. What only looks ahead
#: is left out, as no text can be drawn by it.
PIECES = [
    st.from_regex(re.compile(sought.pattern.pattern.replace("(?=[A-Z])", "")))
    for sought in personal._PATTERNS
]
#: What else is an i, an s or a k where large and small letters are the same.
OTHERWISE = [str.maketrans("", ""), str.maketrans("iIsk", "\u0131\u0130\u017f\u212a")]


def assert_tells_spare_nothing(text):
    assert find_all(text) == find_all(text, by_tells=False)


@HALVES
def test_a_pattern_that_is_not_asked_would_have_found_nothing(half):
    for text in (*planted(half), *clean(half)):
        assert_tells_spare_nothing(text.text)


@pytest.mark.parametrize("unit", WORST)
def test_in_texts_of_the_worst_kind_neither(unit):
    assert_tells_spare_nothing(unit * 12)


@given(st.one_of(TEXTS, st.text(max_size=40)))
def test_in_any_text_neither(text):
    assert_tells_spare_nothing(text)


@pytest.mark.parametrize("sought", personal._PATTERNS)
def test_every_alternative_of_a_pattern_has_one_of_its_tells(sought):
    written = spellings(sought.pattern)
    found = [
        text
        for one in (*written, *map(str.upper, written), *map(str.title, written))
        for text in (one, personal._plain(one.translate(OTHERWISE[1])))
        if sought.pattern.search(text)
    ]
    told = [sought.tells & personal._TELLS.occurring(text) for text in found]
    assert all(told)
    # Else it was tried with some of them only.
    assert frozenset().union(*told) == sought.tells


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(st.one_of(PIECES), min_size=1, max_size=2), st.sampled_from(OTHERWISE))
def test_in_pieces_of_the_patterns_neither(pieces, otherwise):
    assert_tells_spare_nothing("".join(pieces).translate(otherwise))


@pytest.mark.parametrize("unit", WORST)
def test_the_longest_text_of_the_worst_kind_is_looked_through_at_once(unit):
    text = (unit * 4000)[:4000]
    began = time.process_time()
    assert find_all(redact(text, 4000)) == []
    assert time.process_time() - began < 5  # 0.1 s here


def test_a_refusal_names_every_word_its_place_and_what_it_looks_like():
    why = why_personal("note", "Pak Budi, HP 0812-0000-0000")
    assert str(why) == (
        "'Budi' (character 5) looks like the name of a person, '0812-0000-0000'"
        " (character 14) looks like a telephone number: what is signed stays for"
        " ever, and no personal data may be in it"
    )
    many = why_personal("note", "Pak Budi. " * 8)
    assert many
    assert "3 more: what is signed" in many


@given(st.text("0123456789@./OoIl -abjlrtw\u0131", max_size=70))
def test_what_occurs_is_kept_by_the_shape_of_a_text_and_is_what_would_be_found(text):
    tells = personal._TELLS
    assert tells.occurring(text) == tells.occurring(text) == tells.look(text)
