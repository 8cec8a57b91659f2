"""Which part of a file is asked for: every small case, and what is none."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.web.ranges import ByteRange, parse_range


def wanted(first, last, size):
    """What the standard says, of one part, in other words: these bytes."""
    if first is None:
        return range(max(0, size - last), size)
    end = size - 1 if last is None else min(last, size - 1)
    return range(first, max(first, end + 1))


def is_none(first, last):
    if first is None:
        return last is None
    return last is not None and last < first


def test_every_small_range_is_what_the_standard_says():
    numbers = (None, *range(7))
    for first, last, size in itertools.product(numbers, numbers, range(6)):
        header = (
            f"bytes={'' if first is None else first}-{'' if last is None else last}"
        )
        found = parse_range(header, size)
        if is_none(first, last):
            assert found is None, header
            continue
        expected = wanted(first, last, size)
        assert found.is_empty == (len(expected) == 0), (header, size)
        if expected:
            assert range(found.start, found.end) == expected, (header, size)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=0",
        "bytes=a-b",
        "bytes=0-1,3-4",
        "bytes=1-0",
        "bytes=+1-2",
        "bytes=1 -2",
        "bytes=٣-",
        "bytes=-1-2",
        "items=0-1",
        "lines=0-1, bytes=0-1",
        f"bytes={'9' * 5000}-",
        "bytes=0-1;q=1",
    ],
)
def test_what_is_no_single_range_asks_for_all(header):
    assert parse_range(header, 100) is None


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("BYTES=2-3", (2, 4)),
        (" bytes = 2-3 ", (2, 4)),
        ("bytes=,2-3 ,", (2, 4)),
        ("bytes=\t-2", (98, 100)),
        ("bytes=0-999999999999999999", (0, 100)),
        ("bytes=-999999999999999999", (0, 100)),
        ("bytes=007-008", (7, 9)),
    ],
)
def test_it_may_be_written_in_other_ways(header, part):
    assert parse_range(header, 100) == ByteRange(*part)


@given(st.text(max_size=40), st.integers(0, 1 << 40))
def test_nothing_that_anybody_sends_is_more_than_the_file(header, size):
    for text in (header, f"bytes={header}"):
        found = parse_range(text, size)
        if found is not None and not found.is_empty:
            assert 0 <= found.start < found.end <= size
