"""A sealed file: an open head, what only a coordinator's key opens, and a check.

    federation/<what>/v1
    {…}                          the head: says nothing of a person, and is sealed along
    <what was sealed, in base64>
    <hex SHA-256 of the lines above>

Rule: one form each, or it is none. The head cannot be changed: what is sealed opens
under no other one (`flows/annex/sealing.py`). The last line is no defence: by it a
damaged file is known before somebody needs it, without the key.
"""

import base64
import hashlib
from typing import TypeVar

import msgspec

from federation.errors import FederationError, FormatError
from federation.records.canonical import decode_as, encode
from federation.text import Sentence

H = TypeVar("H", bound=msgspec.Struct)
_LINES = 5


def head_lines(version: bytes, head: msgspec.Struct) -> bytes:
    """The lines that are sealed along with what they head; `version` ends its line."""
    return version + encode(head) + b"\n"


def format_sealed(version: bytes, head: msgspec.Struct, sealed: bytes) -> bytes:
    """The bytes of a file."""
    lines = head_lines(version, head) + base64.b64encode(sealed) + b"\n"
    return lines + hashlib.sha256(lines).hexdigest().encode() + b"\n"


def parse_sealed(
    data: bytes, version: bytes, kind: type[H], most: int
) -> tuple[H, bytes]:
    """The head of a file, and what is sealed under it.

    Raises:
        FormatError: it is no whole file of this version, or longer than `most` bytes.
    """
    lines = data.split(b"\n", _LINES)
    if len(data) > most or len(lines) != _LINES or lines[0] + b"\n" != version:
        raise FormatError(Sentence("annex.no-file"))
    try:
        head = decode_as(lines[1], kind)
        sealed = base64.b64decode(lines[2], validate=True)
    except (FederationError, ValueError) as error:
        raise FormatError(Sentence("annex.no-file")) from error
    if format_sealed(version, head, sealed) != data:
        raise FormatError(Sentence("annex.no-file"))
    return head, sealed
