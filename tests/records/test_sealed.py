"""Leaves: one good signature, by a key of this log that is valid there, or nothing."""

import hashlib
import itertools
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from federation.errors import FederationError, FormatError, RecordError, SignatureError
from federation.records import sealed
from federation.records.canonical import FORBIDDEN, encode
from federation.records.keychain import (
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.records.kinds import UnknownStatement
from federation.records.logclosed import LogClosed
from federation.records.result import Evidence, Part
from federation.records.sealed import (
    leaf_text,
    open_leaf,
    parse_statement,
    record_id,
    seal,
)
from federation.records.withdrawal import Withdrawal
from federation.text import Text
from federation.tlog.note import sign_note
from tests.indonesian import find_english
from tests.records import hostile
from tests.statements import next_statement

TIME = "2024-02-14T13:05:00Z"


@pytest.fixture(scope="module")
def hostile_chain():
    return hostile.open_test_chain()


def statements_of(organisation):
    """One statement of every type, for this organisation's log."""
    common = {
        "election": organisation.election,
        "org": organisation.org,
        "recorded_at": TIME,
    }
    place = {"contest": "ppwp", "round": "psu", "tps": "99AB010001001"}
    photo = Evidence(media_type="image/jpeg", sha256="a" * 64, size=1, page=2)
    parties = {"1": Part(partai=1, caleg={"100211": 3}, jumlah=4), "24": Part(jumlah=0)}
    return {
        "votes": organisation.result(ref="form 1", revision=3, note="café — 日本"),
        "parties": organisation.result(contest="pdpr", parties=parties),
        "photo": organisation.result(evidence=(photo,)),
        "withdrawal": Withdrawal(official=1, reason="a mistake", **place, **common),
        "closing": LogClosed(origin=organisation.origin, reason="over", **common),
    }


KINDS = ["votes", "parties", "photo", "withdrawal", "closing"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sealed_statement_opens_to_itself(jaga, kind):
    statement = statements_of(jaga)[kind]
    leaf = seal(statement, jaga.records)
    opened = open_leaf(leaf, jaga.chain, 7)
    assert opened.statement == statement
    assert opened.text == encode(statement) + b"\n" == leaf_text(leaf)
    assert opened.index == 7
    assert opened.record == hashlib.sha256(opened.text).hexdigest()
    assert opened.record == record_id(opened.text)


def test_a_key_statement_is_the_note_of_the_chain(jaga):
    opened = open_leaf(jaga.note, jaga.chain, 0)
    assert opened.statement == jaga.statement
    second = sign_statement(
        next_statement(jaga.chain, "2024-02-20T00:00:00Z"), jaga.identity
    )
    with pytest.raises(SignatureError, match="not in the key chain"):
        open_leaf(second, jaga.chain, 3)
    longer = open_chain([jaga.note, second], jaga.identity.key)
    assert open_leaf(second, longer, 3).statement.version == 2
    with pytest.raises(SignatureError, match="identity key"):
        seal(jaga.statement, jaga.records)


@pytest.mark.parametrize(
    ("name", "leaf", "error"), hostile.HOSTILE, ids=lambda value: str(value)[:60]
)
def test_a_hostile_leaf_gets_exactly_its_error(hostile_chain, name, leaf, error):
    with pytest.raises(FederationError) as caught:
        open_leaf(leaf, hostile_chain, hostile.INDEX)
    assert f"{type(caught.value).__name__}: {caught.value}" == error
    told = Text("id").say(caught.value.told)
    assert find_english(told) == [], told


def test_the_leaf_that_the_hostile_ones_were_made_of_is_good(hostile_chain):
    leaf = hostile.sign(encode(hostile.RESULT))
    assert open_leaf(leaf, hostile_chain, hostile.INDEX)
    for members in (hostile.WITHDRAWAL, hostile.CLOSED, hostile.UNKNOWN):
        assert open_leaf(hostile.sign(encode(members)), hostile_chain, hostile.INDEX)
    assert len(hostile.HOSTILE) >= 60
    assert len({row.leaf for row in hostile.HOSTILE}) == len(hostile.HOSTILE)


def test_the_quick_way_and_the_long_way_give_one_verdict(monkeypatch, hostile_chain):
    def verdict(leaf):
        try:
            return open_leaf(leaf, hostile_chain, hostile.INDEX)
        except FederationError as error:
            return type(error)

    leaves = [row.leaf for row in hostile.HOSTILE]
    leaves += [hostile.sign(encode(hostile.RESULT | {"revision": n})) for n in range(9)]
    quick = [verdict(leaf) for leaf in leaves]
    monkeypatch.setattr(sealed, "_split_record", lambda _leaf: None)
    assert [verdict(leaf) for leaf in leaves] == quick


def test_a_leaf_belongs_to_one_log_only(make_organisation):
    """Organisation, election, visibility, generation: only the diagonal passes."""
    logs = [
        make_organisation(*parts)
        for parts in itertools.product(
            ("a.example", "b.example"),
            ("pemilu-2024", "pilpres-2019"),
            ("public", "incidents"),
            (1, 2),
        )
    ]
    for here, there in itertools.product(logs, logs):
        same_log = here.origin == there.origin
        same_body = (here.org, here.election) == (there.org, there.election)
        is_public = there.chain.visibility == "public"
        expected = {
            "votes": same_body and is_public,
            "parties": same_body and is_public,
            "photo": same_body and is_public,
            "withdrawal": same_body and is_public,
            "closing": same_log,
        }
        for kind, statement in statements_of(here).items():
            # Also signed by a key of the log it is shown in, as a thief would.
            line = encode(statement) + b"\n"
            for signer in {here.records, there.records}:
                leaf = sign_note(line, signer)
                good = expected[kind] and signer.name == there.records.name
                if good:
                    assert open_leaf(leaf, there.chain, 1).statement == statement
                    continue
                with pytest.raises((RecordError, SignatureError)):
                    open_leaf(leaf, there.chain, 1)
        if not same_log:
            with pytest.raises((RecordError, SignatureError)):
                open_leaf(here.note, there.chain, 0)


def test_an_unknown_type_is_kept_in_any_log_of_its_organisation(make_organisation):
    for visibility in ("public", "incidents"):
        organisation = make_organisation(visibility=visibility)
        members = {
            "election": organisation.election,
            "incident": {"category": "logistik_surat_suara", "pages": [1, 2, []]},
            "org": organisation.org,
            "recorded_at": TIME,
            "type": "unheard/1",
        }
        leaf = sign_note(encode(members) + b"\n", organisation.records)
        opened = open_leaf(leaf, organisation.chain, 4)
        assert opened.statement == UnknownStatement(
            type="unheard/1",
            org=organisation.org,
            election=organisation.election,
            text=encode(members) + b"\n",
        )
        newer = encode(members | {"type": "tps-result/2"})
        leaf = sign_note(newer + b"\n", organisation.records)
        opened = open_leaf(leaf, organisation.chain, 4)
        assert opened.statement.type == "tps-result/2"


@pytest.mark.parametrize("kind", [*KINDS, "key statement"])
def test_every_flipped_bit_of_a_leaf_is_refused(jaga, kind):
    if kind == "key statement":
        leaf = jaga.note
    else:
        leaf = seal(statements_of(jaga)[kind], jaga.records)
    # A key statement is longer, and dearer to read: every third bit of it.
    for bit in range(0, 8 * len(leaf), 3 if kind == "key statement" else 1):
        damaged = bytearray(leaf)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises((FormatError, RecordError, SignatureError)):
            open_leaf(bytes(damaged), jaga.chain, 5)


def test_every_cut_and_every_byte_more_is_refused(jaga):
    leaf = jaga.leaf()
    for size in range(len(leaf)):
        with pytest.raises((FormatError, RecordError, SignatureError)):
            open_leaf(leaf[:size], jaga.chain, 5)
    for extra in (b"\n", b" ", b"\x00", leaf, leaf.split(b"\n\n")[1]):
        for longer in (leaf + extra, extra + leaf):
            with pytest.raises((FormatError, RecordError, SignatureError)):
                open_leaf(longer, jaga.chain, 5)


def test_a_key_counts_at_the_indexes_that_the_chain_says(jaga):
    second = jaga.signer("records", 9)
    statement = next_statement(
        jaga.chain,
        TIME,
        add=[("records", second.key, 5)],
        revoke=[(jaga.records.key, 8, "stolen")],
    )
    notes = [jaga.note, sign_statement(statement, jaga.identity)]
    chain = open_chain(notes, jaga.identity.key)
    for signer, valid in ((jaga.records, range(8)), (second, range(5, 12))):
        leaf = seal(jaga.result(), signer)
        for index in range(12):
            if index in valid:
                assert open_leaf(leaf, chain, index).index == index
                continue
            # One that was revoked from 8 on is set apart with the reason.
            why = "reason: stolen" if signer is jaga.records else f"at index {index}"
            with pytest.raises(SignatureError, match=why):
                open_leaf(leaf, chain, index)


def test_sealing_composes_the_text_and_opening_does_not(jaga):
    decomposed = unicodedata.normalize("NFD", "café")
    leaf = seal(jaga.result(note=decomposed), jaga.records)
    assert open_leaf(leaf, jaga.chain, 1).statement.note == "café"
    line = encode(jaga.result(note=decomposed))
    leaf = sign_note(line + b"\n", jaga.records)
    assert open_leaf(leaf, jaga.chain, 1).statement.note == decomposed


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"note": "a\u202eb"}, FormatError),
        ({"note": "a\nb"}, FormatError),
        ({"note": "a\ud83d"}, FormatError),
        ({"note": "x" * 301}, RecordError),
        ({"tps": "1"}, RecordError),
        ({"candidates": {"01": -1}}, RecordError),
        ({"candidates": {}}, RecordError),
        ({"parties": {"1": Part(jumlah=1)}}, RecordError),
    ],
)
def test_what_would_not_open_is_not_sealed(jaga, members, error):
    with pytest.raises(error):
        seal(jaga.result(**members), jaga.records)


