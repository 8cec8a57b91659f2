"""Keys come in by one form each, weak ones not at all."""

import pickle
import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from federation.errors import FormatError
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    ALG_ED25519,
    ALG_ML_DSA_44,
    Signer,
    VerifierKey,
    check_key_name,
    check_public_key,
    decode_base64,
    encode_base64,
    format_vkey,
    parse_vkey,
    verify,
)

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493


def _point(hexadecimal):
    return bytes.fromhex(hexadecimal)


# The eight points of small order, and the encodings of them that are not canonical.
SMALL_ORDER = {
    "order 1": _point("01" + "00" * 31),
    "order 1, sign bit": _point("01" + "00" * 30 + "80"),
    "order 2": _point("ec" + "ff" * 30 + "7f"),
    "order 2, sign bit": _point("ec" + "ff" * 30 + "ff"),
    "order 4": bytes(32),
    "order 4, sign bit": _point("00" * 31 + "80"),
    "order 8": _point(
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
    ),
    "order 8, other sign": _point(
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"
    ),
    "order 8, other": _point(
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
    ),
    "order 8, other, other sign": _point(
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"
    ),
    "y = p": P.to_bytes(32, "little"),
    "y = p, sign bit": _point("ed" + "ff" * 30 + "ff"),
    "y = p + 1": (P + 1).to_bytes(32, "little"),
    "y = p + 1, sign bit": _point("ee" + "ff" * 30 + "ff"),
}
OTHER_BAD = {
    "too short": b"\x58" * 31,
    "too long": b"\x58" * 33,
    "empty": b"",
    "not on the curve": (2).to_bytes(32, "little"),
    "y = 2^255 - 1": _point("ff" * 31 + "7f"),
}


@pytest.mark.parametrize("public", [*SMALL_ORDER.values(), *OTHER_BAD.values()])
def test_weak_and_non_canonical_public_keys_are_refused_wherever_they_enter(public):
    with pytest.raises(FormatError):
        check_public_key(public)
    with pytest.raises(FormatError):
        parse_vkey(format_vkey(VerifierKey("weak.example", ALG_ED25519, public)))


@pytest.mark.parametrize("public", SMALL_ORDER.values(), ids=SMALL_ORDER)
def test_no_signature_is_good_under_a_key_of_small_order(public):
    # R = the key itself, S = 0 satisfies the equation for some messages under
    # verifiers that do not look at the order.
    for n in range(16):
        assert not verify(public, b"%d" % n, public + bytes(32))
        assert not verify(public, b"%d" % n, _point("01" + "00" * 31) + bytes(32))


def test_a_key_with_a_small_component_is_refused():
    # A good key plus the point of order 2 verifies some signatures and not others.
    good = Signer.from_seed("a.example", b"\x05" * 32).key.public
    check_public_key(good)
    with pytest.raises(FormatError):
        check_public_key(crypto_core_ed25519_add(good, SMALL_ORDER["order 2"]))


def test_the_published_vkey_reads_and_writes_itself():
    key = parse_vkey(VKEY)
    assert (key.name, key.alg, key.key_id.hex()) == ("example.com/foo", 1, "530d903a")
    assert str(key) == format_vkey(key) == VKEY
    assert pickle.loads(pickle.dumps(key)) == key
    assert len({key, parse_vkey(VKEY)}) == 1


BAD_VKEYS = [
    "",
    "example.com/foo",
    "example.com/foo+530d903a",
    VKEY + " ",
    " " + VKEY,
    VKEY + "\n",
    VKEY + "=",
    VKEY[:-1],
    VKEY.replace("530d903a", "530D903A"),
    VKEY.replace("530d903a", "530d903b"),
    VKEY.replace("530d903a", "0530d903a"),
    VKEY.replace("530d903a", "530d903"),
    VKEY.replace("+AekyeRr", "+AukyeRr"),
    VKEY.replace("foo", "fop"),
    VKEY.replace("foo", "f oo"),
    VKEY.replace("foo", "f\u3000oo"),
    VKEY.replace("foo", "f\noo"),
    VKEY.replace("foo", "f+oo"),
    VKEY.replace("foo", "f\ud800oo"),
    VKEY.replace("example.com/foo", ""),
    VKEY.replace("U2k", "U2l"),
    VKEY.replace("rm56", "rm\uff156"),
    "example.com/foo+530d903a+",
]


@pytest.mark.parametrize("text", BAD_VKEYS)
def test_a_vkey_in_any_other_form_is_refused(text):
    with pytest.raises(FormatError):
        parse_vkey(text)


@pytest.mark.parametrize("alg", [0x00, 0x02, 0x05, 0x06, 0xFF])
def test_a_vkey_of_another_algorithm_is_refused(alg):
    public = Signer.from_seed("a.example", b"\x05" * 32).key.public
    with pytest.raises(FormatError):
        parse_vkey(format_vkey(VerifierKey("a.example", alg, public)))
    if alg != ALG_ML_DSA_44:
        with pytest.raises(FormatError):
            Signer.from_seed("a.example", b"\x05" * 32, alg)


def test_a_seed_of_another_length_or_a_bad_name_makes_no_signer():
    for name, seed in (("a.example", b"x" * 31), ("a b", b"x" * 32), ("", b"x" * 32)):
        with pytest.raises(FormatError):
            Signer.from_seed(name, seed)


