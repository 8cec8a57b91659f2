"""The status vector: every log that a node holds and shows, in one line of JSON.

Rule: canonical (members sorted, no white space), its rows sorted by origin, each origin
once; nothing in it is verified here:

    {"logs":[{"about":"<64 hex>","checkpoint":"<note>","keys":"<64 hex>","origin":"…"}]}

`about` and `keys` are the SHA-256 of what `resource.about_of` and `keys_of` name,
`about` is 64 zeros where there is none; the note is the checkpoint without
cosignatures.

Source: docs/reference/protocol.md, "HTTP"
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from federation.decoding import json_parser
from federation.errors import FormatError
from federation.feeds.resource import LOGS
from federation.text import Sentence

MAX_LOGS: Final = 10_000
NO_DIGEST: Final = "0" * 64

_DIGEST: Final = re.compile("[0-9a-f]{64}")


class StatusEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What a node says of one log that it holds."""

    about: str
    checkpoint: str
    keys: str
    origin: str


class StatusVector(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Every log that a node holds and may show, sorted by origin."""

    logs: tuple[StatusEntry, ...]


_decode: Final = json_parser(StatusVector, what=Sentence("member.a-status-vector"))


def format_status(entries: Iterable[StatusEntry]) -> bytes:
    """The one line of JSON, without a line feed, for these logs in any order."""
    logs = tuple(sorted(entries, key=lambda entry: entry.origin))
    return msgspec.json.encode(StatusVector(logs=logs), order="sorted")


def parse_status(data: bytes) -> StatusVector:
    """The status vector that these bytes are; nothing in it is verified.

    Raises:
        FormatError: not the one canonical form, or too much of it.
    """
    if len(data) > LOGS.max_bytes:
        raise FormatError(Sentence("protocol.vector-bytes", count=len(data)))
    vector = _decode(data)
    _check_rows(vector.logs)
    try:
        again = format_status(vector.logs)
    except UnicodeEncodeError:
        raise FormatError(Sentence("protocol.vector-surrogate")) from None
    if again != data:
        raise FormatError(Sentence("protocol.vector-form"))
    return vector


def read_status(data: bytes, url: str) -> StatusVector:
    """The status vector that a node at this address showed.

    Raises:
        FormatError: as `parse_status`, with the address.
    """
    try:
        return parse_status(data)
    except FormatError as error:
        raise FormatError(error.what, f"{url}/{LOGS.path}") from error


def _check_rows(logs: tuple[StatusEntry, ...]) -> None:
    if len(logs) > MAX_LOGS:
        raise FormatError(Sentence("protocol.vector-logs", count=len(logs)))
    if len({entry.origin for entry in logs}) != len(logs):
        raise FormatError(Sentence("protocol.vector-twice"))
    for entry in logs:
        if not (_DIGEST.fullmatch(entry.about) and _DIGEST.fullmatch(entry.keys)):
            raise FormatError(Sentence("protocol.no-digest"), entry.origin)
