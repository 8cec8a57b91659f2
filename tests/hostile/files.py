"""Hostile files for `federation import`: CSV, JSON lines, Sirekap, Situng, anything.

A case is (door, what is hostile about it, name of the file, its bytes, options). What
comes back is a refused row as "row, column: code: reason", or, where nothing of the
file can be read, "exit <code>: <code of the error>: <its sentence>". The election is
pemilu-2024; a good row stands behind the bad one wherever there are rows, and goes in.
"""

# ruff: noqa: E501  a row of the table stays on one line

import gzip
import json
from typing import Final

_HEADER: Final = b"tps,01,02,03,sah,ref\n"
_GOOD: Final = b"1371011001002,1,2,3,6,a\n"
_TPS: Final = b"1371011001001"
PPWP: Final = ("--contest", "ppwp")


def _csv(row: bytes) -> bytes:
    return _HEADER + row + b"\n" + _GOOD


def _lines(line: bytes) -> bytes:
    return line + b'\n{"tps":"1371011001002","candidates":{"01":1}}\n'


def _document(**members: object) -> dict[str, object]:
    return {"chart": {"100025": 83, "100026": 12}, "psu": None, **members}


def _sirekap(code: str, document: object) -> bytes:
    return json.dumps({"1371011001002": _document(), code: document}).encode()


def _situng(line: bytes) -> bytes:
    return line + b'\n{"kode":"1371011001002","chart":{"100025":1}}\n'


def _row(
    door: str, what: str, row: bytes
) -> tuple[str, str, str, bytes, tuple[str, ...]]:
    return door, what, "hasil.csv", _csv(row), PPWP


def _line(what: str, line: bytes) -> tuple[str, str, str, bytes, tuple[str, ...]]:
    return "JSON lines", what, "hasil.ndjson", _lines(line), PPWP


CASES: Final[list[tuple[str, str, str, bytes, tuple[str, ...]]]] = [
    _row("CSV row", "a vote of -1", _TPS + b",-1,2,3,,"),
    _row("CSV row", "a vote in full-width digits", _TPS + ",\uff11,2,3,,".encode()),
    _row("CSV row", "a formula for a vote", _TPS + b",=1+1,2,3,,"),
    _row("CSV row", "a fraction", _TPS + b",1.5,2,3,,"),
    _row("CSV row", "a vote of 21 digits", _TPS + b",100000000000000000000,2,3,,"),
    _row("CSV row", "a NUL", _TPS + b",1\0,2,3,,"),
    _row("CSV row", "a code that a spreadsheet rounded", b"1.37101E+12,1,2,3,,"),
    _row("CSV row", "a code in full-width digits", "\uff11\uff13\uff17\uff11011001001,1,2,3,,".encode()),
    _row("CSV row", "no code", b",1,2,3,,"),
    _row("CSV row", "a code of 14 digits", b"13710110010011,1,2,3,,"),
    _row("CSV row", "SQL for a code", b"1' OR '1'='1,1,2,3,,"),
    _row("CSV row", "text that reads right to left", _TPS + ",1,2,3,,a\u202eb".encode()),
    _row("CSV row", "a terminal escape", _TPS + b",1,2,3,,\x1b[2J"),
    _row("CSV row", "a note of 5,000 characters", _TPS + b",1,2,3,," + b"x" * 5000),
    _row("CSV row", "a cell less", _TPS + b",1,2,3"),
    _row("CSV row", "a cell more", _TPS + b",1,2,3,,,9"),
    _row("CSV row", "a quote that is not closed", _TPS + b',1,"2,3,,'),
    ("CSV file", "no column with codes", "hasil.csv", b"nama,01,02\nx,1,2\n", PPWP),
    ("CSV file", "no column with votes", "hasil.csv", b"tps,provinsi\n1371011001001,x\n", PPWP),
    ("CSV file", "one column twice", "hasil.csv", b"tps,01,01\n1371011001001,1,2\n", PPWP),
    ("CSV file", "a candidate who does not stand", "hasil.csv", b"tps,01,04\n1371011001001,1,2\n", PPWP),
    ("CSV file", "no contest said", "hasil.csv", _HEADER + _GOOD, ()),
    ("CSV file", "a contest that there is not", "hasil.csv", _HEADER + _GOOD, ("--contest", "ketua-rt")),
    ("CSV file", "a flag that names no column", "hasil.csv", _HEADER + _GOOD, (*PPWP, "--map", "sah=Sah2")),
    ("any file", "nothing", "hasil.csv", b"", PPWP),
    ("any file", "a picture", "hasil.csv", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100), PPWP),
    ("any file", "a workbook of a spreadsheet", "hasil.xlsx", b"PK\x03\x04" + bytes(100), PPWP),
    ("any file", "a PDF", "hasil.pdf", b"%PDF-1.7\n" + bytes(100), PPWP),
    ("any file", "a page of the Web", "hasil.json", b"<!doctype html><html>", PPWP),
    ("any file", "gzip that is cut off", "hasil.csv.gz", gzip.compress(_HEADER + _GOOD * 999, mtime=0)[:60], PPWP),
    ("any file", "one line of two megabytes", "hasil.csv", b"x" * 2_000_000, PPWP),
    ("any file", "a list of polling stations", "hasil.json", b'{"tps":{"13":5}}', PPWP),
    _line("not JSON", b"{'tps':1}"),
    _line("a member twice", b'{"tps":"1371011001001","tps":"1371011001003"}'),
    _line("not an object", b"[1,2]"),
    _line("nested 10,000 deep", b'{"a":' + b"[" * 10_000),
    _line("NaN", b'{"tps":"1371011001001","candidates":{"01":NaN}}'),
    _line("a vote of 5,000 digits", b'{"tps":"1371011001001","candidates":{"01":' + b"9" * 5000 + b"}}"),
    _line("a boolean for a vote", b'{"tps":"1371011001001","candidates":{"01":true}}'),
    _line("bytes that are not UTF-8", b'{"tps":"\xff"}'),
    _line("half a surrogate pair", b'{"tps":"1371011001001","note":"\\ud800","candidates":{"01":1}}'),
    _line("a NUL", b'{"tps":"1371011001001","note":"a\\u0000b","candidates":{"01":1}}'),
    _line("an unknown member", b'{"tps":"1371011001001","phone":"0812","candidates":{"01":1}}'),
    _line("a record that a partner signed", b'{"org":"kawal.example","tps":"1371011001001"}'),
    _line("no code", b'{"candidates":{"01":1}}'),
    _line("a figure that no form has", b'{"tps":"1371011001001","figures":{"suara":1}}'),
    _line("a line of two megabytes", b'{"tps":"' + b"1" * 2_000_000 + b'"}'),
    ("Sirekap", "a code that is none", "s.json", _sirekap("1371011001abc", _document()), PPWP),
    ("Sirekap", "a list for a document", "s.json", _sirekap("1371011001001", []), PPWP),
    ("Sirekap", "text for the chart", "s.json", _sirekap("1371011001001", _document(chart="x")), PPWP),
    ("Sirekap", "a vote of -1", "s.json", _sirekap("1371011001001", _document(chart={"100025": -1})), PPWP),
    ("Sirekap", "text for a vote", "s.json", _sirekap("1371011001001", _document(chart={"100025": "x"})), PPWP),
    ("Sirekap", "a candidate who does not stand", "s.json", _sirekap("1371011001001", _document(chart={"999999": 1})), PPWP),
    ("Sirekap", "cut off", "s.json", _sirekap("1371011001001", _document())[:-40], PPWP),
    ("Situng", "a code with letters", "s.ndjson", _situng(b'{"kode":"13710110010ab","chart":{"100025":1}}'), PPWP),
    ("Situng", "a vote that is a fraction", "s.ndjson", _situng(b'{"kode":"1371011001001","chart":{"100025":1.5}}'), PPWP),
    ("Situng", "an unknown member", "s.ndjson", _situng(b'{"kode":"1371011001001","chart":{"100025":1},"x":1}'), PPWP),
]  # fmt: skip

