"""Write `docs/reference/access.id.md` from the table of `docs/reference/access.md`.

Run it after a change of that page: `make docs`. The English page is what
`tests/contracts/test_access.py` tries, cell by cell; the statuses of the Indonesian one
are read from it, so they cannot be others. A test compares what it makes with what is
there. A cell in words that are not known here is a `KeyError`: add the words.
"""

# ruff: noqa: E501  the page is wider

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
SOURCE: Final = FOLDER / "access.md"
PAGE: Final = FOLDER / "access.id.md"

_HEAD: Final = """\
<!-- Written by scripts/make_access_page.py out of the English page. -->
# Siapa mendapat apa

[English](access.md)

Setiap jalur sebuah node, bagi siapa pun yang bertanya: setiap sel dicoba oleh `tests/contracts/test_access.py`, terhadap node yang memegang
riwayatnya sendiri untuk mitra, riwayat organisasi lain, dan satu foto dari masing-masing. Jalur tanpa baris membuat pengujian gagal, begitu juga sel
yang dijawab lain. Aturannya: [protokol](protocol.md#who-asks); yang menentukan: `records/readers.py`.

Isi sel ialah status HTTP, dan apa saja dari yang bukan untuk semua orang yang disebut dalam jawabannya: `ours`, riwayat kita untuk mitra;
`theirs`, riwayat organisasi lain; `photo`, sebuah foto (bila beberapa diminta, `ours` dan `theirs` menyebut foto siapa yang dikirim); `partners`, mitra mana yang ditanya, dan bagaimana jadinya.

| yang bertanya | siapa itu |
|---|---|
| orang luar | yang tidak menyebut siapa dirinya |
| mitra | mitra dengan `logs = ["incidents"]`, yang juga disebut dalam daftar pembaca bertanda tangan organisasi lain itu |
| tanpa foto | mitra dengan `may_have_photos = false` |
| di luar | mitra dengan izin biasa, yang tidak ada dalam daftar pembaca siapa pun |
| dihapus | yang tidak lagi ada dalam peers.toml, dengan tanda tangan yang sah: `request-unknown-key` |
| kunci lama | mitra yang menandatangani dengan kunci node yang tidak lagi disebut pernyataan terbarunya: `request-unknown-key` |
| tanda tangan salah | kunci mitra, atas cara permintaan lain: `request-signature` |
| kirim ulang | permintaan mitra yang dikirim untuk kedua kalinya: `request-replayed` |
| jam salah | mitra yang jamnya dua jam lebih cepat: `request-clock`, dengan kedua jamnya |
| viewer, editor, coordinator | orang dengan peran itu, yang masuk lewat peramban |
| tautan habis | peramban yang dulu masuk dengan tautan yang sudah berakhir |
| pengirim | sistem yang mengirim laporan dengan kata sandi berwenang `reports`; di sini yang belum mengirim satu pun |
| mesin | perintah di mesin node itu sendiri |

Yang ditolak bagi pihak yang boleh bertanya dijawab seperti yang tidak ada: 404 yang sama, huruf demi huruf
(`tests/contracts/test_readers.py`). Yang tanda tangannya tidak sah diberi tahu di mana-mana, dan dapat bertanya sebagai orang luar. Berkas berpindah dari tangan
ke tangan, jadi setiap ekspor (`export` dalam semua bentuknya, tanda terima, arsip, situs statis) memuat yang boleh dibaca orang luar, siapa pun
yang membuatnya; foto hanya bila `--photos` disebut. Status 303, 400, 415, dan 422 adalah jawaban atas permintaan yang diizinkan
lalu diarahkan ke tempat lain, atau kekurangan sesuatu; 409: orang lain sedang memegang formulirnya. Halaman yang keberadaannya boleh diketahui
semua orang menjawab 403, dan siapa yang boleh melihatnya.

"""
_COLUMNS: Final = {
    "path": "jalur",
    "of it": "tentang",
    "stranger": "orang luar",
    "partner": "mitra",
    "without photos": "tanpa foto",
    "outside": "di luar",
    "removed": "dihapus",
    "old key": "kunci lama",
    "bad signature": "tanda tangan salah",
    "replay": "kirim ulang",
    "skewed": "jam salah",
    "viewer": "viewer",
    "editor": "editor",
    "coordinator": "coordinator",
    "expired link": "tautan habis",
    "sender": "pengirim",
    "machine": "mesin",
}
#: What a row is about; before a colon stands the name of a resource, as it is.
_THINGS: Final = {
    "": "",
    "the status vector": "vektor keadaan",
    "our public log": "riwayat umum kita",
    "our log for partners": "riwayat kita untuk mitra",
    "another's log for partners": "riwayat pihak lain untuk mitra",
    "a public log": "sebuah riwayat umum",
    "no log": "riwayat yang tidak ada",
    "our photo": "foto kita",
    "another's photo": "foto pihak lain",
    "no photo": "foto yang tidak ada",
    "ours, another's and none": "milik kita, pihak lain, dan yang tidak ada",
    "our note": "keterangan diri kita",
    "a public record": "catatan umum",
    "one for partners": "catatan untuk mitra",
    "no report": "laporan yang tidak ada",
    "no election": "pemilu yang tidak ada",
    "with our photo": "dengan foto kita",
}


def make_page() -> str:
    """The text of the page."""
    table = SOURCE.read_text(encoding="utf-8").partition("| path | of it |")[1:]
    lines = "".join(table).splitlines()
    head = [_COLUMNS[name] for name in _cells(lines[0])]
    rows = [f"| {' | '.join(head)} |", lines[1]]
    for line in lines[2:]:
        path, thing, *answers = _cells(line)
        rows.append(f"| {' | '.join((path, _translate(thing), *answers))} |")
    return _HEAD + "\n".join(rows) + "\n"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _translate(thing: str) -> str:
    resource, colon, what = thing.rpartition(": ")
    return f"{resource}{colon}{_THINGS[what]}"


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
