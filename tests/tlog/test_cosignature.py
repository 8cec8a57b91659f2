"""Cosignatures: what is signed, who counts, and that a bad one only loses itself."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from federation.tlog.cosignature import (
    Cosignature,
    add_signatures,
    cosign,
    open_cosignatures,
    select_cosignatures,
)
from federation.tlog.keys import ALG_COSIGNATURE, Signer, verify
from federation.tlog.merkle import hash_leaf
from federation.tlog.note import (
    MAX_SIGNATURES,
    Note,
    Signature,
    format_note,
    parse_note,
)

TIME = 1_707_900_000


@pytest.fixture(scope="module")
def signed(log_signer):
    checkpoint = Checkpoint(log_signer.name, 3, hash_leaf(b"a"))
    return sign_checkpoint(checkpoint, log_signer)


@pytest.fixture(scope="module")
def text(signed):
    return parse_note(signed).text


def test_the_signed_message_and_the_payload_are_those_of_the_specification(
    text, cosigners
):
    line = cosign(text, cosigners[0], TIME)
    assert line.payload[:8] == TIME.to_bytes(8, "big")
    message = b"cosignature/v1\ntime 1707900000\n" + text
    assert verify(cosigners[0].key.public, message, line.payload[8:])
    assert (line.name, line.key_id) == (cosigners[0].name, cosigners[0].key.key_id)


def test_cosignatures_open_with_their_times_and_leave_the_checkpoint_good(
    signed, text, cosigners, log_signer
):
    lines = [cosign(text, one, TIME + n) for n, one in enumerate(cosigners)]
    note = add_signatures(signed, lines)
    keys = [one.key for one in cosigners]
    assert open_cosignatures(note, keys) == [
        Cosignature(key, TIME + n) for n, key in enumerate(keys)
    ]
    assert select_cosignatures(note, keys[1:2]) == [lines[1]]
    assert open_cosignatures(note, []) == []
    assert open_cosignatures(signed, keys) == []
    assert open_checkpoint(note, log_signer.key).size == 3


def test_a_flip_in_a_cosignature_line_loses_at_most_that_line(
    signed, text, cosigners, log_signer, flip
):
    lines = [cosign(text, one, TIME) for one in cosigners[:2]]
    note = add_signatures(signed, lines)
    keys = [one.key for one in cosigners[:2]]
    start = len(note) - len(note.splitlines(keepends=True)[-1])
    for bit in range(start * 8, len(note) * 8):
        damaged = flip(note, bit)
        try:
            found = open_cosignatures(damaged, keys)
            assert open_checkpoint(damaged, log_signer.key).size == 3
        except FormatError:
            continue
        assert found == [Cosignature(keys[0], TIME)]


def test_a_cosignature_of_another_checkpoint_time_key_or_form_is_dropped(
    signed, text, cosigners, log_signer
):
    one = cosigners[0]
    good = cosign(text, one, TIME)
    other = Checkpoint(log_signer.name, 4, hash_leaf(b"a"))
    elsewhere = cosign(parse_note(sign_checkpoint(other, log_signer)).text, one, TIME)
    for payload in (
        elsewhere.payload,
        (TIME + 1).to_bytes(8, "big") + good.payload[8:],
        good.payload[:-1],
        good.payload + b"\x00",
        (2**63).to_bytes(8, "big") + good.payload[8:],
        one.sign(text),
        b"x",
    ):
        note = add_signatures(signed, [good._replace(payload=payload)])
        assert open_cosignatures(note, [one.key]) == []
    # The log's own key signs notes, not cosignatures: it says nothing here.
    assert open_cosignatures(signed, [log_signer.key]) == []


def test_the_newest_of_a_cosigner_counts_wherever_it_stands(signed, text, cosigners):
    key = cosigners[0].key
    lines = [cosign(text, cosigners[0], TIME + n) for n in (0, 2, 1)]
    for order in (lines, lines[::-1]):
        note = signed
        for line in order:
            note = add_signatures(note, [line])
        assert parse_note(note).signatures[1:] == (lines[1],)
        assert open_cosignatures(note, [key]) == [Cosignature(key, TIME + 2)]


def test_of_several_lines_in_one_note_the_newest_counts(signed, text, cosigners):
    """Whoever relays a note may add lines that we would have merged."""
    lines = [cosign(text, cosigners[0], TIME + n) for n in (1, 2, 0)]
    for order in itertools.permutations(lines):
        own = parse_note(signed).signatures
        note = format_note(Note(text, (*own, *order)))
        assert open_cosignatures(note, [cosigners[0].key]) == [
            Cosignature(cosigners[0].key, TIME + 2)
        ]
        assert select_cosignatures(note, [cosigners[0].key]) == [lines[1]]


@pytest.mark.parametrize(("time", "is_one"), [(2**63 - 1, True), (2**63, False)])
def test_a_time_that_no_integer_of_the_database_holds_is_none(
    time, is_one, signed, text, cosigners
):
    signer = cosigners[0]
    message = b"cosignature/v1\ntime %d\n%s" % (time, text)
    payload = time.to_bytes(8, "big") + signer.sign(message)
    line = Signature(signer.name, signer.key.key_id, payload)
    note = add_signatures(signed, [line])
    opened = [Cosignature(signer.key, time)] if is_one else []
    assert open_cosignatures(note, [signer.key]) == opened


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=6), st.data())
def test_merging_does_not_depend_on_order_or_repetition(
    signed, text, cosigners, pairs, data
):
    lines = [cosign(text, cosigners[who], TIME + when) for who, when in pairs]
    shuffled = data.draw(st.permutations(lines + lines))
    note = add_signatures(signed, lines)
    assert add_signatures(add_signatures(signed, shuffled), lines) == note


def test_the_logs_lines_come_first_and_are_never_replaced(
    signed, cosigners, log_signer
):
    own = parse_note(signed).signatures[0]
    forged = [
        own._replace(payload=b"\xff" * 72),
        Signature(own.name, b"evil", b"x" * 72),
    ]
    assert add_signatures(signed, forged) == signed
    with pytest.raises(FormatError):
        add_signatures(b"text\n", [])


def test_beyond_the_limit_the_oldest_go(signed, text, log_signer):
    signers = [
        Signer.from_seed(f"w{n}.example", bytes((n,)) * 32, ALG_COSIGNATURE)
        for n in range(1, MAX_SIGNATURES + 11)
    ]
    lines = [cosign(text, one, TIME + n) for n, one in enumerate(signers)]
    note = add_signatures(signed, lines)
    found = parse_note(note).signatures
    assert len(found) == MAX_SIGNATURES
    assert found[0].name == log_signer.name
    assert set(found[1:]) == set(lines[11:])


def test_only_a_cosigners_key_signs_and_only_a_checkpoint(text, cosigners, log_signer):
    with pytest.raises(AssertionError):
        cosign(text, log_signer, TIME)
    for time in (-1, 2**63):
        with pytest.raises(AssertionError):
            cosign(text, cosigners[0], time)
    with pytest.raises(FormatError):
        cosign(b"not a checkpoint\n", cosigners[0], TIME)
