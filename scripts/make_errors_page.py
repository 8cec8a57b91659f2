"""Write docs/reference/errors.md and its twin: every code that a program may meet.

Run it after a change of an error or its words: `make docs`. A test compares what it
makes with what is there. The node shows the same words at `/errors`, in both languages.

Words: `federation/text/problems.toml`; types: `federation/errors.py`
"""

# ruff: noqa: E501  the pages are wider

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from federation import errors
from federation.errors import FederationError
from federation.text import LANGUAGES, Language
from federation.web.errorspage import codes

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGES: Final[Mapping[Language, Path]] = {
    "en": FOLDER / "errors.md",
    "id": FOLDER / "errors.id.md",
}
#: Whose fault each type is, by its code.
FAULTS: Final[Mapping[str, str]] = {
    "error": "",
    "config": "operator",
    "format": "sender",
    "photo": "sender",
    "photos-full": "operator",
    "stored": "machine",
    "unreadable": "machine",
    "record": "sender",
    "verification": "signer or server",
    "signature": "signer or server",
    "proof": "server",
    "rollback": "server",
    "fork": "signer",
    "conflict": "nobody",
    "unknown-past": "operator",
    "fenced": "nobody",
    "guard-unreachable": "machine or network",
    "kept": "machine",
    "in-doubt": "machine",
    "read-only": "caller",
    "request-signature": "caller",
    "request-clock": "caller or machine",
    "request-replayed": "caller or network",
    "request-unknown-key": "caller or operator",
    "not-found": "caller",
    "upload-awaited": "sender",
    "upload-ended": "sender",
    "peer": "partner or network",
}
#: The same in Indonesian.
_FAULTS_ID: Final[Mapping[str, str]] = {
    "": "",
    "operator": "operator",
    "sender": "pengirim",
    "machine": "mesin",
    "server": "server",
    "signer": "penanda tangan",
    "signer or server": "penanda tangan atau server",
    "nobody": "bukan siapa pun",
    "caller": "klien",
    "caller or machine": "klien atau mesin",
    "caller or network": "klien atau jaringan",
    "caller or operator": "klien atau operator",
    "partner or network": "mitra atau jaringan",
    "machine or network": "mesin atau jaringan",
}
#: The status beside each code that the web alone knows.
STATUSES: Final[Mapping[str, str]] = {
    "unauthorized": "401",
    "forbidden": "403",
    "method-not-allowed": "405",
    "too-slow": "408",
    "too-large": "413",
    "media-type": "415",
    "too-many": "429",
    "misdirected": "421",
    "bug": "500",
    "busy": "503",
    "database-away": "503",
    "store-away": "503",
    "disk-failed": "500",
    "disk-full": "507",
    "http": "",
}

