"""TOML that people write, read strictly.

Rule: every refusal names the file, the dotted key and the reason; an unknown key is
refused with the key that was probably meant. Nothing is guessed and nothing ignored:
a misspelt `intervall_s` that is silently dropped is found on election night.
"""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from federation.config.member import explain
from federation.errors import ConfigError

MAX_FILE_BYTES: Final = 4 * 1024 * 1024

T = TypeVar("T", bound=msgspec.Struct)

_UNKNOWN: Final = re.compile(r"unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"missing required field `(?P<name>.*)`")


def read_file(path: Path) -> str:
    """The text of a file.

    Raises:
        ConfigError: it cannot be read, is too large or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(str(path), "", f"cannot be read: {reason}") from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(str(path), "", f"is larger than {MAX_FILE_BYTES} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "", f"is not UTF-8: {error}") from error


def parse_document(text: str, where: str) -> dict[str, Any]:
    """The TOML document as plain values; `where` names it in errors.

    Raises:
        ConfigError: it is not TOML; the reason has line and column.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(where, "", "is nested too deep") from error
    except ValueError as error:  # also a number of more digits than Python takes
        raise ConfigError(where, "", f"is not TOML: {error}") from error


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
        reason, _, place = str(error).partition(" - at `")
        inner = place.removesuffix("`").removeprefix("$").lstrip(".")
        raise _explain(reason, where, _join(key, inner), kind, inner) from error


def _explain(
    reason: str, where: str, key: str, kind: type[msgspec.Struct], inner: str
) -> ConfigError:
    """The error with the key that it is about and, for a misspelling, the right one."""
    if match := _UNKNOWN.search(reason):
        name = match["name"]
        allowed = _keys_at(kind, inner)
        close = difflib.get_close_matches(name, allowed, n=1)
        guess = f"; did you mean {close[0]!r}?" if close else ""
        known = ", ".join(sorted(allowed))
        return ConfigError(
            where, _join(key, name), f"there is no such key{guess} (known: {known})"
        )
    if match := _MISSING.search(reason):
        return ConfigError(where, _join(key, match["name"]), "is missing")
    # JSON's word for what is called a table in TOML.
    return ConfigError(where, key, explain(reason).replace("`object`", "a table"))


def _keys_at(kind: type[msgspec.Struct], inner: str) -> list[str]:
    """The keys that the table at the dotted key `inner` may have."""
    for name in filter(None, inner.split(".")):
        field = next(f for f in msgspec.structs.fields(kind) if f.encode_name == name)
        kind = field.type
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)
