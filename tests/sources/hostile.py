"""Hostile files of results and the exact error that each gets: for tests and for a page.

ROWS stand as row 2 of a table of HEADER, before the good row GOOD, which goes in.
LINES are lines of JSON, before GOOD_LINE. FILES are refused as a whole.
All are read for the election pilpres-2019.
"""

# ruff: noqa: E501  a row of the table of errors stays on one line

HEADER = "tps,01,02,sah,ref,putaran\n"
GOOD = "1371011001002,1,2,3,a,reguler\n"
STANDING = (
    "; standing there: 01 Joko Widodo – Ma'ruf Amin; 02 Prabowo Subianto – Sandiaga Uno"
)
GOOD_LINE = '{"tps":"1371011001002","candidates":{"01":1,"02":2}}\n'

# what it is, the row, "column: code: reason" of its refusal
ROWS = [
    ("a negative number", "1371011001001,-1,2,3,,", "01: count: '-1' is negative"),
    (
        "a letter in a number",
        "1371011001001,1,2x,3,,",
        "02: count: '2x' is not a whole number",
    ),
    (
        "the letter O for a zero",
        "1371011001001,1O,2,3,,",
        "01: count: '1O' is not a whole number: a letter stands among the digits",
    ),
    (
        "full-width digits",
        "1371011001001,\uff11\uff12,2,3,,",
        "01: count: '\\uff11\\uff12' has digits that are not plain 0-9",
    ),
    (
        "a number of 21 digits",
        "1371011001001,1,2,100000000000000000000,,",
        "sah: count: '100000000000000000000' is above 999999",
    ),
    (
        "a formula",
        "1371011001001,=1+1,2,3,,",
        "01: count: '=1+1' is a formula, not a number",
    ),
    (
        "a thousands separator",
        "1371011001001,1.234,2,3,,",
        "01: count: '1.234': write thousands without a separator",
    ),
    (
        "half a vote",
        "1371011001001,1.5,2,3,,",
        "01: count: '1.5' is not a whole number",
    ),
    (
        "NUL in a number",
        "1371011001001,1\x00,2,3,,",
        "01: count: '1\\x00' is not a whole number: it has a character that is not seen",
    ),
    (
        "a code that a spreadsheet turned into a number",
        "1.37101E+12,1,2,3,,",
        "tps: tps: '1.37101E+12': a spreadsheet turned the code into a number; format the column as text and export again",
    ),
    (
        "a code in full-width digits",
        "\uff11\uff13\uff17\uff11011001001,1,2,3,,",
        "tps: tps: '\\uff11\\uff13\\uff17\\uff11011001001' has characters that are not plain 0-9",
    ),
    ("no code", ",1,2,3,,", "tps: tps: the code is empty"),
    (
        "a code of 14 digits",
        "13710110010011,1,2,3,,",
        "tps: tps: '13710110010011' is not a TPS code of 13 characters: it has 14",
    ),
    (
        "letters in a code that is not overseas",
        "13AB011001001,1,2,3,,",
        "tps: tps: not a kelurahan code of 10 characters: '13AB011001' (letters stand in codes from abroad only, 99…)",
    ),
    (
        "text that is written from right to left",
        "1371011001001,1,2,3,a\u202eb,",
        "ref: text: code point U+202E is not allowed",
    ),
    (
        "NUL in a note",
        "1371011001001,1,2,3,a\x00b,",
        "ref: text: code point U+0000 is not allowed",
    ),
    (
        "a note of 301 characters",
        "1371011001001,1,2,3," + "x" * 301 + ",",
        "ref: text: 301 characters, 300 at most",
    ),
    (
        "a round that there is not",
        "1371011001001,1,2,3,,minggu depan",
        "putaran: round: 'minggu depan' is no round (reguler, susulan, lanjutan, hitung-ulang, psu)",
    ),
    (
        "too few cells",
        "1371011001001,1,2,3",
        "-: cells: 4 cells, the header has 6 (it begins with '1371011001001'): it may be cut off; write empty cells, too",
    ),
    (
        "too many cells",
        "1371011001001,1,2,3,,,,5",
        "-: cells: 8 cells, the header has 6 (it begins with '1371011001001')",
    ),
    (
        "a quote that is not closed",
        '1371011001001,1,"2,3,,',
        "-: quotes: the row cannot be read: a quote is not closed",
    ),
    (
        "a letter behind a quote",
        '1371011001001,1,"2"x,3,,',
        "-: quotes: the row cannot be read: something stands behind a closing quote",
    ),
    (
        "a cell of 140,000 characters",
        "1371011001001,1,2,3," + "x" * 140_000 + ",",
        "-: quotes: the row cannot be read: a cell is longer than 131072 characters",
    ),
    (
        "a cell of two megabytes",
        "1371011001001,1,2,3," + "x" * 2_000_000 + ",",
        "-: long: the line is longer than a megabyte",
    ),
]

