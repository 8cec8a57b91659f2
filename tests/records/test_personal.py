"""records/personal.py: what free text may give away of a person."""

import pytest

from federation.records.personal import find_personal


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
        "nama calon tertukar",
        "mulai 0.1234",
        "kelurahan 8171011001 dan 8201012001",
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
