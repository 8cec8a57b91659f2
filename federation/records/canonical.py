"""The single byte form of every statement, and the members that statements share.

Rule: canonical or refused. A line is decoded, encoded again and compared with what
was given; any difference (white space, order, duplicate members, escapes, `-0`, `1.0`)
refuses it, so one statement has one text and one id.

    {"contest":"ppwp","election":"pemilu-2024",…,"type":"tps-result/1"}

- members sorted, names in ASCII, no white space, UTF-8;
- values: text, integers 0 … 2^53-1, arrays, objects; no floats, booleans or null
  (what is not known is absent; yes and no are 1 and 0);
- no code point of `FORBIDDEN`, also not escaped. NFC is applied when signing and not
  checked here: Unicode tables change, verdicts must not.

Within that the bytes equal those of RFC 8785.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from federation.decoding import json_parser, parse_any_json
from federation.errors import FormatError, RecordError
from federation.records.tps import TPS_PATTERN
from federation.text import Sentence, mistyped
from federation.text.mistyped import explain_mistyped, explain_pattern

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 16

# Controls, soft hyphen, marks that reorder or hide text, surrogates, non-characters:
# what lets two different texts look the same, or one text look like another.
FORBIDDEN_CLASS: Final = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff"
) + "".join(
    chr(plane << 16 | last) for plane in range(1, 17) for last in (65534, 65535)
)
FORBIDDEN: Final = re.compile(f"[{FORBIDDEN_CLASS}]")

_PLAIN_ESCAPE: Final = re.compile(r'\\["\\]')
_WHERE: Final = re.compile(r" - at (`key` in )?`\$\.?(.*)`$", re.DOTALL)
_LEAP: Final = r"[12][0-9](?:0[48]|[2468][048]|[13579][26])|(?:1[26]|2[048])00"
_DAY: Final = (
    r"[12][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)

# Every pattern ends in `$(?!\n)`, which Python and ECMAScript read alike; `$` alone
# takes a trailing newline in Python.
ORG_PATTERN: Final = r"^[a-z0-9-]+(?:\.[a-z0-9-]+)+$(?!\n)"
DAY_PATTERN: Final = rf"(?:{_DAY}|(?:{_LEAP})-02-29)"
TIME_OF_DAY_PATTERN: Final = r"T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}Z"
TIME_PATTERN: Final = rf"^{DAY_PATTERN}{TIME_OF_DAY_PATTERN}$(?!\n)"
# As a part of a name: some files are called by it, on disks that take no colon.
MINUTE_PATTERN: Final = rf"{DAY_PATTERN}T(?:[01][0-9]|2[0-3])[0-5][0-9]Z"
ORIGIN_PATTERN: Final = (
    r"^([a-z0-9-]+(?:\.[a-z0-9-]+)+)/([a-z0-9-]{1,40})"
    rf"(/incidents|/from-{MINUTE_PATTERN})?"
    r"(?:/([2-9]|[1-9][0-9]{1,2}))?$(?!\n)"
)

DIGEST_PATTERN: Final = mistyped.DIGEST_PATTERN
INCIDENT_PATTERN: Final = r"^[0-9a-f]{32}$(?!\n)"
AGENCY_PATTERN: Final = r"^[a-z0-9-]{1,40}$(?!\n)"
# A province, kabupaten, kecamatan or kelurahan; overseas also in letters, as a TPS.
REGION_PATTERN: Final = (
    r"^(?:(?:[0-9]{2}){1,3}|[0-9]{10}|99[0-9A-Z]{2}(?:[0-9]{2}|[0-9]{6})?)$(?!\n)"
)


def or_nothing(pattern: str) -> str:
    """The same form, or "" as if nothing was said."""
    inner = pattern.removeprefix("^").removesuffix("$(?!\\n)")
    return rf"^(?:{inner})?$(?!\n)"


#: What people are told instead of a pattern: keys of sentences.
PLAIN: Final = {
    DIGEST_PATTERN: "machine.a-digest",
    INCIDENT_PATTERN: "member.an-incident",
    ORG_PATTERN: "member.a-domain",
    ORIGIN_PATTERN: "member.a-history",
    REGION_PATTERN: "member.a-region",
    TIME_PATTERN: "member.a-time",
    TPS_PATTERN: "member.a-tps",
}

Org = Annotated[str, Meta(pattern=ORG_PATTERN, max_length=253)]
Origin = Annotated[str, Meta(pattern=ORIGIN_PATTERN, max_length=320)]
Time = Annotated[str, Meta(pattern=TIME_PATTERN)]
Digest = Annotated[str, Meta(pattern=DIGEST_PATTERN)]
ShortText = Annotated[str, Meta(min_length=1, max_length=300)]
LongText = Annotated[str, Meta(min_length=1, max_length=4000)]
AgencyKey = Annotated[str, Meta(pattern=AGENCY_PATTERN)]
AgencyNumber = Annotated[str, Meta(min_length=1, max_length=100)]
VKey = Annotated[str, Meta(min_length=1, max_length=600)]
Count = Annotated[int, Meta(ge=0, le=999_999)]
Natural = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]

_DELETE: Final = 0x7F
_BACKSLASH: Final = ord("\\")

T = TypeVar("T")
_encoder: Final = msgspec.json.Encoder(order="sorted")
_decoders: Final[dict[object, Callable[[bytes], Any]]] = {}


def format_time(seconds: float) -> str:
    """A moment, in Unix seconds, as a `Time`."""
    moment = datetime.fromtimestamp(int(seconds), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def check_text(text: str, field: str) -> None:
    """Refuse text that could hide something from its reader.

    Raises:
        RecordError: it holds a code point of `FORBIDDEN`.
    """
    if forbidden := FORBIDDEN.search(text):
        point = f"U+{ord(forbidden[0]):04X}"
        raise RecordError(Sentence("row.code-point", point=point), field)


def mismatch(pattern: str, field: str) -> RecordError:
    """The error of a text that does not match a pattern, as a decoder would say it."""
    return RecordError(explain_pattern(pattern, PLAIN), field)


def encode(value: object) -> bytes:
    """The canonical line of a value, without LF.

    It does not judge: what is encoded to be signed is decoded again first.

    Raises:
        FormatError: a text holds half of a surrogate pair, which no UTF-8 can say.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        raise FormatError(Sentence("protocol.surrogate")) from None


