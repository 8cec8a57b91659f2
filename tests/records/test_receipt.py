"""Receipts: one text that holds all of its proof, and none of the trust."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import (
    FormatError,
    ProofError,
    RecordError,
    SignatureError,
)
from federation.records.keychain import open_chain
from federation.records.receipt import (
    MAX_RECEIPT_BYTES,
    format_receipt,
    open_receipt,
    parse_receipt,
)
from federation.records.sealed import record_id
from federation.tlog.cosignature import add_signatures, cosign, open_cosignatures
from federation.tlog.keys import parse_vkey
from federation.tlog.merkle import prove_inclusion
from federation.tlog.note import encode_notes, parse_note
from federation.tlog.proof import Proof, format_proof
from federation.tlog.tile import hash_reader
from tests.fakes import FakeOrg, Tree, flip_bit

VECTORS = Path(__file__).resolve().parents[2] / "docs/reference/vectors"
REFUSED = (FormatError, ProofError, RecordError, SignatureError)
HELD_AT = 1_707_920_000


@pytest.fixture(scope="module")
def owner():
    return FakeOrg("jagasuara.example")


@pytest.fixture(scope="module")
def witness():
    return FakeOrg("kawal.example")


@pytest.fixture(scope="module")
def tree(owner):
    return Tree(owner, [owner.statements[0], *owner.results(1, 20)])


def path_of(tree, index, size):
    return prove_inclusion(index, size, hash_reader(tree.tile, size))


def receipt_of(tree, index, size, *cosigners):
    note = tree.note(size)
    lines = [cosign(parse_note(note).text, one.mirror, HELD_AT) for one in cosigners]
    return format_receipt(
        tree.leaves[index],
        tree.owner.statements,
        index,
        path_of(tree, index, size),
        add_signatures(note, lines),
    )


def opened(data, identity):
    receipt = parse_receipt(data)
    return open_receipt(receipt, open_chain(receipt.keys, identity))


@pytest.fixture(scope="module")
def good(tree, witness):
    return receipt_of(tree, 3, 5, witness)


def test_every_index_of_every_size_has_a_receipt_that_stands_alone(tree, owner):
    for size in range(1, 21):
        for index in range(size):
            data = receipt_of(tree, index, size)
            receipt = parse_receipt(data)
            assert (receipt.origin, receipt.index, receipt.size) == (
                owner.origin,
                index,
                size,
            )
            assert receipt.leaf == tree.leaves[index]
            assert list(receipt.keys) == owner.statements
            checkpoint, sealed = opened(data, owner.identity.key)
            assert checkpoint == tree.checkpoint(size)
            assert sealed.index == index
            assert tree.leaves[index].startswith(sealed.text)


def test_the_text_is_that_of_the_draft_with_record_and_keys_in_extra(good, tree):
    lines = good.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    extra = base64.b64decode(lines[1].removeprefix("extra "))
    assert extra == encode_notes([tree.leaves[3], *tree.owner.statements])
    assert lines[2] == "index 3"
    assert lines[6] == ""
    assert lines[7:10] == tree.note(5).decode().split("\n")[:3]


def test_the_golden_receipt_is_the_record_of_the_golden_log():
    records = json.loads((VECTORS / "records.json").read_text("utf-8"))
    data = (VECTORS / "receipt.txt").read_bytes()
    checkpoint, sealed = opened(data, parse_vkey(records["identity"]))
    receipt = parse_receipt(data)
    assert sealed.record == records["valid"][1]["record"] == record_id(sealed.text)
    assert receipt.leaf.decode() == records["valid"][1]["leaf"]
    assert receipt.proof.checkpoint == (VECTORS / "log/checkpoint").read_bytes()
    assert (checkpoint.size, receipt.index) == (5, 1)
    remade = format_receipt(
        receipt.leaf,
        receipt.keys,
        receipt.index,
        receipt.proof.path,
        receipt.proof.checkpoint,
    )
    assert remade == data


def test_the_cosignatures_travel_with_it(good, witness):
    note = parse_receipt(good).proof.checkpoint
    said = open_cosignatures(note, [witness.mirror.key])
    assert [(one.key, one.time) for one in said] == [(witness.mirror.key, HELD_AT)]


def test_a_receipt_vouches_for_nobody_by_itself(good, witness):
    with pytest.raises(SignatureError, match="pinned"):
        opened(good, witness.identity.key)


def test_a_receipt_is_not_opened_with_the_keys_of_another_log(good, witness):
    with pytest.raises(SignatureError):
        open_receipt(parse_receipt(good), witness.chain)


def test_later_key_statements_travel_too(owner):
    changing = FakeOrg("ganti.example")
    changing.statements.append(changing.restate())
    tree = Tree(changing, [*changing.statements, *changing.results(1, 4)])
    data = receipt_of(tree, 1, 5)
    _, sealed = opened(data, changing.identity.key)
    assert sealed.statement.version == 2
    with pytest.raises(SignatureError):
        opened(data, owner.identity.key)


@pytest.mark.slow
def test_every_flipped_bit_is_refused_or_touches_only_a_cosignature(good, owner):
    whole = opened(good, owner.identity.key)
    cosigned = good.rindex("— kawal.example".encode())
    for bit in range(len(good) * 8):
        try:
            found = opened(flip_bit(good, bit), owner.identity.key)
        except REFUSED:
            continue
        assert found == whole
        assert bit // 8 >= cosigned, "only what others signed may be another's word"


def test_a_flipped_cosignature_is_nobodys_word(good, witness):
    at = good.rindex("— kawal.example".encode())
    for bit in range(at * 8, len(good) * 8):
        try:
            note = parse_receipt(flip_bit(good, bit)).proof.checkpoint
        except FormatError:
            continue
        assert open_cosignatures(note, [witness.mirror.key]) == []


def parts_of(tree, **changed):
    parts = {
        "leaf": tree.leaves[3],
        "keys": tree.owner.statements,
        "index": 3,
        "path": tuple(path_of(tree, 3, 5)),
        "checkpoint": tree.note(5),
        **changed,
    }
    extra = encode_notes([parts["leaf"], *parts["keys"]])
    return format_proof(
        Proof(parts["index"], parts["path"], parts["checkpoint"], extra)
    )


def test_what_is_no_receipt_is_refused_before_anything_is_verified(tree, good):
    bare = Proof(3, tuple(path_of(tree, 3, 5)), tree.note(5))
    hostile = {
        "nothing": b"",
        "a proof without record": format_proof(bare),
        "a record without keys": parts_of(tree, keys=[]),
        "an empty record": parts_of(tree, leaf=b""),
        "cut-off notes": format_proof(bare._replace(extra=b"\x00\x09abc")),
        "half a length": format_proof(bare._replace(extra=b"\x00")),
        "an index beyond the tree": parts_of(tree, index=5),
        "too many keys": parts_of(tree, keys=[b"k"] * 1001),
        "no checkpoint": parts_of(tree, checkpoint=tree.leaves[3]),
        "a second empty line": good.replace(b"\n\n", b"\n\n\n", 1),
        "another version": good.replace(b"@v1", b"@v2"),
        "windows": good.replace(b"\n", b"\r\n"),
        "no end": good[:-1],
        "something behind": good + b"x",
        "a stray space": good.replace(b"index 3", b"index  3"),
        "a leading zero": good.replace(b"index 3", b"index 03"),
        "too large": good + b"\n" * MAX_RECEIPT_BYTES,
    }
    for data in hostile.values():
        with pytest.raises(FormatError):
            parse_receipt(data)


def test_well_formed_lies_are_refused_when_opened(tree, owner, witness):
    forged = Tree(witness, [witness.statements[0], *witness.results(1, 5)])
    lies = {
        "another record": (parts_of(tree, leaf=tree.leaves[4]), ProofError),
        "another index": (parts_of(tree, index=2), ProofError),
        "a longer path": (
            parts_of(tree, path=(*path_of(tree, 3, 5), bytes(32))),
            ProofError,
        ),
        "a shorter path": (
            parts_of(tree, path=tuple(path_of(tree, 3, 5)[:-1])),
            ProofError,
        ),
        "another size": (parts_of(tree, checkpoint=tree.note(6)), ProofError),
        "another log": (parts_of(tree, checkpoint=forged.note(5)), SignatureError),
        "other keys": (parts_of(tree, keys=witness.statements), SignatureError),
        "one statement more": (
            parts_of(tree, keys=[*owner.statements, *witness.statements]),
            SignatureError,
        ),
    }
    for data, error in lies.values():
        with pytest.raises(error):
            opened(data, owner.identity.key)


def test_a_record_by_a_key_that_was_revoked_at_its_index_is_refused():
    thief = FakeOrg("dicuri.example")
    tree = Tree(thief, [thief.statements[0], *thief.results(1, 5)])
    revoke = [(thief.records.key, 3, "dicuri")]
    thief.statements.append(thief.restate(revoke=revoke))
    assert opened(receipt_of(tree, 2, 5), thief.identity.key)[1].index == 2
    with pytest.raises(SignatureError, match="set apart by its owner"):
        opened(receipt_of(tree, 3, 5), thief.identity.key)


def test_a_receipt_that_could_not_be_read_again_is_never_written(tree):
    with pytest.raises(FormatError):
        format_receipt(tree.leaves[3], [], 3, path_of(tree, 3, 5), tree.note(5))
    with pytest.raises(FormatError):
        format_receipt(
            tree.leaves[3], tree.owner.statements, 5, path_of(tree, 3, 5), tree.note(5)
        )


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_cut_and_spliced_receipts_are_refused(data, good, owner):
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, len(good)))
    insert = data.draw(st.binary(max_size=8))
    spoilt = good[:start] + insert + good[end:]
    try:
        found = opened(spoilt, owner.identity.key)
    except REFUSED:
        return
    assert found == opened(good, owner.identity.key)
