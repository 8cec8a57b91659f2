"""Texts that repeat: the same verdict and words as a pattern in the type."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from federation.errors import RecordError
from federation.records import repeated
from federation.records.canonical import (
    DAY_PATTERN,
    TIME_OF_DAY_PATTERN,
    TIME_PATTERN,
    Org,
    Time,
    convert,
)
from federation.records.profile import CandidateId, Election
from federation.records.result import TpsResult
from federation.records.tps import TpsCode

GOOD_TIME = "2024-02-29T13:05:00Z"


class Typed(Struct):
    election: Election = "pemilu-2024"
    org: Org = "jagasuara.example"
    recorded_at: Time = GOOD_TIME
    tps: TpsCode = "3171010001001"
    candidates: dict[CandidateId, int] = {}


CHECKS = {
    "election": lambda text: repeated.check_source(text, "jagasuara.example"),
    "org": lambda text: repeated.check_source("pemilu-2024", text),
    "recorded_at": lambda text: repeated.check_time(text, "recorded_at"),
    "tps": repeated.check_tps,
    "candidates": lambda text: repeated.check_candidates((text,), "candidates"),
}
TEXTS = {
    "election": ["pemilu-2024", "", "Pemilu", "a" * 41, "pemilu\n", "p u"],
    "org": ["a.b", "", "a", "a.", ".a", "A.b", "a.b\n", "a..b"],
    "recorded_at": [
        *(GOOD_TIME, "2023-02-29T13:05:00Z", "2024-02-30T13:05:00Z"),
        *("2024-02-29T24:05:00Z", "2024-02-29T13:05:60Z", GOOD_TIME + "\n"),
        *("", "2024-02-29", "T13:05:00Z", " " + GOOD_TIME, GOOD_TIME + GOOD_TIME),
        "\uff12024-02-29T13:05:00Z",
    ],
    "tps": ["3171010001001", "99AB010001901", "", "317101000100", "317101000100\n"],
    "candidates": ["01", "", "A", "1" * 33, "01\n", "a b"],
}
CASES = [(field, text) for field, texts in TEXTS.items() for text in texts]


def verdict(check):
    try:
        check()
    except RecordError as error:
        return str(error)
    return None


def typed(field, text):
    members = {field: {text: 1} if field == "candidates" else text}
    return verdict(lambda: convert(members, Typed))


@pytest.mark.parametrize(("field", "text"), CASES)
def test_a_text_gets_the_words_that_a_pattern_in_the_type_gives(field, text):
    for _ in range(2):  # also when it is remembered
        assert verdict(lambda: CHECKS[field](text)) == typed(field, text)


@given(st.from_regex(DAY_PATTERN, fullmatch=True), st.text(max_size=12))
def test_a_day_is_followed_by_a_time_of_day_and_nothing_else(day, rest):
    good = re.fullmatch(TIME_OF_DAY_PATTERN, rest) is not None
    assert (verdict(lambda: repeated.check_time(day + rest, "x")) is None) == good
    assert (re.search(TIME_PATTERN, day + rest) is not None) == good


def test_no_result_is_made_unchecked(jaga):
    with pytest.raises(RecordError, match=r"^tps: should be a TPS code"):
        jaga.result(tps="1")
    with pytest.raises(RecordError, match=r"^observed_at: should be a real time"):
        jaga.result(observed_at="yesterday")
    good = jaga.result()
    members = {name: getattr(good, name) for name in TpsResult.__struct_fields__}
    with pytest.raises(RecordError, match=r"^candidates: name of a member"):
        TpsResult(**members | {"candidates": {"A": 1}})


def test_a_refused_text_is_not_remembered():
    before = repeated.check_source.cache_info().currsize
    for number in range(9):
        with pytest.raises(RecordError):
            repeated.check_source(f"NO-{number}", "a.b")
    assert repeated.check_source.cache_info().currsize == before
