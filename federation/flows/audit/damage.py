"""What happened to records that do not hold: which they are, and what it is called.

Rule: pure. What was signed is known, hash by hash, from tiles that lead to the signed
root; what is here is compared with it in a window of three bundles, because a record
that was taken out or put in moves all that follow.

    altered      what stands at i is nowhere signed for, and what was is not here
    dropped      what was signed at i is not here, and nothing stands for it
    duplicated   what was signed once, at i, is here more than once
    swapped      what was signed at i stands at j, and the other way round
    cut-off      the bytes end within record i

A record that stands where it was signed for, and was refused by `records/admission.py`,
is looked at again, as far as that shows whose it is and which key signed it, never by
the words of the error:

    foreign      of another organisation, election or log
    keys         a key statement outside the chain
    revoked      by a key that is not valid at its index
    bad-record   any other
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from federation.errors import ForkError
from federation.flows.audit.keyring import BAD
from federation.records.evidence import format_fork, open_key_fork
from federation.records.keychain import KeyChain
from federation.records.keystatement import KeyStatement
from federation.records.kinds import kind_of
from federation.records.sealed import find_foreign, parse_statement
from federation.text import Sentence
from federation.tlog.merkle import hash_leaf
from federation.tlog.note import Note, parse_note
from federation.tlog.tile import MAX_LEAF_BYTES

_BAD_RECORD: Final = "bad-record"


class Culprit(NamedTuple):
    """What is wrong, at which leaf of the signed history, and how it shows."""

    kind: str
    index: int  # type: ignore[assignment]  # the field's name; tuple.index is unused
    detail: Sentence | None = None


class Read(NamedTuple):
    """The leaf hashes of a bundle as it is here; `is_cut`: one more is not whole."""

    hashes: Sequence[bytes]
    is_cut: bool


class Window(NamedTuple):
    """Three bundles: what was signed by index, what is here by position."""

    signed: Mapping[int, bytes]
    here: Mapping[int, bytes]


def read_loosely(data: bytes) -> Read:
    """The leaf hashes in the bytes of a bundle, however many there are.

    `tile.decode_bundle` refuses what is to be named here: too few, too many, cut.
    """
    hashes = list[bytes]()
    at = 0
    while at < len(data):
        start = at + 2
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data) or start > len(data):
            return Read(hashes, is_cut=True)
        hashes.append(hash_leaf(data[start:end]))
        at = end
    return Read(hashes, is_cut=not hashes)


def place(start: int, hashes: Iterable[bytes]) -> dict[int, bytes]:
    """These hashes by index, the first at `start`."""
    return dict(enumerate(hashes, start))


def name_culprits(
    window: Window, signed: range, here: range, *, is_cut: bool
) -> list[Culprit]:
    """What happened to one bundle; nothing where it only moved with its neighbours.

    Args:
        window: The bundle and, where they can be had, those beside it.
        signed: The indexes that the bundle should hold.
        here: The positions that it does hold.
        is_cut: Whether its bytes end within a record.
    """
    at_index = dict[bytes, int]()
    for index, hash_ in window.signed.items():
        at_index.setdefault(hash_, index)
    present = set(window.here.values())
    lost = [i for i in signed if window.signed[i] not in present]
    strange = [j for j in here if window.here[j] not in at_index]
    if is_cut:
        lost = [i for i in lost if i < here.stop]
    culprits = list(_altered(lost, strange))
    left = set(lost) - {culprit.index for culprit in culprits}
    culprits += (Culprit("dropped", i) for i in sorted(left))
    culprits += _duplicated(window, here)
    culprits += _swapped(window, here, at_index)
    if is_cut:
        culprits.append(Culprit("cut-off", here.stop, Sentence("audited.ends-within")))
    return culprits


def _altered(lost: Sequence[int], strange: Sequence[int]) -> Iterator[Culprit]:
    # One stands for the other where they are in one place; else in their order.
    same = set(lost) & set(strange)
    yield from (Culprit("altered", i) for i in sorted(same))
    others = (j for j in strange if j not in same)
    places = (i for i in lost if i not in same)
    for position in others:
        index = next(places, None)
        if index is None:
            yield Culprit("altered", position, Sentence("audited.never-signed"))
        else:
            yield Culprit(
                "altered", index, Sentence("audited.stands-at", index=position)
            )


def _duplicated(window: Window, here: range) -> Iterator[Culprit]:
    should = Counter(window.signed.values())
    times = Counter(window.here.values())
    for position in here:
        hash_ = window.here[position]
        if times[hash_] <= should[hash_] or not should[hash_]:
            continue
        first = next(i for i, other in window.signed.items() if other == hash_)
        before = (
            j for j, other in window.here.items() if other == hash_ and j < position
        )
        # Told where it stands again, not where it stands first.
        if next(before, None) is not None:
            yield Culprit(
                "duplicated", first, Sentence("audited.again-at", index=position)
            )


def _swapped(
    window: Window, here: range, at_index: Mapping[bytes, int]
) -> Iterator[Culprit]:
    for position in here:
        mine = window.here[position]
        other = at_index.get(mine, position)
        # A pair is told once in a bundle: at the first of its places that is in it.
        if other == position or (other < position and other in here):
            continue
        should = window.signed.get(position)
        if should is not None and should != mine and window.here.get(other) == should:
            low, high = sorted((position, other))
            yield Culprit("swapped", low, Sentence("audited.with", index=high))


def name_bad_record(leaf: bytes, index: int, chain: KeyChain) -> str:
    """The kind of finding that a refused leaf at this index of the chain's log is."""
    try:
        note = parse_note(leaf, MAX_LEAF_BYTES)
        statement = parse_statement(note.text[:-1])
    except BAD:
        return _BAD_RECORD
    if find_foreign(statement, chain):
        return "foreign"
    if kind_of(statement).signer == "identity":
        return "keys"
    return "revoked" if _is_by_old_key(note, index, chain) else _BAD_RECORD


def find_statement_fork(leaf: bytes, chain: KeyChain) -> ForkError | None:
    """The second history that a key statement outside the chain proves, if it does."""
    try:
        statement = parse_statement(parse_note(leaf, MAX_LEAF_BYTES).text[:-1])
        if not isinstance(statement, KeyStatement):
            return None
        if statement.origin != chain.origin or statement.version > len(chain.notes):
            return None
        ours = chain.notes[statement.version - 1]
        return open_key_fork(format_fork(ForkError(chain.origin, ours, leaf)), chain)
    except BAD:
        return None


def _is_by_old_key(note: Note, index: int, chain: KeyChain) -> bool:
    if len(note.signatures) != 1:
        return False
    line = note.signatures[0]
    valid = chain.records_key_ranges.get((line.name, line.key_id))
    return valid is not None and not valid.start <= index < valid.end
