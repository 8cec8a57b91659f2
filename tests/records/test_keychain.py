"""Key chains: believed whole, from a pinned key, and by index."""

import hashlib
import pickle

import pytest
from msgspec.structs import replace

from federation.errors import FederationError, FormatError, RecordError, SignatureError
from federation.records.canonical import encode
from federation.records.keychain import (
    MAX_STATEMENTS,
    decode_keys,
    encode_keys,
    format_origin,
    open_chain,
    parse_origin,
)
from federation.records.keysigning import sign_statement
from federation.records.keystatement import Follows
from federation.tlog.keys import ALG_COSIGNATURE
from federation.tlog.note import sign_note
from tests.statements import next_statement

LATER = "2024-02-20T00:00:00Z"


def extend(organisation, *signers, **changes):
    """The chain with one statement more."""
    statement = next_statement(organisation.chain, LATER, **changes)
    note = sign_statement(statement, *(signers or (organisation.identity,)))
    return [*organisation.chain.notes, note]


@pytest.mark.parametrize(
    ("origin", "parts"),
    [
        ("a.example/pemilu-2024", ("a.example", "pemilu-2024", "public", 1, 0)),
        ("a.b.example/x/incidents", ("a.b.example", "x", "incidents", 1, 0)),
        ("a.example/incidents", ("a.example", "incidents", "public", 1, 0)),
        ("a.example/x/2", ("a.example", "x", "public", 2, 0)),
        ("a.example/x/incidents/999", ("a.example", "x", "incidents", 999, 0)),
        (
            "a.example/x/from-2024-02-14T1100Z",
            ("a.example", "x", "public", 1, 1_707_908_400),
        ),
        (
            "a.example/x/from-2024-02-29T2359Z/2",
            ("a.example", "x", "public", 2, 1_709_251_140),
        ),
    ],
)
def test_an_origin_says_whose_log_it_is(origin, parts):
    assert parse_origin(origin) == parts
    assert format_origin(*parts) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "a.example",
        "a.example/",
        "a.example/x/",
        "a.example/x/1",
        "a.example/x/02",
        "a.example/x/1000",
        "a.example/x/2/incidents",
        "a.example/x/public",
        "a.example/x/from-2024-02-30T1100Z",
        "a.example/x/from-2023-02-29T1100Z",
        "a.example/x/from-2024-02-14T2400Z",
        "a.example/x/from-2024-02-14T11:00Z",
        "a.example/x/from-2024-02-14T1100",
        "a.example/x/incidents/from-2024-02-14T1100Z",
        "a.example/x/from-2024-02-14T1100Z/1",
        "A.example/x",
        "a.example/X",
        "example/x",
        "a.example/x\n",
        "a.example/x y",
        "a.example//x",
    ],
)
def test_any_other_origin_is_refused(origin):
    with pytest.raises(FormatError):
        parse_origin(origin)


@pytest.mark.parametrize(
    "parts",
    [
        ("a", "x"),
        ("a.example", "x/2"),
        ("a.example", "x", "private"),
        ("a.example", "x", "public", 0),
    ],
)
def test_an_origin_is_not_made_of_other_parts(parts):
    with pytest.raises(FormatError):
        format_origin(*parts)


def test_a_chain_of_one_statement_names_every_key(jaga):
    chain = jaga.chain
    assert chain.log_key(0) == chain.log_key(10**9) == jaga.log.key
    assert list(chain.record_keys(0).values()) == [jaga.records.key]
    assert chain.node_keys() == (jaga.node.key,)
    assert chain.mirror_keys() == (jaga.mirror.key,)
    assert chain.identity == jaga.identity.key
    assert chain.follows() is None
    assert (chain.org, chain.election) == ("jagasuara.example", "pemilu-2024")
    assert (chain.visibility, chain.generation) == ("public", 1)
    assert chain.digest == hashlib.sha256(encode_keys(chain.notes)).hexdigest()
    assert pickle.loads(pickle.dumps(chain)) == chain


def test_encoded_keys_decode_to_the_same_notes(jaga):
    notes = extend(jaga)
    data = encode_keys(notes)
    assert decode_keys(data) == notes
    assert decode_keys(b"") == []
    assert data[:2] == len(notes[0]).to_bytes(2, "big")


