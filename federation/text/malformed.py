"""What is wrong with a file of settings or data that people wrote, and where in it.

Rule: every refusal of a library (TOML, JSON, UTF-8) becomes a sentence with the line
and the column, in words for those who wrote the file. A mark that Windows' editor puts
before the first letter (BOM), and its "Unicode" (UTF-16), are read: nobody sees them.
"""

import codecs
import json
import re
from typing import Final

from federation.text import Sentence

_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
#: The beginning of what `tomllib` says, and our word for it.
_TOML: Final = (
    ("Invalid statement", "toml-statement"),
    ("Expected newline or end", "toml-line-end"),
    ("Expected '=' after", "toml-equals"),
    ("Expected ']", "toml-heading-end"),
    ("Unclosed array", "toml-list-end"),
    ("Unclosed inline table", "toml-table-end"),
    ("Duplicate inline table key", "toml-twice"),
    ("Cannot ", "toml-twice"),
    ("Unescaped", "toml-escape"),
    ("Escaped character", "toml-escape"),
    ("Invalid hex value", "toml-escape"),
    ("Unterminated string", "toml-text-end"),
    ("Expected ", "toml-text-end"),  # the end of a text in other quotes
    ("Found invalid character '\\n'", "toml-text-end"),
    ("Illegal character '\\n'", "toml-text-end"),
    ("Found invalid character", "toml-character"),
    ("Illegal character", "toml-character"),
    ("Invalid date or datetime", "toml-date"),
    ("Invalid initial character for a key", "toml-key"),
    ("Invalid value", "toml-value"),
    ("Exceeds the limit", "toml-number"),
)
#: The same of `json`.
_JSON: Final = (
    ("Expecting property name", "json-name"),
    ("Illegal trailing comma", "json-name"),
    ("Expecting ':'", "json-colon"),
    ("Expecting ','", "json-comma"),
    ("Expecting value", "json-value"),
    ("Unterminated string", "json-text-end"),
    ("Invalid control character", "json-character"),
    ("Invalid \\", "json-escape"),
    ("Extra data", "json-extra"),
)
_CURLY: Final = frozenset("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb")


class MalformedError(ValueError):
    """Bytes that are no text; `reason` says why, for people."""

    def __init__(self, reason: Sentence) -> None:
        self.reason = reason
        super().__init__(str(reason))


def decode_text(data: bytes) -> str:
    """The text of a file, without the mark that may stand before it.

    Raises:
        MalformedError: it is in no form of Unicode that is read here.
    """
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not is_wide and b"\0" in data[:2]:
        raise MalformedError(Sentence("machine.utf-16"))
    try:
        return data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if is_wide:
            raise MalformedError(Sentence("machine.utf-16")) from None
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"0x{data[error.start]:02x}"
        raise MalformedError(
            Sentence("machine.not-utf-8", line=line, byte=byte)
        ) from None


def explain_toml(error: ValueError, text: str) -> Sentence:
    """What `tomllib` found wrong with the text."""
    message = str(error)
    what = Sentence(f"machine.{_pick(_TOML, message, 'toml-other')}")
    at = _AT.search(message)
    if at is None:
        return Sentence("machine.toml", what=what)
    if at[1] is None:
        return Sentence("machine.toml-at-end", what=what)
    line, column = int(at[1]), int(at[2])
    if what.key == "machine.toml-value" and _letter(text, line, column) in _CURLY:
        what = Sentence("machine.toml-curly")
    return Sentence("machine.toml-at", line=line, column=column, what=what)


def explain_json(error: ValueError) -> Sentence:
    """What `json` found wrong with a text."""
    if not isinstance(error, json.JSONDecodeError):
        return Sentence("machine.json-other")
    what = Sentence(f"machine.{_pick(_JSON, error.msg, 'json-other')}")
    place = {"line": error.lineno, "column": error.colno}
    return Sentence("machine.json-at", what=what, **place)


def _pick(words: tuple[tuple[str, str], ...], message: str, other: str) -> str:
    return next((name for start, name in words if message.startswith(start)), other)


def _letter(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    return lines[line - 1][column - 1 : column] if line <= len(lines) else ""
