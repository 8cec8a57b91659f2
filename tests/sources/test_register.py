"""sources/register.py"""

import gzip
import json

import pytest

from federation.errors import ConfigError, FormatError
from federation.profiles import load_regions
from federation.records.register import UNKNOWN_VOTERS, Register
from federation.sources.register import read_register
from federation.sources.row import Bad
from federation.sources.stream import SourceFile


@pytest.fixture
def register_of(put):
    def work(content, **columns):
        register = Register("pilpres-2019")
        with SourceFile(put(content)) as source:
            found = list(read_register(source, register, columns))
        return register, found

    return work


@pytest.fixture
def register_of_2024(put):
    def work(content, **options):
        register = Register("pemilu-2024")
        regions = load_regions("pemilu-2024")
        with SourceFile(put(content)) as source:
            found = read_register(source, register, {}, regions=regions, **options)
            return register, list(found)

    return work


def test_a_table_with_names_and_voters(register_of):
    register, found = register_of(
        "kode_tps,provinsi,kabupaten,kecamatan,kelurahan,dpt_l,dpt_p\n"
        "1371011001002,SUMATERA BARAT,KOTA PADANG,PADANG SELATAN,BELAKANG PONDOK,1,2\n"
        "1371011001001,SUMATERA BARAT,KOTA PADANG,PADANG SELATAN,BELAKANG PONDOK,,2\n"
    )
    assert not found
    assert list(register.codes()) == ["1371011001001", "1371011001002"]
    assert list(next(register.villages()).voters) == [UNKNOWN_VOTERS, 3]
    assert register.names == {
        "13": "SUMATERA BARAT",
        "1371": "KOTA PADANG",
        "137101": "PADANG SELATAN",
        "1371011001": "BELAKANG PONDOK",
    }


@pytest.mark.parametrize(
    "text",
    [
        "kode\n1371011001007\n",
        "kode_kelurahan;no_tps;dpt\n1371011001;7;200\n",
        "kode_kelurahan\ttps\n13.71.01.1001\tTPS 7\n",
    ],
)
def test_other_columns_of_the_same_station(register_of, text):
    register, found = register_of(text)
    assert (list(register.codes()), found) == (["1371011001007"], [])


@pytest.mark.parametrize(
    "text",
    [
        "kode_tps,kode_kelurahan\n1371011001007,1371011001\n",
        "kode_tps,kode_kelurahan\n1371011001007,\n",
        "kode_tps,kode_kelurahan,no_tps\n1371011001007,1371011001,TPS 07\n",
        "kode_tps,no_tps\n1371011001007,7\n",
        "kode_tps,no_tps\n1371011001007,\n",
        "Kode TPS;Kode Kelurahan\n7;13.71.01.1001\n",
        'ID TPS\n="1371011001007"\n',
        "kode_tps\n\u00a01371011001007.0\n",
        "kode_tps\r1371011001007\r",
        "DAFTAR TPS,,\n,,\nkode_tps,kelurahan,dpt\n1371011001007,BP,1\n",
    ],
)
def test_a_whole_code_beside_its_parts_is_that_station(register_of, text):
    register, found = register_of(text)
    assert list(register.codes()) == ["1371011001007"]
    assert not [one for one in found if isinstance(one, Bad)]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("kode_tps,kode_kelurahan\n1371011001007,1371011002\n", "kode_tps"),
        ("kode_tps,no_tps\n1371011001007,8\n", "no_tps"),
        ("kode_tps,kode_kelurahan\n137101100107,1371011001\n", "kode_tps"),
        ("kode_kelurahan,no_tps\n9901010001,1\n", "no_tps"),
        ("kode_tps\n137101100107\n", "kode_tps"),
    ],
)
def test_a_code_and_parts_that_contradict_it_are_refused(register_of, text, column):
    register, found = register_of(text)
    assert [(one.row, one.code, one.column) for one in found] == [(2, "tps", column)]
    assert register.size == 0


def test_abroad_the_number_beside_a_code_is_another(register_of):
    register, found = register_of("kode_tps,no_tps\n9901010001002,TPS 001\n")
    assert (list(register.codes()), found) == (["9901010001002"], [])


def test_rows_below_a_title_keep_their_numbers(register_of):
    text = "DAFTAR TPS\n\nkode_tps,kelurahan\n1371011001007,A\nx,A\n"
    _, found = register_of(text)
    assert [(one.row, one.code) for one in found] == [(1, "title-rows"), (5, "tps")]


def test_columns_named_by_flags_are_looked_for_below_a_title(register_of):
    register, _ = register_of("DAFTAR\nA,B\n1371011001007,x\n", tps="A")
    assert list(register.codes()) == ["1371011001007"]


@pytest.mark.parametrize(
    ("ranges", "numbers"),
    [
        ([3], [1, 2, 3]),
        ([1], [1]),
        ([4, 901, 902], [1, 2, 3, 4, 901, 902]),
        ([2, 901, 901, 905, 906], [1, 2, 901, 905, 906]),
        ([-26], [26]),
        ([-2, 901, 901], [2, 901]),
    ],
)
def test_ranges_as_they_are_published(register_of, ranges, numbers):
    text = json.dumps({"id2name": {"13": "SB"}, "tps": {"1371011001": ranges}})
    register, found = register_of(text)
    assert not found
    assert list(next(register.villages()).numbers) == numbers
    assert register.names == {"13": "SB"}