def test_encoded_keys_that_are_cut_off_are_refused(jaga):
    data = encode_keys(extend(jaga))
    whole = {0, 2 + len(jaga.note)}
    for size in range(len(data)):
        if size in whole:
            continue
        with pytest.raises(FormatError):
            decode_keys(data[:size])


def test_a_flood_of_statements_is_refused(jaga):
    with pytest.raises(FormatError):
        decode_keys(bytes(2) * (MAX_STATEMENTS + 1))
    with pytest.raises(FormatError):
        open_chain([jaga.note] * (MAX_STATEMENTS + 1), jaga.identity.key)
    with pytest.raises(FormatError):
        open_chain([], jaga.identity.key)


def test_a_records_key_is_valid_from_its_index_and_until_it_is_revoked(jaga):
    second = jaga.signer("records", 9)
    notes = extend(
        jaga,
        add=[("records", second.key, 5)],
        revoke=[(jaga.records.key, 8, "stolen")],
    )
    chain = open_chain(notes, jaga.identity.key)
    for index in range(12):
        expected = set()
        if index < 8:
            expected.add(jaga.records.key)
        if index >= 5:
            expected.add(second.key)
        assert set(chain.record_keys(index).values()) == expected


def test_a_log_key_is_valid_from_its_size_and_the_latest_one_signs(jaga):
    second = jaga.log.from_seed(jaga.origin, b"\x77" * 32)
    chain = open_chain(extend(jaga, add=[("log", second.key, 5)]), jaga.identity.key)
    assert [chain.log_key(size) for size in (0, 4, 5, 6)] == [
        jaga.log.key,
        jaga.log.key,
        second.key,
        second.key,
    ]
    revoked = extend(jaga, revoke=[(jaga.log.key, 7, "stolen")])
    chain = open_chain(revoked, jaga.identity.key)
    assert chain.log_key(6) == jaga.log.key
    with pytest.raises(SignatureError, match="size 7"):
        chain.log_key(7)


def test_only_the_newest_statement_counts_for_node_and_mirror_keys(jaga):
    node = jaga.signer("node", 9)
    mirror = jaga.signer("mirror", 9, 5, ALG_COSIGNATURE)
    notes = extend(jaga, add=[("node", node.key, 0), ("mirror", mirror.key, 0)])
    chain = open_chain(notes, jaga.identity.key)
    assert chain.node_keys() == (node.key,)
    assert chain.mirror_keys() == (mirror.key,)


def test_a_newer_statement_may_move_a_revocation(jaga):
    first = extend(jaga, revoke=[(jaga.records.key, 8, "stolen")])
    chain = open_chain(first, jaga.identity.key)
    moved = next_statement(chain, LATER, revoke=[(jaga.records.key, 3, "earlier")])
    notes = [*first, sign_statement(moved, jaga.identity)]
    chain = open_chain(notes, jaga.identity.key)
    assert len(chain.statements[-1].revoked) == 1
    assert chain.record_keys(2)
    assert not chain.record_keys(3)


def test_a_new_identity_key_is_signed_by_the_old_one_first(jaga):
    new = jaga.signer("identity", 9)
    notes = extend(jaga, jaga.identity, new, identity=new.key)
    for pinned in (jaga.identity.key, new.key):
        assert open_chain(notes, pinned).identity == new.key
    statement = next_statement(jaga.chain, LATER, identity=new.key)
    text = encode(statement) + b"\n"
    third = jaga.signer("identity", 10)
    for signers in (
        (new,),
        (jaga.identity,),
        (new, jaga.identity),
        (jaga.identity, new, new),
        (jaga.identity, new, third),
        (third, new),
        (),
    ):
        note = sign_note(text, *signers) if signers else text + b"\n"
        with pytest.raises((SignatureError, FormatError)):
            open_chain([jaga.note, note], jaga.identity.key)


