"""`federation withdraw`."""

import json

import pytest

WHICH = ("--election", "pilpres-2019", "--json")
TPS = "1371011001001"


@pytest.fixture
def published(federation, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(f"tps,01,02\n{TPS},5,6\n")
    assert federation("import", path, *WHICH).code == 0
    return path


def test_what_we_published_is_withdrawn_once(federation, published):
    reason = ("--reason", "salah ketik")
    ended = federation("withdraw", TPS, *reason, *WHICH)
    assert (ended.code, json.loads(ended.out)["outcome"]) == (0, "logged")
    ended = federation("withdraw", TPS, *reason, *WHICH)
    assert (ended.code, json.loads(ended.out)["outcome"]) == (0, "held")


def test_the_same_result_does_not_come_back_by_importing_it_again(
    federation, published
):
    assert federation("withdraw", TPS, "--reason", "salah", *WHICH).code == 0
    said = json.loads(federation("import", published, *WHICH).out)
    assert said["rows"]["held"] == 1
    said = json.loads(federation("import", published, "--restate", *WHICH).out)
    assert said["rows"]["logged"] == 1


@pytest.mark.parametrize(
    ("tps", "options"),
    [
        ("1371011001002", ()),
        (TPS, ("--round", "psu")),
        (TPS, ("--official",)),
    ],
)
def test_there_is_nothing_to_withdraw_elsewhere(federation, published, tps, options):
    ended = federation("withdraw", tps, "--reason", "x", *options, *WHICH)
    assert (ended.code, json.loads(ended.out)["outcome"]) == (1, "refused")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("137101", "--reason", "x", "--election", "pilpres-2019"), 2),
        ((TPS, "--election", "pilpres-2019"), 2),
        ((TPS, "--reason", "x"), 2),
        ((TPS, "--reason", "x", "--election", "pemilu-2024"), 2),  # which contest?
        ((TPS, "--reason", "x" * 301, "--election", "pilpres-2019"), 1),
    ],
)
def test_what_is_not_said_properly_is_refused(federation, arguments, code):
    assert federation("withdraw", *arguments).code == code


@pytest.mark.parametrize(
    "spelling", ["13.71.01.1001-001", "1371011001 TPS 001", " 1371011001001 "]
)
def test_the_code_is_read_as_in_a_file(federation, published, spelling):
    ended = federation("withdraw", spelling, "--reason", "x", *WHICH)
    assert (ended.code, json.loads(ended.out)["outcome"]) == (0, "logged")


def test_a_code_that_could_be_two_is_named(federation, published):
    ended = federation(
        "withdraw", "13710110011", "--reason", "x", "--election", "pilpres-2019"
    )
    assert ended.code == 2
    assert "13710110011" in ended.err


def test_a_station_outside_the_list_can_always_be_taken_back(
    federation, published, tmp_path
):
    stations = tmp_path / "list.csv"
    stations.write_text("kode_kelurahan,no_tps\n1371011001,2\n")
    assert federation("tps-list", "import", stations, *WHICH).code == 0
    ended = federation("withdraw", TPS, "--reason", "tidak ada", *WHICH)
    assert (ended.code, json.loads(ended.out)["outcome"]) == (0, "logged")


def test_why_nothing_is_withdrawn_is_said_in_the_readers_language(
    federation, published
):
    words = ("--reason", "x", "--election", "pilpres-2019", "--lang", "id")
    ended = federation("withdraw", "1371011001009", *words)
    assert ended.code == 1
    assert "tidak ada yang dapat ditarik" in ended.out + ended.err
