import hashlib
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.records.claim import Claim
from federation.records.merge import (
    FLAGS,
    STATUSES,
    counted_files,
    decode_row,
    digest_rows,
    encode_row,
    group_claims,
    merge_tps,
)
from federation.records.result import ROUNDS

TPS = "1371011001001"


def said(org="a.example", votes=None, **members):
    """A claim of `org` as (origin, claim); votes as {"01": 1}."""
    text = json.dumps(votes, separators=(",", ":"), sort_keys=True) if votes else ""
    members = {"complete": bool(votes), "record": "0" * 64, "index": 0} | members
    members.setdefault("kind", "votes" if votes else "unread")
    fixed = {"contest": "ppwp", "tps": TPS, "org": org, "votes": text}
    claim = Claim(**({"official": False, "round": "reguler"} | members | fixed))
    return f"{org}/e", claim


def merge(*claims, in_register=True, shared_files=frozenset()):
    return merge_tps(
        "ppwp", TPS, claims, in_register=in_register, shared_files=shared_files
    )


ONE, TWO, THREE = {"01": 127, "02": 27}, {"01": 127, "02": 28}, {"01": 9, "02": 1}
A, B, C = (f"{name}.example" for name in "abc")


def test_the_row_is_these_bytes():
    row = merge(
        said(B, ONE, index=7, record="b" * 64),
        said(A, ONE, index=5, record="a" * 64),
        said(A, THREE, official=True, index=6, record="c" * 64),
    )
    assert encode_row(row) == (
        b'{"claims":[{"index":5,"official":0,"org":"a.example","origin":"a.example/e",'
        b'"record":"' + b"a" * 64 + b'","round":"reguler"},'
        b'{"index":6,"official":1,"org":"a.example","origin":"a.example/e",'
        b'"record":"' + b"c" * 64 + b'","round":"reguler"},'
        b'{"index":7,"official":0,"org":"b.example","origin":"b.example/e",'
        b'"record":"' + b"b" * 64 + b'","round":"reguler"}],'
        b'"contest":"ppwp","flags":[],"groups":[{"orgs":["a.example","b.example"],'
        b'"votes":{"01":127,"02":27}}],"official":"differs","round":"reguler",'
        b'"status":"agreed","tps":"1371011001001"}\n'
    )


def test_the_digest_is_sha256_over_the_rows():
    rows = [encode_row(merge(said(A, ONE))), encode_row(merge(said(A, TWO)))]
    assert digest_rows(iter(rows)) == hashlib.sha256(b"".join(rows)).hexdigest()
    assert digest_rows([]) == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ([said(A, ONE)], "single"),
        ([said(A)], "unread"),
        ([said(A), said(B, ONE)], "single"),
        ([said(A, ONE, complete=False)], "unread"),
        ([said(A, ONE), said(B, ONE)], "agreed"),
        ([said(A, ONE), said(B, TWO)], "disputed"),
        ([said(A, ONE), said(B, ONE), said(C, TWO)], "disputed"),
        ([said(A, ONE), said(B, TWO), said(C, THREE)], "disputed"),
        ([said(A, ONE), said(B, TWO, complete=False)], "single"),
        ([said(A, ONE, official=True)], "missing"),
        ([said(A, kind="withdrawal")], "missing"),
        ([said(A, kind="withdrawal"), said(B, ONE)], "single"),
        # Copying or transcribing a partner's file adds no source, at least one counts.
        ([said(A, ONE), said(B, ONE, derived=True)], "single"),
        ([said(A, ONE, derived=True)], "single"),
        ([said(A, ONE, derived=True), said(B, ONE, derived=True)], "single"),
        ([said(A, ONE), said(B, ONE), said(C, ONE, derived=True)], "agreed"),
        ([said(A, ONE), said(B, TWO, derived=True)], "disputed"),
    ],
)
def test_the_status_follows_the_groups_and_their_sources(claims, status):
    for order in itertools.permutations(claims):
        row = merge(*order)
        assert row.status == status
        assert (row.official is not row.round) or status == "missing"


