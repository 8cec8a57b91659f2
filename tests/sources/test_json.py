"""sources/json.py"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.sources import json as reading
from federation.sources import stream
from federation.sources.json import decode_json, read_items, read_members
from federation.sources.stream import SourceFile

values = st.recursive(
    st.integers() | st.text(max_size=5) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=6,
)
documents = st.dictionaries(st.text(max_size=8), values, max_size=6)


@given(
    document=documents,
    indent=st.sampled_from([None, 0, 2]),
    ascii_=st.booleans(),
    block=st.integers(4, 40),
)
def test_members_come_one_by_one_whatever_the_block_size(
    tmp_path_factory, document, indent, ascii_, block
):
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_)
    path = tmp_path_factory.mktemp("json") / "f"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "BLOCK_BYTES", block)
        with SourceFile(path) as source:
            assert list(read_members(source)) == list(document.items())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "{",
        '{"a"',
        '{"a":',
        '{"a":1',
        '{"a":1,',
        '{"a":1,}',
        '{"a" 1}',
        '{"a":1 "b":2}',
        "{'a':1}",
        '{"a":NaN}',
        '{"a":{"b":1,"b":2}}',
        '{"a":' + "[" * 100_000,
        '{"a":' + "9" * 5000 + "}",
        b'{"a":"\xff"}',
    ],
)
def test_damage_is_an_error_and_never_a_crash(put, text):
    with SourceFile(put(text)) as source, pytest.raises(FormatError):
        list(read_members(source))


def test_members_before_the_damage_are_given(put):
    with SourceFile(put('{"a":1,"b":[}')) as source:
        members = read_members(source)
        assert next(members) == ("a", 1)
        with pytest.raises(FormatError):
            next(members)


def test_a_document_without_end_is_bounded(put, monkeypatch):
    monkeypatch.setattr("federation.sources.json.MAX_DOCUMENT", 1000)
    monkeypatch.setattr(stream, "BLOCK_BYTES", 100)
    path, why = put('{"a":"' + "x" * 100_000), "beyond 1000"
    with SourceFile(path) as source, pytest.raises(FormatError, match=why):
        list(read_members(source))


@pytest.mark.parametrize(
    "line", [b'{"a":1,"a":1}', b"{}{}", b"Infinity", b'"\xe9"', b"{'a':1}", b""]
)
def test_a_line_that_two_programs_could_read_differently_is_refused(line):
    with pytest.raises(FormatError):
        decode_json(line)


@pytest.mark.parametrize(
    ("line", "why", "at"),
    [
        (b'{"tps":\n', "json-cut", "column 8"),
        (b'{"a":1', "json-cut", "column 7"),
        (b'{"a":"x', "json-text", "column 6"),
        (b"{'a':1}", "json-name", "column 2"),
        (b'{"a":1,}', "json-name", "column 8"),
        (b'{"a" 1}', "json-colon", "column 6"),
        (b'{"a":1 "b":2}', "json-comma", "column 8"),
        (b"{}{}", "json-more", "column 3"),
        (b'{"a":"\t"}', "json-control", "column 7"),
        (b'{"a":"\\x"}', "json-escape", "column 7"),
        (b'{"a":}', "json-value", "column 6"),
        (b"", "json-empty", "column 1"),
        (b'{"a":1,\n"b" 2}', "json-colon", "line 2, column 5"),
    ],
)
def test_damage_is_told_in_words_of_ours_and_where(line, why, at):
    with pytest.raises(FormatError) as error:
        decode_json(line)
    assert error.value.what.values["reason"].key == f"file.{why}"
    assert error.value.at == at


def test_a_mark_before_a_line_is_no_part_of_it():
    assert decode_json(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize(
    "text",
    [
        "61.00000000000000001",
        "9007199254740993.0",
        "1e999",
        "-1e400",
        # Exponents of more digits than Decimal's may have: an error of its own.
        "0e99999999999999999999",
        "1e-99999999999999999999",
        "-0.0e-9999999999999999999",
    ],
)
def test_a_number_that_only_rounding_makes_whole_is_refused(text):
    with pytest.raises(FormatError, match="more digits than programs keep"):
        decode_json(text.encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("61.0", 61),
        ("61.000000000000000000", 61),
        ("1.5", 1.5),
        ("1e2", 100),
        ("0.1e17", 10**16),
    ],
)
def test_numbers_with_a_point_are_what_they_say(text, value):
    assert decode_json(text.encode()) == value


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_in_another_encoding_is_the_same(put, encoding):
    with SourceFile(put('{"a":"é","b":[1]}'.encode(encoding))) as source:
        assert list(read_members(source)) == [("a", "é"), ("b", [1])]


@pytest.mark.parametrize("text", ['{"a":1} x', '{"a":1}{"b":2}', "{}]", '{"a":1}\n[2]'])
def test_what_stands_behind_the_one_object_is_told_and_not_passed_over(put, text):
    with (
        SourceFile(put(text)) as source,
        pytest.raises(FormatError, match="behind the"),
    ):
        list(read_members(source))


@pytest.mark.parametrize("text", ["[1] x", "[1][2]", "[]0", '{"a":[1]} {"a":[2]}'])
def test_what_stands_behind_the_one_array_is_told_too(put, text):
    with (
        SourceFile(put(text)) as source,
        pytest.raises(FormatError, match="behind the"),
    ):
        list(read_items(source))


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[1, 2 ]\n", [1, 2]),
        (" [] ", []),
        ('{"count":2,"results":[{"a":1},{"a":2}],"next":null}', [{"a": 1}, {"a": 2}]),
        ('{"x":{"y":[1]},"value":[3]}', [3]),
        ("{}", []),
    ],
)
def test_the_items_of_an_array_are_read_alone_or_within_an_object(put, text, items):
    with SourceFile(put(text)) as source:
        assert list(read_items(source)) == items


_TOKENS = st.sampled_from(
    [
        *("{", "}", "[", "]", ",", ":", " ", "\t", "\n", "true", "null", "NaN"),
        *(
            '"a"',
            '"a":',
            '"a":1',
            '"b":{}',
            '"\\u0061":',
            '"\\/"',
            '"\\ud800"',
            '"\x7f"',
        ),
        *('"\u00e9"', '"\\n"', "0", "-0", "-1", "61", "61.0", "1e2", "1e22", "0.1e17"),
        *("12345678901234567e3", "1.2345678901234567e19", "9007199254740993.0"),
        *("9223372036854775808", "99999999999999999999999", "1e999", "\ufeff", "\f"),
    ]
)


@given(
    st.lists(_TOKENS, max_size=8).map("".join)
    | st.builds(
        json.dumps,
        st.recursive(
            st.floats(allow_nan=False) | st.integers() | st.text(max_size=4),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=2), inner)
            ),
            max_leaves=6,
        ),
        indent=st.sampled_from([None, 0, 1]),
        ensure_ascii=st.booleans(),
    )
)
def test_what_is_read_fast_is_what_the_strict_reader_reads(text):
    def said(read):
        try:
            value = read(text.encode("utf-8", "surrogatepass"))
        except FormatError as error:
            return str(error)
        return json.dumps(value), repr(value)

    assert said(decode_json) == said(reading._decode_strictly)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": [2, {"c": "\u00e9", "d": null}]}',
        '{"a":"x\\n\\"","b":[true,-7]}\n',
    ],
)
def test_a_plain_line_is_never_read_twice(monkeypatch, text):
    monkeypatch.delattr(reading, "_decode_strictly")
    assert decode_json(text.encode()) == json.loads(text)