def test_a_leaf_too_large_for_a_log_is_not_sealed(jaga):
    caleg = {f"{n:032d}": 999_999 for n in range(250)}
    parties = {str(n): Part(caleg=caleg) for n in range(1, 24)}
    with pytest.raises(FormatError, match="65535"):
        seal(jaga.result(contest="pdpr", parties=parties), jaga.records)


def test_only_the_organisations_records_key_seals(jaga, make_organisation):
    other = make_organisation("b.example")
    for signer in (jaga.identity, jaga.log, jaga.node, other.records):
        with pytest.raises(SignatureError):
            seal(jaga.result(), signer)


def test_a_closing_names_the_next_generation_or_none(jaga, make_organisation):
    second = make_organisation(generation=2)
    for organisation, good in ((jaga, 2), (second, 3)):
        closing = statements_of(organisation)["closing"]
        base = "jagasuara.example/pemilu-2024"
        for successor in (base, f"{base}/2", f"{base}/3", f"{base}/incidents/2"):
            leaf = seal(replace(closing, successor=successor), organisation.records)
            if successor == f"{base}/{good}":
                assert open_leaf(leaf, organisation.chain, 1)
                continue
            with pytest.raises(RecordError, match="next generation"):
                open_leaf(leaf, organisation.chain, 1)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["01", "02", "03"]), st.integers(0, 999_999), min_size=1
    ),
    st.text(min_size=1, max_size=40).filter(lambda text: not FORBIDDEN.search(text)),
    st.integers(0, 2**53 - 1),
)
def test_whatever_a_result_says_it_opens_as_it_was_sealed(jaga, votes, note, revision):
    result = jaga.result(candidates=votes, note=note, revision=revision)
    try:
        leaf = seal(result, jaga.records)
    except RecordError:
        # NFC may make a text longer than its bound; never shorter than one character.
        assert len(unicodedata.normalize("NFC", note)) > 300
        return
    opened = open_leaf(leaf, jaga.chain, revision)
    expected = replace(result, note=unicodedata.normalize("NFC", note))
    assert opened.statement == expected
    assert parse_statement(opened.text[:-1]) == expected
    assert open_leaf(leaf, jaga.chain, 0).record == opened.record


def test_the_text_of_what_is_no_leaf_cannot_be_taken():
    with pytest.raises(FormatError):
        leaf_text(b"no leaf\n")


def test_the_files_of_a_leaf_are_those_of_its_statement(jaga):
    """Read without the rest, which was judged when it was admitted."""
    for statement in statements_of(jaga).values():
        leaf = sealed.seal(statement, jaga.records)
        named = getattr(statement, "evidence", None)
        assert sealed.leaf_files(leaf) == (named or ())
    for wrong in (b"{}\n", b"{\n\n", b'{"evidence":[{"sha256":"0"}]}\n\n'):
        with pytest.raises(FormatError):
            sealed.leaf_files(wrong)
