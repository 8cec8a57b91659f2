"""Roots, frontier and proofs against the recursive definitions and the vectors."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError, ProofError
from federation.tlog import merkle
from federation.tlog.merkle import Frontier

SIZES = range(65)


def leaves_of(size):
    return [b"leaf %d" % n for n in range(size)]


@pytest.fixture(scope="module")
def roots(reference):
    return [reference.mth(leaves_of(size)) for size in SIZES]


def reader(size):
    hashes = [merkle.hash_leaf(leaf) for leaf in leaves_of(size)]

    def read(level, index):
        part = hashes[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "a node outside the tree was asked for"
        return merkle.root_of(part)

    return read


def test_every_root_up_to_64_is_the_recursive_one_from_every_construction(roots):
    frontier = Frontier()
    for size in SIZES:
        hashes = [merkle.hash_leaf(leaf) for leaf in leaves_of(size)]
        assert merkle.root_of(hashes) == roots[size]
        assert merkle.root_at(size, reader(size)) == roots[size]
        assert frontier.root() == roots[size]
        assert Frontier(size, frontier.hashes) == frontier
        frontier.append(merkle.hash_leaf(b"leaf %d" % size))


def test_every_inclusion_proof_up_to_64_is_the_recursive_one_and_checks(
    reference, roots
):
    for size in SIZES:
        leaves, read = leaves_of(size), reader(size)
        for index in range(size):
            proof = merkle.prove_inclusion(index, size, read)
            assert proof == reference.path(index, leaves)
            leaf_hash = merkle.hash_leaf(leaves[index])
            merkle.check_inclusion(index, size, leaf_hash, proof, roots[size])


def test_every_consistency_proof_up_to_64_is_the_recursive_one_and_checks(
    reference, roots
):
    for new in SIZES:
        leaves, read = leaves_of(new), reader(new)
        for old in range(1, new + 1):
            proof = merkle.prove_consistency(old, new, read)
            assert proof == reference.proof(old, leaves)
            merkle.check_consistency(old, new, roots[old], roots[new], proof)


def test_every_prefix_proof_up_to_64_gives_both_roots(roots):
    for new in SIZES:
        read = reader(new)
        for old in range(1, new):
            hashes = merkle.prove_prefix(old, new, read)
            assert len(hashes) <= 64
            assert merkle.fold_prefix(old, new, hashes) == (roots[old], roots[new])


def test_subtrees_of_every_height_append_like_their_leaves(roots):
    for size in SIZES:
        for height in range(7):
            frontier = Frontier()
            hashes = [merkle.hash_leaf(leaf) for leaf in leaves_of(size)]
            width = 1 << height
            for at in range(0, size - size % width, width):
                frontier.append_subtree(merkle.root_of(hashes[at : at + width]), height)
            for one in hashes[size - size % width :]:
                frontier.append(one)
            assert (frontier.size, frontier.root()) == (size, roots[size])


def test_a_subtree_is_appended_only_where_one_can_begin():
    frontier = Frontier()
    frontier.append(b"a" * 32)
    with pytest.raises(ProofError):
        frontier.append_subtree(b"b" * 32, 1)
    assert frontier.size == 1


def test_a_copy_grows_by_itself():
    frontier = Frontier()
    frontier.append(b"a" * 32)
    copy = frontier.copy()
    copy.append(b"b" * 32)
    assert (frontier.size, copy.size) == (1, 2)
    assert frontier != copy
    assert frontier != "a frontier"
    assert frontier.root().hex() in repr(frontier)


@pytest.mark.parametrize(
    ("size", "hashes"), [(-1, []), (0, [b"a" * 32]), (3, [b"a" * 32]), (1, [b"a"])]
)
def test_a_stored_frontier_that_cannot_be_is_refused(size, hashes):
    with pytest.raises(FormatError):
        Frontier(size, hashes)


def test_the_check_refuses_every_other_index_size_and_number_of_hashes(roots):
    for size in range(1, 20):
        read = reader(size)
        for index in range(size):
            proof = merkle.prove_inclusion(index, size, read)
            leaf_hash = merkle.hash_leaf(b"leaf %d" % index)
            damaged = [
                *((n, size, proof) for n in range(-1, size + 2) if n != index),
                (index, size, [*proof, roots[size]]),
                (index, size, [roots[size], *proof]),
                *((index, size, proof[:n]) for n in range(len(proof))),
            ]
            for wrong_index, wrong_size, wrong in damaged:
                with pytest.raises(ProofError):
                    merkle.check_inclusion(
                        wrong_index, wrong_size, leaf_hash, wrong, roots[size]
                    )


def test_every_one_bit_flip_in_a_proof_is_refused(roots, flip):
    old, new, index = 21, 37, 30
    read = reader(new)
    proof = merkle.prove_inclusion(index, new, read)
    leaf_hash = merkle.hash_leaf(b"leaf %d" % index)
    for at, one in enumerate(proof):
        for bit in range(256):
            damaged = [*proof[:at], flip(one, bit), *proof[at + 1 :]]
            with pytest.raises(ProofError):
                merkle.check_inclusion(index, new, leaf_hash, damaged, roots[new])
    proof = merkle.prove_consistency(old, new, read)
    for at, one in enumerate(proof):
        for bit in range(256):
            damaged = [*proof[:at], flip(one, bit), *proof[at + 1 :]]
            with pytest.raises(ProofError):
                merkle.check_consistency(old, new, roots[old], roots[new], damaged)


@pytest.mark.parametrize(
    ("old", "new"), [(-1, 3), (0, 3), (4, 3), (3, -1), (1, 3), (2, 3)]
)
def test_consistency_without_proof_or_with_impossible_sizes_is_refused(old, new, roots):
    with pytest.raises(ProofError):
        merkle.check_consistency(old, new, roots[max(old, 0)], roots[3], [])


def test_proofs_of_what_is_not_there_are_refused():
    read = reader(4)
    for index, size in ((-1, 4), (4, 4), (0, 0)):
        with pytest.raises(ProofError):
            merkle.prove_inclusion(index, size, read)
    for old, new in ((-1, 4), (5, 4)):
        with pytest.raises(ProofError):
            merkle.prove_consistency(old, new, read)
    assert merkle.prove_consistency(0, 4, read) == []
    assert merkle.prove_consistency(4, 4, read) == []


@pytest.mark.parametrize("hashes", [[], [b"short"], [b"x" * 32] * 65, [b"x" * 32] * 9])
def test_a_prefix_is_not_folded_from_another_number_or_length_of_hashes(hashes):
    with pytest.raises(ProofError):
        merkle.fold_prefix(3, 7, hashes)
    with pytest.raises(ProofError):
        merkle.fold_prefix(7, 7, [b"x" * 32])


def _bytes(text):
    return base64.b64decode(text)


def test_every_published_inclusion_proof_gets_the_published_verdict(vectors):
    cases = sorted((vectors / "merkle/testdata/inclusion").rglob("*.json"))
    assert len(cases) == 98
    for case in cases:
        v = json.loads(case.read_text())
        args = (
            v["leafIdx"],
            v["treeSize"],
            _bytes(v["leafHash"]),
            [_bytes(one) for one in v["proof"] or []],
            _bytes(v["root"]),
        )
        assert _refused(merkle.check_inclusion, args) == v["wantErr"], case


def test_every_published_consistency_proof_gets_the_published_verdict(vectors):
    cases = sorted((vectors / "merkle/testdata/consistency").rglob("*.json"))
    assert len(cases) == 98
    for case in cases:
        v = json.loads(case.read_text())
        args = (
            v["size1"],
            v["size2"],
            _bytes(v["root1"]),
            _bytes(v["root2"]),
            [_bytes(one) for one in v["proof"] or []],
        )
        assert _refused(merkle.check_consistency, args) == v["wantErr"], case


def _refused(check, args):
    try:
        check(*args)
    except ProofError:
        return True
    return False


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=200), st.data())
def test_what_is_proved_checks_and_not_for_another_leaf(leaves, data):
    hashes = [merkle.hash_leaf(leaf) for leaf in leaves]
    index = data.draw(st.integers(0, len(leaves) - 1))

    def read(level, at):
        return merkle.root_of(hashes[at << level : (at + 1) << level])

    root = merkle.root_of(hashes)
    proof = merkle.prove_inclusion(index, len(leaves), read)
    merkle.check_inclusion(index, len(leaves), hashes[index], proof, root)
    other = merkle.hash_leaf(leaves[index] + b"!")
    with pytest.raises(ProofError):
        merkle.check_inclusion(index, len(leaves), other, proof, root)


def test_how_far_two_trees_are_alike_is_found_for_every_size_and_first_difference():
    for size in range(1, 34):
        for first in range(size + 1):
            leaves = [b"leaf %d" % n for n in range(first)]
            leaves += [b"other %d" % n for n in range(first, size)]
            hashes = [merkle.hash_leaf(leaf) for leaf in leaves]

            def other(level, index, hashes=hashes):
                return merkle.root_of(hashes[index << level : (index + 1) << level])

            assert merkle.common_size(size, reader(size), other) == first
