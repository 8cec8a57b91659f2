"""Checkpoints: three lines, one form, and no log speaks for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError, SignatureError
from federation.tlog.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_by_any,
    open_by_size,
    open_checkpoint,
    parse_checkpoint,
    parse_decimal,
    read_unverified,
    sign_checkpoint,
)
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import Signer, parse_vkey
from federation.tlog.merkle import EMPTY_ROOT, Frontier, hash_leaf
from federation.tlog.note import Signature, sign_note
from federation.tlog.tile import (
    Bundle,
    decode_bundle,
    encode_bundle,
    format_tile_path,
    tiles_of,
)

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
TEXT = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n".encode()


def test_the_published_example_reads_and_writes_itself():
    checkpoint = parse_checkpoint(TEXT)
    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20852163
    assert format_checkpoint(checkpoint) == TEXT


INVALID = {
    "empty": b"",
    "no origin": TEXT.replace(b"example.com/behind-the-sofa", b""),
    "space in the origin": TEXT.replace(b"-the-", b" the "),
    "plus in the origin": TEXT.replace(b"-the-", b"+the+"),
    "no size": TEXT.replace(b"20852163", b""),
    "leading zero": TEXT.replace(b"20852163", b"020852163"),
    "double zero": TEXT.replace(b"20852163", b"00"),
    "plus": TEXT.replace(b"20852163", b"+20852163"),
    "minus": TEXT.replace(b"20852163", b"-1"),
    "underscore": TEXT.replace(b"20852163", b"20_852_163"),
    "space before the size": TEXT.replace(b"20852163", b" 20852163"),
    "space after the size": TEXT.replace(b"20852163", b"20852163 "),
    "full-width digits": TEXT.replace(b"20852163", "\uff12\uff10".encode()),
    "Arabic digits": TEXT.replace(b"20852163", "\u0662\u0660".encode()),
    "superscript": TEXT.replace(b"20852163", "\u00b2".encode()),
    "hexadecimal": TEXT.replace(b"20852163", b"0x10"),
    "exponent": TEXT.replace(b"20852163", b"1e3"),
    "2^53": TEXT.replace(b"20852163", b"9007199254740992"),
    "thousands of digits": TEXT.replace(b"20852163", b"1" * 5000),
    "an empty log with a root": TEXT.replace(b"20852163", b"0"),
    "31 bytes of root": TEXT.replace(ROOT.encode(), b"A" * 40 + b"AA=="),
    "no root": TEXT.replace(ROOT.encode(), b""),
    "no padding": TEXT.replace(b"=", b""),
    "stray bits": TEXT.replace(b"q2I=", b"q2J="),
    "extension line": TEXT + b"more\n",
    "empty line": TEXT + b"\n",
    "no final LF": TEXT[:-1],
    "CR": TEXT.replace(b"\n", b"\r\n"),
    "not UTF-8": TEXT.replace(b"-the-", b"\xff"),
}


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID)
def test_a_checkpoint_in_any_other_form_is_refused(text, log_signer):
    with pytest.raises(FormatError):
        parse_checkpoint(text)


@pytest.mark.parametrize("number", [0, 1, 9, 10, 2**53 - 1])
def test_sizes_up_to_the_largest_exact_number_are_read(number):
    assert parse_decimal(str(number)) == number


def test_only_the_key_whose_name_is_the_origin_signs_and_opens(log_signer):
    checkpoint = Checkpoint(log_signer.name, 1, hash_leaf(b"a"))
    note = sign_checkpoint(checkpoint, log_signer)
    signed = open_checkpoint(note, log_signer.key)
    assert signed.checkpoint == checkpoint == read_unverified(note)
    assert (signed.origin, signed.size, signed.root) == checkpoint
    assert (signed.note, signed.text) == (note, format_checkpoint(checkpoint))
    other = Signer.from_seed("other.example/pemilu-2024", b"\x01" * 32)
    with pytest.raises(AssertionError):
        sign_checkpoint(checkpoint, other)
    with pytest.raises(SignatureError):
        open_checkpoint(note, other.key)
    # Signed, but with the origin of somebody else inside.
    stolen = sign_note(format_checkpoint(checkpoint), other)
    with pytest.raises(SignatureError, match="signed a checkpoint of"):
        open_checkpoint(stolen, other.key)


def test_the_key_of_its_size_opens_a_checkpoint_and_no_other(log_signer):
    thief = Signer.from_seed(log_signer.name, b"\x66" * 32)

    def log_key_at(size):
        if size > 9:
            raise SignatureError("no key is valid there")
        return log_signer.key if size < 5 else thief.key

    for size, signer, opens in (
        (4, log_signer, True),
        (4, thief, False),
        (5, log_signer, False),
        (5, thief, True),
        (10, thief, False),
    ):
        note = sign_checkpoint(Checkpoint(signer.name, size, hash_leaf(b"a")), signer)
        either = open_by_any(note, [thief.key, log_signer.key])
        assert either == open_by_any(note, [log_signer.key, thief.key])
        if opens:
            assert open_by_size(note, log_key_at) == either
        else:
            with pytest.raises(SignatureError):
                open_by_size(note, log_key_at)
        assert either.checkpoint == read_unverified(note)
    with pytest.raises(FormatError):
        open_by_size(sign_note(b"a text\n", log_signer), log_key_at)
    other = Signer.from_seed("other.example/pemilu-2024", b"\x01" * 32)
    with pytest.raises(SignatureError):
        open_by_any(note, [other.key])


def test_what_could_not_be_read_again_is_not_signed(log_signer):
    for size, root in ((-1, b"r" * 32), (2**53, b"r" * 32), (0, b"r" * 32), (1, b"r")):
        with pytest.raises(FormatError):
            sign_checkpoint(Checkpoint(log_signer.name, size, root), log_signer)


def test_stripped_of_everything_but_the_logs_signature_it_is_as_it_was_signed(
    log_signer, cosigners
):
    signed = sign_checkpoint(Checkpoint(log_signer.name, 0, EMPTY_ROOT), log_signer)
    text = format_checkpoint(Checkpoint(log_signer.name, 0, EMPTY_ROOT))
    lines = [cosign(text, one, 1000) for one in cosigners]
    lines.append(Signature(log_signer.name, b"\x00" * 4, b"another key of the log"))
    decorated = add_signatures(signed, lines)
    assert decorated != signed
    opened = open_checkpoint(decorated, log_signer.key)
    assert opened.note == decorated
    assert opened.strip() == open_checkpoint(signed, log_signer.key)
    assert opened.strip().note == opened.bare == signed


def test_every_one_bit_flip_of_a_checkpoint_is_refused(log_signer, flip):
    note = sign_checkpoint(Checkpoint(log_signer.name, 7, hash_leaf(b"a")), log_signer)
    for bit in range(len(note) * 8):
        with pytest.raises((FormatError, SignatureError)):
            open_checkpoint(flip(note, bit), log_signer.key)


@given(
    st.integers(1, 2**53 - 1), st.binary(min_size=32, max_size=32), st.integers(0, 9)
)
def test_what_is_formatted_parses_to_the_same(size, root, number):
    checkpoint = Checkpoint(f"org{number}.example/pemilu", size, root)
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@given(st.text(max_size=30).map(str.encode) | st.just(TEXT[:-2] + b"A=\n"))
def test_what_parses_formats_to_the_same(text):
    try:
        checkpoint = parse_checkpoint(text)
    except FormatError:
        return
    assert format_checkpoint(checkpoint) == text


def test_the_published_log_verifies_at_all_its_checkpoints_and_its_tiles_are_ours(
    vectors,
):
    folder = vectors / "tlog-tiles/log"
    key = parse_vkey(
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    )
    newest = open_checkpoint((folder / "checkpoint").read_bytes(), key)
    bundle = Bundle(0, newest.size)
    leaves = decode_bundle(
        (folder / format_tile_path(bundle)).read_bytes(), newest.size
    )
    frontier, hashes = Frontier(), []
    for size in range(newest.size + 1):
        checkpoint = open_checkpoint((folder / f"checkpoint.{size}").read_bytes(), key)
        assert (checkpoint.size, checkpoint.root) == (size, frontier.root())
        for tile in tiles_of(size):
            published = (folder / format_tile_path(tile)).read_bytes()
            assert published == b"".join(hashes)
            entries = (folder / format_tile_path(Bundle(0, size))).read_bytes()
            assert entries == encode_bundle(leaves[:size])
        if size < newest.size:
            hashes.append(hash_leaf(leaves[size]))
            frontier.append(hashes[-1])
    assert newest.size == 15
