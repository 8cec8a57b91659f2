"""Hostile bytes for every parser of what partners and auditors hand over.

The keys are fixed, so every byte and every answer is too. `DOORS` says which function
a case is put to; a case is (door, what is hostile about it, the bytes).
"""

# ruff: noqa: E501  a row of the table stays on one line

from collections.abc import Callable
from typing import Final

from federation.config.circle import open_circle
from federation.config.fingerprint import parse_fingerprint
from federation.feeds.status import parse_status
from federation.flows.audit.published import AscendingStations
from federation.records.about import open_about
from federation.records.keychain import (
    decode_keys,
    encode_keys,
    first_statement,
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.records.publishedmap import parse_map
from federation.records.receipt import parse_receipt
from federation.records.register import decode_register
from federation.tlog.checkpoint import open_checkpoint
from federation.tlog.fork import check_evidence, format_evidence
from federation.tlog.keys import (
    ALG_ED25519,
    Signer,
    VerifierKey,
    format_vkey,
    parse_vkey,
)
from federation.tlog.note import open_note, sign_note
from federation.tlog.policy import parse_policy
from federation.tlog.proof import Proof, format_proof
from federation.tlog.tile import (
    decode_bundle,
    encode_bundle,
    parse_tile_path,
    split_hashes,
)

ORG: Final = "jagasuara.example"
ORIGIN: Final = f"{ORG}/pemilu-2024"
TIME: Final = "2024-02-14T13:05:00Z"


def _signer(name: str, number: int) -> Signer:
    return Signer.from_seed(name, bytes((number,)) * 32)


LOG: Final = _signer(ORIGIN, 6)
IDENTITY: Final = _signer(f"{ORG}/identity", 1)
THIEF: Final = _signer(f"{ORG}/identity", 9)
RECORDS: Final = _signer(f"{ORG}/records", 2)
NODE: Final = _signer(f"{ORG}/node", 7)
OTHER_NODE: Final = _signer("kawalpemilu.example/node", 8)

Door = Callable[[bytes], object]
DOORS: Final[dict[str, Door]] = {
    "note": lambda data: open_note(data, [LOG.key]),
    "checkpoint": lambda data: open_checkpoint(data, LOG.key),
    "vkey": lambda data: parse_vkey(data.decode()),
    "tile path": lambda data: parse_tile_path(data.decode()),
    "hash tile of width 2": lambda data: split_hashes(data, 2),
    "entry bundle of width 2": lambda data: decode_bundle(data, 2),
    "status vector": parse_status,
    "key chain": lambda data: open_chain(decode_keys(data), IDENTITY.key),
    "about note": lambda data: open_about(data, [NODE.key, OTHER_NODE.key]),
    "fork evidence": lambda data: check_evidence(data, [LOG.key]),
    "receipt": parse_receipt,
    "published map": parse_map,
    "codes of a published register": AscendingStations,
    "trust file": parse_policy,
    "fingerprint": lambda data: parse_fingerprint(data.decode()),
    "circle file": lambda data: open_circle(data, None),
    "list of stations handed over": decode_register,
}

# Notes and checkpoints
_ROOT: Final = b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
_TEXT: Final = b"%s\n20852163\n%s\n" % (ORIGIN.encode(), _ROOT)
_NOTE: Final = sign_note(_TEXT, LOG)


def _sign(old: bytes, new: bytes) -> bytes:
    """The good checkpoint with something else in it, and well signed."""
    assert old in _TEXT
    return sign_note(_TEXT.replace(old, new), LOG)


# Keys
_VKEY: Final = format_vkey(LOG.key).encode()
_SMALL: Final = VerifierKey("weak.example", ALG_ED25519, b"\x01" + bytes(31))
_HIGH: Final = VerifierKey(
    "weak.example", ALG_ED25519, b"\xed" + b"\xff" * 30 + b"\xff"
)


# Bundles
_BUNDLE: Final = encode_bundle([b"one", b"two"])

# The status vector
_ROW: Final = (
    b'{"about":"' + b"0" * 64 + b'","checkpoint":"c","keys":"' + b"a" * 64
    + b'","origin":"o"}'
)  # fmt: skip
_STATUS: Final = b'{"logs":[' + _ROW + b"]}"

# The key chain
_FIRST: Final = first_statement(
    ORIGIN, IDENTITY.key, [("log", LOG.key), ("records", RECORDS.key)], TIME
)
_STATEMENT: Final = sign_statement(_FIRST, IDENTITY)
_STOLEN: Final = sign_statement(
    first_statement(
        ORIGIN, THIEF.key, [("log", LOG.key), ("records", RECORDS.key)], TIME
    ),
    THIEF,
)

# The about note
_ABOUT: Final = (
    b'{"attribution":"Jaga Suara","audience":[],"contact":"data@jagasuara.example",'
    b'"identity":"' + format_vkey(IDENTITY.key).encode() + b'","issue":1,"licence":'
    b'"CC-BY-4.0","logs":[{"origin":"jagasuara.example/pemilu-2024","visibility":'
    b'"public"}],"name":"Jaga Suara","org":"jagasuara.example","type":"about/1",'
    b'"versions":[1]}\n'
)


def _about(old: bytes, new: bytes, signer: Signer = NODE) -> bytes:
    assert old in _ABOUT
    return sign_note(_ABOUT.replace(old, new), signer)


# The published map
_MAP: Final = (
    b'{"digest":"%s","election":"pemilu-2024","profile":"%s","register":"","rows":7,'
    b'"rules":1,"vector":{"jagasuara.example/pemilu-2024":8}}'
) % (b"1" * 64, b"2" * 64)
_CODES: Final = b"1371011001001\n1371011001002\n"

_EXTRA: Final = encode_keys([b"record", _STATEMENT])


def _receipt(index: int, extra: bytes) -> bytes:
    return format_proof(Proof(index, (), _NOTE, extra))


CASES: Final[list[tuple[str, str, bytes]]] = [
    # What says too little, too much, or nothing
    ("note", "nothing", b""),
    ("note", "only line feeds", b"\n" * 5),
    ("note", "no signature", _TEXT),
    ("note", "no empty line", _NOTE.replace(b"\n\n", b"\n")),
    ("note", "cut in the middle", _NOTE[: len(_NOTE) // 2]),
    ("note", "no line feed at the end", _NOTE[:-1]),
    ("note", "line ends of Windows", _NOTE.replace(b"\n", b"\r\n")),
    ("note", "a NUL", _NOTE.replace(b"pemilu", b"pem\0lu", 1)),
    ("note", "bytes that are not UTF-8", _NOTE.replace(b"pemilu", b"pem\xfflu", 1)),
    ("note", "a hyphen for the dash", _NOTE.replace("—".encode(), b"-")),
    ("note", "two signatures on one line", _NOTE[:-1] + b" " + _NOTE[-20:]),
    ("note", "101 signatures", _NOTE + _NOTE.partition(b"\n\n")[2] * 100),
    ("note", "more than a megabyte", b"x" * 1_000_001),
    ("note", "one letter of the text changed", _NOTE.replace(b"2085", b"2086")),
    ("note", "signed by somebody else", sign_note(_TEXT, RECORDS)),
    ("note", "our name, another key", sign_note(_TEXT, _signer(ORIGIN, 99))),
    # Signed by the right key, and still no checkpoint
    ("checkpoint", "the checkpoint of another log", _sign(b"pemilu-2024", b"pilpres")),
    ("checkpoint", "a leading zero", _sign(b"20852163", b"020852163")),
    ("checkpoint", "a plus", _sign(b"20852163", b"+20852163")),
    ("checkpoint", "a negative size", _sign(b"20852163", b"-1")),
    ("checkpoint", "full-width digits", _sign(b"20852163", "\uff12\uff10".encode())),
    ("checkpoint", "size 2^53", _sign(b"20852163", b"9007199254740992")),
    ("checkpoint", "a size of 5,000 digits", _sign(b"20852163", b"1" * 5000)),
    ("checkpoint", "an empty log with a root", _sign(b"20852163", b"0")),
    ("checkpoint", "a root of 31 bytes", _sign(_ROOT, b"A" * 40 + b"AA==")),
    ("checkpoint", "a root without padding", _sign(_ROOT, _ROOT[:-1])),
    ("checkpoint", "an extension line", sign_note(_TEXT + b"more\n", LOG)),
    # Keys
    ("vkey", "a key of small order", format_vkey(_SMALL).encode()),
    ("vkey", "a key in a second spelling", format_vkey(_HIGH).encode()),
    ("vkey", "the id of another key", _VKEY.replace(b"+08c81406", b"+08c81407")),
    ("vkey", "a line feed behind", _VKEY + b"\n"),
    ("vkey", "another algorithm", b"a.example+00000000+BgEC"),
    ("vkey", "no key", b"jagasuara.example"),
    # Paths of tiles
    ("tile path", "a folder above", b"tile/0/../../etc/passwd"),
    ("tile path", "an absolute path", b"/etc/passwd"),
    ("tile path", "a group of two digits", b"tile/0/01"),
    ("tile path", "an index with zero groups before it", b"tile/0/x000/001"),
    ("tile path", "width 0", b"tile/0/000.p/0"),
    ("tile path", "width 256 as a partial", b"tile/0/000.p/256"),
    ("tile path", "level 64", b"tile/64/000"),
    ("tile path", "a NUL", b"tile/0/000\0"),
    ("tile path", "full-width digits", "tile/0/\uff10\uff10\uff10".encode()),
    ("tile path", "10,000 groups", b"tile/0/" + b"x999/" * 10_000 + b"999"),
    # Tiles and bundles
    ("hash tile of width 2", "a hash less", bytes(32)),
    ("hash tile of width 2", "a byte more", bytes(65)),
    ("entry bundle of width 2", "nothing", b""),
    ("entry bundle of width 2", "a leaf less", encode_bundle([b"one"])),
    ("entry bundle of width 2", "a leaf more", _BUNDLE + b"\x00\x00"),
    ("entry bundle of width 2", "cut inside a leaf", _BUNDLE[:-1]),
    ("entry bundle of width 2", "cut inside a length", _BUNDLE + b"\x00"),
    ("entry bundle of width 2", "32,767 empty leaves", bytes(65_534)),
    # The status vector
    ("status vector", "not JSON", b"<html>"),
    ("status vector", "nested 100,000 deep", b"[" * 100_000),
    ("status vector", "white space", _STATUS.replace(b":", b": ")),
    ("status vector", "a member twice", _STATUS.replace(b'"logs"', b'"logs":[],"logs"')),
    ("status vector", "an unknown member", _STATUS[:-1] + b',"x":1}'),
    ("status vector", "a log twice", _STATUS.replace(_ROW, _ROW + b"," + _ROW)),
    ("status vector", "a digest of 63 digits", _STATUS.replace(b':"a', b':"')),
    ("status vector", "half a surrogate pair", _STATUS.replace(b'"o"', b'"\\ud800"')),
    ("status vector", "more than 16 MiB", b" " * ((1 << 24) + 1)),
    # The key chain
    ("key chain", "nothing", b""),
    ("key chain", "cut off", encode_keys([_STATEMENT])[:-1]),
    ("key chain", "one statement twice", encode_keys([_STATEMENT, _STATEMENT])),
    ("key chain", "begun with another identity key", encode_keys([_STOLEN])),
    (
        "key chain",
        "well formed, signed by the wrong key",
        encode_keys([_STATEMENT.partition(b"\n\n")[0] + b"\n\n" + _STOLEN.rpartition(b"\n\n")[2]]),
    ),
    # The about note
    ("about note", "an unknown member", _about(b'"audience":[]', b'"admin":1,"audience":[]')),
    ("about note", "the note of another organisation", _about(b'"org":"jagasuara.', b'"org":"kawalpemilu.')),
    ("about note", "signed by another organisation", _about(b"", b"", OTHER_NODE)),
    ("about note", "a log of somebody else", _about(b'"origin":"jagasuara.', b'"origin":"kawalpemilu.')),
    ("about note", "a name that reads backwards", _about(b'"name":"Jaga', '"name":"\u202eJaga'.encode())),
    # Evidence, receipts, trust files
    ("fork evidence", "one checkpoint twice", format_evidence(_NOTE, _NOTE)),
    ("fork evidence", "a checkpoint nobody signed", format_evidence(_NOTE, sign_note(_TEXT, _signer(ORIGIN, 99)))),
    ("receipt", "not a receipt", b"hello\n"),
    ("receipt", "an index with a leading zero", b"c2sp.org/tlog-proof@v1\nindex 01\n\n" + _NOTE),
    ("receipt", "neither record nor keys in it", format_proof(Proof(7, (), _NOTE))),
    ("receipt", "a record without the keys of its log", _receipt(7, encode_keys([b"record"]))),
    ("receipt", "keys that are cut off", _receipt(7, encode_keys([b"record", _STATEMENT])[:-1])),
    ("receipt", "1,001 key statements", _receipt(7, encode_keys([b"record"] * 1002))),
    ("receipt", "an index beyond the history", _receipt(20_852_163, _EXTRA)),
    ("receipt", "a hash of 31 bytes", format_proof(Proof(7, (bytes(31),), _NOTE, _EXTRA))),
    ("receipt", "65 hashes", format_proof(Proof(7, (bytes(32),) * 65, _NOTE, _EXTRA))),
    ("receipt", "bytes behind it", _receipt(7, _EXTRA) + b"x"),
    ("receipt", "the ends of its lines changed", _receipt(7, _EXTRA).replace(b"\n", b"\r\n")),
    ("receipt", "more than 1.2 MB", _receipt(7, _EXTRA) + b"\n" * 1_200_000),
    ("published map", "white space", _MAP.replace(b":", b": ")),
    ("published map", "a line feed behind", _MAP + b"\n"),
    ("published map", "a member twice", _MAP.replace(b'"rows"', b'"rows":7,"rows"')),
    ("published map", "a negative number of rows", _MAP.replace(b":7", b":-7")),
    ("published map", "a log of another election", _MAP.replace(b"example/pemilu", b"example/pilpres")),
    ("published map", "a log that is not public", _MAP.replace(b'2024":8', b'2024/incidents":8')),
    ("published map", "a digest in capitals", _MAP.replace(b"1" * 64, b"A" * 64)),
    ("codes of a published register", "not sorted", _CODES[14:] + _CODES[:14]),
    ("codes of a published register", "a station twice", _CODES[:14] * 2),
    ("codes of a published register", "cut off", _CODES[:-1]),
    ("codes of a published register", "a header", b"kode_tps\n" + _CODES),
    ("trust file", "no quorum", b""),
    ("trust file", "an unknown word", b"trust everybody\n"),
    # Typed by a person, or handed over in a file
    ("fingerprint", "one letter wrong", b"232OB-JSJMJ-QVYGS-7ENO3-4VCHG-625KN-D63XZ-ZVUBA"),
    ("fingerprint", "too short", b"232OB-JSJMJ"),
    ("circle file", "a list that nobody signed", b"[[member]]\n"),
    ("list of stations handed over", "not a list", b"{}"),
]  # fmt: skip

# What each gets: "<class of the error>: <its text>".
ANSWERS: Final[dict[str, dict[str, str]]] = {
    "note": {
        "nothing": "FormatError: a note without text, empty line and signatures",
        "only line feeds": "FormatError: a note without text, empty line and signatures",
        "no signature": "FormatError: a note without text, empty line and signatures",
        "no empty line": "FormatError: a note without text, empty line and signatures",
        "cut in the middle": "FormatError: a note without text, empty line and signatures",
        "no line feed at the end": "FormatError: a note without text, empty line and signatures",
        "line ends of Windows": "FormatError: a control character in a note",
        "a NUL": "FormatError: a control character in a note",
        "bytes that are not UTF-8": "FormatError: a note that is not UTF-8",
        "a hyphen for the dash": "FormatError: a signature line without its dash",
        "two signatures on one line": "FormatError: not base64",
        "101 signatures": "FormatError: a note with more than 100 signatures",
        "more than a megabyte": "FormatError: a note of more than 1000000 bytes",
        "one letter of the text changed": "SignatureError: a bad signature by jagasuara.example/pemilu-2024",
        "signed by somebody else": "SignatureError: no signature by jagasuara.example/pemilu-2024",
        "our name, another key": "SignatureError: no signature by jagasuara.example/pemilu-2024",
    },
    "checkpoint": {
        "the checkpoint of another log": "SignatureError: jagasuara.example/pemilu-2024 signed a checkpoint of jagasuara.example/pilpres",
        "a leading zero": "FormatError: a number that is too large or not canonical",
        "a plus": "FormatError: not a decimal number",
        "a negative size": "FormatError: not a decimal number",
        "full-width digits": "FormatError: not a decimal number",
        "size 2^53": "FormatError: a number that is too large or not canonical",
        "a size of 5,000 digits": "FormatError: not a decimal number",
        "an empty log with a root": "FormatError: an empty log with the root of something",
        "a root of 31 bytes": "FormatError: a root has 32 bytes, not 31",
        "a root without padding": "FormatError: not base64",
        "an extension line": "FormatError: a checkpoint is three lines",
    },
    "vkey": {
        "a key of small order": "FormatError: a weak or non-canonical public key",
        "a key in a second spelling": "FormatError: a weak or non-canonical public key",
        "the id of another key": "FormatError: vkey jagasuara.example/pemilu-2024: the key id does not belong to the key",
        "a line feed behind": "FormatError: not base64",
        "another algorithm": "FormatError: vkey a.example: signature algorithm is not supported",
        "no key": "FormatError: a vkey is name+id+key",
    },
    "tile path": {
        "a folder above": "FormatError: not the path of a tile",
        "an absolute path": "FormatError: not the path of a tile",
        "a group of two digits": "FormatError: not the path of a tile",
        "an index with zero groups before it": "FormatError: the path of a tile that is not canonical",
        "width 0": "FormatError: the path of a tile that is not canonical",
        "width 256 as a partial": "FormatError: the path of a tile that is not canonical",
        "level 64": "FormatError: no tile has level 64",
        "a NUL": "FormatError: not the path of a tile",
        "full-width digits": "FormatError: not the path of a tile",
        "10,000 groups": "FormatError: not the path of a tile",
    },
    "hash tile of width 2": {
        "a hash less": "FormatError: a tile of width 2 has 64 bytes",
        "a byte more": "FormatError: a tile of width 2 has 64 bytes",
    },
    "entry bundle of width 2": {
        "nothing": "FormatError: a bundle of 0 leaves, not 2",
        "a leaf less": "FormatError: a bundle of 1 leaves, not 2",
        "a leaf more": "FormatError: a bundle of more than 2 leaves",
        "cut inside a leaf": "FormatError: a bundle that is cut off (leaf 1)",
        "cut inside a length": "FormatError: a bundle that is cut off (leaf 2)",
        "32,767 empty leaves": "FormatError: a bundle of more than 2 leaves",
    },
    "status vector": {
        "not JSON": "FormatError: not a status vector: is not JSON: byte 0 is a character that cannot stand there",
        "nested 100,000 deep": "FormatError: not a status vector: should be a table, and is a list",
        "white space": "FormatError: a status vector that is not canonical",
        "a member twice": "FormatError: a status vector that is not canonical",
        "an unknown member": 'FormatError: not a status vector: there is no member "x" here',
        "a log twice": "FormatError: a status vector that lists a log twice",
        "a digest of 63 digits": "FormatError: not a SHA-256 in lower-case hex (o)",
        "half a surrogate pair": "FormatError: not a status vector: is JSON that is cut off",
        "more than 16 MiB": "FormatError: a status vector of 16777217 bytes",
    },
    "key chain": {
        "nothing": "FormatError: a key chain of 0 statements",
        "cut off": "FormatError: notes that are cut off (byte 0)",
        "one statement twice": "RecordError: version: version 1 after 1",
        "begun with another identity key": "OtherKeyError: jagasuara.example/pemilu-2024: not the pinned identity key",
        "well formed, signed by the wrong key": "SignatureError: not signed by exactly the identity key(s) it needs",
    },
    "about note": {
        "an unknown member": 'RecordError: there is no member "admin" here',
        "the note of another organisation": "RecordError: identity: the key of jagasuara.example/identity",
        "signed by another organisation": "SignatureError: signed by kawalpemilu.example/node, but about jagasuara.example",
        "a log of somebody else": "RecordError: logs.0: a log of someone else",
        "a name that reads backwards": "FormatError: code point U+202E is not allowed",
    },
    "fork evidence": {
        "one checkpoint twice": "ProofError: evidence that proves no fork",
        "a checkpoint nobody signed": "SignatureError: no checkpoint signed by a key of jagasuara.example/pemilu-2024",
    },
    "receipt": {
        "not a receipt": "FormatError: a receipt begins with c2sp.org/tlog-proof@v1",
        "an index with a leading zero": "FormatError: a number that is too large or not canonical",
        "neither record nor keys in it": "FormatError: a receipt without its record and the keys of its log",
        "a record without the keys of its log": "FormatError: a receipt without its record and the keys of its log",
        "keys that are cut off": "FormatError: notes that are cut off (byte 8)",
        "1,001 key statements": "FormatError: more than 1001 notes",
        "an index beyond the history": "FormatError: a receipt for index 20852163 of a history of 20852163",
        "a hash of 31 bytes": "FormatError: a hash has 32 bytes",
        "65 hashes": "FormatError: a receipt with more than 64 hashes",
        "bytes behind it": "FormatError: a note without text, empty line and signatures",
        "the ends of its lines changed": "FormatError: a receipt that is not ASCII before its checkpoint",
        "more than 1.2 MB": "FormatError: a receipt of more than 1200000 bytes",
    },
    "published map": {
        "white space": "FormatError: not canonical JSON (byte 10)",
        "a line feed behind": "FormatError: not canonical JSON (byte 257)",
        "a member twice": "FormatError: not canonical JSON (byte 204)",
        "a negative number of rows": "RecordError: rows: should be at least 0",
        "a log of another election": "RecordError: vector: jagasuara.example/pilpres-2024 is no part of this map",
        "a log that is not public": "RecordError: vector: jagasuara.example/pemilu-2024/incidents is no part of this map",
        "a digest in capitals": "RecordError: digest: should be 64 lower-case hexadecimal digits",
    },
    "codes of a published register": {
        "not sorted": "FormatError: not a register: codes that are not sorted",
        "a station twice": "FormatError: not a register: codes that are not sorted",
        "cut off": "FormatError: not a register: more than codes of stations",
        "a header": "FormatError: not a register: more than codes of stations",
    },
    "trust file": {
        "no quorum": "FormatError: a policy without quorum",
        "an unknown word": "FormatError: not a line of a policy (line 1)",
    },
    "fingerprint": {
        "one letter wrong": "FormatError: the fingerprint is mistyped there: compare it with what was read to you (group 8)",
        "too short": "FormatError: a fingerprint has 8 groups of five characters ('232OB-JSJMJ')",
    },
    "circle file": {
        "a list that nobody signed": "FormatError: a note without text, empty line and signatures",
    },
    "list of stations handed over": {
        "not a list": "FormatError: not a register: Error -3 while decompressing data: incorrect header check",
    },
}