# What each gets.
ANSWERS: Final[dict[str, dict[str, str]]] = {
    "CSV row": {
        "a vote of -1": "row 2, column 01: count: '-1' is negative",
        "a vote in full-width digits": "row 2, column 01: count: '\\uff11' has digits that are not plain 0-9",
        "a formula for a vote": "row 2, column 01: count: '=1+1' is a formula, not a number",
        "a fraction": "row 2, column 01: count: '1.5' is not a whole number",
        "a vote of 21 digits": "row 2, column 01: count: '100000000000000000000' is above 999999",
        "a NUL": "row 2, column 01: count: '1\\x00' is not a whole number: it has a character that is not seen",
        "a code that a spreadsheet rounded": "row 2, column tps: tps: '1.37101E+12': a spreadsheet turned the code into a number; format the column as text and export again",
        "a code in full-width digits": "row 2, column tps: tps: '\\uff11\\uff13\\uff17\\uff11011001001' has characters that are not plain 0-9",
        "no code": "row 2, column tps: tps: the code is empty",
        "a code of 14 digits": "row 2, column tps: tps: '13710110010011' is not a TPS code of 13 characters: it has 14",
        "SQL for a code": "row 2, column tps: tps: \"1' OR '1'='1\" is not a TPS code of 13 characters",
        "text that reads right to left": "row 2, column ref: text: code point U+202E is not allowed",
        "a terminal escape": "row 2, column ref: text: code point U+001B is not allowed",
        "a note of 5,000 characters": "row 2, column ref: text: 5000 characters, 300 at most",
        "a cell less": "row 2: cells: 4 cells, the header has 6 (it begins with '1371011001001'): it may be cut off; write empty cells, too",
        "a cell more": "row 2: cells: 7 cells, the header has 6 (it begins with '1371011001001')",
        "a quote that is not closed": "row 2: quotes: the row cannot be read: a quote is not closed",
    },
    "CSV file": {
        "no column with codes": "exit 2: format: This is not in the form required: no column with TPS codes is known by its header: say --map tps=… or --map kelurahan=… and --map number=…; there are 'nama', '01', '02' (row 1)",
        "no column with votes": "exit 2: format: This is not in the form required: no column with votes is known by its header: say --map 01=… (a list of polling stations goes to `federation tps-list import`); there are 'tps', 'provinsi' (row 1)",
        "one column twice": "exit 2: format: This is not in the form required: columns 2 '01' and 3 '01' could both be candidates.01: say --map candidates.01=… (row 1)",
        "a candidate who does not stand": "exit 2: format: This is not in the form required: '04': '04' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD (row 1)",
        "no contest said": "exit 2: format: This is not in the form required: no contest is said: say --contest, or --map contest=… if a column says it in each row (row 1)",
        "a contest that there is not": "exit 3: config: A configuration or key file cannot be used as it is. --contest: 'ketua-rt' is none of pdpd, pdpr, pdprdk, pdprdp, pkwkk, pkwkp, ppwp",
        "a flag that names no column": "exit 3: config: A configuration or key file cannot be used as it is. --map: sah: no such member; there are tps, kelurahan, number, contest, round, form, source, review, observed_at, ref, revision, contributor, derived_from, note, candidates.<id>, parties.<n>.partai|jumlah|caleg.<id>, figures.<name>, evidence.<name>, and for one candidate a row: candidate, votes",
    },
    "any file": {
        "nothing": "exit 2: format: This is not in the form required: the file is empty (hasil.csv)",
        "a picture": "exit 2: format: This is not in the form required: this is a photo (hasil.csv)",
        "a workbook of a spreadsheet": "exit 2: format: This is not in the form required: the workbook is damaged: copy or download it again, or open it and save it as .xlsx or CSV (hasil.xlsx)",
        "a PDF": "exit 2: format: This is not in the form required: this is a PDF (hasil.pdf)",
        "a page of the Web": "exit 2: format: This is not in the form required: this is a page of the Web: download the file again (hasil.json)",
        "gzip that is cut off": "exit 2: format: This is not in the form required: damaged gzip file: it is cut off; copy or download it again (hasil.csv.gz)",
        "one line of two megabytes": "exit 2: format: This is not in the form required: the file has no header in its first row (row 1)",
        "a list of polling stations": "exit 2: format: This is not in the form required: a register of polling stations: see `federation tps-list import` (hasil.json)",
    },
    "JSON lines": {
        "not JSON": "row 1: json: not JSON: a name in double quotes should stand here (column 2)",
        "a member twice": "row 1: json: not JSON that can be trusted: member 'tps' is there twice",
        "not an object": "row 1: shape: not an object with members",
        "nested 10,000 deep": "row 1: json: not JSON that can be trusted: nested too deep",
        "NaN": "row 1: json: not JSON that can be trusted: NaN is not JSON",
        "a vote of 5,000 digits": "row 1: json: not JSON that can be trusted: a number of thousands of digits",
        "a boolean for a vote": "row 1, column candidates.01: count: 'true' is not a whole number",
        "bytes that are not UTF-8": "row 1: json: not UTF-8: save the file in that encoding",
        "half a surrogate pair": "row 1, column note: text: code point U+D800 is not allowed",
        "a NUL": "row 1, column note: text: code point U+0000 is not allowed",
        "an unknown member": "row 1, column phone: member: 'phone' is not known: say --map",
        "a record that a partner signed": "row 1, column org: signed: 'org' belongs to a signed record: partners' records come by synchronising, not by importing",
        "no code": "row 1, column tps: tps: no tps, nor kelurahan and number",
        "a figure that no form has": "row 1, column figures.suara: figure: 'suara' is no figure of the form",
        "a line of two megabytes": "row 1: long: the line is longer than a megabyte",
    },
    "Sirekap": {
        "a code that is none": "row 2: tps: '1371011001abc': '1371011001abc' is not a TPS code of 13 characters",
        "a list for a document": "row 2, column document: shape: '1371011001001': '[]' is not an object",
        "text for the chart": "row 2, column chart: shape: '1371011001001': 'x' is not an object",
        "a vote of -1": "row 2, column chart.100025: count: '1371011001001': '-1' is negative",
        "text for a vote": "row 2, column chart.100025: count: '1371011001001': 'x' is not a whole number",
        "a candidate who does not stand": "row 2, column chart.999999: candidate: '1371011001001': '999999' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD",
        "cut off": "row 2: json: not JSON: a text is not closed: it may be cut off (line 1, column 101); nothing after it can be read",
    },
    "Situng": {
        "a code with letters": "row 1, column kode: tps: '13710110010ab' is not a TPS code of 13 characters",
        "a vote that is a fraction": "row 1, column chart.100025: count: '1.5' is not a whole number",
        "an unknown member": "row 1: member: 'x' is not a member of Situng's",
    },
}