@pytest.mark.parametrize(
    "ranges", [[], [0], [1000], [2, 901], [2, 5, 4], [2, -5, -4], [True], ["3"], 3, {}]
)
def test_ranges_that_say_nothing_are_refused_by_village(register_of, ranges):
    text = json.dumps({"tps": {"1371011001": ranges, "1371011002": [1]}})
    register, found = register_of(text)
    assert [(one.row, one.code) for one in found] == [(1, "ranges")]
    assert list(register.codes()) == ["1371011002001"]


def test_a_row_without_a_code_is_refused_and_one_twice_counts_once(register_of):
    register, found = register_of(
        "kode,provinsi,dpt\n1371011001001,A,1\nx,A,1\n1371011001001,A,2\n"
        "1371011001002,A,banyak\n1371011001003,A\n1371012001001,\u202ea,1\n"
    )
    assert [(one.row, one.code, isinstance(one, Bad)) for one in found] == [
        (3, "tps", True),
        (4, "twice", False),
        (5, "count", True),
        (6, "cells", True),
    ]
    assert register.size == 2


def test_names_that_could_deceive_a_reader_are_refused(register_of):
    _, found = register_of("kode,provinsi\n1371011001001,a\u202eb\n")
    assert [(one.row, one.code) for one in found] == [(2, "name")]


def test_flags_name_columns(register_of):
    register, _ = register_of("A,B\n1371011001,3\n", kelurahan_code="A", number="B")
    assert list(register.codes()) == ["1371011001003"]
    with pytest.raises(FormatError, match="not one column 'C'"):
        register_of("A,B\n1,2\n", tps="C")
    with pytest.raises(ConfigError, match="no such column"):
        register_of("A,B\n1,2\n", warna="A")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nama\nx\n",
        "kode,kode_tps\n1,2\n",
        '{"tps":[]}',
        '{"id2name":{}}',
        '{"tps":{"a":',
        '{"tps":{},"id2name":[]}',
    ],
)
def test_a_file_that_is_no_register_is_refused(register_of, text):
    with pytest.raises(FormatError):
        register_of(text)


def test_a_file_of_ranges_that_go_too_far_is_refused_as_a_whole(register_of):
    # 410 kB of these were 21,578,400 stations, 53 s and 979 MB.
    villages = {f"13710{n:05d}": [999] for n in range(2100)}
    with pytest.raises(FormatError, match="more than 2000000 polling stations") as told:
        register_of(json.dumps({"tps": villages}))
    assert told.value.at == "1371002002"


def test_ranges_that_say_a_number_often_hold_it_once(register_of):
    villages = {f"13710{n:05d}": [999] + [1, 999] * 99 for n in range(700)}
    register, found = register_of(json.dumps({"tps": villages}))
    assert (register.size, found) == (700 * 999, [])


def test_the_real_sample_and_the_real_ranges(shared):
    register = Register("pilpres-2019")
    with SourceFile(shared / "data/pilpres2019/sample-register.csv") as source:
        assert list(read_register(source, register, {})) == []
    assert register.size == 5252
    assert register.names["1371"] == "KOTA PADANG"


RANGES = {
    "id2name": {"13": "SUMATERA BARAT", "99": "LUAR NEGERI", "9901": "BRUNEI"},
    "tps": {"1371011001": [2], "9901010001": [25], "9901010002": [-26]},
}


def test_overseas_codes_of_a_list_of_ranges_are_left_out_and_this_is_said(
    register_of_2024,
):
    register, found = register_of_2024(json.dumps(RANGES))
    assert list(register.codes()) == ["1371011001001", "1371011001002"]
    assert register.names == {"13": "SUMATERA BARAT"}
    assert [(one.row, one.code) for one in found] == [(0, "overseas")]
    assert found[0].reason.values == {"villages": 2, "stations": 26}


def test_ranges_with_kpus_overseas_codes_are_taken_when_told_so(register_of_2024):
    register, found = register_of_2024(json.dumps(RANGES), kpu_overseas=True)
    assert len(list(register.codes())) == 27
    assert "9901" in register.names
    # By its form the other one cannot be KPU's.
    assert [(one.row, one.code, one.reason[:12]) for one in found] == [
        (3, "tps", "'9901010002'")
    ]


def test_whole_overseas_codes_in_a_table_are_taken_if_kpu_can_have_them(
    register_of_2024,
):
    text = "kode_tps\n9901010001001\n99BE010001002\n9902020003001\n1371011001001\n"
    register, found = register_of_2024(text)
    assert list(register.codes()) == [
        "1371011001001",
        "9901010001001",
        "99BE010001002",
    ]
    assert [(one.row, one.code, one.column) for one in found] == [
        (4, "tps", "kode_tps")
    ]


def test_codes_at_home_that_the_known_regions_lack_are_taken_and_said(
    register_of_2024,
):
    text = "kode_tps\n7202010001001\n7202010001002\n3171011999001\n1371011001001\n"
    register, found = register_of_2024(text)
    assert register.size == 4
    assert [(one.row, one.code) for one in found] == [(0, "regions")]
    assert found[0].reason.values["count"] == 2
    assert found[0].reason.values["first"].key == "numbering.region-bps"


@pytest.mark.slow  # reads the register of the country
def test_the_whole_countrys_ranges_add_up_to_what_is_published(shared):
    path = shared / "data/register2024/kp24-tps-register.json.gz"
    with gzip.open(path) as file:
        assert len(json.load(file)["tps"]) == 84_035
    register = Register("pemilu-2024")
    with SourceFile(path) as source:
        regions = load_regions("pemilu-2024")
        found = list(read_register(source, register, {}, regions=regions))
    assert register.size == 820_161
    assert [one.code for one in found] == ["overseas"]
    assert found[0].reason.values == {"villages": 304, "stations": 823_366 - 820_161}