KPU_IDS = {"1000561": 127, "1000562": 27}
OTHER_KPU_IDS = {"1000561": 127, "1000562": 28}
WORDS = {"herdiat": 127, "kolom-kosong": 27}
MIXED = {"01": 127, "1000562": 27}


@pytest.mark.parametrize(
    ("claims", "status", "official"),
    [
        # The one that accused KPU of a difference that there is not.
        ([said(A, ONE), said(C, KPU_IDS, official=True)], "single", "none"),
        ([said(A, KPU_IDS), said(C, TWO, official=True)], "single", "none"),
        ([said(A, ONE), said(B, KPU_IDS)], "single", "none"),
        ([said(A, ONE), said(B, WORDS)], "single", "none"),
        ([said(A, ONE), said(B, MIXED)], "single", "none"),
        ([said(A, KPU_IDS), said(B, MIXED)], "single", "none"),
        ([said(A, ONE), said(B, ONE), said(C, KPU_IDS)], "agreed", "none"),
        ([said(A, ONE), said(B, ONE, derived=True), said(C, WORDS)], "single", "none"),
        # Within one numbering a difference is a difference.
        ([said(A, ONE), said(B, TWO), said(C, KPU_IDS)], "disputed", "none"),
        ([said(A, ONE), said(B, KPU_IDS), said(C, OTHER_KPU_IDS)], "disputed", "none"),
        (
            [said(A, ONE), said(B, KPU_IDS), said(C, KPU_IDS, official=True)],
            "single",
            "none",
        ),
        (
            [said(A, ONE), said(B, KPU_IDS), said(C, OTHER_KPU_IDS, official=True)],
            "single",
            "differs",
        ),
        (
            [said(A, ONE), said(A, ONE, official=True), said(C, WORDS, official=True)],
            "single",
            "none",
        ),
    ],
)
def test_claims_of_two_numberings_are_not_compared(claims, status, official):
    for order in itertools.permutations(claims):
        row = merge(*order)
        assert (row.status, row.official) == (status, official)
        assert "numbering" in row.flags
        assert row.flags == sorted(row.flags)


@pytest.mark.parametrize(
    "claims",
    [
        [said(A, ONE), said(B, TWO)],
        [said(A, ONE), said(B, ONE), said(C, ONE, official=True)],
        [said(A, KPU_IDS), said(B, OTHER_KPU_IDS)],
        [said(A, KPU_IDS), said(C, KPU_IDS, official=True)],
        [said(A, ONE), said(B, KPU_IDS, complete=False)],
        [said(A, ONE), said(B, KPU_IDS, round="psu")],
        [said(A, ONE), said(B)],
        [said(A, {"1": 1, "24": 2}), said(B, {"1": 2, "24": 1})],
    ],
)
def test_the_flag_says_that_complete_claims_of_two_numberings_stand(claims):
    assert "numbering" not in merge(*claims).flags


def test_one_digit_is_looked_for_within_a_numbering():
    row = merge(said(A, {"01": 10}), said(B, {"1000561": 1, "01": 9}))
    assert row.flags == ["numbering"]


def test_nothing_said_gives_no_row():
    assert merge() is None


def test_a_missing_row_says_neither_round_nor_official():
    members = json.loads(encode_row(merge(said(A, kind="withdrawal"))))
    assert sorted(members) == ["claims", "contest", "flags", "groups", "status", "tps"]
    assert members["claims"] == []


