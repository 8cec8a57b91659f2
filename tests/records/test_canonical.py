"""The single byte form: what is not in it is refused, whatever it means."""

import datetime as dt
import json
import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.errors import FormatError, RecordError
from federation.records import canonical
from federation.records.canonical import (
    FORBIDDEN,
    MAX_DEPTH,
    TIME_PATTERN,
    check_text,
    convert,
    decode,
    decode_as,
    encode,
)
from federation.records.withdrawal import Withdrawal

SAFE = st.characters(exclude_categories=["Cs", "Cc"]).filter(
    lambda c: not FORBIDDEN.search(c)
)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=8)
VALUES = st.recursive(
    st.integers(0, 2**53 - 1) | st.text(SAFE, max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner),
    max_leaves=12,
)


# How fast values are made up depends on what else the machine does.
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_is_encoded_decodes_to_itself(value):
    line = encode(value)
    assert decode(line) == value
    again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert line == again.encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "cut off"),
        (b"[]", "not a JSON object"),
        (b'"a"', "not a JSON object"),
        (b"{", "cut off"),
        (b'{"a":1}\n', "not canonical"),
        (b' {"a":1}', "not canonical"),
        (b'{"a": 1}', "not canonical"),
        (b'{"a":1,"a":1}', "not canonical"),
        (b'{"a":2,"a":1}', "not canonical"),
        (b'{"b":1,"a":1}', "not canonical"),
        (b'{"a":{"b":1,"a":1}}', "not canonical"),
        (b'{"a":"\\u0062"}', "not canonical"),
        (b'{"a":"\\/"}', "not canonical"),
        (b'{"\\u0061":1}', "not canonical"),
        (b'{"a":-0}', "not canonical"),
        (b'{"a":1.0}', "float"),
        (b'{"a":1e3}', "float"),
        (b'{"a":NaN}', "cannot stand there"),
        (b'{"a":01}', "no such number"),
        (b'{"a":+1}', "cannot stand there"),
        (b'{"a":-1}', "integer outside"),
        (b'{"a":9007199254740992}', "integer outside"),
        (b'{"a":' + b"9" * 5000 + b"}", "too large"),
        (b'{"a":null}', "null"),
        (b'{"a":true}', "boolean"),
        (b'{"a":[false]}', "boolean"),
        (b'{"\xc3\xa9":1}', "not ASCII"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a":"\\ud800 and more"}', "surrogate"),
        (b'{"a":"\xc0\x80"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"a":1}', "cannot stand there"),
        (b'{"a":"\\n"}', "an escaped control"),
        (b'{"a":"\\u0000"}', "an escaped control"),
        (b'{"a":"\x00"}', "cannot stand there"),
        (b'{"a":"\x7f"}', "U+007F is not allowed"),
        (b"{\"a\":'b'}", "cannot stand there"),
        (b'{"a":1}{"a":1}', "behind its end"),
    ],
)
def test_a_line_that_is_not_canonical_is_refused(line, reason):
    with pytest.raises(FormatError, match=re.escape(reason)):
        decode(line)


def test_half_of_a_surrogate_pair_is_refused_when_encoding():
    for value in ({"a": "\ud83d"}, {"\ude00": 1}):
        with pytest.raises(FormatError, match="surrogate"):
            encode(value)


def test_a_backslash_and_a_quote_are_text_like_any_other():
    for text in ('"', "\\", "\\n", "\\\\u0000", '\\"', "a\\"):
        assert decode(encode({"a": text})) == {"a": text}


def test_depth_is_bounded_and_never_a_recursion():
    def nest(depth):
        return b'{"a":' * (depth - 1) + b'{"a":1}' + b"}" * (depth - 1)

    assert decode(nest(MAX_DEPTH - 1))
    for depth in (MAX_DEPTH, MAX_DEPTH + 1, 1000, 30_000):
        with pytest.raises(FormatError, match="nested"):
            decode(nest(depth))
    with pytest.raises(FormatError):
        decode(b'{"a":' + b"[" * 60_000)


def is_listed(point):
    """The list of the protocol, written once more and differently."""
    return (
        unicodedata.category(chr(point)) in {"Cc", "Cs"}
        or point in {0xAD, 0x61C, 0x180E, 0xFEFF}
        or 0x200B <= point <= 0x200F
        or 0x2028 <= point <= 0x202E
        or 0x2060 <= point <= 0x206F
        or 0xFFF9 <= point <= 0xFFFB
        or 0xFDD0 <= point <= 0xFDEF
        or point & 0xFFFE == 0xFFFE
    )


