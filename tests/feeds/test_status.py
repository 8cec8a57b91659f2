"""The status vector has one form, and any other is refused."""

import hashlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.feeds.status import (
    MAX_LOGS,
    NO_DIGEST,
    StatusEntry,
    format_status,
    parse_status,
)

DIGEST = hashlib.sha256(b"x").hexdigest()


def entry(origin: str, *, keys: str = DIGEST, about: str = NO_DIGEST) -> StatusEntry:
    return StatusEntry(about=about, checkpoint="a\n1\n", keys=keys, origin=origin)


GOLDEN = (
    b'{"logs":[{"about":"' + b"0" * 64 + b'","checkpoint":"a\\n1\\n","keys":"'
    b"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    b'","origin":"a.example/e"}]}'
)


def test_the_vector_has_one_form():
    assert format_status([entry("a.example/e")]) == GOLDEN
    assert parse_status(GOLDEN).logs == (entry("a.example/e"),)


@pytest.mark.slow
@settings(max_examples=50)
@given(st.lists(st.text(max_size=20).filter(str.isprintable), unique=True, max_size=8))
def test_a_vector_formatted_in_any_order_parses_to_the_sorted_rows(origins):
    rows = [entry(origin) for origin in origins]
    vector = parse_status(format_status(rows))
    assert [row.origin for row in vector.logs] == sorted(origins)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nothing", b""),
        ("a line feed behind it", GOLDEN + b"\n"),
        ("white space", GOLDEN.replace(b'":[', b'": [')),
        ("another order of members", b'{"logs":[{"origin":"a","about":""}]}'),
        ("an unknown member", GOLDEN.replace(b"}]}", b',"z":1}]}')),
        ("an unknown member on top", GOLDEN[:-1] + b',"more":[]}'),
        ("a member twice", GOLDEN.replace(b'"origin"', b'"keys":"","origin"')),
        ("an escape that is not needed", GOLDEN.replace(b"a.ex", b"\\u0061.ex")),
        ("upper-case hex", GOLDEN.replace(b"2d7116", b"2D7116")),
        ("a short digest", GOLDEN.replace(b"2d7116", b"")),
        ("not UTF-8", GOLDEN.replace(b"a.example", b"\xff.example")),
        ("null for a text", GOLDEN.replace(b'"a.example/e"', b"null")),
        ("a list", b"[]"),
        ("deep nesting", b"[" * 100_000),
    ],
)
def test_a_vector_in_any_other_form_is_refused(name, data):
    with pytest.raises(FormatError):
        parse_status(data)


def test_a_log_listed_twice_is_refused():
    with pytest.raises(FormatError, match="twice"):
        parse_status(format_status([entry("a"), entry("a")]))


def test_rows_out_of_order_are_refused():
    rows = msgspec.json.encode({"logs": [entry("b"), entry("a")]}, order="sorted")
    with pytest.raises(FormatError, match="canonical"):
        parse_status(rows)


def test_a_vector_of_too_many_logs_is_refused():
    with pytest.raises(FormatError, match="10001"):
        parse_status(format_status(entry(f"{n}") for n in range(MAX_LOGS + 1)))
