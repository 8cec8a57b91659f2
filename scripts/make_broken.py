"""Write `docs/reference/broken.md` and its Indonesian twin from the table of the tests.

Run it after a change of the table: `make docs`. Tests compare what it makes with what
is there, and hold the commands to each row, in both languages.

Table: `tests/broken/cases.py`
"""

# ruff: noqa: E501  the pages are wider

from pathlib import Path
from typing import Final

from tests.broken.cases import CASES, Case

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGES: Final = {"en": FOLDER / "broken.md", "id": FOLDER / "broken.id.md"}

_HEADS: Final = {
    "en": """\
# Broken set-ups

[Bahasa Indonesia](broken.id.md)

What is said of {count} set-ups in each of which one thing is broken: what is wrong, where (`HOME` is the folder of the
node), how to mend it, and the exit code ([meanings](exit-codes.md); 0: a warning). Each row is a test, in both languages
(`tests/broken`). Where a node does not do what it should, run these first:

```sh
federation doctor        # the house: settings, keys, disk, database, node, and what is stored
federation peers test    # partners, step by step
federation status        # works when a file is broken, too
```

Written by `make docs` out of the table of these tests.

| what is broken | command | it says | where | how to mend it | exit |
|---|---|---|---|---|---|
""",
    "id": """\
# Pemasangan yang rusak

[English](broken.md)

Yang dikatakan tentang {count} pemasangan yang masing-masing rusak di satu hal: apa yang salah, di mana (`HOME` adalah folder
node), cara memperbaikinya, dan kode keluarnya ([arti](exit-codes.id.md); 0: peringatan). Tiap baris adalah sebuah pengujian, dalam
kedua bahasa (`tests/broken`). Bila sebuah node tidak bekerja semestinya, jalankan ini dulu:

```sh
federation doctor        # pengaturan, kunci, disk, basis data, node, dan yang tersimpan
federation peers test    # mitra, langkah demi langkah
federation status        # berfungsi juga bila ada berkas yang rusak
```

Ditulis `make docs` dari tabel pengujian itu.

| yang rusak | perintah | yang dikatakan | di mana | cara memperbaiki | keluar |
|---|---|---|---|---|---|
""",
}


def make_page(language: str) -> str:
    """The text of the page in one of the two languages."""
    rows = (_format(case, language) for case in CASES)
    return _HEADS[language].format(count=len(CASES)) + "".join(rows)


def _format(case: Case, language: str) -> str:
    said = case.id if language == "id" else case.en
    command = f"`federation {' '.join(case.words)}`"
    parts = (said.done, command, said.what, f"`{case.where}`", said.mend, case.exit)
    lines = (str(part).replace("\n", "<br>") for part in parts)
    told = (part.replace("{home}", "HOME") for part in lines)
    cells = (one.replace("{tomorrow}", "…").replace("|", "\\|") for one in told)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    for name, path in PAGES.items():
        path.write_text(make_page(name), encoding="utf-8")
