"""A checkpoint by two kinds of key: both lines good, or it is none."""

import hashlib
import struct

import pytest

from federation.errors import FormatError, SignatureError
from federation.tlog import mldsa
from federation.tlog.checkpoint import (
    Checkpoint,
    CompanionKey,
    open_checkpoint,
    read_unverified,
    sign_checkpoint,
)
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    ALG_ML_DSA_44,
    Signer,
    parse_vkey,
    verify_by,
)
from federation.tlog.note import Note, format_note, format_signature, parse_note

ORIGIN = "jagasuara.example/pemilu-2024"
LOG = Signer.from_seed(ORIGIN, bytes(32))
COMPANION = Signer.from_seed(ORIGIN, bytes(32), ALG_ML_DSA_44)
OTHER = Signer.from_seed(ORIGIN, b"\1" * 32, ALG_ML_DSA_44)
CHECKPOINT = Checkpoint(ORIGIN, 20_852_163, bytes(range(32)))
KEY = CompanionKey(COMPANION.key, 7)
NOTE = sign_checkpoint(CHECKPOINT, LOG, COMPANION)


def with_lines(*lines):
    return format_note(Note(parse_note(NOTE).text, lines))


def test_the_key_of_a_seed_is_the_published_one():
    # RFC 9881 appendix C.1: the seed 00 01 … 1f, the first and last bytes of its key.
    public = mldsa.public_of(bytes(range(32)))
    assert public.hex().startswith("d7b2b47254aae0db45e7930d4a98d2c97d8f1397d1789daf")
    assert public.hex().endswith("e76cc070b55869e4db9784cf05c830b3242c8312")


def test_its_key_id_and_its_message_are_those_of_tlog_cosignature():
    _, line = parse_note(NOTE).signatures
    material = ORIGIN.encode() + b"\n\x06" + COMPANION.key.public
    assert line.key_id == hashlib.sha256(material).digest()[:4]
    name = bytes([len(ORIGIN)]) + ORIGIN.encode()
    time, start, end = (struct.pack(">Q", n) for n in (0, 0, CHECKPOINT.size))
    parts = (b"subtree/v1\n\0", name, time, name, start, end, CHECKPOINT.root)
    assert line.payload[:8] == time
    assert verify_by(COMPANION.key, b"".join(parts), line.payload[8:])


def test_both_lines_open_it_and_whoever_knows_one_key_passes_both_on():
    opened = open_checkpoint(NOTE, LOG.key, KEY)
    assert (opened.checkpoint, opened.companion) == (CHECKPOINT, COMPANION.key)
    assert open_checkpoint(NOTE, LOG.key).bare == NOTE
    witness = Signer.from_seed("w.example", b"\2" * 32, ALG_COSIGNATURE)
    more = add_signatures(NOTE, [cosign(opened.text, witness, 1)])
    assert open_checkpoint(more, LOG.key, KEY).bare == NOTE


def test_a_missing_damaged_or_foreign_line_is_refused_and_says_which():
    own, line = parse_note(NOTE).signatures
    for at in (0, 7, 8, 1_000, 2_427):
        payload = bytearray(line.payload)
        payload[at] ^= 1
        bad = with_lines(own, line._replace(payload=bytes(payload)))
        with pytest.raises(SignatureError, match="is not good"):
            open_checkpoint(bad, LOG.key, KEY)
    for payload in (line.payload[:-1], line.payload + b"x", line.payload[8:]):
        with pytest.raises(SignatureError, match="is not good"):
            open_checkpoint(
                with_lines(own, line._replace(payload=payload)), LOG.key, KEY
            )
    by_other = sign_checkpoint(CHECKPOINT, LOG, OTHER)
    for note in (with_lines(own), by_other):
        with pytest.raises(SignatureError, match=r"from size 7 on .* 20852163 is not"):
            open_checkpoint(note, LOG.key, KEY)
    # The line of another size says nothing of this one.
    smaller = parse_note(sign_checkpoint(CHECKPOINT._replace(size=9), LOG, COMPANION))
    with pytest.raises(SignatureError):
        open_checkpoint(with_lines(own, smaller.signatures[1]), LOG.key, KEY)
    with pytest.raises(SignatureError):
        open_checkpoint(with_lines(line), LOG.key, KEY)


def test_a_relay_cannot_push_the_line_out_by_others_of_the_same_name():
    own, line = parse_note(NOTE).signatures
    junk = [line._replace(key_id=bytes([n] * 4), payload=b"x" * 9) for n in range(3)]
    opened = open_checkpoint(with_lines(own, *junk, line), LOG.key, KEY)
    assert parse_note(opened.bare).signatures[:2] == (own, line)
    assert open_checkpoint(opened.bare, LOG.key, KEY).checkpoint == CHECKPOINT


def test_a_companion_is_taken_as_text_only_where_one_is_asked_for():
    text = str(COMPANION.key)
    assert parse_vkey(text, alg=ALG_ML_DSA_44) == COMPANION.key
    for bad in (lambda: parse_vkey(text), lambda: parse_vkey(str(LOG.key), alg=6)):
        with pytest.raises(FormatError):
            bad()


def test_its_size_is_what_the_decision_says():
    line = format_signature(parse_note(NOTE).signatures[1])
    assert len(line) == len(f"— {ORIGIN} \n".encode()) + 3_244
    assert read_unverified(NOTE) == CHECKPOINT