_HEADS: Final[Mapping[Language, str]] = {
    "en": """\
<!-- Written by scripts/make_errors_page.py out of the program itself. -->
# Error codes

[Bahasa Indonesia](errors.id.md)

Stable codes for programs: in `--json` output of commands, in Problem Details of the
node (`code`), in import reports. The text beside a code is for people and may change.
A node explains all of them at `/errors`, in Indonesian and English: there the `type` of
a Problem Details leads (`https://node.example/errors#format`). Guards and copies: [restores](restores.md);
signed requests: [protocol](protocol.md); personal data: [what is looked for](personal-data.md).

| code | type | whose fault | what happened |
|---|---|---|---|
""",
    "id": """\
<!-- Written by scripts/make_errors_page.py out of the program itself. -->
# Kode kesalahan

[English](errors.md)

Kode yang tetap, untuk program: dalam keluaran `--json` perintah, dalam Problem Details dari
node (`code`), dan dalam laporan impor. Teks di samping kode untuk orang dan dapat berubah.
Node menjelaskan semuanya di `/errors`, dalam bahasa Indonesia dan Inggris: ke sanalah `type` sebuah
Problem Details menuju (`https://node.example/errors#format`). Berkas pengaman dan salinan: [pemulihan](restores.id.md);
permintaan bertanda tangan: [protokol](protocol.md); data pribadi: [apa yang dicari](personal-data.id.md).

| kode | jenis | kesalahan siapa | yang terjadi |
|---|---|---|---|
""",
}
_OVER_HTTP: Final[Mapping[Language, str]] = {
    "en": """
Only over HTTP, where no such type is raised:

| code | status | what happened |
|---|---|---|
""",
    "id": """
Hanya lewat HTTP, tempat jenis seperti itu tidak muncul:

| kode | status | yang terjadi |
|---|---|---|
""",
}
_MIDDLES: Final[Mapping[Language, str]] = {
    "en": """
`kept` and `in-doubt` answer 503 with `Retry-After`, and end a command with 75. What each failed step of a batch comes to:

| the step that failed | what is true | answer |
|---|---|---|
| no room at all, seen before anything is written | nothing is kept | `disk-full` |
| the records are written, read back, signed | nothing is kept | `disk-full`, `disk-failed`, `database-away` |
| another machine takes over meanwhile | nothing is kept; or all of it, where the signed state was committed | `fenced`; `kept` |
| the signed state is committed, and the disk says no | found out by the next write | as above, or as if nothing had failed; if that fails, too, `in-doubt` |
| the guard cannot be asked (a bucket), before anything is written | nothing is kept | `guard-unreachable` |
| the guard is raised, the new size is shown | all of it is kept | `kept` |
| somebody else has raised it meanwhile | never shown | `conflict` |

What is no HTTP at all gets 400 in plain text, without a code. An export that breaks on the way is cut off before
the chunk that would end it: HTTP clients report that, so half an export is not taken for a whole one.

## Codes of rows

In the verdicts of `POST /v1/records` and `POST /v1/incidents` (`code`, `errors[].code`) and in the reports of
imports, beside those above; all that is wrong with a row is said at once:

| code of a row | what happened |
|---|---|
""",
    "id": """
`kept` dan `in-doubt` dijawab 503 dengan `Retry-After`, dan mengakhiri perintah dengan 75. Akibat dari tiap langkah kiriman yang gagal:

| langkah yang gagal | yang benar | jawaban |
|---|---|---|
| tidak ada ruang sama sekali, terlihat sebelum ada yang ditulis | tidak ada yang tersimpan | `disk-full` |
| catatan ditulis, dibaca lagi, ditandatangani | tidak ada yang tersimpan | `disk-full`, `disk-failed`, `database-away` |
| mesin lain mengambil alih sementara itu | tidak ada yang tersimpan; atau semuanya, bila keadaan bertanda tangan sudah disahkan | `fenced`; `kept` |
| keadaan bertanda tangan disahkan, dan disk menolak | diketahui pada penulisan berikutnya | seperti di atas, atau seolah tidak ada yang gagal; bila itu pun gagal, `in-doubt` |
| catatan pengaman (bucket) tidak dapat ditanya, sebelum ada yang ditulis | tidak ada yang tersimpan | `guard-unreachable` |
| berkas pengaman dinaikkan, jumlah baru ditampilkan | semuanya tersimpan | `kept` |
| pihak lain sudah menaikkannya | tidak pernah ditampilkan | `conflict` |

Yang bukan HTTP sama sekali dijawab 400 dalam teks biasa, tanpa kode. Ekspor yang terputus di tengah dipotong sebelum
potongan yang seharusnya mengakhirinya: program HTTP memberitahukannya, jadi separuh ekspor tidak dianggap utuh.

## Kode untuk baris

Dalam putusan `POST /v1/records` dan `POST /v1/incidents` (`code`, `errors[].code`) dan dalam laporan
impor, di samping yang di atas; semua yang salah pada sebuah baris disebut sekaligus:

| kode sebuah baris | yang terjadi |
|---|---|
""",
}
_ENDS: Final[Mapping[Language, str]] = {
    "en": "\nExit codes of commands: [exit-codes.md](exit-codes.md).\n",
    "id": "\nKode keluar perintah: [kode keluar](exit-codes.id.md).\n",
}


def make_page(language: Language) -> str:
    """The text of the page in one of the two languages."""
    meanings, rows = codes(language)
    of_types = [
        f"| `{code}` | `{kind.__name__}` | {fault} | {meanings[code]} |\n"
        for code, english in FAULTS.items()
        for fault in [english if language == "en" else _FAULTS_ID[english]]
        for kind in _kinds()
        if kind.code == code
    ]
    over_http = [
        f"| `{code}` | {status} | {meanings[code]} |\n"
        for code, status in STATUSES.items()
    ]
    of_rows = [f"| `{code}` | {meaning} |\n" for code, meaning in rows.items()]
    return (
        _HEADS[language]
        + "".join(of_types)
        + _OVER_HTTP[language]
        + "".join(over_http)
        + _MIDDLES[language]
        + "".join(of_rows)
        + _ENDS[language]
    )


def _kinds() -> Iterator[type[FederationError]]:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, FederationError):
            yield kind


if __name__ == "__main__":
    for name in LANGUAGES:
        PAGES[name].write_text(make_page(name), encoding="utf-8")