def test_the_name_and_the_algorithm_are_in_the_key_id():
    one = Signer.from_seed("a.example", b"\x05" * 32).key
    other = Signer.from_seed("b.example", b"\x05" * 32).key
    third = Signer.from_seed("a.example", b"\x05" * 32, ALG_COSIGNATURE).key
    assert one.public == other.public == third.public
    assert len({one.key_id, other.key_id, third.key_id}) == 3


def test_a_signer_never_shows_its_secret():
    seed = random.Random(1).randbytes(32)
    signer = Signer.from_seed("a.example", seed)
    for shown in (repr(signer), str(signer), repr(vars(type(signer)))):
        assert seed.hex() not in shown
        assert repr(seed) not in shown


def test_every_one_bit_flip_of_signature_message_or_key_fails(flip):
    signer = Signer.from_seed("a.example", b"\x06" * 32)
    message = b"a message"
    signature = signer.sign(message)
    public = signer.key.public
    assert verify(public, message, signature)
    for bit in range(512):
        assert not verify(public, message, flip(signature, bit))
    for bit in range(len(message) * 8):
        assert not verify(public, flip(message, bit), signature)
    for bit in range(256):
        assert not verify(flip(public, bit), message, signature)


def test_a_signature_or_key_of_another_length_is_never_handed_on():
    signer = Signer.from_seed("a.example", b"\x06" * 32)
    signature = signer.sign(b"m")
    assert not verify(signer.key.public, b"m", signature[:63])
    assert not verify(signer.key.public, b"m", signature + b"\x00")
    assert not verify(signer.key.public[:31], b"m", signature)
    assert not verify(b"", b"m", b"")


def test_a_signature_with_the_group_order_added_is_refused():
    order = ORDER
    signer = Signer.from_seed("a.example", b"\x06" * 32)
    signature = signer.sign(b"m")
    s = int.from_bytes(signature[32:], "little") + order
    assert not verify(
        signer.key.public, b"m", signature[:32] + s.to_bytes(32, "little")
    )


@given(st.binary(max_size=80))
def test_base64_reads_back(data):
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize(
    "text",
    ["A", "AA", "AA=", "AB==", "AAB=", "AAAA\n", " AAAA", "AA==AAAA", "A-_A", "é"],
)
def test_base64_in_any_other_form_is_refused(text):
    with pytest.raises(FormatError):
        decode_base64(text)


@given(
    st.text(max_size=12),
    st.binary(min_size=32, max_size=32),
    st.sampled_from([ALG_ED25519, ALG_COSIGNATURE]),
)
def test_a_key_of_any_allowed_name_reads_back(name, seed, alg):
    try:
        check_key_name(name)
    except FormatError:
        with pytest.raises(FormatError):
            Signer.from_seed(name, seed, alg)
        return
    key = Signer.from_seed(name, seed, alg).key
    assert parse_vkey(str(key)) == key


def test_no_key_name_has_a_space_of_any_script():
    for code in range(sys.maxunicode + 1):
        if chr(code).isspace() or code < 0x20:
            with pytest.raises(FormatError):
                check_key_name(f"a{chr(code)}b")
    check_key_name("organisasi.example/pemilu-2024/insiden")
    check_key_name("é\u200b\x7f")


def _edge_cases(flip):
    """Keys, messages and signatures at which verifiers of Ed25519 differ."""
    signer = Signer.from_seed("a.example", b"\x06" * 32)
    public, message = signer.key.public, b"01: 127"
    signature = signer.sign(message)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    cases = [(public, message, signature), (public, b"", signer.sign(b""))]
    cases.append((public, b"m" * 65_535, signer.sign(b"m" * 65_535)))
    # S that is not reduced, and S at its ends.
    ends = (0, 1, ORDER - 1, ORDER, 2**252, 2**253 - 1, 2**255 - 1, 2**256 - 1)
    more = [s + count * ORDER for count in range(1, 16)]
    cases += [
        (public, message, r + edge.to_bytes(32, "little"))
        for edge in (*ends, *more)
        if edge < 2**256
    ]
    # Keys and R of small order or not canonical, each with each.
    for weak in SMALL_ORDER.values():
        cases.append((public, message, weak + signature[32:]))
        cases.append((weak, message, signature))
        for other in SMALL_ORDER.values():
            cases += [
                (weak, message, other + bytes(32)),
                (weak, b"", other + bytes(32)),
            ]
    # A key, and an R, with a part of small order: with cofactor it verifies.
    for weak in ("order 2", "order 4", "order 8"):
        mixed = crypto_core_ed25519_add(public, SMALL_ORDER[weak])
        cases.append((mixed, message, signature))
        shifted = crypto_core_ed25519_add(r, SMALL_ORDER[weak])
        cases.append((public, message, shifted + signature[32:]))
    for bit in range(0, 512, 5):
        cases.append((public, message, flip(signature, bit)))
        cases.append((flip(public, bit % 256), message, signature))
    return cases


def test_every_verdict_is_that_of_pynacls_own_function(flip):
    verdicts = set()
    for public, message, signature in _edge_cases(flip):
        try:
            VerifyKey(public).verify(message, signature)
            expected = True
        except BadSignatureError:
            expected = False
        assert verify(public, message, signature) is expected, (public, signature)
        verdicts.add(expected)
    assert verdicts == {True, False}