@pytest.mark.parametrize(
    ("claims", "official"),
    [
        ([said(A, ONE)], "none"),
        ([said(A, ONE), said(A, ONE, official=True)], "matches"),
        ([said(A, ONE), said(A, TWO, official=True)], "differs"),
        ([said(A, ONE), said(B, TWO), said(A, ONE, official=True)], "differs"),
        (
            [said(A, ONE), said(A, ONE, official=True), said(B, TWO, official=True)],
            "differs",
        ),
        (
            [said(A, TWO), said(A, ONE, official=True), said(B, TWO, official=True)],
            "differs",
        ),
        (
            [said(A, ONE), said(A, ONE, official=True), said(B, ONE, official=True)],
            "matches",
        ),
        ([said(A), said(A, ONE, official=True)], "none"),
        ([said(A, ONE), said(A, ONE, official=True, complete=False)], "none"),
        ([said(A, ONE), said(A, ONE, official=True, round="psu")], "none"),
    ],
)
def test_kpu_is_compared_and_is_never_part_of_the_status(claims, official):
    row = merge(*claims)
    assert row.official == official
    monitors = [placed for placed in claims if not placed[1].official]
    alone = merge(*monitors)
    assert (row.status, row.groups) == (alone.status, alone.groups)


@pytest.mark.parametrize("pair", list(itertools.combinations(ROUNDS, 2)))
def test_only_the_highest_round_of_a_monitor_counts(pair):
    low, high = pair
    old, new = said(A, ONE, round=low), said(B, TWO, round=high)
    for order in ((old, new), (new, old)):
        row = merge(*order)
        assert (row.round, row.status) == (high, "single")
        assert row.groups[0].votes == TWO
        assert {claim.round for claim in row.claims} == set(pair)  # stays visible
    # Of KPU's or a withdrawn one of the higher round nothing follows; a photo counts.
    assert merge(old, said(B, TWO, round=high, official=True)).round == low
    assert merge(old, said(B, round=high, kind="withdrawal")).round == low
    assert merge(old, said(B, round=high)).status == "unread"


@pytest.mark.parametrize(
    ("flag", "claims"),
    [
        ("implausible", [said(A, ONE, rules=("votes_sum",))]),
        ("implausible", [said(A, ONE), said(A, ONE, official=True, rules=("x",))]),
        ("incomplete", [said(A, ONE, complete=False)]),
        ("zero", [said(A, {"01": 0, "02": 0})]),
        ("one_digit", [said(A, ONE), said(B, TWO)]),
        ("one_digit", [said(A, {"01": 127, "02": 127}), said(B, ONE)]),
        ("one_digit", [said(A, ONE), said(B, THREE), said(C, {"01": 9, "02": 11})]),
        (
            "figures_differ",
            [
                said(A, ONE, figures='{"suara_sah":154}'),
                said(B, ONE, figures='{"suara_sah":155,"suara_total":1}'),
            ],
        ),
        ("shared_file", [said(A, files=("f" * 64,))]),
    ],
)
def test_each_flag_is_raised_by_what_it_is_for(flag, claims):
    shared = frozenset({"f" * 64})
    for order in itertools.permutations(claims):
        assert flag in merge(*order, shared_files=shared).flags
    later = merge(*claims, said(C, ONE, round="psu"), shared_files=shared)
    assert later.flags == []  # a replaced round raises none


@pytest.mark.parametrize(
    "claims",
    [
        [said(A, ONE)],
        [said(A)],  # a photo waits to be read: that is its status, not a flag
        [said(A, ONE), said(B, {"01": 126, "02": 28})],
        [said(A, ONE), said(B, {"01": 125, "02": 27})],
        [said(A, ONE), said(B, {"01": 1127, "02": 27})],  # no station has a thousand
        [said(A, {"01": 0, "02": 10})],
        [said(A, {"01": 10, "02": 0})],
        [said(A, {"01": 0, "02": 0}, complete=False, kind="withdrawal")],
        [said(A, ONE, figures='{"suara_sah":1}'), said(B, ONE)],
        [
            said(A, ONE, figures='{"suara_sah":1}'),
            said(B, ONE, figures='{"suara_total":2}'),
        ],
        [said(A, files=("e" * 64,))],
    ],
)
def test_no_flag_is_raised_without_its_reason(claims):
    assert merge(*claims, shared_files=frozenset({"f" * 64})).flags == []