# what it is, the line, "column: code: reason"
LINES = [
    (
        "a line that is not JSON",
        '{"tps":',
        "-: json: not JSON: it ends here, too early (column 8)",
    ),
    (
        "a member twice",
        '{"tps":"1371011001001","tps":"1371011001002","candidates":{"01":1}}',
        "-: json: not JSON that can be trusted: member 'tps' is there twice",
    ),
    (
        "true for a number",
        '{"tps":"1371011001001","candidates":{"01":true}}',
        "candidates.01: count: 'true' is not a whole number",
    ),
    (
        "a float",
        '{"tps":"1371011001001","candidates":{"01":1.5}}',
        "candidates.01: count: '1.5' is not a whole number",
    ),
    (
        "NaN",
        '{"tps":"1371011001001","candidates":{"01":NaN}}',
        "-: json: not JSON that can be trusted: NaN is not JSON",
    ),
    (
        "brackets 5,000 deep",
        '{"tps":' + "[" * 5_000,
        "-: json: not JSON that can be trusted: nested too deep",
    ),
    (
        "a number of 5,000 digits",
        '{"tps":"1371011001001","candidates":{"01":' + "9" * 5_000 + "}}",
        "-: json: not JSON that can be trusted: a number of thousands of digits",
    ),
    (
        "an unknown candidate",
        '{"tps":"1371011001001","candidates":{"03":1}}',
        f"candidates.03: candidate: '03' is no candidate of ppwp in Indonesia (pilpres-2019){STANDING}",
    ),
    (
        "one candidate under two ids",
        '{"tps":"1371011001001","candidates":{"1":1,"21":2}}',
        "candidates: candidate: '21' is 01, who stands there twice",
    ),
    (
        "an unknown figure",
        '{"tps":"1371011001001","figures":{"suara_batal":1}}',
        "figures.suara_batal: figure: 'suara_batal' is no figure of the form",
    ),
    (
        "a partner's signed record",
        '{"tps":"1371011001001","org":"a.example","candidates":{"01":1}}',
        "org: signed: 'org' belongs to a signed record: partners' records come by synchronising, not by importing",
    ),
    (
        "an unknown member",
        '{"tps":"1371011001001","nama":"Budi","candidates":{"01":1}}',
        "nama: member: 'nama' is not known: say --map",
    ),
    (
        "a file without a digest",
        '{"tps":"1371011001001","evidence":[{"media_type":"image/jpeg","size":1}]}',
        'evidence.0: value: the member "sha256" is missing',
    ),
]

# what it is, the file, the error without its path
FILES = [
    ("an empty file", "", "the file is empty (FILE)"),
    (
        "a header only of names",
        "nama,alamat\n1,2\n",
        "no column with TPS codes is known by its header: say --map tps=… or --map kelurahan=… and --map number=…; there are 'nama', 'alamat' (row 1)",
    ),
    (
        "no column with votes",
        "tps,provinsi\n1371011001001,A\n",
        "no column with votes is known by its header: say --map 01=… (a list of polling stations goes to `federation tps-list import`); there are 'tps', 'provinsi' (row 1)",
    ),
    (
        "two columns that could be one",
        "tps,sah,suara_sah\n1371011001001,1,2\n",
        "columns 2 'sah' and 3 'suara_sah' could both be figures.suara_sah: say --map figures.suara_sah=… (row 1)",
    ),
    (
        "one header twice",
        "tps,01,01\n1371011001001,1,2\n",
        "columns 2 '01' and 3 '01' could both be candidates.01: say --map candidates.01=… (row 1)",
    ),
    (
        "a candidate that does not stand",
        "tps,01,02,paslon 3\n1371011001001,1,2,3\n",
        f"'paslon 3': '03' is no candidate of ppwp in Indonesia (pilpres-2019){STANDING} (row 1)",
    ),
    (
        "a spoilt header",
        '"tps,01\n1371011001001,1\n',
        "the header cannot be read: a quote is not closed (row 1)",
    ),
    (
        "a JSON array of numbers",
        "[1, 2]",
        "no object with members in it: one object for each result is needed (FILE)",
    ),
    (
        "an Excel workbook",
        "PK\x03\x04................",
        "the workbook is damaged: copy or download it again, or open it and save it as .xlsx or CSV (FILE)",
    ),
    (
        "a list of polling stations",
        '{"id2name":{"11":"ACEH"},"tps":{}}',
        "a register of polling stations: see `federation tps-list import` (FILE)",
    ),
]
