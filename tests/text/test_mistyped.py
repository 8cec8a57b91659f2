"""A value of the wrong type is told in words: numbers, text in quotes, lists."""

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from federation.text import LANGUAGES, Text
from federation.text.mistyped import DIGEST_PATTERN, explain_mistyped, split_place

CASES = [
    (int, "1", "should be a whole number without quotes, and is text"),
    (int, 1.5, "should be a whole number without quotes, and is a number with a dec"),
    (int, True, "should be a whole number without quotes, and is true or false"),
    (str, 1, 'should be text in "quotes", and is a whole number'),
    (bool, "yes", "should be true or false, without quotes, and is text"),
    (list[int], "a", "should be a list in [brackets], and is text"),
    (dict[str, int], [], "should be a table, and is a list"),
    (int | None, "1", "should be a whole number without quotes, and is text"),
    (str | int, [], "or"),
    (Annotated[int, Meta(ge=1)], 0, "should be at least 1"),
    (Annotated[int, Meta(le=9)], 10, "should be at most 9"),
    (Annotated[float, Meta(gt=0)], 0.0, "should be more than 0"),
    (Annotated[str, Meta(max_length=2)], "abc", "at most 2 characters"),
    (Annotated[str, Meta(min_length=2)], "a", "at least 2 characters"),
    (Annotated[str, Meta(pattern="^a$")], "b", "does not have the form required"),
    (Annotated[str, Meta(pattern=DIGEST_PATTERN)], "b", "should be 64 lower-case hex"),
    (Literal["a"], "b", 'is "b", which is not one of the values allowed'),
]


@pytest.mark.parametrize(
    ("kind", "value", "words"), CASES, ids=[str(n) for n in range(len(CASES))]
)
def test_what_msgspec_says_is_worded_for_people(kind, value, words):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind)
    cause = explain_mistyped(*split_place(str(caught.value))[:1])
    assert words in cause
    for language in LANGUAGES:
        said = Text(language).say(cause)
        assert "`" not in said
        assert "Expected" not in said


def test_the_place_is_told_apart_from_the_reason():
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"a": [{"b": "x"}]}, dict[str, list[dict[str, int]]])
    assert split_place(str(caught.value))[1] == "[...][0][...]"
    assert split_place("no place") == ("no place", "")


def test_a_pattern_that_is_known_is_told_by_what_it_asks_for():
    said = "Expected `str` matching regex '^a$'"
    cause = explain_mistyped(said, {"^a$": "machine.a-line"})
    assert cause == "should be one line of text"


def test_words_of_the_library_are_never_told_to_people():
    class Given(msgspec.Struct, forbid_unknown_fields=True):
        name: str

    for value, words in (({}, 'member "name" is missing'),
                         ({"name": "a", "x": 1}, 'no member "x"')):  # fmt: skip
        with pytest.raises(msgspec.ValidationError) as caught:
            msgspec.convert(value, Given)
        assert words in explain_mistyped(str(caught.value))