@pytest.mark.parametrize("other", [f"figure_{n}" for n in range(12)])
def test_every_reading_of_a_figure_is_compared(other):
    """Also beside a third claim that says something else, in whatever order."""
    texts = ['{"figure_5":1}', f'{{"{other}":1}}', '{"figure_5":2}']
    for orgs in itertools.permutations((A, B, C)):
        claims = [said(org, ONE, figures=texts[n]) for n, org in enumerate(orgs)]
        assert merge(*claims).flags == ["figures_differ"]


@pytest.mark.parametrize("votes", [*itertools.permutations([ONE, TWO, THREE])])
def test_groups_are_sorted_by_their_first_organisation(votes):
    claims = [said(org, votes[n])[1] for n, org in enumerate((C, A, B))]
    for order in itertools.permutations(claims):
        assert [group.orgs for group in group_claims(order)] == [[A], [B], [C]]


def test_a_station_outside_the_register_is_flagged_even_when_nothing_stands():
    assert merge(said(A, ONE), in_register=False).flags == ["outside_register"]
    gone = merge(said(A, kind="withdrawal"), in_register=False)
    assert gone.flags == ["outside_register"]


def test_the_files_behind_a_row_are_those_of_the_counted_round():
    claims = [
        said(A, files=("1" * 64, "2" * 64))[1],
        said(B, ONE, files=("2" * 64,))[1],
        said(C, kind="withdrawal", files=())[1],
    ]
    assert counted_files(claims) == {"1" * 64, "2" * 64}
    claims.append(said(C, ONE, files=("3" * 64,), round="psu")[1])
    assert counted_files(claims) == {"3" * 64}


@st.composite
def stations(draw):
    """The latest claims of one station: at most one per slot."""
    slots = st.tuples(
        st.sampled_from([A, B, C]), st.booleans(), st.sampled_from(ROUNDS)
    )
    chosen = draw(st.lists(slots, unique=True, min_size=1, max_size=6))
    votes = st.none() | st.fixed_dictionaries(
        {"01": st.sampled_from([0, 1, 10]), "02": st.sampled_from([0, 1])}
    )
    return [
        said(
            org,
            None if gone else draw(votes),
            official=official,
            round=name,
            index=number,
            derived=draw(st.booleans()),
            figures=draw(st.sampled_from(["", '{"suara_sah":1}', '{"suara_sah":2}'])),
            rules=draw(st.sampled_from([(), ("votes_sum",)])),
            **({"kind": "withdrawal"} if gone else {}),
        )
        for number, (org, official, name) in enumerate(chosen)
        for gone in [draw(st.booleans())]
    ]


@given(stations(), st.randoms(use_true_random=False), st.booleans())
def test_a_row_does_not_depend_on_the_order_of_its_claims(claims, random, in_register):
    row = merge(*claims, in_register=in_register)
    shuffled = random.sample(claims, len(claims))
    assert encode_row(merge(*shuffled, in_register=in_register)) == encode_row(row)


@given(stations(), st.booleans())
def test_a_row_is_canonical_and_read_back_as_it_was(claims, in_register):
    row = merge(*claims, in_register=in_register)
    data = encode_row(row)
    assert decode_row(data) == row
    members = json.loads(data)
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    assert data == text.encode() + b"\n"
    assert row.status in STATUSES
    assert row.flags == sorted(set(row.flags) & set(FLAGS))
    places = [(c.org, c.official, ROUNDS.index(c.round)) for c in row.claims]
    assert places == sorted(places)
    orgs = [org for group in row.groups for org in group.orgs]
    assert len(orgs) == len(set(orgs))
    assert row.groups == sorted(row.groups, key=lambda group: group.orgs)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"claims":[]}\n', b"\xff"])
def test_other_bytes_are_not_a_row(data):
    with pytest.raises(FormatError):
        decode_row(data)
