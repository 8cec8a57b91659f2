"""`federation tps-list`."""

import json

from federation.records.register import format_register_digest

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