def test_after_a_change_the_old_identity_key_signs_nothing_more(jaga):
    new = jaga.signer("identity", 9)
    notes = extend(jaga, jaga.identity, new, identity=new.key)
    chain = open_chain(notes, new.key)
    statement = next_statement(chain, LATER)
    text = encode(statement) + b"\n"
    assert open_chain([*notes, sign_note(text, new)], jaga.identity.key)
    with pytest.raises(SignatureError):
        open_chain([*notes, sign_note(text, jaga.identity)], jaga.identity.key)


def test_a_chain_without_the_pinned_key_is_refused(jaga, make_organisation):
    impostor = make_organisation(seed=5)
    with pytest.raises(SignatureError, match="pinned"):
        open_chain([impostor.note], jaga.identity.key)


def test_a_statement_by_an_impostor_does_not_extend_a_chain(jaga, make_organisation):
    impostor = make_organisation(seed=5)
    statement = next_statement(jaga.chain, LATER)
    text = encode(statement) + b"\n"
    with pytest.raises(SignatureError):
        open_chain([jaga.note, sign_note(text, impostor.identity)], jaga.identity.key)
    with pytest.raises((SignatureError, RecordError)):
        open_chain([jaga.note, impostor.note], jaga.identity.key)


def test_statements_follow_each_other_without_a_gap(jaga):
    notes = extend(jaga)
    third = next_statement(open_chain(notes, jaga.identity.key), LATER)
    notes.append(sign_statement(third, jaga.identity))
    assert len(open_chain(notes, jaga.identity.key).statements) == 3
    for wrong in (
        notes[1:],
        [notes[0], notes[2]],
        [notes[0], notes[0]],
        [notes[1], notes[0]],
        [*notes, notes[2]],
    ):
        with pytest.raises(RecordError):
            open_chain(wrong, jaga.identity.key)


def test_a_statement_names_the_note_before_it(jaga):
    other = replace(jaga.statement, recorded_at=LATER)
    fork = sign_statement(other, jaga.identity)
    with pytest.raises(RecordError, match="previous"):
        open_chain([fork, extend(jaga)[1]], jaga.identity.key)


@pytest.mark.parametrize("role", ["log", "records"])
def test_a_key_that_signed_for_the_log_is_revoked_and_never_dropped(jaga, role):
    statement = next_statement(
        jaga.chain,
        LATER,
        add=[
            ("records", jaga.signer("records", 9).key, 1),
            ("log", jaga.log.from_seed(jaga.origin, b"\x77" * 32).key, 1),
        ],
    )
    gone = next(key for key in statement.keys if key.role == role)
    dropped = replace(
        statement, keys=tuple(key for key in statement.keys if key != gone)
    )
    moved = replace(
        statement,
        keys=tuple(
            replace(key, from_=key.from_ + 2) if key == gone else key
            for key in statement.keys
        ),
    )
    for wrong in (dropped, moved):
        note = sign_statement(wrong, jaga.identity)
        with pytest.raises(RecordError, match="dropped"):
            open_chain([jaga.note, note], jaga.identity.key)


def test_a_successor_says_which_log_it_continues(make_organisation):
    second = make_organisation(generation=2)
    assert second.chain.follows() == Follows(
        origin="jagasuara.example/pemilu-2024", reason="guard above all", size=7
    )
    moved = replace(
        next_statement(second.chain, LATER),
        follows=Follows(
            origin="jagasuara.example/pemilu-2024", reason="guard above all", size=8
        ),
    )
    note = sign_statement(moved, second.identity)
    with pytest.raises(RecordError):
        open_chain([second.note, note], second.identity.key)


def test_every_flipped_bit_of_a_chain_is_refused(jaga):
    new = jaga.signer("identity", 9)
    notes = extend(jaga, jaga.identity, new, identity=new.key)
    for number, note in enumerate(notes):
        # Every bit of every seventh byte: the text alone has 900 bytes.
        for bit in (8 * at + b for at in range(0, len(note), 7) for b in range(8)):
            damaged = bytearray(note)
            damaged[bit // 8] ^= 1 << bit % 8
            wrong = [*notes[:number], bytes(damaged), *notes[number + 1 :]]
            with pytest.raises(FederationError):
                open_chain(wrong, jaga.identity.key)
