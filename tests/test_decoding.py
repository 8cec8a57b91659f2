"""decoding.py, and that nothing else decodes what others wrote."""

import ast
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.decoding import parse_any_json, parse_json, parse_utf8
from federation.errors import FormatError

REFUSED = [
    b"",
    b"{",
    b'{"a":"\xff"}',  # UnicodeDecodeError, no DecodeError
    b'{"\xff":1}',
    b'"\xed\xa0\x80"',
    b'"\\ud800"',
    b"[" * 100_000,  # RecursionError
    b'{"a":' * 100_000,
    b"9" * 5000,
    b"1e999",
    b"\xef\xbb\xbf{}",
    b"\x00",
]


class One(msgspec.Struct):
    a: int
    b: "One | None" = None


@pytest.mark.parametrize("data", REFUSED, ids=lambda data: repr(data[:12]))
@pytest.mark.parametrize("kind", [Any, One, dict[str, str], list[list[str]]], ids=str)
def test_whatever_a_decoder_refuses_is_one_error(kind, data):
    with pytest.raises(FormatError) as told:
        parse_json(data, kind, what="a list", at="line 3")
    assert str(told.value).startswith("not a list: ")
    assert str(told.value).endswith(" (line 3)")


@given(st.binary(max_size=40) | st.text(max_size=20).map(lambda t: t.encode("utf-16")))
def test_no_bytes_get_another_error(data):
    for parse in (parse_any_json, parse_utf8, lambda data: parse_json(data, One)):
        with suppress(FormatError):
            parse(data)


#: Who else decodes, of what, and why that is safe. Everything else asks `decoding.py`.
DECODERS = {
    "config/document.py": "TOML of people, told with line and column",
    "records/profile.py": "JSON of people, told with line and column",
    "sources/json.py": "JSON of people: ambiguous members and numbers are refused",
    "sources/recognise.py": "guesses; whatever is refused is another kind",
    "sources/arrays.py": "what it spooled itself",
    "cli/verify/report.py": "a line that was verified as canonical",
    "records/claim.py": "our database",
    "records/slots.py": "our database",
    "records/mergepart.py": "between two processes of one machine",
    "flows/ownlog/signing.py": "between two processes of one machine",
    "store/pulls.py": "our database",
    "store/rollup.py": "our database",
    "flows/query/pictures/shelf.py": "what it packed itself",
    "records/register.py": "between two processes of one machine; guarded there",
    "sorting.py": "what it spooled itself",
    "sources/longform.py": "what it spooled itself",
    "cli/import_/spool.py": "what it spooled itself",
    "flows/audit/maps.py": "what it spooled itself",
    "text/__init__.py": "our sentences",
    "verifier/__init__.py": "our page",
}
_CALLS = {
    "msgspec.json.decode",
    "msgspec.json.Decoder",
    "msgspec.msgpack.decode",
    "msgspec.msgpack.Decoder",
    "msgspec.toml.decode",
    "json.load",
    "json.loads",
    "json.JSONDecoder",
    "tomllib.load",
    "tomllib.loads",
}
PACKAGE = Path(__file__).parents[1] / "federation"


def calls_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    found = {
        ast.unparse(node) for node in ast.walk(tree) if type(node) is ast.Attribute
    }
    return found & _CALLS


def test_foreign_json_meets_a_decoder_in_one_place():
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "demo" not in path.parts and calls_of(path)
    }
    assert found == {*DECODERS, "decoding.py"}
