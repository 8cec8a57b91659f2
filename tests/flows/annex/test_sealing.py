"""An annex opens with the private key only, and only as what it was sealed as."""

import hashlib
import hmac
import struct

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from federation.config.sealingkey import key_id, public_of
from federation.errors import FormatError, VerificationError
from federation.flows.annex.contents import (
    AnnexPerson,
    IncidentAnnex,
    parse_contents,
)
from federation.flows.annex.sealing import STEP, last_day, open_sealed, seal
from federation.store.annex import SealedAnnex, bound_to, format_annex
from tests.annexed import CONTENTS, head_of

PRIVATE = bytes(range(32))
PUBLIC = public_of(PRIVATE)
HEAD = head_of(key=key_id(PUBLIC))
WORDS = ("Zulkifli", "Kenari", "0813", "Hendrawan", "Roslina", "120.75", "Mak Uwo")


def test_the_private_key_opens_what_the_public_one_sealed():
    annex = seal(CONTENTS, HEAD, PUBLIC)
    assert open_sealed(annex, PRIVATE) == CONTENTS
    kept = format_annex(annex).decode() + annex.sealed.decode("latin-1")
    assert [word for word in WORDS if word in kept] == []


@pytest.mark.parametrize("key", [PUBLIC, bytes(range(1, 33)), b"\x01" * 32])
def test_no_other_key_opens_it(key):
    with pytest.raises(VerificationError, match="another key"):
        open_sealed(seal(CONTENTS, HEAD, PUBLIC), key)


def test_the_same_annex_is_sealed_anew_each_time():
    assert len({seal(CONTENTS, HEAD, PUBLIC).sealed for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("election", "pemilu-2024"),
        ("incident", "f" * 32),
        ("keep_until", "2037-05-29"),
        ("key", "0" * 16),
        ("org", "lain.example"),
        ("sealed_at", "2026-11-30T10:00:01Z"),
    ],
)
def test_it_opens_under_no_other_head(member, value):
    other = msgspec.structs.replace(HEAD, **{member: value})
    annex = seal(CONTENTS, HEAD, PUBLIC)
    with pytest.raises(VerificationError):
        open_sealed(SealedAnnex(other, annex.sealed), PRIVATE)


@pytest.mark.parametrize("at", [0, 31, 32, 100, -1])
def test_no_byte_of_it_can_be_changed(at):
    annex = seal(CONTENTS, HEAD, PUBLIC)
    changed = bytearray(annex.sealed)
    changed[at] ^= 1
    with pytest.raises(VerificationError):
        open_sealed(SealedAnnex(HEAD, bytes(changed)), PRIVATE)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 47])
def test_what_is_too_short_opens_as_nothing(size):
    with pytest.raises(VerificationError):
        open_sealed(SealedAnnex(HEAD, bytes(size)), PRIVATE)


def test_its_size_does_not_tell_how_much_it_says():
    short = seal(IncidentAnnex(notes="x"), HEAD, PUBLIC)
    assert len(short.sealed) == len(seal(CONTENTS, HEAD, PUBLIC).sealed)
    assert (len(short.sealed) - 32 - 16) % STEP == 0


def test_a_program_that_knows_only_the_standard_opens_it():
    """RFC 9180, base mode, written down from its pages: no HPKE of any library."""

    def extract(salt, ikm):
        return hmac.new(salt or bytes(32), ikm, hashlib.sha256).digest()

    def expand(prk, info, length):
        block = out = b""
        for number in range(1, -(-length // 32) + 1):
            block = hmac.new(
                prk, block + info + bytes([number]), hashlib.sha256
            ).digest()
            out += block
        return out[:length]

    def labelled_extract(suite, salt, label, ikm):
        return extract(salt, b"HPKE-v1" + suite + label + ikm)

    def labelled_expand(suite, prk, label, info, length):
        lead = struct.pack(">H", length) + b"HPKE-v1"
        return expand(prk, lead + suite + label + info, length)

    annex = seal(CONTENTS, HEAD, PUBLIC)
    enc, sealed = annex.sealed[:32], annex.sealed[32:]
    key = X25519PrivateKey.from_private_bytes(PRIVATE)
    shared = key.exchange(X25519PublicKey.from_public_bytes(enc))
    kem = b"KEM" + struct.pack(">H", 0x0020)
    prk = labelled_extract(kem, b"", b"eae_prk", shared)
    secret = labelled_expand(kem, prk, b"shared_secret", enc + PUBLIC, 32)
    suite = b"HPKE" + struct.pack(">HHH", 0x0020, 0x0001, 0x0003)
    context = b"\x00" + labelled_extract(suite, b"", b"psk_id_hash", b"")
    context += labelled_extract(suite, b"", b"info_hash", bound_to(HEAD))
    prk = labelled_extract(suite, secret, b"secret", b"")
    aead_key = labelled_expand(suite, prk, b"key", context, 32)
    nonce = labelled_expand(suite, prk, b"base_nonce", context, 12)
    plain = ChaCha20Poly1305(aead_key).decrypt(nonce, sealed, b"")
    assert msgspec.json.decode(plain, type=IncidentAnnex) == CONTENTS


def test_nothing_of_it_shows_where_it_is_printed_by_mistake():
    said = f"{CONTENTS} {CONTENTS!r} {CONTENTS.reporter} {[CONTENTS.accused]}"
    assert [word for word in WORDS if word in said] == []
    assert "IncidentAnnex(…)" in said


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "not an annex"),
        (b"[]", "not an annex"),
        (b"{}", "says nothing"),
        (b'{"notes":""}', "says nothing"),
        (b'{"note":"x"}', 'no member "note"'),
        (b'{"reporter":{}}', "name"),
        (b'{"reporter":{"name":""}}', "name"),
        (b'{"position":{"lat":91,"lon":0}}', "lat"),
        (b'{"position":{"lat":1}}', "lon"),
        (b'{"accused":[{"name":1}]}', "accused"),
        (b'{"notes":"' + b"x" * 20_001 + b'"}', "notes"),
    ],
)
def test_what_is_no_annex_is_refused_with_its_place(data, where):
    with pytest.raises(FormatError, match=where):
        parse_contents(data, "report.json")


def test_a_refusal_does_not_repeat_what_was_said():
    data = b'{"reporter":{"name":"Zulkifli Manurung","address":17}}'
    with pytest.raises(FormatError) as told:
        parse_contents(data)
    assert "Zulkifli" not in str(told.value)
    assert AnnexPerson(name="x") == AnnexPerson(name="x", address="")


def test_the_last_day_is_so_many_days_on():
    assert last_day(1_709_164_800, 0) == "2024-02-29"
    assert last_day(1_709_164_800, 180) == "2024-08-27"
