"""What happened to a bundle is told from hashes alone."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from federation.flows.audit.damage import (
    Culprit,
    Window,
    name_culprits,
    place,
    read_loosely,
)
from federation.tlog.merkle import hash_leaf
from federation.tlog.tile import encode_bundle

SIGNED = [hash_leaf(bytes([number])) for number in range(5)]


def name(here: list[bytes], *, is_cut: bool = False) -> list[Culprit]:
    window = Window(place(0, SIGNED), place(0, here))
    return name_culprits(window, range(5), range(len(here)), is_cut=is_cut)


def test_the_signed_leaves_are_blamed_for_nothing():
    assert name(SIGNED) == []


def test_every_order_but_the_signed_one_moves_somebody_or_is_told():
    for order in permutations(range(5)):
        found = name([SIGNED[at] for at in order])
        pairs = [
            (i, order[i]) for i in range(5) if i < order[i] and order[order[i]] == i
        ]
        told = [(one.index, int(one.detail.split()[1])) for one in found]
        assert told == pairs  # each once
        assert all(one.kind == "swapped" for one in found)


def test_a_run_that_was_taken_out_is_told_record_by_record():
    for start in range(5):
        for end in range(start + 1, 6):
            if end - start == 5:
                continue
            found = name([*SIGNED[:start], *SIGNED[end:]])
            told = [(one.kind, one.index) for one in found]
            assert told == [("dropped", index) for index in range(start, end)]


def test_a_record_that_is_here_again_is_told_where_it_stands_again():
    for first in range(5):
        for again in range(first + 1, 6):
            here = [*SIGNED[:again], SIGNED[first], *SIGNED[again:]]
            told = [one for one in name(here) if one.kind == "duplicated"]
            assert told == [Culprit("duplicated", first, f"again at {again}")]


def test_what_lies_behind_a_cut_is_not_told_record_by_record():
    for end in range(5):
        cut = Culprit("cut-off", end, "the bundle ends within it")
        assert name(SIGNED[:end], is_cut=True) == [cut]


def test_a_record_that_was_never_signed_for_is_told_where_it_stands():
    other = hash_leaf(b"other")
    assert name([*SIGNED, other]) == [Culprit("altered", 5, "was never signed for")]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 7), max_size=9))
def test_leaves_that_differ_in_more_than_their_order_are_always_blamed(numbers):
    known = [*SIGNED, *(hash_leaf(b"x%d" % number) for number in range(3))]
    here = [known[number] for number in numbers]
    if sorted(here) != sorted(SIGNED):
        assert name(here)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20), st.data())
def test_bytes_that_end_within_a_leaf_are_read_up_to_it(leaves, data):
    whole = encode_bundle(leaves)
    assert read_loosely(whole).hashes == [hash_leaf(leaf) for leaf in leaves]
    end = data.draw(st.integers(0, len(whole) - 1))
    read = read_loosely(whole[:end])
    kept = [hash_leaf(leaf) for leaf in leaves]
    assert read.hashes == kept[: len(read.hashes)]
    sizes = [2 + len(leaf) for leaf in leaves]
    edges = {sum(sizes[:number]) for number in range(1, len(sizes))}
    assert read.is_cut == (end not in edges)
