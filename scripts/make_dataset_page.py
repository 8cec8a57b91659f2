"""Write docs/reference/dataset.md and its twin: what the columns of an export mean.

Run it after a change of a column or its words: `make docs`.

Words: `federation/text/dataset.toml`; columns: `federation/flows/dataset/columns.py`
"""

# ruff: noqa: E501  the pages are wider

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from federation.flows.dataset.columns import described
from federation.flows.dataset.packagefile import meaning_of
from federation.text import LANGUAGES, Language

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGES: Final[Mapping[Language, Path]] = {
    "en": FOLDER / "dataset.md",
    "id": FOLDER / "dataset.id.md",
}
_KINDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {"code": "text", "word": "text", "text": "text", "integer": "integer"},
    "id": {"code": "teks", "word": "teks", "text": "teks", "integer": "bilangan"},
}
_HEADS: Final[Mapping[Language, str]] = {
    "en": """# Columns of an export

[Bahasa Indonesia](dataset.id.md)

The columns of `federation export`, of `/v1/export` and of the links below each list, whatever the form. Codes are text, also where
they are digits. A number that is not known is an empty cell (null in Parquet, `""` in NDJSON), never 0. Every row ends with
licence, attribution and cursor, so that it can be judged by itself. Names with `*` are there once for each candidate, party or
organisation. How such files are used: [use our data](../how-to/use-our-data.md).

| column | is | means |
|---|---|---|
""",
    "id": """# Kolom ekspor

[English](dataset.md)

Kolom `federation export`, `/v1/export`, dan tautan di bawah tiap daftar, apa pun bentuknya. Kode adalah teks, juga bila isinya
angka. Bilangan yang tidak diketahui adalah sel kosong (null dalam Parquet, `""` dalam NDJSON), tidak pernah 0. Tiap baris
diakhiri lisensi, atribusi, dan kursor, sehingga dapat dinilai sendiri. Nama dengan `*` ada satu untuk tiap calon, partai, atau
organisasi. Cara memakai berkasnya: [memakai data kami](../how-to/use-our-data.id.md).

| kolom | jenis | arti |
|---|---|---|
""",
}


def page(language: Language) -> str:
    """The page in this language."""
    lines = [
        f"| `{column.name}` | {_KINDS[language][column.kind]} | {meaning_of(column, language)} |"
        for column in described()
    ]
    return _HEADS[language] + "\n".join(lines) + "\n"


def main() -> None:
    """Write both."""
    for language in LANGUAGES:
        PAGES[language].write_text(page(language))


if __name__ == "__main__":
    main()
