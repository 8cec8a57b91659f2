"""Write `docs/reference/personal-data.md`: what free text may not give away.

Run it after a change of the patterns or of the corpus: `make docs`. A test compares
what it makes with what is there. The figures are those of `make bench ARGS=personal`.
"""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from federation.records.personal import (  # noqa: E402 - the tests stand beside scripts
    MARKS,
    PersonalKind,
    find_all,
)
from federation.text import Text  # noqa: E402
from tests.bench.personal import measure  # noqa: E402
from tests.bench.report import format_table  # noqa: E402

PAGE: Final = ROOT / "docs" / "reference" / "personal-data.md"
EN: Final = Text("en")

#: What each kind is written like; in every one the pattern finds what it is of.
FORMS: Final[dict[PersonalKind, tuple[str, ...]]] = {
    "telephone": (
        "0812-0000-0000", "+62 (812) 0000 000", "0812/3456/7890", "081 234 567 890",
        "0-8-1-2-3-4-5-6-7-8-9-0", "O812 3456 7890", "hubungi 8123456789",
        "006281234567890", "0812~3456~7890", "081-2345-67890",
        "(0451) 421000", "021 5550000",
        "nol delapan satu dua tiga empat lima enam tujuh",
    ),
    "nik": (
        "7202010101800001", "7202 0101 0180 0001", "720201-010180-0001",
        "72.02.01.010180.0001", "32730120O198OOO1", "KK: 720 201 010 180 000 1",
        "paspor C1234567", "SIM 1234-5678-901234",
    ),
    "bank": ("BRI 012345678901234", "rekening Mandiri 1410-00-1234567"),
    "email": (
        "a@b.id", "a (at) b.id", "a[at]b[dot]id", "a at b dot id", "a@b titik id",
    ),
    "plate": ("DN 1234 AB", "DN-1234-AB", "mobil dn 1234 ab"),
    "position": (
        "-1.39512, 120.75431", "1,39512 LS 120,75431 BT", "1°23'42\"S",
        "lat: 1.39512 long 120.75431", "6P58QV8W+2X", "maps.app.goo.gl/abc",
        "UTM 48M 702134 9311842",
    ),
    "account": ("@relawan.poso", "wa.me/6281200000000", "t.me/nama", "ig nama_s"),
    "address": (
        "Jl. Mawar No. 12", "Jl. Mawar 12", "Gang Melati II No. 3 RT 03/RW 05",
        "Perumahan Mawar Blok C2/12", "tinggal di RT 03 RW 05",
        "RT 5 RW 2 No 19", "jln kenanga 22", "apartemen Melati lantai 2 unit 7",
    ),
    "name": (
        "Pak Budi Santoso", "IBU SITI", "H. Ahmad", "pak budi", "a/n Budi",
        "nama: Budi", "saksi Budi", "ketua KPPS Budi", "Kades Ahmad",
        "Camat Lage, Ahmad", "Bripka Budi", "Mama Budi", "Bu guru Budi", "namanya Budi",
        "I Wayan Lamora", "Lamora Siregar", "Ahmad Lamora",
    ),
}  # fmt: skip

#: Words of the work, in which nothing is found.
HARMLESS: Final = (
    "Jl. Trans Sulawesi KM 12", "TPS 12 RT 3 RW 4", "7202011001004 120 suara",
    "Rp50.000", "amplop @Rp50.000", "Pasal 454 ayat (6)", "Model C1-KWK", "Ibu Kota",
    "Bapak Bupati", "Bapak-bapak", "Kades Lage", "Saksi Paslon 02", "saksi Golkar",
    "Jalan Haji Agus Salim", "RSUP Dr. Wahidin", "Stadion Gelora Bung Karno",
)  # fmt: skip

HEAD: Final = """\
# Personal data in free text

[Domain](domain.md), "Privacy" · written by `make docs` out of the code

What is signed is copied to every partner and cannot be taken back. So the text of a
note, a reason, the summary or the description of a report is looked through before it
is signed, and refused where one of these is found; the refusal names each word, its
place and what it looks like. In the place of a word that is taken out a mark stands:
`Uang dibagikan Pak [nama], hubungi [nomor telepon]`. Where the marks would make a text
longer than it may be, each is `…`. Nothing is found in a text that was redacted, so
redacting it again changes nothing.

A name is a name: candidates and officials are refused in their office, too. Write the
office (`Kepala Desa Lage`, `paslon 02`); who it was stands in the annex.
"""

LIMITS: Final = """\
## What is not found

- a name without a title or a role before it, but for a common given name before another
  capital, and any before a name of some 120 families; a name in small letters that is
  not among some 200 common given names; a name behind `Kades`, `Camat`, `warga` and the
  like that is not among them, either: it is mostly the name of a place
- a name behind one in small letters: of `pak budi santoso` the last word stays
- a number in digits of another script, or with letters or marks other than O, o, I, l
- an address that names neither a number of a house nor somebody's home
- whoever can be known from what is told: no pattern sees that. Read what you sign.

A word that is refused wrongly is written otherwise. Of `ref` and `reference`, plates
and positions are let through: the keys of other systems look like them.

## What was measured

`make bench ARGS=personal`: 300 texts of reports with something planted, 300 without.
One half of the templates was written with the patterns, the other when they were done,
and in other forms. When that other half was first tried, 145 of its 150 were caught
(83 of 85 of digits) and 10 of 150 were refused wrongly: five for `Ketua PPS` before a
place, five for the names of two candidates, which is no mistake and stands there no
longer. What it showed was mended; the table is how it is now. All texts are invented
by the same hands as the patterns: on what people really write expect less.

How much less, the third set says: 150 texts with something planted and 150 without, in
the words of chats, written at one go by somebody who had seen neither the patterns nor
the other texts (`tests/records/personal_in_chats.py`). A text counts as caught where
all is found that was planted in it; `untitled` is a name behind no title. When it was
first tried, 108 of 150 were caught (72.0 %): name 22 of 40, untitled 5 of 15, telephone
26 of 30, card 10 of 12, email 11 of 12, plate 13 of 14, position 11 of 12, address 10
of 15; 4 of 150 were refused wrongly (2.67 %). That is what to expect of texts that
nobody has seen yet. What was general in it was mended (titles, ranks and names of more
peoples, passports, UTM, more forms of addresses); no sentence of it was changed, and
what is still missed was left: it would cost more words that are nobody's.

The other side of more names: the same command looks through the names of all regions of
the register of 2024 in three sentences, and a name is refused where it looks like a
person's. `Kejadian di {} tadi pagi`: 117 of 67,807 (before the third set: 48), `Desa
{} ada bazar`: 37 (29), `Kades {} datang`: 264 (214).

"""


def make_page() -> str:
    """The text of the page."""
    lines = ["## What is found", "", "| what | written like | mark |", "|---|---|---|"]
    for kind, forms in FORMS.items():
        for text in forms:
            found = {one.kind for one in find_all(text)}
            assert found == {kind}, (text, found)
        shown = " · ".join(f"`{text}`" for text in forms)
        lines.append(f"| {EN(f'personal.{kind}')} | {shown} | `{MARKS[kind]}` |")
    assert not any(map(find_all, HARMLESS))
    harmless = " · ".join(f"`{text}`" for text in HARMLESS)
    lines += ["", f"In these nothing is found: {harmless}.", ""]
    table = format_table(measure())
    return "\n".join((HEAD, *lines, LIMITS + table, ""))


def main() -> None:
    """Write the page."""
    PAGE.write_text(make_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
