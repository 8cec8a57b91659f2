"""What an answer is to a question for the rest of a file."""

import itertools

import pytest

from federation.errors import FormatError
from federation.feeds.rest import Rest, judge_rest

SIZE, MOST = 200, 200


def judged(status, said, start, most=MOST):
    return judge_rest(status, {"Content-Range": said}, start, most)


@pytest.mark.parametrize("start", [1, 100, 199])
def test_the_rest_is_all_from_there_to_the_end(start):
    rest = Rest(0, SIZE - start, SIZE - start)
    assert judged(206, f"bytes {start}-199/200", start) == rest
    assert judged(206, f"bytes {start}-199/*", start) == rest


def test_of_all_the_beginning_is_passed_over():
    assert judge_rest(200, {}, 0, MOST) == Rest(0, MOST, 0)
    assert judge_rest(200, {}, 100, MOST) == Rest(100, MOST, 100)


def test_what_ends_where_it_was_asked_from_has_no_rest():
    assert judged(416, "bytes */100", 100) is None


@pytest.mark.parametrize("said", ["", "bytes */99", "bytes */101", "bytes 0-9/100"])
def test_whoever_refuses_a_part_without_that_reason_has_another_file(said):
    with pytest.raises(FormatError):
        judged(416, said, 100)


def test_no_other_first_last_or_whole_is_believed():
    """All 6³ answers about a file of up to five bytes: one is the rest from byte 2."""
    taken = set()
    for first, last, whole in itertools.product(range(6), repeat=3):
        try:
            rest = judged(206, f"bytes {first}-{last}/{whole}", 2, 5)
        except FormatError:
            continue
        taken.add((first, last, whole))
        assert rest == Rest(0, last + 1 - 2, last + 1 - 2)
    assert taken == {(2, 2, 3), (2, 3, 4), (2, 4, 5)}


@pytest.mark.parametrize(
    "said",
    [
        "",
        "bytes",
        "bytes 100-199",
        "bytes 100-199/200, bytes 0-1/200",
        "bytes=100-199/200",
        "bytes 100-199/200 ",
        "octets 100-199/200",
        "bytes 100-/200",
        "bytes -100-199/200",
        "bytes 100-199/\uff12\uff10\uff10",
        f"bytes 100-{'9' * 5000}/*",
        "bytes 100-200/*",
    ],
)
def test_what_is_not_in_the_one_form_or_too_long_is_refused(said):
    with pytest.raises(FormatError):
        judged(206, said, 100)
