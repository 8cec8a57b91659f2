"""Evidence of a fork: conclusive, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import ForkError, FormatError, ProofError, SignatureError
from federation.tlog.checkpoint import Checkpoint, open_by_any, sign_checkpoint
from federation.tlog.fork import (
    MAX_EVIDENCE_BYTES,
    check_evidence,
    find_fork,
    format_evidence,
    parse_evidence,
)
from federation.tlog.keys import Signer
from federation.tlog.merkle import EMPTY_ROOT, prove_prefix

SIZES = range(1, 65)


def find(old, new, hashes, keys):
    """The fork that two notes prove, opened by any of these keys."""
    return find_fork(open_by_any(old, keys), open_by_any(new, keys), hashes)


@pytest.fixture(scope="module")
def honest(make_log):
    return make_log(64)


@pytest.fixture(scope="module")
def forked(make_log):
    """The other history: every leaf of it differs."""
    return make_log(64, b"other", 0)


@pytest.fixture(scope="module")
def notes(honest, forked, log_signer):
    return tuple(
        [log.sign(size, log_signer) for size in range(65)] for log in (honest, forked)
    )


def test_two_roots_of_one_size_are_a_fork_at_every_size(notes, log_signer):
    honest, forked = notes
    for size in SIZES:
        fork = find(honest[size], forked[size], (), [log_signer.key])
        assert isinstance(fork, ForkError)
        data = format_evidence(fork.old, fork.new, fork.hashes)
        assert check_evidence(data, [log_signer.key]).origin == log_signer.name
        assert find(honest[size], honest[size], (), [log_signer.key]) is None


@pytest.mark.parametrize("count", [1, 2, 64])
def test_evidence_of_two_roots_of_one_size_holds_nothing_superfluous(
    count, notes, forked, log_signer
):
    """Each fork has one evidence: nobody can make new bytes out of it."""
    honest, other = notes
    hashes = forked.hashes[:count]
    keys = [log_signer.key]
    assert find(honest[9], other[9], hashes, keys) is None
    with pytest.raises(ProofError):
        check_evidence(format_evidence(honest[9], other[9], hashes), keys)


def test_every_pair_of_sizes_up_to_64_of_two_histories_is_conclusive(
    notes, honest, forked, log_signer
):
    theirs, ours = notes
    keys = [log_signer.key]
    for new in SIZES:
        for old in range(1, new):
            hashes = prove_prefix(old, new, forked.read_node)
            assert find(ours[old], ours[new], hashes, keys) is None
            fork = find(theirs[old], ours[new], hashes, keys)
            assert fork is not None
            # Hashes of the other history lead to another root: they prove nothing.
            hashes = prove_prefix(old, new, honest.read_node)
            assert find(theirs[old], ours[new], hashes, keys) is None


def test_the_last_leaf_alone_makes_a_fork(make_log, log_signer):
    honest = make_log(40)
    for at in (0, 15, 16, 31, 32):
        forked = make_log(40, b"x", at)
        old, new = honest.sign(33, log_signer), forked.sign(40, log_signer)
        hashes = prove_prefix(33, 40, forked.read_node)
        assert find(old, new, hashes, [log_signer.key])
    # A log that differs only after what the older checkpoint covers is honest so far.
    forked = make_log(40, b"x", 33)
    hashes = prove_prefix(33, 40, forked.read_node)
    new = forked.sign(40, log_signer)
    assert find(honest.sign(33, log_signer), new, hashes, [log_signer.key]) is None


def test_every_one_bit_flip_of_evidence_accuses_nobody(notes, forked, log_signer, flip):
    theirs, ours = notes
    hashes = prove_prefix(21, 37, forked.read_node)
    data = format_evidence(theirs[21], ours[37], hashes)
    assert check_evidence(data, [log_signer.key])
    for bit in range(len(data) * 8):
        with pytest.raises((FormatError, SignatureError, ProofError)):
            check_evidence(flip(data, bit), [log_signer.key])


def test_an_honest_log_is_not_accused_by_any_hashes(notes, forked, log_signer):
    _, ours = notes
    keys = [log_signer.key]
    good = prove_prefix(21, 37, forked.read_node)
    for hashes in ((), good[1:], good[:-1], [*good, good[0]], good[::-1], [b"x"] * 3):
        assert find(ours[21], ours[37], hashes, keys) is None
    # The larger first, another size, an empty log, hashes where there can be none.
    assert find(ours[37], ours[21], good, keys) is None
    assert find(ours[20], ours[37], good, keys) is None
    assert find(ours[0], ours[37], (), keys) is None
    assert find(ours[37], ours[37], good, keys) is None


def test_evidence_by_another_key_or_about_two_logs_accuses_nobody(notes, log_signer):
    honest, forked = notes
    thief = Signer.from_seed(log_signer.name, b"\x66" * 32)
    other = Signer.from_seed("other.example/pemilu-2024", b"\x67" * 32)
    forged = sign_checkpoint(Checkpoint(thief.name, 9, b"r" * 32), thief)
    stranger = sign_checkpoint(Checkpoint(other.name, 9, b"r" * 32), other)
    for second in (forged, stranger):
        with pytest.raises(SignatureError):
            find(honest[9], second, (), [log_signer.key])
    keys = [other.key, log_signer.key]
    assert find(honest[9], stranger, (), keys) is None
    # After a rotation the log's two keys count together.
    keys = [thief.key, log_signer.key]
    assert find(honest[9], forged, (), keys)
    assert find(forged, forked[9], (), keys)


def test_evidence_that_proves_nothing_is_refused(notes, log_signer):
    honest, _ = notes
    with pytest.raises(ProofError):
        check_evidence(format_evidence(honest[3], honest[3]), [log_signer.key])


def test_evidence_reads_back_with_and_without_hashes(notes, digest):
    honest, forked = notes
    for count in (0, 1, 64):
        hashes = tuple(digest(n) for n in range(count))
        data = format_evidence(honest[3], forked[5], hashes)
        assert parse_evidence(data) == (honest[3], forked[5], hashes)


@pytest.fixture(scope="module")
def good(notes, digest):
    return format_evidence(notes[0][3], notes[1][5], [digest(1), digest(2)])


DAMAGE = {
    "empty": lambda _: b"",
    "another header": lambda b: b.replace(b"@v1", b"@v2"),
    "no header": lambda b: b.partition(b"\n")[2],
    "short hash": lambda b: b.replace(b"@v1\n", b"@v1\nAAAA\n"),
    "bad base64": lambda b: b.replace(b"@v1\n", b"@v1\n?\n"),
    "not ASCII": lambda b: b.replace(b"@v1\n", b"@v1\n\xc3\xa9\n"),
    "65 hashes": lambda b: b.replace(b"@v1\n", b"@v1\n" + (b"A" * 43 + b"=\n") * 63),
    "empty line": lambda b: b.replace(b"@v1\n", b"@v1\n\n"),
    "double gap": lambda b: b.replace(b"\n\n", b"\n\n\n"),
    "a line more": lambda b: b + b"x\n",
    "an empty line at the end": lambda b: b + b"\n",
    "no final LF": lambda b: b[:-1],
    "CR": lambda b: b.replace(b"\n", b"\r\n"),
    "one note only": lambda b: b[: b.rindex(b"\n\ntest.example")],
    "too large": lambda b: b + b"x" * MAX_EVIDENCE_BYTES,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_evidence_in_any_other_form_is_refused(damage, good):
    parse_evidence(good)
    with pytest.raises(FormatError):
        parse_evidence(damage(good))


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_what_parses_formats_to_the_same(good, at, byte):
    data = bytearray(good)
    data[at % len(data)] = byte
    try:
        old, new, hashes = parse_evidence(bytes(data))
    except FormatError:
        return
    assert format_evidence(old, new, hashes) == bytes(data)


def test_an_empty_log_forks_with_nobody(log_signer, notes):
    empty = sign_checkpoint(Checkpoint(log_signer.name, 0, EMPTY_ROOT), log_signer)
    assert find(empty, empty, (), [log_signer.key]) is None
