"""Hostile leaves and the exact error that each gets: data for tests and for a page.

Every leaf is offered at index 5 of the public log of jagasuara.example for the
election pemilu-2024, whose records key is valid from index 0; a second records key,
valid from index 9, and one that was revoked from index 3. But where the name says
otherwise the signature is good: what is wrong is what the name says.
"""

# ruff: noqa: E501  a row of the table of errors stays on one line

from typing import Final, NamedTuple

from federation.records.canonical import encode
from federation.records.keychain import (
    KeyChain,
    first_statement,
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.tlog.keys import Signer
from federation.tlog.note import Note, Signature, format_note
from tests.statements import next_statement

INDEX: Final = 5
ORG: Final = "jagasuara.example"
ORIGIN: Final = f"{ORG}/pemilu-2024"
TIME: Final = "2024-02-14T13:05:00Z"

Json = dict[str, object]


class Hostile(NamedTuple):
    """One input and the error it gets, as `<class>: <text>`."""

    name: str
    leaf: bytes
    error: str


def _signer(role: str, number: int) -> Signer:
    name = ORIGIN if role == "log" else f"{ORG}/{role}"
    return Signer.from_seed(name, bytes((number,)) * 32)


IDENTITY: Final = _signer("identity", 1)
RECORDS: Final = _signer("records", 2)
LATER: Final = _signer("records", 3)
REVOKED: Final = _signer("records", 4)
STRANGER: Final = _signer("records", 5)
LOG: Final = _signer("log", 6)


def open_test_chain() -> KeyChain:
    """The chain that the leaves are opened with."""
    first = first_statement(
        ORIGIN,
        IDENTITY.key,
        [("log", LOG.key), ("records", RECORDS.key), ("records", REVOKED.key)],
        TIME,
    )
    notes = [sign_statement(first, IDENTITY)]
    second = next_statement(
        open_chain(notes, IDENTITY.key),
        TIME,
        add=[("records", LATER.key, 9)],
        revoke=[(REVOKED.key, 3, "stolen laptop")],
    )
    notes.append(sign_statement(second, IDENTITY))
    return open_chain(notes, IDENTITY.key)


RESULT: Final[Json] = {
    "candidates": {"01": 44, "02": 78, "03": 18},
    "contest": "ppwp",
    "election": "pemilu-2024",
    "form": "plano",
    "org": ORG,
    "recorded_at": TIME,
    "review": "reviewed",
    "round": "reguler",
    "source": "observer",
    "tps": "3171010001001",
    "type": "tps-result/1",
}
WITHDRAWAL: Final[Json] = {
    "contest": "ppwp",
    "election": "pemilu-2024",
    "official": 0,
    "org": ORG,
    "reason": "wrong polling station",
    "recorded_at": TIME,
    "round": "reguler",
    "tps": "3171010001001",
    "type": "withdrawal/1",
}
CLOSED: Final[Json] = {
    "election": "pemilu-2024",
    "org": ORG,
    "origin": ORIGIN,
    "reason": "the election is over",
    "recorded_at": TIME,
    "type": "log-closed/1",
}
UNKNOWN: Final[Json] = {
    "election": "pemilu-2024",
    "org": ORG,
    "recorded_at": TIME,
    "type": "turnout/1",
}


def sign(line: bytes, *signers: Signer) -> bytes:
    """A leaf of this text, whatever it says; signed by the records key at least."""
    text = line + b"\n"
    signatures = tuple(
        Signature(signer.name, signer.key.key_id, signer.sign(text))
        for signer in signers or (RECORDS,)
    )
    return format_note(Note(text, signatures))


def _result(**members: object) -> bytes:
    return sign(encode(RESULT | members))


def _without(name: str) -> bytes:
    return sign(encode({key: value for key, value in RESULT.items() if key != name}))


_LINE: Final = encode(RESULT)
_LEAF: Final = sign(_LINE)
_NEXT: Final = ORIGIN + "/3"


def _replace(old: bytes, new: bytes) -> bytes:
    assert old in _LINE
    return sign(_LINE.replace(old, new))


LEAVES: Final[dict[str, bytes]] = {
    # Not a note
    "empty": b"",
    "text alone": _LINE + b"\n",
    "no signature line": _LINE + b"\n\n",
    "no empty line before the signature": _LEAF.replace(b"\n\n", b"\n"),
    "no newline at the end": _LEAF[:-1],
    "a carriage return": _LEAF.replace(b"\n\n", b"\r\n\n"),
    "a hyphen for the dash": _LEAF.replace("—".encode(), b"-"),
    "unpadded base64": _LEAF[:-2] + b"\n",
    "stray low bits in the base64": _LEAF[:-3] + b"B=\n",
    "a space behind the signature": _LEAF[:-1] + b" \n",
    "more than 65,535 bytes": _result(note="x" * 66_000),
    # Not signed as it must be
    "a signature over other text": _LEAF.replace(b'"01":44', b'"01":45'),
    "a key that nobody stated": sign(_LINE, STRANGER),
    "a key that is not valid yet": sign(_LINE, LATER),
    "a key revoked before this index": sign(_LINE, REVOKED),
    "the checkpoint key": sign(_LINE, LOG),
    "the identity key": sign(_LINE, IDENTITY),
    "two signatures": sign(_LINE, RECORDS, LATER),
    "the same signature twice": sign(_LINE, RECORDS, RECORDS),
    "a signature cut to 63 bytes": format_note(
        Note(
            _LINE + b"\n",
            (Signature(RECORDS.name, RECORDS.key.key_id, b"\x00" * 63),),
        )
    ),
    # Not canonical
    "two lines": sign(_LINE + b"\n" + _LINE),
    "white space": _replace(b'"01":44', b'"01": 44'),
    "a line break between members": _replace(b'"01":44', b'"01":\n44'),
    "members out of order": _replace(
        b'"contest":"ppwp","election":"pemilu-2024"',
        b'"election":"pemilu-2024","contest":"ppwp"',
    ),
    "a member twice": _replace(b'"01":44', b'"01":44,"01":44'),
    "a member twice, with two values": _replace(b'"01":44', b'"01":99,"01":44'),
    "an escaped letter": _replace(b'"plano"', b'"pl\\u0061no"'),
    "minus zero": _replace(b'"03":18', b'"03":-0'),
    "a leading zero": _replace(b'"03":18', b'"03":018'),
    "a fraction": _replace(b'"03":18', b'"03":18.0'),
    "an exponent": _replace(b'"03":18', b'"03":18e0'),
    "null for a number": _replace(b'"03":18', b'"03":null'),
    "a boolean for a number": _replace(b'"03":18', b'"03":true'),
    "not a number": _replace(b'"03":18', b'"03":NaN'),
    "a byte order mark": sign(b"\xef\xbb\xbf" + _LINE),
    "bytes that are not UTF-8": _replace(b'"plano"', b'"pl\xe1no"'),
    "a NUL in a text": _result(note="a\x00b"),
    "a newline in a text": _result(note="a\nb"),
    "a terminal escape in a text": _result(note="\x1b[2J"),
    "a C1 control in a text": _result(note="a\x9bb"),
    "text that reads right to left": _result(note="\u202eoname"),
    "an invisible space in a text": _result(note="a\u200bb"),
    "a non-character in a text": _result(note="a\ufffeb"),
    "objects nested 10,000 deep": sign(b'{"a":' * 10_000 + b"}" * 10_000),
    "an unknown type nested 17 deep": sign(
        encode(UNKNOWN | {"x": 0}).replace(b'"x":0', b'"x":' + b"[" * 17 + b"]" * 17)
    ),
    # Not what the type allows
    "no type": _without("type"),
    "a type that is a number": _result(type=1),
    "a type without version": _result(type="tps-result"),
    "no organisation": _without("org"),
    "an unknown member": _result(phone="0812"),
    "a vote of -1": _result(candidates={"01": -1}),
    "a vote of 1,000,000": _result(candidates={"01": 1_000_000}),
    "a vote of 5,000 digits": _replace(b'"03":18', b'"03":' + b"9" * 5000),
    "no votes at all": _without("candidates"),
    "an empty list of candidates": _result(candidates={}),
    "a candidate in full-width digits": _result(candidates={"\uff10\uff11": 1}),
    "a figure that no form has": _result(figures={"suara": 1}),
    "parties in a presidential contest": _result(parties={"1": {"jumlah": 1}}),
    "a party without numbers": sign(
        encode(
            {key: value for key, value in RESULT.items() if key != "candidates"}
            | {"contest": "pdpr", "parties": {"1": {}}}
        )
    ),
    "a polling station of 12 digits": _result(tps="317101000100"),
    "a polling station in full-width digits": _result(
        tps="\uff13\uff11" + "71010001001"
    ),
    "a polling station with a newline": _result(tps="3171010001001\n"),
    "30 February": _result(recorded_at="2024-02-30T00:00:00Z"),
    "a leap second": _result(recorded_at="2024-06-30T23:59:60Z"),
    "a local time": _result(recorded_at="2024-02-14T13:05:00+07:00"),
    "a contributor's telephone number": _result(contributor="081234567890"),
    "a digest in capitals": _result(
        evidence=[{"media_type": "image/jpeg", "sha256": "A" * 64, "size": 1}]
    ),
    "a withdrawal of neither kind": sign(encode(WITHDRAWAL | {"official": 2})),
    "a withdrawal without a reason": sign(encode(WITHDRAWAL | {"reason": ""})),
    "an unknown type without a time": sign(
        encode({key: UNKNOWN[key] for key in ("election", "org", "type")})
    ),
    "an unknown type with a fraction": sign(
        encode(UNKNOWN | {"x": 0}).replace(b'"x":0', b'"x":0.5')
    ),
    # Not of this log
    "a record of another organisation": _result(org="kawalpemilu.example"),
    "a record of another election": _result(election="pilpres-2019"),
    "an unknown type of another organisation": sign(
        encode(UNKNOWN | {"org": "kawalpemilu.example"})
    ),
    "the closing of another log": sign(encode(CLOSED | {"origin": ORIGIN + "/2"})),
    "a closing that skips a generation": sign(encode(CLOSED | {"successor": _NEXT})),
    "a key statement that is not in the chain": sign_statement(
        first_statement(
            ORIGIN, IDENTITY.key, [("log", LOG.key), ("records", STRANGER.key)], TIME
        ),
        IDENTITY,
    ),
}

# "<class of the error>: <its text>"; the same order.
ERRORS: Final[dict[str, str]] = {
    "empty": "FormatError: a note without text, empty line and signatures",
    "text alone": "FormatError: a note without text, empty line and signatures",
    "no signature line": "FormatError: a note without text, empty line and signatures",
    "no empty line before the signature": "FormatError: a note without text, empty line and signatures",
    "no newline at the end": "FormatError: a note without text, empty line and signatures",
    "a carriage return": "FormatError: not canonical JSON (byte 262)",
    "a hyphen for the dash": "FormatError: a signature line without its dash",
    "unpadded base64": "FormatError: not base64",
    "stray low bits in the base64": "FormatError: base64 that is not canonical",
    "a space behind the signature": "FormatError: not base64",
    "more than 65,535 bytes": "FormatError: a note of more than 65535 bytes",
    "a signature over other text": "SignatureError: a bad signature by jagasuara.example/records",
    "a key that nobody stated": "SignatureError: jagasuara.example/records aebc425d is not a records key of this log",
    "a key that is not valid yet": "SignatureError: jagasuara.example/records 701a25d2 is not valid at index 5",
    "a key revoked before this index": "SignatureError: set apart by its owner: its key counts for nothing from record 3 on, reason: stolen laptop",
    "the checkpoint key": "SignatureError: jagasuara.example/pemilu-2024 08c81406 is not a records key of this log",
    "the identity key": "SignatureError: jagasuara.example/identity 2ad34055 is not a records key of this log",
    "two signatures": "SignatureError: a record has exactly one signature",
    "the same signature twice": "SignatureError: a record has exactly one signature",
    "a signature cut to 63 bytes": "SignatureError: a bad signature by jagasuara.example/records",
    "two lines": "FormatError: is not JSON: something stands behind its end (byte 264)",
    "white space": "FormatError: not canonical JSON (byte 20)",
    "a line break between members": "FormatError: not canonical JSON (byte 20)",
    "members out of order": "FormatError: not canonical JSON (byte 41)",
    "a member twice": "FormatError: not canonical JSON (byte 25)",
    "a member twice, with two values": "FormatError: not canonical JSON (byte 20)",
    "an escaped letter": "FormatError: not canonical JSON (byte 92)",
    "minus zero": "FormatError: not canonical JSON (byte 36)",
    "a leading zero": "FormatError: is not JSON: there is no such number as at byte 37",
    "a fraction": "RecordError: candidates[...]: should be a whole number without quotes, and is a number with a decimal point",
    "an exponent": "RecordError: candidates[...]: should be a whole number without quotes, and is a number with a decimal point",
    "null for a number": "RecordError: candidates[...]: should be a whole number without quotes, and is nothing (null)",
    "a boolean for a number": "RecordError: candidates[...]: should be a whole number without quotes, and is true or false",
    "not a number": "FormatError: is not JSON: byte 36 is a character that cannot stand there",
    "a byte order mark": "FormatError: is not JSON: byte 0 is a character that cannot stand there",
    "bytes that are not UTF-8": "FormatError: not UTF-8",
    "a NUL in a text": "FormatError: an escaped control character is not allowed",
    "a newline in a text": "FormatError: an escaped control character is not allowed",
    "a terminal escape in a text": "FormatError: an escaped control character is not allowed",
    "a C1 control in a text": "FormatError: code point U+009B is not allowed",
    "text that reads right to left": "FormatError: code point U+202E is not allowed",
    "an invisible space in a text": "FormatError: code point U+200B is not allowed",
    "a non-character in a text": "FormatError: code point U+FFFE is not allowed",
    "objects nested 10,000 deep": "FormatError: nested more than 16 deep",
    "an unknown type nested 17 deep": "FormatError: nested more than 16 deep",
    "no type": 'RecordError: the member "type" is missing',
    "a type that is a number": 'RecordError: type: should be text in "quotes", and is a whole number',
    "a type without version": "RecordError: type: does not have the form required (^[a-z0-9-]{1,40}/[1-9][0-9]{0,3}$(?!\\\\n))",
    "no organisation": 'RecordError: the member "org" is missing',
    "an unknown member": 'RecordError: there is no member "phone" here',
    "a vote of -1": "RecordError: candidates[...]: should be at least 0",
    "a vote of 1,000,000": "RecordError: candidates[...]: should be at most 999999",
    "a vote of 5,000 digits": "RecordError: candidates[...]: is a number that is too large",
    "no votes at all": "RecordError: needs candidates, parties, figures or evidence",
    "an empty list of candidates": "RecordError: candidates: should have at least 1 characters or entries",
    "a candidate in full-width digits": "RecordError: candidates: name of a member: does not have the form required (^[0-9a-z-]{1,32}$(?!\\\\n))",
    "a figure that no form has": 'RecordError: figures: name of a member: is "suara", which is not one of the values allowed',
    "parties in a presidential contest": "RecordError: parties: a contest of candidates has `candidates`",
    "a party without numbers": "RecordError: parties.1: needs caleg, jumlah or partai",
    "a polling station of 12 digits": "RecordError: tps: should be a TPS code of 13 characters",
    "a polling station in full-width digits": "RecordError: tps: should be a TPS code of 13 characters",
    "a polling station with a newline": "RecordError: tps: should be a TPS code of 13 characters",
    "30 February": "RecordError: recorded_at: should be a real time in the form YYYY-MM-DDTHH:MM:SSZ",
    "a leap second": "RecordError: recorded_at: should be a real time in the form YYYY-MM-DDTHH:MM:SSZ",
    "a local time": "RecordError: recorded_at: should be a real time in the form YYYY-MM-DDTHH:MM:SSZ",
    "a contributor's telephone number": "RecordError: contributor: should be 64 lower-case hexadecimal digits",
    "a digest in capitals": "RecordError: evidence[0].sha256: should be 64 lower-case hexadecimal digits",
    "a withdrawal of neither kind": 'RecordError: official: is "2", which is not one of the values allowed',
    "a withdrawal without a reason": "RecordError: reason: should have at least 1 characters or entries",
    "an unknown type without a time": 'RecordError: the member "recorded_at" is missing',
    "an unknown type with a fraction": "FormatError: a float, a boolean or null",
    "a record of another organisation": "RecordError: org: in a log of jagasuara.example",
    "a record of another election": "RecordError: election: in a log of pemilu-2024",
    "an unknown type of another organisation": "RecordError: org: in a log of jagasuara.example",
    "the closing of another log": "RecordError: origin: in the log jagasuara.example/pemilu-2024",
    "a closing that skips a generation": "RecordError: successor: not the next generation of this log",
    "a key statement that is not in the chain": "SignatureError: a key statement that is not in the key chain",
}

HOSTILE: Final = [Hostile(name, leaf, ERRORS[name]) for name, leaf in LEAVES.items()]
