"""JSON and text that others wrote, decoded: whatever a library says is one error.

Rule: bytes from outside meet a decoder here and nowhere else; what may decode them
elsewhere, and why, is listed in `tests/test_decoding.py`. A library has more ways to
refuse than its page says: besides `DecodeError`, msgspec up to 0.22 raises
`UnicodeDecodeError` for a byte that is no UTF-8 within a text, and every release
`RecursionError` for brackets. A way that was forgotten at one of twenty places is a
trace for an auditor, and a turn lost with a partner.
"""

import re
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from federation.errors import FormatError
from federation.text import Sentence
from federation.text.mistyped import explain_mistyped, split_place

T = TypeVar("T")

#: All that decoding can raise for the sake of its bytes. `MsgspecError` is the root
#: of what msgspec raises itself; `ValueError` of `UnicodeDecodeError`, of what `json`
#: raises, and of numbers with more digits than Python takes.
REFUSALS: Final[tuple[type[Exception], ...]] = (
    msgspec.MsgspecError,
    ValueError,
    RecursionError,
    OverflowError,
    MemoryError,
)


#: All that the standard library raises for the sake of a ZIP archive: RuntimeError for
#: what is encrypted, ValueError for names and numbers that cannot be, among them a name
#: that is not UTF-8. Archives are read where they are needed, each in its own bounds.
ZIP_REFUSALS: Final[tuple[type[Exception], ...]] = (
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def parse_json(
    data: bytes | str, kind: type[T], *, what: Sentence | None = None, at: str = ""
) -> T:
    """The value of this type that JSON says.

    Args:
        data: The JSON.
        kind: Of the value; `Any` for whatever it is.
        what: What it should be, for people: "a list of elections".
        at: Where it comes from.

    Raises:
        FormatError: it is no JSON, or not of this type; its cause is what msgspec said.
    """
    return json_parser(kind, what=what, at=at)(data)


def json_parser(
    kind: type[T], *, what: Sentence | None = None, at: str = ""
) -> Callable[[bytes | str], T]:
    """`parse_json` for many: making a decoder takes longer than a thousand lines."""
    decode = msgspec.json.Decoder(kind).decode

    def parse_one(data: bytes | str) -> T:
        try:
            return decode(data)
        except REFUSALS as error:
            raise explain(error, what=what, at=at) from error

    return parse_one


def parse_utf8(data: bytes, *, what: Sentence | None = None, at: str = "") -> str:
    """The text in these bytes.

    Raises:
        FormatError: they are not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise explain(error, what=what, at=at) from error


def explain(
    error: Exception, *, what: Sentence | None = None, at: str = ""
) -> FormatError:
    """What a decoder refused, as an error of ours.

    Args:
        error: One of `REFUSALS`.
        what: What the bytes should be.
        at: Where they come from.
    """
    refusal, place = _say(error)
    if place and at:
        refusal = Sentence("machine.at", place=place, cause=refusal)
    if what:
        refusal = Sentence("machine.is-not", what=what, refusal=refusal)
    return FormatError(refusal, at or place)


def _say(error: Exception) -> tuple[Sentence, str]:
    """What is wrong, and of which member, if it is of one."""
    match error:
        case UnicodeDecodeError():
            # Which byte is not said: msgspec counts from where the text within began.
            return Sentence("machine.no-utf-8"), ""
        case RecursionError():
            return Sentence("machine.nested"), ""
        case MemoryError():
            return Sentence("machine.no-memory-for-it"), ""
        case _:
            words, place = split_place(str(error))
            return explain_mistyped(words), place


#: Whatever it is, as plain values.
parse_any_json: Final[Callable[[bytes | str], Any]] = json_parser(Any)

_FRACTION: Final = re.compile(rb"[0-9]\.[0-9]")
_decode_any: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


def parse_plain_json(data: bytes) -> Any:  # noqa: ANN401  JSON is anything
    """What JSON says, where any two programs read the same; None: ask a strict reader.

    A decoder keeps the last of two members of one name, and rounds what has too many
    digits. Where what it understood says the same as was given when it is written
    again, but for white space, it has done neither. Three passes in C, where a strict
    reader calls into Python for each object. Escapes that need not be, numbers with a
    fraction and whatever is damaged are left to that reader.
    """
    # A line without a point is the rule; to look at each digit of it takes 4 µs.
    if b"." in data and _FRACTION.search(data):
        return None
    try:
        value = _decode_any(data)
        is_same = _encode(value) == msgspec.json.format(data, indent=-1)
    except REFUSALS:
        return None
    return value if is_same else None
