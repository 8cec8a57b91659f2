"""What is said of a map has one form, and names only what can be part of it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import FederationError, FormatError, RecordError
from federation.records.publishedmap import (
    MAX_LOGS,
    PublishedMap,
    format_map,
    parse_map,
)

ORIGIN = "a.example/pemilu-2024"
GOOD = {
    "digest": "1" * 64,
    "election": "pemilu-2024",
    "profile": "2" * 64,
    "register": "",
    "rows": 7,
    "rules": 1,
    "vector": {ORIGIN: 8, f"{ORIGIN}/2": 0},
}


def test_the_line_is_as_the_protocol_draws_it():
    said = PublishedMap(**GOOD)
    assert format_map(said) == (
        b'{"digest":"%s","election":"pemilu-2024","profile":"%s","register":"",'
        b'"rows":7,"rules":1,"vector":{"a.example/pemilu-2024":8,'
        b'"a.example/pemilu-2024/2":0}}' % (b"1" * 64, b"2" * 64)
    )
    assert parse_map(format_map(said)) == said
    # Where it is answered by its type alone, the members come in the same order.
    assert msgspec.json.encode(said) == format_map(said)


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "1" * 63},
        {"digest": "A" * 64},
        {"election": "Pemilu"},
        {"profile": ""},
        {"register": "3" * 65},
        {"rows": -1},
        {"rules": 0},
        {"vector": {"a.example": 1}},
        {"vector": {ORIGIN: -1}},
        {"vector": {"a.example/pilpres-2019": 1}},
        {"vector": {f"{ORIGIN}/incidents": 1}},
        {"more": 1},
    ],
    ids=str,
)
def test_what_is_outside_its_bounds_is_refused(change):
    line = msgspec.json.encode(GOOD | change, order="sorted")
    with pytest.raises(RecordError):
        parse_map(line)


def test_a_map_of_more_logs_than_anybody_lists_is_refused():
    names = [f"a{at}.example/pemilu-2024" for at in range(MAX_LOGS + 1)]
    last = {"vector": dict.fromkeys(names[1:], 1)}
    assert len(parse_map(msgspec.json.encode(GOOD | last, order="sorted")).vector)
    more = {"vector": dict.fromkeys(names, 1)}
    with pytest.raises(RecordError):
        parse_map(msgspec.json.encode(GOOD | more, order="sorted"))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        format_map(PublishedMap(**GOOD)) + b"\n",
        format_map(PublishedMap(**GOOD)).replace(b'"rows":7', b'"rows": 7'),
        format_map(PublishedMap(**GOOD))[:-1],
    ],
)
def test_any_other_bytes_are_refused(line):
    with pytest.raises((FormatError, RecordError)):
        parse_map(line)


@settings(max_examples=200)
@given(bit=st.integers(0, len(format_map(PublishedMap(**GOOD))) * 8 - 1))
def test_a_flipped_bit_is_refused_or_says_something_else(bit):
    line = bytearray(format_map(PublishedMap(**GOOD)))
    line[bit // 8] ^= 1 << bit % 8
    try:
        said = parse_map(bytes(line))
    except FederationError:
        return
    assert said != PublishedMap(**GOOD)
    assert format_map(said) == bytes(line)
