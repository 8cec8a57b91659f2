"""`federation tps-list`."""

import json
import os
from threading import Thread

from federation.records.register import format_register_digest
from tests.sources import books

TABLE = (
    "kode_tps,provinsi,dpt\n"
    "1371011001001,SUMATERA BARAT,200\n"
    "1371011001002,SUMATERA BARAT,210\n"
    "1101012001001,ACEH,190\n"
)
CODES = ["1101012001001", "1371011001001", "1371011001002"]
WHICH = ("--election", "pilpres-2019", "--json")


def write(tmp_path, text, name="register.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_list_is_taken_and_shown_with_its_digest(federation, tmp_path):
    path = write(tmp_path, TABLE)
    ended = federation("tps-list", "import", path, *WHICH)
    said = json.loads(ended.out)
    digest = format_register_digest(CODES)
    assert (ended.code, said["stations"], said["digest"]) == (0, 3, digest)
    shown = json.loads(federation("tps-list", "show", *WHICH).out)
    assert (shown["digest"], shown["source"]) == (digest, "register.csv")
    assert shown["provinces"] == [
        {"code": "11", "name": "ACEH", "stations": 1},
        {"code": "13", "name": "SUMATERA BARAT", "stations": 2},
    ]


def test_a_list_with_unreadable_rows_changes_nothing_unless_partial(
    federation, tmp_path
):
    path = write(tmp_path, TABLE)
    assert federation("tps-list", "import", path, *WHICH).code == 0
    bad = write(tmp_path, TABLE + "13,X,1\n1371011001003,X,1\n", "bad.csv")
    report = tmp_path / "report.csv"
    ended = federation("tps-list", "import", bad, *WHICH, "--report", report)
    assert ended.code == 1
    assert json.loads(ended.out)["not_taken"][0]["row"] == 5
    assert ",5,kode_tps,tps," in report.read_text()
    shown = json.loads(federation("tps-list", "show", *WHICH).out)
    assert shown["stations"] == 3
    ended = federation("tps-list", "import", bad, *WHICH, "--partial")
    assert ended.code == 1
    shown = json.loads(federation("tps-list", "show", *WHICH).out)
    assert shown["stations"] == 4


def test_a_workbook_is_read_as_its_table_would_be(federation, tmp_path):
    path = books.make(
        tmp_path / "daftar.xlsx",
        {
            "Daftar": books.row(1, "DAFTAR TPS")
            + books.row(3, "kode_tps", "provinsi", "dpt")
            + books.row(4, 1371011001001, "SUMATERA BARAT", 200),
            "Catatan": books.row(1, "x"),
        },
    )
    ended = federation("tps-list", "import", path, *WHICH)
    assert ended.code == 2
    assert "Daftar" in ended.err
    ended = federation("tps-list", "import", path, "--sheet", "Daftar", *WHICH)
    said = json.loads(ended.out)
    digest = format_register_digest(["1371011001001"])
    assert (ended.code, said["stations"], said["digest"]) == (0, 1, digest)


def test_ranges_are_recognised(federation, tmp_path):
    text = '{"id2name":{"13":"SUMATERA BARAT"},"tps":{"1371011001":[2,901,901]}}'
    path = write(tmp_path, text, "kp.json")
    said = json.loads(federation("tps-list", "import", path, *WHICH).out)
    assert said["stations"] == 3


def test_without_a_list_there_is_nothing_to_show(federation, tmp_path):
    path = write(tmp_path, TABLE)
    assert federation("tps-list", "import", path, *WHICH).code == 0
    ended = federation("tps-list", "show", "--election", "pemilu-2024")
    assert ended.code == 7
    assert "tps-list import" in ended.err


def test_a_file_without_stations_is_refused(federation, tmp_path):
    path = write(tmp_path, "kode_tps\n")
    assert federation("tps-list", "import", path, *WHICH).code == 2


def test_people_read_the_number_and_the_digest(federation, tmp_path):
    path = write(tmp_path, TABLE)
    ended = federation(
        "tps-list", "import", path, "--election", "pilpres-2019", "--lang", "id"
    )
    assert "pilpres-2019: 3 TPS" in ended.out
    assert format_register_digest(CODES) in ended.out


def test_a_code_of_13_digits_beside_its_kelurahan_loads(federation, tmp_path):
    text = (
        "kode_tps,kode_kelurahan,kelurahan,dpt\n"
        "7202011001001,7202011001,Moengko Lama,231\n"
        "7202011001002,7202011001,Moengko Lama,245\n"
    )
    ended = federation("tps-list", "import", write(tmp_path, text), *WHICH)
    assert (ended.code, json.loads(ended.out)["stations"]) == (0, 2)


def test_why_no_row_was_taken_stands_on_the_screen_in_the_readers_language(
    federation, tmp_path
):
    path = write(tmp_path, "kode_tps,dpt\n720201100101,1\n")
    which = ("--election", "pilpres-2019")
    ended = federation("tps-list", "import", path, *which)
    assert ended.code == 1
    assert "'720201100101' has 12 characters" in ended.out
    assert "Nothing was changed: 1 rows cannot be read" in ended.out
    ended = federation("tps-list", "import", path, *which, "--lang", "id")
    assert "'720201100101' berisi 12 karakter" in ended.out
    ended = federation("tps-list", "import", path, *which, "--partial")
    assert ended.code == 1
    assert "has 12 characters" in ended.out


def test_remarks_do_not_hide_refusals(federation, tmp_path):
    twice = "1371011001001,X,1\n" * 20
    path = write(tmp_path, TABLE + twice + "13,X,1\n")
    ended = federation("tps-list", "import", path, "--election", "pilpres-2019")
    assert "'13' is not a TPS code" in ended.out
    ended = federation(
        "tps-list", "import", path, "--election", "pilpres-2019", "--partial"
    )
    assert "'13' is not a TPS code" in ended.out
    assert "1371011001001 is there twice" in ended.err
    assert "and 15 more remarks" in ended.err


def test_a_list_is_read_from_standard_input(federation):
    out, into = os.pipe()
    os.write(into, TABLE.encode())
    os.close(into)
    kept = os.dup(0)
    try:
        os.dup2(out, 0)
        ended = federation("tps-list", "import", "-", *WHICH)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(out)
    said = json.loads(ended.out)
    assert (said["stations"], said["source"]) == (3, "standard input")


def test_a_list_is_read_from_a_named_pipe(federation, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = Thread(target=lambda: path.write_bytes(TABLE.encode()))
    thread.start()
    ended = federation("tps-list", "import", path, *WHICH)
    thread.join()
    said = json.loads(ended.out)
    assert (said["stations"], said["source"]) == (3, "a pipe")
