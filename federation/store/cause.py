"""A cause as it is kept: by its key, so that each reader is told in their language.

    {"key":"held.fork","text":"a.example/x signed two histories","values":{…}}

Rule: `text` is the English of when it was written: it is what is told where the key is
not known any more. Text without a key, which versions before this kept, is quoted.
"""

from typing import Any, Final

import msgspec

from federation.decoding import json_parser
from federation.errors import FormatError
from federation.text import Sentence, quote


class _KeptCause(msgspec.Struct):
    key: str
    text: str = ""
    values: dict[str, Any] = {}


_read: Final = json_parser(_KeptCause)


def pack_cause(cause: str) -> str:
    """What is kept of a cause; of plain text the text itself."""
    if not isinstance(cause, Sentence):
        return cause
    return msgspec.json.encode(_parts(cause), enc_hook=str).decode()


def unpack_cause(kept: str) -> str:
    """The cause again; "" where there was none."""
    if not kept:
        return ""
    try:
        parts = _read(kept)
    except FormatError:
        return Sentence("why.older", words=kept)
    try:
        return _join(parts.key, parts.values)
    except (KeyError, TypeError):
        return quote(parts.text)


def _parts(cause: Sentence) -> dict[str, object]:
    values = {
        name: _parts(value) if isinstance(value, Sentence) else _plain(value)
        for name, value in cause.values.items()
    }
    return {"key": cause.key, "text": str(cause), "values": values}


def _plain(value: object) -> object:
    return value if isinstance(value, int) else str(value)


def _join(key: str, values: dict[str, Any]) -> Sentence:
    said = {
        name: _join(value["key"], value["values"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
    return Sentence(key, **said)