def test_the_forbidden_code_points_are_exactly_the_listed_ones():
    text = "".join(map(chr, range(0x110000)))
    found = {ord(char) for char in FORBIDDEN.findall(text)}
    assert found == {point for point in range(0x110000) if is_listed(point)}


def test_every_forbidden_code_point_is_refused_in_a_line():
    for char in FORBIDDEN.findall("".join(map(chr, range(0x110000)))):
        with pytest.raises(RecordError):
            check_text(f"a{char}b", "note")
        if 0xD800 <= ord(char) <= 0xDFFF:
            continue  # no UTF-8: refused before, see the table
        with pytest.raises(FormatError):
            decode(encode({"a": char}))


def test_ordinary_text_of_any_script_is_allowed():
    for text in ("TPS 01 — Ngarai", "é", "日本", "😀", "ﷺ", ""):
        check_text(text, "note")
        assert decode(encode({"a": text})) == {"a": text}


def test_a_time_is_a_real_one_and_nothing_else():
    pattern = re.compile(TIME_PATTERN)
    for year in (1000, 1600, 1700, 1900, 2000, 2023, 2024, 2100, 2400, 2999):
        for month in range(14):
            for day in range(33):
                try:
                    dt.date(year, month, day)
                    real = True
                except ValueError:
                    real = False
                text = f"{year}-{month:02d}-{day:02d}T00:00:00Z"
                assert bool(pattern.fullmatch(text)) == real, text


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-14T13:05:60Z",
        "2024-02-14T24:00:00Z",
        "2024-02-14T13:60:00Z",
        "2024-02-14T13:05:00",
        "2024-02-14T13:05:00+07:00",
        "2024-02-14t13:05:00z",
        "2024-02-14 13:05:00Z",
        "2024-02-14T13:05:00.0Z",
        "2024-02-14T13:05:00Z\n",
        "2024-2-14T13:05:00Z",
        "２024-02-14T13:05:00Z",  # noqa: RUF001  a full-width digit is the point
    ],
)
def test_a_time_has_one_spelling(text):
    assert not re.search(TIME_PATTERN, text)


WITHDRAWAL = {
    "contest": "ppwp",
    "election": "pemilu-2024",
    "official": 0,
    "org": "a.example",
    "reason": "wrong TPS",
    "recorded_at": "2024-02-14T13:05:00Z",
    "round": "reguler",
    "tps": "3171010001001",
    "type": "withdrawal/1",
}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"official": 2}, "official"),
        ({"official": "0"}, "official"),
        ({"tps": "1"}, "tps"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"contest": "president"}, "contest"),
        ({"org": "Jaga.example"}, "org"),
        ({"org": "example"}, "org"),
        ({"election": "x" * 41}, "election"),
        ({"election": ""}, "election"),
        ({"recorded_at": "2024-02-30T00:00:00Z"}, "recorded_at"),
        ({"extra": 1}, ""),
    ],
)
def test_an_error_names_the_member_that_is_wrong(members, field):
    line = encode(WITHDRAWAL | members)
    with pytest.raises(RecordError) as caught:
        decode_as(line, Withdrawal)
    assert caught.value.field == field
    with pytest.raises(RecordError) as converted:
        convert(WITHDRAWAL | members, Withdrawal)
    assert str(converted.value) == str(caught.value)


def test_typed_and_untyped_decoding_give_the_same_members():
    line = encode(WITHDRAWAL)
    assert encode(decode_as(line, Withdrawal)) == line
    assert decode(line) == WITHDRAWAL


def test_typed_decoding_refuses_bytes_that_are_not_json():
    for line in (b"", b"{", b'{"contest":"\xff"}', b"[" * 60_000):
        with pytest.raises((FormatError, RecordError)):
            decode_as(line, Withdrawal)


def test_a_long_line_that_differs_at_its_end_is_told_where():
    line = encode(WITHDRAWAL)
    with pytest.raises(FormatError, match=f"byte {len(line)}"):
        decode_as(line + b" ", Withdrawal)
    assert canonical.encode(WITHDRAWAL) == line
