"""TOML that people write, read strictly.

Rule: every refusal names the file, the dotted key and the reason; an unknown key is
refused with the key that was probably meant. Nothing is guessed and nothing ignored:
a misspelt `intervall_s` that is silently dropped is found on election night.
"""

import copy
import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import msgspec

from federation.config.disk import read_bounded
from federation.config.member import PLAIN
from federation.errors import ConfigError
from federation.text import Sentence
from federation.text.malformed import MalformedError, decode_text, explain_toml
from federation.text.mistyped import explain_mistyped, is_none_of_choices, split_place

MAX_FILE_BYTES: Final = 4 * 1024 * 1024
MAX_KEY_PARTS: Final = 100  # ours have three

T = TypeVar("T", bound=msgspec.Struct)

# Possessive: what was read of a text is not read once more.
_PART: Final = re.compile(r"[A-Za-z0-9_-]++|\"[^\"\n]*+\"|'[^'\n]*+'")
_KEY: Final = re.compile(
    rf"(?:{_PART.pattern})(?:[ \t]*+\.[ \t]*+(?:{_PART.pattern}))*+"
)
_UNKNOWN: Final = re.compile(r"unknown field `(?P<name>.*)`", re.DOTALL)
_INNER: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MISSING: Final = re.compile(r"missing required field `(?P<name>.*)`")


def read_file(path: Path) -> str:
    """The text of a file.

    Raises:
        ConfigError: it cannot be read, is too large or is no text.
    """
    try:
        return decode_text(read_bounded(path, MAX_FILE_BYTES))
    except MalformedError as error:
        raise ConfigError(str(path), "", error.reason) from error


def parse_document(text: str, where: str) -> dict[str, Any]:
    """The TOML document as plain values; `where` names it in errors.

    Raises:
        ConfigError: it is not TOML; the reason has line and column.
    """
    # `tomllib` copies what it has of a key for each further part of it: 250 kB of one
    # key took 23 seconds, and a circle is written by others.
    if any(map(_has_many_parts, _KEY.finditer(text))):
        raise ConfigError(where, "", Sentence("machine.nested"))
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(where, "", Sentence("machine.nested")) from error
    except ValueError as error:  # also a number of more digits than Python takes
        raise ConfigError(where, "", explain_toml(error, text)) from error


def _has_many_parts(match: re.Match[str]) -> bool:
    key = match[0]
    if key.count(".") < MAX_KEY_PARTS:
        return False
    return _PART.sub("", key).count(".") >= MAX_KEY_PARTS


def convert(table: object, kind: type[T], where: str, key: str = "") -> T:
    """The table as a typed value.

    Args:
        table: what `parse_document` gave, or a part of it.
        kind: the type with its bounds.
        where: the file, for errors.
        key: the dotted key at which the table stands, or "" for the whole file.

    Raises:
        ConfigError: an unknown or missing key, a wrong type, a value out of range.
    """
    try:
        return msgspec.convert(table, kind, strict=True)
    except msgspec.ValidationError as error:
        reason, inner = split_place(str(error))
        raise _explain(reason, where, _join(key, inner), kind, inner) from error


def list_unknown_keys(
    table: object, kind: type[msgspec.Struct], key: str = ""
) -> list[str]:
    """Every dotted key of a table that its type does not know, as far as it is read.

    What else is wrong with it ends the search: `convert` tells that.
    """
    rest, found = copy.deepcopy(table), list[str]()
    while True:
        try:
            msgspec.convert(rest, kind, strict=True)
        except msgspec.ValidationError as error:
            reason, inner = split_place(str(error))
            match = _UNKNOWN.search(reason)
            if match is None:
                return found
            found.append(_join(_join(key, inner), match["name"]))
            del _table_at(rest, inner)[match["name"]]
        else:
            return found


def _table_at(table: Any, inner: str) -> Any:  # noqa: ANN401  of any document
    """The table at a dotted key, in which a list has its place: `alarms.to[0]`."""
    for name, number in _INNER.findall(inner):
        table = table[name] if name else table[int(number)]
    return table


def _explain(
    reason: str, where: str, key: str, kind: type[msgspec.Struct], inner: str
) -> ConfigError:
    """The error with the key that it is about and, for a misspelling, the right one."""
    if match := _UNKNOWN.search(reason):
        name = match["name"]
        allowed = _keys_at(kind, inner)
        close = difflib.get_close_matches(name, allowed, n=1)
        known = {"known": ", ".join(sorted(allowed))}
        advice = (
            Sentence("machine.unknown-key-close", close=repr(close[0]), **known)
            if close
            else Sentence("machine.unknown-key", **known)
        )
        return ConfigError(where, _join(key, name), advice)
    if match := _MISSING.search(reason):
        missing = Sentence("machine.key-missing")
        return ConfigError(where, _join(key, match["name"]), missing)
    choices = _choices_at(kind, inner) if is_none_of_choices(reason) else ()
    return ConfigError(where, key, explain_mistyped(reason, PLAIN, choices))


def _choices_at(kind: type[msgspec.Struct], inner: str) -> tuple[object, ...]:
    """What may stand at the dotted key `inner`, of one value or in a list of them."""
    above, _, name = inner.partition("[")[0].rpartition(".")
    types = [_field(_struct_at(kind, above), name).type]
    while types:
        found = types.pop()
        if get_origin(found) is Literal:
            return get_args(found)
        types += get_args(found)
    return ()


def _keys_at(kind: type[msgspec.Struct], inner: str) -> list[str]:
    """The keys that the table at the dotted key `inner` may have."""
    fields = msgspec.structs.fields(_struct_at(kind, inner))
    return [field.encode_name for field in fields]


def _struct_at(kind: type[msgspec.Struct], inner: str) -> type[msgspec.Struct]:
    for name in filter(None, inner.split(".")):
        kind = _field(kind, name).type
    return kind


def _field(kind: type[msgspec.Struct], name: str) -> msgspec.structs.FieldInfo:
    return next(f for f in msgspec.structs.fields(kind) if f.encode_name == name)


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)
