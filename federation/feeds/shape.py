"""What a body should look like, and when it is evidently something else.

Rule: pure. An error in JSON, a line for people, or nothing at all, in the place of a
tile or a note, is what somebody on the way has said: it says nothing of the log. Only
what is evidently another kind of thing counts; flipped bits and cut ends do not. Where
an answer has no length and ends with its connection, a body that is too short was cut
off on the way.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from federation.decoding import parse_any_json, parse_utf8
from federation.errors import FormatError
from federation.tlog.note import decode_notes
from federation.tlog.tile import Bundle, Tile, decode_bundle

# What is longer is no message for people or programs.
_MAX_BYTES: Final = 2048
_SIGNED: Final = b"\n\n\xe2\x80\x94 "
_MAX_NOTES: Final = 1 << 20
# How a photograph begins; of WebP the length of the rest follows.
_JPEG, _PNG, _WEBP = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"
# What services call what they have to say, and none of our files has a member of.
_SAYINGS: Final = frozenset({"detail", "error", "errors", "message", "msg"})


class Shape(NamedTuple):
    """How a file begins, if it is text; binary files begin with anything.

    Attributes:
        is_whole: whether a body may be all of it.
        begins: each beginning that it may have; none: it is not text.
        member: one that it has if it is a JSON object.
        may_be_empty: whether nothing is an answer.
    """

    is_whole: Callable[[bytes], bool]
    begins: tuple[bytes, ...] = ()
    member: str = ""
    may_be_empty: bool = False


def is_other(body: bytes, shape: Shape) -> bool:
    """Whether a body is evidently another kind of thing."""
    if not body:
        return not shape.may_be_empty
    if len(body) > _MAX_BYTES or not _is_words(body):
        return False
    members = _object_of(body)
    if shape.member and members:
        return shape.member not in members
    if members and _SAYINGS & members.keys():
        return True
    is_begun = any(begin.startswith(body[: len(begin)]) for begin in shape.begins)
    is_named = shape.member and f'"{shape.member}"'.encode() in body
    return not (is_begun or is_named or (shape.begins and _SIGNED in body))


def text_shape(*begins: bytes, member: str = "", may_be_empty: bool = False) -> Shape:
    """Of a note or of JSON."""
    return Shape(_is_text_whole, begins, member, may_be_empty)


def tile_shape(tile: Tile | Bundle) -> Shape:
    """Of a hash tile or a bundle."""

    def is_whole(body: bytes) -> bool:
        if isinstance(tile, Tile):
            return len(body) >= 32 * tile.width
        return len(decode_bundle(body)) >= tile.width

    return Shape(is_whole)


def is_cut(body: bytes, shape: Shape) -> bool:
    """Whether a body ends too early."""
    try:
        return not shape.is_whole(body)
    except FormatError:
        return True


def _is_text_whole(body: bytes) -> bool:
    # Every note ends so, and no JSON that is cut off.
    return body.endswith(b"\n") or parse_any_json(body) is not None


def _are_notes_whole(body: bytes) -> bool:
    decode_notes(body, _MAX_NOTES)
    return True


def _is_words(body: bytes) -> bool:
    """Whether it is text that people can read; a length or a hash is none."""
    try:
        text = parse_utf8(body)
    except FormatError:
        return False
    return not text[0].isspace() and "".join(text.split()).isprintable()


def _object_of(body: bytes) -> dict[str, Any]:
    try:
        value = parse_any_json(body)
    except FormatError:
        return {}
    return value if isinstance(value, dict) else {}


def _is_photo_whole(body: bytes) -> bool:
    """Whether it ends as its first bytes say that it does."""
    if body.startswith(_JPEG):
        return body.endswith(b"\xff\xd9")
    if body.startswith(_PNG):
        return body.endswith(b"IEND\xaeB`\x82")
    return len(body) >= 8 + int.from_bytes(body[4:8], "little")


#: Notes, each with its length before it.
NOTES: Final = Shape(_are_notes_whole)
NOTES_OR_NONE: Final = NOTES._replace(may_be_empty=True)
JSON: Final = text_shape(b"{")
PHOTO: Final = Shape(_is_photo_whole, begins=(_JPEG, _PNG, _WEBP))
