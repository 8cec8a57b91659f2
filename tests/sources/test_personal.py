"""sources/personal.py: what free text may give away of a person."""

import pytest

from federation.sources.personal import find_personal


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
        ("1°23'42\"S", "position", "1°23'"),
        ("lihat https://maps.app.goo.gl/abc", "position", "maps.app.goo.gl/abc"),
        ("akun @relawan.poso", "account", "@relawan.poso"),
        ("wa.me/6281200000000", "account", "wa.me/6281200000000"),
        ("diantar Pak Budi", "name", "Pak Budi"),
        ("IBU SITI menolak", "name", "IBU SITI"),
        ("oleh Sdr.Ali", "name", "Sdr.Ali"),
        ("saksi H. Ahmad", "name", "H. Ahmad"),
    ],
)
def test_what_may_be_somebodys_is_found_and_named(text, kind, word):
    assert find_personal(text) == (kind, word)


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
        "",
    ],
)
def test_words_of_the_work_are_nobodys(text):
    assert find_personal(text) is None
