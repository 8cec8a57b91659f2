"""What the page of what an import reads says in its own words: English → Indonesian.

A sentence that is not here is a `KeyError` while the page is written: add it. What the
program itself says stands in `federation/text/`.
"""

# ruff: noqa: E501  sentences of a page

from collections.abc import Mapping
from typing import Final

from federation.text import Language

HEADS: Final[Mapping[Language, str]] = {
    "en": """\
# What an import reads

[Bahasa Indonesia](import.id.md) · [Import your results](../how-to/import-results.md)
· [domain](domain.md)

Every header, spelling, time and refusal that `federation import` knows. Written by
`make docs` out of the code: the values beside the examples are what the program read.
What is not here is left out and named, or refused with its row and column.
""",
    "id": """\
# Yang dibaca impor

[English](import.md) · [Mengimpor hasil](../how-to/import-results.id.md)
· [pemilu dan formulirnya](domain.id.md)

Setiap judul kolom, ejaan, waktu, dan penolakan yang dikenal `federation import`.
Ditulis `make docs` dari programnya: nilai di samping contohnya adalah yang dibaca
program itu.
Yang tidak ada di sini dilewati dan disebut, atau ditolak dengan baris dan kolomnya.
""",
}

INDONESIAN: Final[Mapping[str, str]] = {
    # headings
    "Files": "Berkas",
    "Headers": "Judul kolom",
    "Candidates in headers": "Calon dalam judul kolom",
    "Columns that are left out": "Kolom yang dilewati",
    "Words for rounds, contests, forms, sources and reviews": "Kata untuk putaran, jenis pemilihan, formulir, sumber, dan pemeriksaan",
    "Codes of polling stations": "Kode TPS",
    "Numbers of polling stations beside a kelurahan": "Nomor TPS di samping kelurahan",
    "Votes and figures": "Suara dan angka",
    "What is no number": "Yang bukan angka",
    "Nothing here": "Tidak ada isi",
    "What may stand around a value": "Yang boleh mengelilingi sebuah nilai",
    "Times": "Waktu",
    "Personal data in free text": "Data pribadi dalam teks bebas",
    "Everything that an import may say": "Semua yang mungkin dikatakan impor",
    # columns of tables
    "`--format`": "`--format`",
    "what it is": "apa",
    "read as": "dibaca sebagai",
    "headers": "judul kolom",
    "header": "judul kolom",
    "why": "mengapa",
    "member": "anggota",
    "written": "ditulis",
    "refused, because": "ditolak, karena",
    "text": "teks",
    "looks like": "tampak seperti",
    "English": "English",
    "Indonesia": "Indonesia",
    # what a column is
    "`tps`, or `number` beside a kelurahan's code": "`tps`, atau `number` di samping kode kelurahan",
    "left out: it counts the rows": "dilewati: menghitung baris",
    "`tps`, or `kelurahan` beside a station's number": "`tps`, atau `kelurahan` di samping nomor TPS",
    "`candidate` in a table of one candidate a row, or nothing": "`candidate` dalam tabel dengan satu calon per baris, atau tidak dibaca",
    "rows that the tool's own reviewers turned down are not taken": "baris yang ditolak pemeriksa alat itu sendiri tidak diterima",
    "`candidate`, in a table of one candidate a row": "`candidate`, dalam tabel dengan satu calon per baris",
    "`votes`, in a table of one candidate a row": "`votes`, dalam tabel dengan satu calon per baris",
    "the member of that name": "anggota dengan nama itu",
    "every figure of the form by its name: [domain](domain.md)": "setiap angka formulir dengan namanya: [angka](domain.id.md)",
    "left out": "dilewati",
    # places
    "whole code": "kode utuh",
    "dots of Kemendagri": "titik seperti Kemendagri",
    "dots and a hyphen": "titik dan tanda hubung",
    "dots and TPS": "titik dan TPS",
    "blanks": "spasi",
    "hyphen before the number": "tanda hubung sebelum nomor",
    "slash before the number": "garis miring sebelum nomor",
    "underscore before the number": "garis bawah sebelum nomor",
    "blank before the number": "spasi sebelum nomor",
    "TPS before the number": "TPS sebelum nomor",
    "a dot before three digits": "titik sebelum tiga digit",
    "a number made of the code": "kode yang menjadi angka",
    "a number with marks for thousands": "angka dengan tanda ribuan",
    "abroad, whole": "luar negeri, utuh",
    # counts
    "digits": "digit",
    "zeros before": "nol di depan",
    "many zeros before": "banyak nol di depan",
    "decimals that are zero": "desimal bernilai nol",
    "decimal comma": "koma desimal",
    "two decimals": "dua desimal",
    "two decimals, comma": "dua desimal, koma",
    "many decimals": "banyak desimal",
    # guards
    "blanks of a page (U+00A0), thin ones (U+2009), wide ones (U+3000)": "spasi halaman Web (U+00A0), spasi tipis (U+2009), spasi lebar (U+3000)",
    "marks without width (U+200B, U+FEFF) and of direction (U+200E, U+202D)": "tanda tanpa lebar (U+200B, U+FEFF) dan tanda arah (U+200E, U+202D)",
    "a formula that is text": "rumus yang berisi teks",
    "an apostrophe": "apostrof",
    "quotes": "tanda petik",
    # sentences
    "A file is recognised by what it holds, plain or as `.gz`, from a disk, a pipe or `-`:": "Berkas dikenali dari isinya, biasa atau sebagai `.gz`, dari disk, pipa, atau `-`:",
    "Of a folder these are read, in any case: {endings}, and files without an ending that hold text. Every other file is named with the reason.": "Dari sebuah folder yang dibaca ialah, dengan huruf besar atau kecil: {endings}, dan berkas tanpa akhiran yang berisi teks. Setiap berkas lain disebut dengan alasannya.",
    "A header is compared in lower case, its punctuation as `_`: `Suara Sah` is `suara_sah`. In exports of KoboToolbox and ODK Central `group/question` is the question. Title rows above the header are passed over and named. A guessed column in which no value fits is left out; `--map OURS=THEIRS` names a column, `--map OURS=` leaves one out.": "Judul kolom dibandingkan dengan huruf kecil, tanda bacanya sebagai `_`: `Suara Sah` menjadi `suara_sah`. Dalam ekspor KoboToolbox dan ODK Central, `group/question` adalah pertanyaannya. Baris judul di atas kepala tabel dilewati dan disebut. Kolom tebakan yang tidak satu pun nilainya cocok dilewati; `--map KITA=MEREKA` menyebut sebuah kolom, `--map KITA=` melewatinya.",
    "In the presidential election of 2024. A column whose number and name are not one candidate's stops the file, and so does a candidate without a column.": "Dalam pemilu presiden 2024. Kolom yang nomor dan namanya bukan milik satu calon menghentikan berkas, begitu juga calon tanpa kolom.",
    "In any case, and with any blanks between the words.": "Dengan huruf besar atau kecil, dan dengan spasi apa pun di antara kata-katanya.",
    "An empty cell and, in any case: {words}. It means *not read*; `0` means zero. They are not the same.": "Sel kosong dan, dengan huruf besar atau kecil: {words}. Artinya *belum dibaca*; `0` berarti nol. Keduanya tidak sama.",
    "Without a zone it is Jakarta's time (WIB). A time that could be two is left out of its row of a table; a JSON line with one is refused.": "Tanpa zona dianggap waktu Jakarta (WIB). Waktu yang bisa berarti dua tidak dibaca dari baris tabelnya; baris JSON yang memuatnya ditolak.",
    "Free text is published only when it is asked for (`--map note=…`), and not where one of these is found in it:": "Teks bebas hanya diterbitkan bila diminta (`--map note=…`), dan tidak bila salah satu hal ini ditemukan di dalamnya:",
    "In both languages; `{…}` is filled in.": "Dalam kedua bahasa; `{…}` diisi oleh program.",
}
