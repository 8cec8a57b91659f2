import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.records.admission import to_claim
from federation.records.claim import (
    Claim,
    claim_of_result,
    decode_claim,
    is_newer,
)
from federation.records.logclosed import LogClosed
from federation.records.result import Evidence, Part
from federation.records.sealed import open_leaf, seal
from federation.records.withdrawal import Withdrawal
from tests.ownnode import small_profile
from tests.photographed import A, file_of, result

FILE = "ab" * 32


@pytest.fixture(scope="module")
def claim_of(jaga, pemilu):
    def claim_of(index=3, rank=1, **members):
        sealed = open_leaf(jaga.leaf(**members), jaga.chain, index)
        return to_claim(sealed, pemilu, rank)

    return claim_of


def test_a_claim_says_what_merging_needs_and_where_it_stands(claim_of, jaga):
    claim = claim_of(
        candidates={"02": 78, "01": 44, "03": 18},
        figures={"suara_sah": 141, "suara_tidak_sah": 2},
        evidence=(
            Evidence(media_type="image/jpeg", sha256=FILE, size=9),
            Evidence(media_type="image/jpeg", sha256=FILE, size=9, page=2),
        ),
        derived_from="cd" * 32,
    )
    assert claim == Claim(
        index=3,
        kind="votes",
        org="jagasuara.example",
        official=False,
        contest="ppwp",
        tps="3171010001001",
        round="reguler",
        record=claim.record,
        votes='{"01":44,"02":78,"03":18}',
        complete=True,
        rules=("votes_sum",),
        files=(FILE,),
        figures='{"suara_sah":141,"suara_tidak_sah":2}',
        derived=True,
        rank=1,
        review="reviewed",
    )


def test_a_claim_is_complete_with_exactly_those_who_stand_there(claim_of):
    assert claim_of(candidates={"01": 1, "02": 2, "03": 0}).complete
    assert not claim_of(candidates={"01": 1, "02": 2}).complete
    assert not claim_of(candidates={"01": 1, "02": 2, "03": 0, "04": 0}).complete


def test_a_claim_for_a_contest_that_is_not_held_there_is_never_complete(
    claim_of, pemilu
):
    # DKI (31) elects no DPRD of a kabupaten.
    assert not pemilu.stands("pdprdk", "3171010001001")
    parties = {str(number): Part(jumlah=1) for number in range(1, 25)}
    assert not claim_of(contest="pdprdk", parties=parties).complete


def test_where_the_profile_lists_nobody_any_votes_are_complete(
    make_organisation, profiles
):
    org = make_organisation(election="pilkada-2024")
    leaf = org.leaf(contest="pkwkk", candidates={"01": 5}, tps="3209010001001")
    claim = to_claim(open_leaf(leaf, org.chain, 1), profiles["pilkada-2024"])
    assert claim.complete


def test_legislative_votes_are_compared_by_each_partys_sum(claim_of, pemilu):
    ids = sorted(pemilu.ids("pdpr", "3171010001001"), key=int)
    parties = {number: Part(jumlah=int(number), partai=1) for number in ids}
    claim = claim_of(contest="pdpr", parties=parties)
    assert claim.complete
    assert claim.votes.startswith('{"1":1,"10":10,')
    parties["1"] = Part(partai=1)  # its sum was not read
    assert not claim_of(contest="pdpr", parties=parties).complete
    assert claim_of(contest="pdpr", figures={"suara_sah": 5}).kind == "unread"


def test_what_was_not_read_is_unread_and_never_zero(claim_of):
    photo = claim_of(evidence=(Evidence(media_type="image/jpeg", sha256=FILE, size=9),))
    figures = claim_of(figures={"suara_sah": 5})
    for claim in photo, figures:
        assert (claim.kind, claim.votes, claim.complete) == ("unread", "", False)