def decode(line: bytes) -> dict[str, Any]:
    """The members of a canonical line of any type.

    Raises:
        FormatError: anything that is not canonical.
    """
    try:
        value = parse_any_json(line)
    except FormatError as error:
        _refuse_depth(error)
        raise
    if not isinstance(value, dict):
        raise FormatError(Sentence("protocol.not-object"))
    _check_values(value)
    _check_line(line, value)
    return value


def decode_as(line: bytes, kind: type[T]) -> T:
    """The statement of this type that a canonical line says.

    Raises:
        FormatError: the line is not canonical.
        RecordError: a member is missing, unknown or outside its bounds.
    """
    decoder = _decoders.get(kind) or _add_decoder(kind)
    try:
        value: T = decoder(line)
    except FormatError as error:
        if isinstance(error.__cause__, msgspec.ValidationError):
            raise _broken(str(error.__cause__)) from None
        _refuse_depth(error)
        raise
    _check_line(line, value)
    return value


def convert(members: object, kind: type[T]) -> T:
    """The value of this type with these members, checked like a decoded one.

    Raises:
        RecordError: a member is missing, unknown or outside its bounds.
    """
    try:
        return msgspec.convert(members, kind)
    except msgspec.ValidationError as error:
        raise _broken(str(error)) from None


def _refuse_depth(error: FormatError) -> None:
    if isinstance(error.__cause__, RecursionError):
        raise FormatError(Sentence("protocol.depth", most=MAX_DEPTH)) from None


def _add_decoder(kind: type[T]) -> Callable[[bytes], T]:
    # One decoder per type: making one takes longer than decoding a thousand lines.
    _decoders[kind] = json_parser(kind)
    return _decoders[kind]


def _check_line(line: bytes, value: object) -> None:
    again = _encoder.encode(value)
    if again != line:
        pairs = zip(line, again, strict=False)
        end = min(len(line), len(again))
        at = next((i for i, (a, b) in enumerate(pairs) if a != b), end)
        raise FormatError(Sentence("protocol.not-canonical"), f"byte {at}")
    # A canonical line escapes only the quote, the backslash and control characters,
    # and holds no raw one below 0x20: for most lines two quick scans are enough.
    # Asked as numbers: of bytes Python makes an error first, and drops it, each time.
    if line.isascii() and _DELETE not in line and _BACKSLASH not in line:
        return
    text = line.decode()
    if forbidden := FORBIDDEN.search(text):
        raise FormatError(
            Sentence("protocol.code-point", point=f"{ord(forbidden[0]):04X}")
        )
    # Pairs are taken from the left: `\\n` is a backslash and an n, not a newline.
    if "\\" in _PLAIN_ESCAPE.sub("", text):
        raise FormatError(Sentence("protocol.escaped-control"))


def _check_values(value: object) -> None:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                _check_names(item)
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
            else:
                _check_scalar(item)
        if not inner:
            return
        level = inner
    raise FormatError(Sentence("protocol.depth", most=MAX_DEPTH))


def _check_names(members: dict[str, object]) -> None:
    if not all(name.isascii() for name in members):
        raise FormatError(Sentence("protocol.name-not-ascii"))


def _check_scalar(value: object) -> None:
    # bool is an int to Python: `type` and not `isinstance`.
    if type(value) is str:
        return
    if type(value) is not int:
        raise FormatError(Sentence("protocol.no-such-value"))
    if not 0 <= value <= MAX_INTEGER:
        raise FormatError(Sentence("protocol.integer"))


def _broken(text: str) -> RecordError:
    where = _WHERE.search(text)
    if where is None:
        return RecordError(explain_mistyped(text, PLAIN))
    rule = explain_mistyped(text[: where.start()], PLAIN)
    if where[1]:
        rule = Sentence("member.name-of", rule=rule)
    return RecordError(rule, where[2])
