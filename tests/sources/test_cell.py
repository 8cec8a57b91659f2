"""sources/cell.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.sources.blank import BLANK, GUARDS, NOTHING, is_blank
from federation.sources.cell import (
    COUNTS,
    MAX_COUNT,
    NO_COUNTS,
    check_count,
    join_place,
    parse_count,
    parse_place,
    parse_time,
)
from federation.sources.moment import MOMENTS
from federation.sources.place import NUMBERS, PLACES
from federation.sources.row import BadCell, clip


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


@pytest.mark.parametrize(
    "value", [True, False, 1.5, "1x", -1, -1.0, 1e6, 10**6, 10**20, [], {}]
)
def test_json_counts_are_whole_numbers_within_bounds_and_nothing_else(value):
    with pytest.raises(BadCell):
        check_count(value)


def test_json_null_is_not_read():
    assert (check_count(None), check_count(0), check_count(MAX_COUNT)) == (
        None,
        0,
        MAX_COUNT,
    )


@pytest.mark.parametrize(
    ("value", "count"), [(61.0, 61), (0.0, 0), (-0.0, 0), (1e2, 100)]
)
def test_json_has_no_other_kind_of_number_so_a_whole_float_is_one(value, count):
    read = check_count(value)
    assert (read, type(read)) == (count, int)


@pytest.mark.parametrize(
    "text",
    [
        "1371011001007",
        " 1371011001007 ",
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
    assert parse_place("99ab010001001") == "99AB010001001"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("1.37101E+12", "format the column as text"),
        ("1,37E+12", "format the column as text"),
        ("\uff11\uff1371011001001", "not plain"),
        ("1371011001", "the number of the TPS is missing"),
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


def refusal(read, *arguments, **options):
    """The name of the sentence that says why, and the column."""
    with pytest.raises(BadCell) as error:
        read(*arguments, **options)
    return error.value.reason.key.removeprefix("cell."), error.value.column


@pytest.mark.parametrize(("name", "example", "value"), COUNTS)
def test_every_count_of_the_reference_is_read_as_it_says(name, example, value):
    assert parse_count(example) == value, name


@pytest.mark.parametrize(("example", "why"), NO_COUNTS)
def test_every_refusal_of_the_reference_has_its_reason(example, why):
    assert refusal(parse_count, example, "sah") == (why, "sah")


@pytest.mark.parametrize(("name", "example", "value"), GUARDS)
def test_what_stands_around_a_value_is_taken_off(name, example, value):
    assert parse_count(example) == int(value), name
    assert parse_place(example.replace("127", "7202011001004")) == "7202011001004"
    assert (
        parse_time(example.replace("127", "2024-02-14 23.45")) == "2024-02-14T16:45:00Z"
    )


@pytest.mark.parametrize("word", NOTHING)
def test_nothing_is_not_read_in_any_case_and_at_any_door(word):
    for text in (word, word.upper(), word.title(), f" {word}\N{NO-BREAK SPACE}"):
        assert is_blank(text)
        assert (parse_count(text), parse_time(text)) == (None, None)


@pytest.mark.parametrize("text", ["N/A", "n/a", "–", "NULL", "NaN", "#N/A", "None"])
def test_the_common_spellings_of_nothing_are_known_without_a_call(text):
    assert text in BLANK


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.000", "count-thousands"),
        ("1\N{NO-BREAK SPACE}234", "count-thousands"),
        ("1\N{NARROW NO-BREAK SPACE}234", "count-thousands"),
        ("1.234,00", "count-thousands"),
        ("1'234", "count-thousands"),
        ("1.234.567", "count-thousands"),
        ("12\N{ZERO WIDTH SPACE}7", "count-unseen"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}721", "count-unseen"),
        ("12\N{CYRILLIC CAPITAL LETTER O}", "count-letter"),
        ("l2", "count-letter"),
        ("#DIV/0!", "count-failed"),
        ("\N{MINUS SIGN}5", "count-negative"),
        ("zero", "count-zero"),
        ("Tidak  ada", "count-word"),
        ("127 suara", "count-not"),
        ("12-7", "count-not"),
        ("½", "count-not"),
        ("1,2,7", "count-not"),
        ("127,0,0", "count-not"),
        ("\uff11\uff12", "count-digits"),
    ],
)
def test_a_doubtful_count_is_refused_and_never_misread(text, why):
    assert refusal(parse_count, text) == (why, "")


@pytest.mark.parametrize(("name", "example", "code"), PLACES)
def test_every_code_of_the_reference_is_read_as_it_says(name, example, code):
    assert parse_place(example) == code, name


@pytest.mark.parametrize(("example", "number"), NUMBERS)
def test_every_number_of_the_reference_is_read_as_it_says(example, number):
    code = f"7202011001{number:03d}"
    assert join_place("7202011001", example, ("kel", "no")) == code


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("720211001001", "place-short"),  # lost a digit, or TPS 1 of 7202110010?
        ("72021100101", "place-short"),
        ("72.02.01.10014", "place-short"),
        ("720211001000", "place-short"),
        ("7202011001-0", "place-zero"),
        ("7202011001.4", "place-decimal"),  # .4, .40 and .400 are one number
        ("7202011001,04", "place-decimal"),
        ("7202011001.0", "place-kelurahan"),
        ("72.02.01.1001", "place-kelurahan"),
        ("9901010001-1", "place-abroad"),
        ("9901010001 TPS 001", "place-abroad"),
        ("99.01.01.0001.001", "place-abroad"),
        ("990101000101", "place-abroad"),
        ("72AB011001001", "place-letters"),
        ("7202011001 POS 1", "number-post"),
        ("7.202E+12", "place-spoilt"),
        ("7202011001-4A", "place-not"),
        ("720201100100 1", "place-not"),  # a blank within a group is no separator
        ("TPS 4", "place-not"),
        ("n/a", "place-not"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}4001001102027", "place-plain"),
    ],
)
def test_a_code_that_could_be_another_is_refused_with_the_reason(text, why):
    assert refusal(parse_place, text, "kode") == (why, "kode")


def test_a_number_that_is_not_padded_is_taken_where_the_caller_says_so():
    assert parse_place("72020110014", unpadded=True) == "7202011001004"
    assert parse_place("720201100114", unpadded=True) == "7202011001014"
    assert parse_place("7202011001004", unpadded=True) == "7202011001004"
    assert refusal(parse_place, "990101000112", unpadded=True)[0] == "place-abroad"
    assert refusal(parse_place, "72020110010", unpadded=True)[0] == "place-short"
    assert refusal(parse_place, "7202011001", unpadded=True)[0] == "place-kelurahan"


@pytest.mark.parametrize("number", ["1", "TPS 001", "POS 001", "KSK 2", "001"])
def test_abroad_a_kelurahan_and_a_number_make_no_code(number):
    columns = ("kel", "no")
    assert refusal(join_place, "9901010001", number, columns) == ("place-abroad", "no")
    assert refusal(join_place, "99AB010001", number, columns) == ("place-abroad", "no")


@pytest.mark.parametrize(
    ("kelurahan", "number"),
    [
        ("7202011001", "7202011001004"),
        ("7202011001", " 7202011001004 "),
        ("7202011001", "7202011001004.0"),
        ("72.02.01.1001", "72.02.01.1001.004"),
        ("7202011001004", "4"),
        ("7202011001004", "TPS 004"),
        ("7202011001004", "7202011001004"),
        ("", "7202011001004"),
        ("7202011001.0", "4.0"),
        ("\N{NO-BREAK SPACE}7202011001", "TPS\N{NO-BREAK SPACE}4"),
    ],
)
def test_a_whole_code_beside_what_it_holds_is_that_code(kelurahan, number):
    assert join_place(kelurahan, number, ("kel", "no")) == "7202011001004"


def test_abroad_a_whole_code_beside_its_kelurahan_is_that_code():
    assert join_place("9901010001", "9901010001002", ("k", "n")) == "9901010001002"


@pytest.mark.parametrize(
    ("kelurahan", "number", "why"),
    [
        ("7202011001", "7202011002004", ("contradiction", "no")),
        ("7202011001004", "5", ("contradiction-number", "no")),
        ("7202011001004", "7202011001005", ("contradiction", "no")),
        ("9901010001002", "1", ("place-abroad", "no")),
        ("7202011001", "4A", ("number-not", "no")),
        ("7202011001", "4 dan 5", ("number-not", "no")),
        ("7202011001", "4-5", ("number-not", "no")),
        ("7202011001", "-4", ("number-not", "no")),
        ("7202011001", "POS 1", ("number-post", "no")),
        ("720201100", "4", ("kelurahan-length", "kel")),
        ("7.202E+09", "4", ("place-spoilt", "kel")),
        ("Moengko", "4", ("kelurahan-not", "kel")),
        ("72AB011001", "4", ("place-letters", "kel")),
        ("", "4", ("kelurahan-empty", "kel")),
    ],
)
def test_a_kelurahan_and_a_number_that_do_not_fit_are_refused(kelurahan, number, why):
    assert refusal(join_place, kelurahan, number, ("kel", "no")) == why


@pytest.mark.parametrize(("example", "moment"), MOMENTS)
def test_every_time_of_the_reference_is_read_as_it_says(example, moment):
    assert parse_time(example) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("02/02/2024 10:00", "2024-02-02T03:00:00Z"),
        ("14 Agt 2024 07.05", "2024-08-14T00:05:00Z"),
        ("14 Peb 2024, pkl. 23.05 wita", "2024-02-14T15:05:00Z"),
        ("Jum'at, 16 Februari 2024 08.00 WIT", "2024-02-15T23:00:00Z"),
        ("2024-02-14 8:15\N{NARROW NO-BREAK SPACE}PM", "2024-02-14T13:15:00Z"),
        ("2024-02-14 12:30 AM", "2024-02-13T17:30:00Z"),
        ("2024-02-14 12:30 PM", "2024-02-14T05:30:00Z"),
        ("2024-02-14T16:05+07", "2024-02-14T09:05:00Z"),
        ("2024-02-14T16:05:00.123-0300", "2024-02-14T19:05:00Z"),
        ("2024-2-4 9:05", "2024-02-04T02:05:00Z"),
        ("2024-02-14 23:05 (WIB)", "2024-02-14T16:05:00Z"),
        ("1970-01-01 00:00:00", "1969-12-31T17:00:00Z"),
        ("2024-02-14T16:05:00.000Z", "2024-02-14T16:05:00Z"),  # a browser
        ("2024-02-14T16:05:00.000+07:00", "2024-02-14T09:05:00Z"),  # KoboToolbox
        ("2/14/2024 16:05:33", "2024-02-14T09:05:33Z"),  # Google Forms
        ("14 February 2024 at 16.05.10 GMT+7", "2024-02-14T09:05:10Z"),
        ("14 Februari 2024 - 16:05", "2024-02-14T09:05:00Z"),
    ],
)
def test_other_spellings_of_times(text, moment):
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("4/5/2019 10:00", "time-order"),
        ("04.05.2019 10.00", "time-order"),
        ("14/02/24 10.00", "time-year"),
        ("14 Feb 24 10:00", "time-year"),
        ("2024-02-14", "time-day"),
        ("14 Februari 2024", "time-day"),
        ("45336.98", "time-number"),
        ("1707900000", "time-number"),
        ("1707900000000", "time-number"),
        ("1.7079E+09", "time-number"),
        ("23.45", "time-hour"),
        ("2024-02-30 10:00", "time-none"),
        ("30 Februari 2024 10.00", "time-none"),
        ("2024-02-14 24:00:00", "time-none"),
        ("2024-02-14 24.00", "time-none"),
        ("2024-02-14 23:59:60", "time-none"),
        ("14/14/2024 10:00", "time-none"),
        ("2024-02-14 13:00 AM", "time-none"),
        ("2024-02-14 0:30 PM", "time-none"),
        ("Kamis, 14 Februari 2024 10.00", "time-weekday"),
        ("2024-02-14 10:00 EST", "time-zone"),
        ("2024-02-14 10:00 WIB+8", "time-zone"),
        ("2024-02-14 10:00:00+15:00", "time-zone"),
        ("2024-02-14 10:00 +0700 (WITA)", "time-zone"),
        ("2024-02-14 23:45.10", "time-not"),
        ("2024-02-14 10", "time-not"),
        ("2024-02-14T10", "time-not"),
        ("2024-02-14 1005", "time-not"),
        ("2024-W07-3T16:05:00Z", "time-not"),
        ("2024-02-14 8 malam", "time-not"),
        ("14 Mai 2024 10:00", "time-not"),
        ("2024-02-1423:05", "time-not"),
        ("14 Feb 202423:05", "time-not"),
        ("0999-01-01 00:00:00", "time-old"),
    ],
)
def test_a_doubtful_time_is_refused_with_the_reason(text, why):
    assert refusal(parse_time, text, "waktu") == (why, "waktu")


def test_both_readings_of_a_day_are_told():
    with pytest.raises(BadCell, match="2019-05-04 or 2019-04-05"):
        parse_time("4/5/2019 10:00")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Café Jalan – 5", "'Café Jalan – 5'"),
        ("a\xa0b\u200bc", r"'a\xa0b\u200bc'"),
        ("\ufeffTPS\t1\r", r"'\ufeffTPS\t1\r'"),
        ("\u202e721\x1b[2J", r"'\u202e721\x1b[2J'"),
        ("\uff11\xb2\u041e", r"'\uff11\xb2\u041e'"),
        ("it's é", '"it\'s é"'),
        ("'\"é\\", r"""'\'"é\\'"""),
        ("\udce9é", r"'\udce9é'"),
        ("x" * 41, f"'{'x' * 37}...'"),
        (True, "'true'"),
        (5, "'5'"),
    ],
)
def test_what_is_quoted_shows_what_is_not_seen(value, shown):
    assert clip(value) == shown


@given(st.text())
def test_what_is_quoted_never_steers_a_terminal(text):
    assert clip(text).isprintable()
