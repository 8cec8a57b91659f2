"""A value of the wrong type, or out of its bounds, in words for whoever wrote it.

Rule: msgspec speaks of `int` and `str`; people write numbers, and text in quotes. What
it says is taken apart here and nowhere else, and what is not known here is quoted.
"""

import re
from collections.abc import Iterable
from typing import Final

from federation.text import Sentence

_AT: Final = re.compile(r" - at `(?:key in )?\$?\.?(.*)`\Z", re.DOTALL)
_GOT: Final = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_BOUND: Final = re.compile(r"Expected `[^`]+` (>=|<=|>|<) (\S+)")
_LENGTH: Final = re.compile(r"Expected `[^`]+` of length (>=|<=) (\d+)")
#: What everybody may meet, wherever a digest is asked for.
DIGEST_PATTERN: Final = r"^[0-9a-f]{64}$(?!\n)"
_PLAIN: Final = {DIGEST_PATTERN: "machine.a-digest"}
_PATTERN: Final = re.compile(r"Expected `[^`]+` matching regex (.+)", re.DOTALL)
_MEMBER: Final = re.compile(
    r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL
)
_MEMBERS: Final = {
    "contains unknown": "member-unknown",
    "missing required": "member-missing",
}
_TYPES: Final = {
    "str": "text",
    "int": "whole",
    "float": "number",
    "bool": "yes-no",
    "array": "list",
    "object": "table",
    "null": "nothing",
    "datetime": "time",
    "date": "time",
    "time": "time",
}
_MALFORMED: Final = re.compile(r"JSON is malformed: (.*) \(byte (\d+)\)", re.DOTALL)
_JSON: Final = {
    "invalid character": "json-byte-character",
    "invalid number": "json-byte-number",
    "trailing characters": "json-byte-behind",
    "unexpected end of escaped utf-16 surrogate pair": "json-byte-surrogate",
    "invalid utf-16 surrogate pair": "json-byte-surrogate",
}
_TOO_LONG_NUMBER: Final = "Integer value out of range"
_CUT_OFF: Final = "Input data was truncated"
_NOT_UTF8: Final = "Invalid UTF-8"  # of msgspec from 0.23 on
_NO_CHOICE: Final = ("Invalid enum value", "Invalid value")
_BOUNDS: Final = {">=": "at-least", "<=": "at-most", ">": "above", "<": "below"}
_LENGTHS: Final = {">=": "least-characters", "<=": "most-characters"}


def split_place(message: str) -> tuple[str, str]:
    """What msgspec says of a value, and the dotted member that it says it of."""
    at = _AT.search(message)
    return (message[: at.start()], at[1]) if at else (message, "")


def is_none_of_choices(message: str) -> bool:
    """Whether msgspec refused a value that is none of those that may stand there."""
    return message.startswith(_NO_CHOICE)


def explain_mistyped(
    message: str, plain: dict[str, str] | None = None, choices: Iterable[object] = ()
) -> Sentence:
    """What is wrong with a value.

    Args:
        message: By msgspec, without the place.
        plain: Keys of sentences for what a regular expression asks for.
        choices: What may stand there, if it is one of several values and known.
    """
    if is_none_of_choices(message):
        return _explain_choice(message, choices)
    if match := _PATTERN.match(message):
        return _explain_quoted(match[1], plain or {})
    told = _explain_value(message) or _explain_bytes(message)
    return told or Sentence("machine.value-other", words=message.replace("`", '"'))


def _explain_value(message: str) -> Sentence | None:
    """What is wrong with the type, the size or the members of a value."""
    if match := _GOT.match(message):
        wanted = _join(_name(kind) for kind in match[1].split(" | ") if kind != "null")
        got = _name(match[2], "is")
        return Sentence("machine.should-be", wanted=wanted, found=got)
    for pattern, keys in ((_BOUND, _BOUNDS), (_LENGTH, _LENGTHS)):
        if match := pattern.match(message):
            return Sentence(f"machine.{keys[match[1]]}", bound=match[2])
    if match := _MEMBER.fullmatch(message):
        return Sentence(f"machine.{_MEMBERS[match[1]]}", name=match[2])
    if message.startswith(_TOO_LONG_NUMBER):
        return Sentence("machine.number-out-of-range")
    return None


def _explain_bytes(message: str) -> Sentence | None:
    """What is wrong with JSON itself."""
    if match := _MALFORMED.fullmatch(message):
        key = _JSON.get(match[1], "json-byte")
        return Sentence(f"machine.{key}", byte=match[2])
    if message.startswith(_CUT_OFF):
        return Sentence("machine.json-cut-off")
    return Sentence("machine.no-utf-8") if message.startswith(_NOT_UTF8) else None


def _explain_choice(message: str, choices: Iterable[object]) -> Sentence:
    if quoted := ", ".join(f'"{choice}"' for choice in choices):
        return Sentence("machine.not-one-of-these", choices=quoted)
    if value := message.partition(" value ")[2]:
        return Sentence("machine.none-of-those", value=value.strip("'"))
    return Sentence("machine.not-one-of")


def explain_pattern(pattern: str, plain: dict[str, str]) -> Sentence:
    """What a text does not look like that a regular expression asks for."""
    return _explain_quoted(repr(pattern), plain)


def _explain_quoted(quoted: str, plain: dict[str, str]) -> Sentence:
    known = {**_PLAIN, **plain}
    key = next((key for pattern, key in known.items() if repr(pattern) == quoted), "")
    if key:
        return Sentence("machine.should-be-only", wanted=Sentence(key))
    return Sentence("machine.other-letters", pattern=quoted.strip("'\""))


def _name(kind: str, form: str = "type") -> Sentence:
    return Sentence(f"machine.{form}-{_TYPES.get(kind, 'other')}")


def _join(names: Iterable[Sentence]) -> Sentence:
    first, *others = names
    for other in others:
        first = Sentence("machine.or", one=first, other=other)
    return first
