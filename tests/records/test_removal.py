"""A removal names one file and a ground; it says nothing of who asked."""

import pytest
from msgspec import to_builtins

from federation.errors import RecordError, SignatureError
from federation.records.canonical import convert, decode_as, encode
from federation.records.kinds import kind_of
from federation.records.removal import GROUNDS, PhotoRemoval
from federation.records.sealed import open_leaf, seal
from federation.text import Text
from tests.fakes import ELECTION, RECORDED_AT, FakeOrg, signer

PHOTO, ASKED = "ab" * 32, "cd" * 32
REMOVAL = PhotoRemoval(
    election=ELECTION,
    ground="personal-data",
    org="jagasuara.example",
    recorded_at=RECORDED_AT,
    sha256=PHOTO,
)


def test_a_removal_has_one_canonical_text():
    line = encode(REMOVAL)
    assert line == (
        b'{"election":"pemilu-2024","ground":"personal-data",'
        b'"org":"jagasuara.example","recorded_at":"2024-02-14T13:05:00Z",'
        b'"sha256":"' + PHOTO.encode() + b'","type":"photo-removal/1"}'
    )
    assert decode_as(line, PhotoRemoval) == REMOVAL
    assert not REMOVAL.is_answer


def test_an_answer_names_the_record_that_it_honours():
    answer = convert(to_builtins(REMOVAL) | {"answers": ASKED}, PhotoRemoval)
    assert encode(answer).startswith(b'{"answers":"' + ASKED.encode())
    assert answer.is_answer


@pytest.mark.parametrize("member", sorted(set(to_builtins(REMOVAL)) - {"type"}))
def test_every_other_member_is_required(member):
    members = to_builtins(REMOVAL)
    del members[member]
    with pytest.raises(RecordError, match=member):
        convert(members, PhotoRemoval)


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": PHOTO.upper()},
        {"sha256": PHOTO[:-1]},
        {"ground": "expired"},
        {"ground": ""},
        {"answers": ""},
        {"reason": ""},
        {"reason": "x" * 301},
        {"person": "somebody"},
    ],
    ids=str,
)
def test_what_is_not_of_its_form_is_refused(changes):
    with pytest.raises(RecordError):
        decode_as(encode(to_builtins(REMOVAL) | changes), PhotoRemoval)


def test_it_stands_in_public_logs_and_is_made_by_this_node_only():
    kind = kind_of(REMOVAL)
    assert (kind.logs, kind.is_handed_in) == ({"public"}, False)
    assert (kind.slot, kind.claim) == (None, None)
    assert kind.free_text == ("reason",)


def test_it_is_signed_by_a_records_key_of_its_organisation():
    org = FakeOrg(REMOVAL.org)
    leaf = seal(REMOVAL, org.records)
    assert open_leaf(leaf, org.chain, 3).statement == REMOVAL
    with pytest.raises(SignatureError):
        seal(REMOVAL, signer("kawalpemilu.example/records"))


@pytest.mark.parametrize("language", ["en", "id"])
def test_every_ground_has_words(language):
    for ground in GROUNDS:
        assert Text(language)(f"verifier.ground_{ground}")
