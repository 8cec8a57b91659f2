"""What is wrong with a file, where, and nothing in the words of a library."""

import json
import tomllib

import pytest

from federation.text import LANGUAGES, Text
from federation.text.malformed import (
    MalformedError,
    decode_text,
    explain_json,
    explain_toml,
)

TOML = [
    ("a", "at the end of the file: after a name follows ="),
    ("a\n", "line 1, column 2: after a name follows ="),
    ("a = \n", "line 1, column 5: this is no value"),
    ("a = “x”\n", "line 1, column 5: these quotes are curly"),
    ("a = yes\n", "line 1, column 5: this is no value"),
    ('a = "x\n', "line 1, column 7: a text is not closed"),
    ('a = "x', "at the end of the file: a text is not closed"),
    ("a = 'x\n", "a text is not closed"),
    ("a = '''x\n", "a text is not closed"),
    ('a = "C:\\Users"\n', "after a backslash follows one of"),
    ('a = "C:\\dat"\n', "after a backslash follows one of"),
    ("[a\n", "line 1, column 3: a heading is not closed"),
    ("[[a]\n", "a heading is not closed"),
    ("a = [1, 2\n", "a list is not closed"),
    ("a = {b = 1\n", "a table in {braces} is not closed"),
    ("a = 1\na = 2\n", "line 2, column 6: this name, or this heading, stands here"),
    ("[a]\n[a]\n", "line 2, column 3: this name, or this heading, stands here"),
    ("a = 1 b = 2\n", "line 1, column 7: something stands behind the value"),
    ("a = 2024-02-30\n", "no date or time that there is"),
    ("a = 'x\x01'\n", "this character is not allowed here"),
    ("= 1\n", "line 1, column 1: a line is `name = value`"),
    ("a. = 1\n", "a name has only letters"),
    ("a = " + "9" * 5000, "a number has more digits"),
]


@pytest.mark.parametrize(("text", "words"), TOML, ids=lambda v: v[:20].strip())
def test_what_is_no_toml_is_told_with_line_and_column(text, words):
    with pytest.raises(ValueError, match=r".") as caught:
        tomllib.loads(text)
    cause = explain_toml(caught.value, text)
    assert cause.startswith("is not TOML: ")
    assert words in cause
    for language in LANGUAGES:
        assert str(caught.value) not in Text(language).say(cause)


JSON = [
    ("", "line 1, column 1: a value is missing"),
    ('{"a": 1,}', "a comma stands before the closing brace"),
    ('{"a" 1}', "line 1, column 6: after a name follows a colon"),
    ('{"a": 1 "b": 2}', "line 1, column 9: a comma is missing"),
    ('{\n"a": }', "line 2, column 6: a value is missing"),
    ('{"a', "a text is not closed"),
    ('["\t"]', "a control character"),
    ('["\\x"]', "after a backslash follows"),
    ("{} {}", "something follows behind its end"),
    ("{'a': 1}", "line 1, column 2: a name in"),
]


@pytest.mark.parametrize(("text", "words"), JSON, ids=lambda v: v[:20].strip())
def test_what_is_no_json_is_told_with_line_and_column(text, words):
    with pytest.raises(ValueError, match=r".") as caught:
        json.loads(text)
    cause = explain_json(caught.value)
    assert words in cause
    for language in LANGUAGES:
        assert caught.value.msg not in Text(language).say(cause)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_read_with_the_marks_of_windows(encoding):
    assert decode_text('name = "Jaga é"\r\n'.encode(encoding)) == 'name = "Jaga é"\r\n'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("a = 1".encode("utf-16-le"), "is written as UTF-16"),
        ("a = 1".encode("utf-16-be"), "is written as UTF-16"),
        (b"\xff\xfea", "is written as UTF-16"),
        ("a = 1\nb = é\n".encode("latin-1"), r"line 2 holds .* \(byte 0xe9\)"),
        (b"\xc3", "line 1 holds"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(data, words):
    with pytest.raises(MalformedError, match=words) as caught:
        decode_text(data)
    assert "codec" not in Text("id").say(caught.value.reason)
