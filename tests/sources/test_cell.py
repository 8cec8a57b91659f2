"""sources/cell.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.sources.cell import (
    MAX_COUNT,
    check_count,
    join_place,
    parse_count,
    parse_place,
    parse_time,
)
from federation.sources.row import BadCell


@given(st.integers(0, MAX_COUNT), st.sampled_from(["{}", " {} ", "{}.0", "0{}"]))
def test_every_count_is_read_in_its_usual_spellings(count, form):
    text = form.format(count)
    if len(text.strip(" .0")) <= 6 and not (form == "0{}" and count > 99_999):
        assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", " ", "-", "NULL", "null", "NaN", "N/A", "None"])
def test_an_empty_cell_is_not_read_and_not_zero(text):
    assert parse_count(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-1", "negative"),
        ("1000000", "above 999999"),
        ("1" + "0" * 20, "above 999999"),
        ("1.234", "thousands without a separator"),
        ("1,234", "thousands without a separator"),
        ("=1+1", "a formula"),
        ("+7", "a formula"),
        ("@SUM(A1)", "a formula"),
        ("12a", "not a whole number"),
        ("O", "not a whole number"),
        ("1.5", "not a whole number"),
        ("1e3", "not a whole number"),
        ("0x10", "not a whole number"),
        ("1_000", "not a whole number"),
        ("12\0", "not a whole number"),
        ("12\n3", "not a whole number"),
        ("\uff11\uff12\uff17", "digits that are not plain"),
        ("١٢٧", "digits that are not plain"),
        ("²", "digits that are not plain"),
        ("dua", "not a whole number"),
    ],
)
def test_what_is_no_count_is_refused_with_the_reason(text, why):
    with pytest.raises(BadCell) as error:
        parse_count(text, "sah")
    assert why in error.value.reason
    assert (error.value.code, error.value.column) == ("count", "sah")


@pytest.mark.parametrize("value", [True, False, 1.0, "1", -1, 10**6, 10**20, [], {}])
def test_json_counts_are_integers_within_bounds_and_nothing_else(value):
    with pytest.raises(BadCell):
        check_count(value)


def test_json_null_is_not_read():
    assert (check_count(None), check_count(0), check_count(MAX_COUNT)) == (
        None,
        0,
        MAX_COUNT,
    )


@pytest.mark.parametrize(
    "text",
    [
        "1371011001007",
        " 1371011001007 ",
        "13710110017",
        "137101100107",
        "1371011001-7",
        "1371011001 7",
        "1371011001/007",
        "13.71.01.1001.7",
        "13.71.01.1001 TPS 07",
        "13.71.01.1001 tps 7",
    ],
)
def test_known_spellings_of_one_station_are_one_code(text):
    assert parse_place(text) == "1371011001007"


def test_overseas_codes_keep_their_letters():
    assert parse_place("99AB010001001") == "99AB010001001"
    assert parse_place("99ab010001001".upper()) == "99AB010001001"
    assert join_place("99AB010001", "2", ("a", "b")) == "99AB010001002"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("1.37101E+12", "format the column as text"),
        ("1,37E+12", "format the column as text"),
        ("\uff11\uff1371011001001", "not plain"),
        ("1371011001", "not a TPS code"),
        ("13710110010000", "not a TPS code"),
        ("13AB011001001", ""),
        ("1371011001000x", ""),
        ("1371011001 0", ""),
        ("-371011001001", ""),
        ("=1371011001001", ""),
        ("TPS 1 Belakang Pondok", "not a TPS code"),
    ],
)
def test_what_is_no_station_is_refused_with_the_reason(text, why):
    with pytest.raises(BadCell) as error:
        parse_place(text, "kode")
    assert why in error.value.reason
    assert (error.value.code, error.value.column) == ("tps", "kode")


@given(st.integers(1, 999), st.sampled_from(["{}", "{:03d}", "TPS {}", " {}", "{}.0"]))
def test_a_kelurahan_and_a_number_make_the_code(number, form):
    code = join_place("13.71.01.1001", form.format(number), ("kel", "no"))
    assert code == f"1371011001{number:03d}"


@pytest.mark.parametrize(
    "number", ["0", "000", "1000", "-1", "1a", "", "\uff11", "1.5"]
)
def test_a_wrong_number_names_its_own_column(number):
    with pytest.raises(BadCell) as error:
        join_place("1371011001", number, ("kel", "no"))
    assert error.value.column == "no"


@pytest.mark.parametrize("kelurahan", ["", "137101100", "13710110011", "13AB011001"])
def test_a_wrong_kelurahan_names_its_own_column(kelurahan):
    with pytest.raises(BadCell) as error:
        join_place(kelurahan, "1", ("kel", "no"))
    assert error.value.column == "kel"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-04-17T22:53:46Z", "2019-04-17T22:53:46Z"),
        ("2024-02-16 23:00:00", "2024-02-16T16:00:00Z"),  # no zone: Jakarta's time
        ("2024-02-14T16:05:00+07:00", "2024-02-14T09:05:00Z"),
        ("2024-02-14T16:05:00.123+09:00", "2024-02-14T07:05:00Z"),
        ("2024-02-14 16:05", "2024-02-14T09:05:00Z"),
    ],
)
def test_times_become_utc(text, moment):
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30T00:00:00Z",
        "2024-02-14T25:00:00Z",
        "2024-02-14T10:00:60Z",
        "14/02/2024 10:00",
        "2024-02-14",
        "1707900000",
        "0001-01-01 00:00:00",
        "9999-12-31T23:59:59-07:00",
        "\uff12\uff10\uff12\uff14-02-14T10:00:00Z",
        "kemarin",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadCell) as error:
        parse_time(text, "waktu")
    assert error.value.code == "time"
