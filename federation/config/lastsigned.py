"""What an identity key has signed last, beside it: the machine holds no chains.

Rule: two statements of one version, both signed, end a history for every partner. The
file with a statement travels, and an old one looks as good as the newest; so what was
signed is written down before it is handed out, and another one of that version, or of
one before it, is not signed again. The same one is: it is the same note.

    identity.pem.signed     JSON, 0600: origin -> version, SHA-256 of the statement
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from federation.config.disk import PRIVATE_FILE, read_bounded, replace_file
from federation.decoding import json_parser
from federation.errors import ConfigError, ConflictError, FormatError
from federation.records.canonical import encode
from federation.records.keystatement import KeyStatement
from federation.text import Sentence

_MOST_BYTES = 1 << 20


class LastSigned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest statement that was signed for a log: its version and its digest."""

    version: int
    sha256: str


_parse = json_parser(dict[str, LastSigned], what=Sentence("change.signed-file"))


def remember_signed(identity: Path, statements: Iterable[KeyStatement]) -> None:
    """Write down what is about to be signed by the key in this file.

    Raises:
        ConflictError: another statement of that version, or of a later one, was signed.
        ConfigError: it cannot be read or written.
    """
    path = identity.with_name(f"{identity.name}.signed")
    before = _load(path)
    after = dict(before)
    for one in statements:
        new = LastSigned(
            version=one.version, sha256=hashlib.sha256(encode(one)).hexdigest()
        )
        held = before.get(one.origin)
        if held is not None and held != new and held.version >= new.version:
            told = {"origin": one.origin, "version": one.version, "file": path}
            raise ConflictError(Sentence("change.signed-before", **told))
        after[one.origin] = new
    if after != before:
        data = msgspec.json.format(msgspec.json.encode(after, order="sorted"))
        replace_file(path, data + b"\n", PRIVATE_FILE)


def _load(path: Path) -> dict[str, LastSigned]:
    if not path.exists():
        return {}
    try:
        return _parse(read_bounded(path, _MOST_BYTES))
    except FormatError as error:
        raise ConfigError(str(path), "", error.what) from error