def test_kpu_is_official_and_so_is_the_withdrawal_of_its_slot(claim_of, jaga, pemilu):
    official = claim_of(source="kpu")
    assert official.official
    said = {
        "contest": "ppwp",
        "election": jaga.election,
        "org": jaga.org,
        "reason": "typed into the wrong station",
        "recorded_at": "2024-02-15T00:00:00Z",
        "round": "reguler",
        "tps": "3171010001001",
    }
    for flag, same in ((1, True), (0, False)):
        leaf = seal(Withdrawal(official=flag, **said), jaga.records)
        gone = to_claim(open_leaf(leaf, jaga.chain, 9), pemilu, rank=2)
        assert (gone.kind, gone.index, gone.rank) == ("withdrawal", 9, 2)
        slots = {
            (one.org, one.official, one.contest, one.tps, one.round)
            for one in (gone, official)
        }
        assert (len(slots) == 1) is same


def test_statements_about_no_station_claim_nothing(jaga, pemilu):
    closed = LogClosed(
        election=jaga.election,
        org=jaga.org,
        origin=jaga.origin,
        reason="over",
        recorded_at="2024-06-01T00:00:00Z",
    )
    for leaf in (seal(closed, jaga.records), jaga.note):
        assert to_claim(open_leaf(leaf, jaga.chain, 0), pemilu) is None


def test_newer_is_by_rank_then_index():
    def claim(rank, index):
        return Claim(
            index=index,
            kind="unread",
            org="a.example",
            official=False,
            contest="ppwp",
            tps="1" * 13,
            round="psu",
            record="",
            rank=rank,
        )

    order = [claim(1, 4), claim(1, 9), claim(2, 0), claim(2, 3)]
    for place, one in enumerate(order):
        for other_place, other in enumerate(order):
            assert is_newer(one, other) is (place > other_place)


names = st.text(max_size=5)
claims = st.builds(
    Claim,
    index=st.integers(0, 2**53 - 1),
    kind=st.sampled_from(["votes", "unread", "withdrawal"]),
    org=names,
    official=st.booleans(),
    contest=names,
    tps=names,
    round=names,
    record=names,
    votes=names,
    complete=st.booleans(),
    rules=st.lists(names, max_size=3).map(tuple),
    files=st.lists(names, max_size=3).map(tuple),
    figures=names,
    derived=st.booleans(),
    rank=st.integers(1, 9),
    review=names,
)


@given(claims)
def test_a_stored_claim_is_read_back_as_it_was(claim):
    assert decode_claim(msgspec.msgpack.encode(claim)) == claim
    assert pickle.loads(pickle.dumps(claim)) == claim


@pytest.mark.parametrize("data", [b"", b"\x90", b"\xc1", b"not msgpack", b"\x81\xa1a"])
def test_other_bytes_are_not_a_claim(data):
    with pytest.raises(FormatError):
        decode_claim(data)


@pytest.mark.parametrize(
    ("members", "votes", "complete", "rules"),
    [
        # Signed with other ids: by the profile of today they are one.
        (
            {"candidates": {"100025": 44, "2": 78, "03": 18}},
            '{"01":44,"02":78,"03":18}',
            True,
            ("votes_sum",),
        ),
        ({"candidates": {"100025": 44}}, '{"01":44}', False, ()),
        ({"candidates": {"09": 44}}, '{"09":44}', False, ()),
        # Two that would be one stay as they were signed, for everybody to see.
        ({"candidates": {"1": 44, "01": 3}}, '{"01":3,"1":44}', False, ()),
        (
            {"candidates": {"1": 44, "12": 3}, "contest": "pdpd"},
            '{"01":44,"12":3}',
            True,
            ("votes_sum",),
        ),
        (
            {"candidates": {"1000561": 44}, "contest": "pdpd"},
            '{"1000561":44}',
            True,
            ("votes_sum",),
        ),
    ],
)
def test_votes_are_compared_by_the_ids_of_the_profile(
    claim_of, members, votes, complete, rules
):
    claim = claim_of(figures={"suara_sah": 1}, **members)
    assert (claim.votes, claim.complete, claim.rules) == (votes, complete, rules)


def test_what_a_photo_looks_like_is_no_part_of_a_claim_and_so_of_no_map():
    profile = small_profile()
    looks = ({}, {"likeness": "0" * 64}, {"likeness": "f" * 64}, {"page": 2})
    said = [result(A, "3171010001001", [file_of("ab" * 32, **one)]) for one in looks]
    claims = [claim_of_result(one, 0, "cd" * 32, profile, 1) for one in said]
    assert claims == claims[:1] * len(looks)
