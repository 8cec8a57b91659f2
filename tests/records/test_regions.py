"""The regions of an election: what is said of a code that it cannot have."""

import pytest

from federation.errors import FormatError
from federation.records.regions import (
    decode_regions,
    encode_regions,
    gather_regions,
    is_kpu_overseas,
    why_impossible,
)
from federation.text import Text

CODES = ("1101012001", "1101012002", "3171011001", "7202011001", "9103013007")
WHOLE = gather_regions("pemilu-2024", CODES, abroad=True, complete=True)
PART = gather_regions("pilpres-2019", CODES, abroad=True, complete=False)
AT_HOME = gather_regions("pilkada-2024", CODES, abroad=False, complete=True)


def test_every_region_of_the_list_is_known_with_and_without_a_number():
    for code in CODES:
        assert WHOLE.knows(code)
        assert why_impossible(code, WHOLE) is None
        assert why_impossible(f"{code}001", WHOLE) is None


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("0001012001001", "region-province"),
        ("9901010001001", ""),
        ("9901012001001", "region-not-kpu"),
        ("9901010002026", "region-not-kpu"),  # Kawal Pemilu: by post, Brunei
        ("9902020003001", "region-not-kpu"),
        ("99AB010001001", ""),
        ("7202010001001", "region-bps"),  # BPS: kecamatan 010, desa 001
        ("7202014001001", "region-bps"),
        ("9999912001001", "region-not-kpu"),
        ("3199011001001", "region-kabupaten"),
        ("3171991001001", "region-kecamatan"),
        ("3171011002001", "region-kelurahan"),
        ("3171013001001", "region-kelurahan"),
        ("3171011002", "region-kelurahan"),
        # Of regions above a kelurahan, the first part that is none.
        *(("31", ""), ("3171", ""), ("317101", "")),
        *(("00", "region-province"), ("3199", "region-kabupaten")),
        ("317102", "region-kecamatan"),
        *(("99", ""), ("9901", ""), ("990101", ""), ("99AB", "")),
        *(("999999", "region-not-kpu"), ("99AB02", "region-not-kpu")),
    ],
)
def test_the_first_part_that_cannot_be_is_named(code, key):
    why = why_impossible(code, WHOLE)
    if not key:
        assert why is None
        return
    assert why is not None
    assert why.key == f"numbering.{key}"
    assert code in why
    assert code in Text("id").say(why)


def test_an_election_that_is_not_held_abroad_has_no_code_there():
    for code in ("9901010001001", "99AB010001", "99", "9901"):
        why = why_impossible(code, AT_HOME)
        assert why is not None
        assert why.key == "numbering.region-abroad"


def test_a_list_with_gaps_refuses_by_the_form_of_a_code_alone():
    for code in ("3199011001", "3171991001", "3171011002"):
        assert why_impossible(code, PART) is None
    for code in ("0001012001", "7202010001"):
        assert why_impossible(code, PART) is not None


def test_only_a_whole_list_knows_the_form_of_overseas_codes():
    assert why_impossible("9902020003001", PART) is None
    assert is_kpu_overseas("99BE010001002")
    assert not is_kpu_overseas("99BE010002002")
    assert not is_kpu_overseas("3201010001002")


def test_a_stored_list_is_read_as_it_was_written_in_any_order():
    assert decode_regions(encode_regions(reversed(CODES))) == frozenset(CODES)


@pytest.mark.parametrize("data", [b"", b"1 2", encode_regions(CODES)[:-3]])
def test_a_damaged_list_is_refused(data):
    with pytest.raises(FormatError):
        decode_regions(data)
