"""Receipts: one form, and only for the leaf at its index of the signed tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError, ProofError, SignatureError
from federation.tlog.cosignature import add_signatures, cosign, open_cosignatures
from federation.tlog.keys import Signer
from federation.tlog.merkle import prove_inclusion
from federation.tlog.note import parse_note
from federation.tlog.proof import (
    MAX_PROOF_BYTES,
    Proof,
    check_proof,
    format_proof,
    parse_proof,
)


@pytest.fixture(scope="module")
def log(make_log):
    return make_log(64)


@pytest.fixture(scope="module")
def signed(log, log_signer):
    return [log.sign(size, log_signer) for size in range(65)]


def leaf_of(index):
    return b"%d" % index


def test_every_leaf_of_every_size_up_to_64_has_a_receipt(log, signed, log_signer):
    for size in range(1, 65):
        for index in range(size):
            path = tuple(prove_inclusion(index, size, log.read_node))
            proof = Proof(index, path, signed[size])
            assert parse_proof(format_proof(proof)) == proof
            if size % 8 == 1:
                checkpoint = check_proof(proof, leaf_of(index), log_signer.key)
                assert checkpoint == log.checkpoint(size)


@pytest.fixture(scope="module")
def proof(log, signed, cosigners):
    text = parse_note(signed[37]).text
    note = add_signatures(signed[37], [cosign(text, cosigners[0], 1000)])
    path = tuple(prove_inclusion(30, 37, log.read_node))
    return Proof(30, path, note, b"additional")


@pytest.fixture(scope="module")
def good(proof):
    return format_proof(proof)


def test_a_receipt_is_the_text_of_the_draft(good, proof):
    lines = good.decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra YWRkaXRpb25hbA==", "index 30"]
    assert len(lines[3]) == 44
    assert good.endswith(b"\n\n" + proof.checkpoint)
    plain = format_proof(proof._replace(extra=b""))
    assert b"extra" not in plain
    assert parse_proof(plain).extra == b""


def test_a_receipt_keeps_the_cosignatures_and_its_checks_hold(
    proof, good, log_signer, cosigners
):
    read = parse_proof(good)
    assert read == proof
    assert check_proof(read, leaf_of(30), log_signer.key).size == 37
    assert len(open_cosignatures(read.checkpoint, [cosigners[0].key])) == 1


def test_another_leaf_index_path_or_key_is_refused(proof, log_signer):
    with pytest.raises(ProofError):
        check_proof(proof, leaf_of(31), log_signer.key)
    for index in (0, 29, 31, 37, 2**53 - 1):
        with pytest.raises(ProofError):
            check_proof(proof._replace(index=index), leaf_of(30), log_signer.key)
    for path in ((), proof.path[1:], proof.path[::-1], (*proof.path, proof.path[0])):
        with pytest.raises(ProofError):
            check_proof(proof._replace(path=path), leaf_of(30), log_signer.key)
    thief = Signer.from_seed(log_signer.name, b"\x66" * 32)
    with pytest.raises(SignatureError):
        check_proof(proof, leaf_of(30), thief.key)


def test_every_one_bit_flip_before_the_cosignatures_is_refused(
    proof, log_signer, flip, signed
):
    data = format_proof(proof._replace(extra=b"", checkpoint=signed[37]))
    for bit in range(len(data) * 8):
        damaged = flip(data, bit)
        with pytest.raises((FormatError, ProofError, SignatureError)):
            check_proof(parse_proof(damaged), leaf_of(30), log_signer.key)


DAMAGE = {
    "empty": lambda _: b"",
    "another header": lambda b: b.replace(b"@v1", b"@v2"),
    "no header": lambda b: b.partition(b"\n")[2],
    "no index": lambda b: b.replace(b"index 30\n", b""),
    "two indexes": lambda b: b.replace(b"index 30\n", b"index 30\nindex 30\n"),
    "index before extra": lambda b: b.replace(
        b"extra YWRkaXRpb25hbA==\nindex 30\n", b"index 30\nextra YWRkaXRpb25hbA==\n"
    ),
    "leading zero": lambda b: b.replace(b"index 30", b"index 030"),
    "plus": lambda b: b.replace(b"index 30", b"index +30"),
    "full-width digits": lambda b: b.replace(b"index 30", "index \uff13".encode()),
    "negative": lambda b: b.replace(b"index 30", b"index -1"),
    "2^53": lambda b: b.replace(b"index 30", b"index 9007199254740992"),
    "two spaces": lambda b: b.replace(b"index 30", b"index  30"),
    "capital": lambda b: b.replace(b"index 30", b"Index 30"),
    "empty extra": lambda b: b.replace(b"extra YWRkaXRpb25hbA==", b"extra "),
    "extra without padding": lambda b: b.replace(b"bA==", b"bA"),
    "stray bits in extra": lambda b: b.replace(b"bA==", b"bB=="),
    "short hash": lambda b: b.replace(b"index 30\n", b"index 30\nAAAA\n"),
    "65 hashes": lambda b: b.replace(
        b"index 30\n", b"index 30\n" + (b"A" * 43 + b"=\n") * 65
    ),
    "CR": lambda b: b.replace(b"\n", b"\r\n"),
    "no empty line": lambda b: b.replace(b"\n\ntest", b"\ntest"),
    "two empty lines": lambda b: b.replace(b"\n\ntest", b"\n\n\ntest"),
    "no checkpoint": lambda b: b[: b.index(b"\n\n") + 2],
    "not a checkpoint": lambda b: b.replace(b"\n37\n", b"\n37\nmore\n"),
    "no final LF": lambda b: b[:-1],
    "too large": lambda b: b + b"x" * MAX_PROOF_BYTES,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_receipt_in_any_other_form_is_refused(damage, good):
    parse_proof(good)
    with pytest.raises(FormatError):
        parse_proof(damage(good))


@given(
    st.integers(0, 2**53 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=64),
    st.binary(max_size=50),
)
def test_what_is_formatted_parses_to_the_same(signed, index, path, extra):
    proof = Proof(index, tuple(path), signed[5], extra)
    assert parse_proof(format_proof(proof)) == proof


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_what_parses_formats_to_the_same(good, at, byte):
    data = bytearray(good)
    data[at % len(data)] = byte
    try:
        proof = parse_proof(bytes(data))
    except FormatError:
        return
    assert format_proof(proof) == bytes(data)
