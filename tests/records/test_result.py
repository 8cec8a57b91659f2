"""Results of polling stations: what is refused, and which sums are flagged."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, to_builtins

from federation.errors import RecordError
from federation.records.canonical import convert, decode_as, encode
from federation.records.result import (
    CONTESTS,
    FIGURES,
    ROUNDS,
    RULES,
    Evidence,
    Part,
    TpsResult,
    check_result,
    failed_rules,
)

PHOTO = Evidence(media_type="image/jpeg", sha256="a" * 64, size=1)


def test_the_form_has_25_figures():
    groups = ["pemilih_dpt", "disabilitas"]
    groups += [f"pengguna_{group}" for group in ("dpt", "dptb", "dpk", "total")]
    expected = {f"{group}_{side}" for group in groups for side in "lpj"}
    expected |= {"suara_sah", "suara_tidak_sah", "suara_total"}
    paper = ("diterima", "digunakan", "dikembalikan", "sisa")
    expected |= {f"surat_suara_{name}" for name in paper}
    assert set(FIGURES) == expected
    assert len(FIGURES) == 25


def test_a_later_round_replaces_an_earlier_one_in_this_order():
    assert ROUNDS == ("reguler", "susulan", "lanjutan", "hitung-ulang", "psu")


def test_a_result_has_one_canonical_text(jaga):
    votes = {"03": 18, "01": 44, "02": 78}
    result = jaga.result(candidates=votes, evidence=(PHOTO,), revision=2, ref="form 12")
    assert encode(result).decode() == (
        '{"candidates":{"01":44,"02":78,"03":18},"contest":"ppwp",'
        '"election":"pemilu-2024","evidence":[{"media_type":"image/jpeg",'
        f'"sha256":"{PHOTO.sha256}","size":1}}],'
        '"form":"plano","org":"jagasuara.example",'
        '"recorded_at":"2024-02-14T13:05:00Z","ref":"form 12","review":"reviewed",'
        '"revision":2,"round":"reguler","source":"observer",'
        '"tps":"3171010001001","type":"tps-result/1"}'
    )
    assert decode_as(encode(result), TpsResult) == result


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("value", [0, 999_999])
def test_every_figure_may_stand_alone(jaga, figure, value):
    result = decode_as(encode(jaga.result(figures={figure: value})), TpsResult)
    check_result(result)
    assert result.figures == {figure: value}


@pytest.mark.parametrize("contest", CONTESTS)
def test_votes_are_in_the_terms_of_the_contest(jaga, contest):
    by_candidate = jaga.result(contest=contest, candidates={"01": 1})
    by_party = jaga.result(contest=contest, parties={"1": Part(jumlah=1)})
    of_parties = contest in {"pdpr", "pdprdp", "pdprdk"}
    good, bad = (by_party, by_candidate) if of_parties else (by_candidate, by_party)
    check_result(good)
    with pytest.raises(RecordError):
        check_result(bad)
    both = jaga.result(
        contest=contest, candidates={"01": 1}, parties={"1": Part(jumlah=1)}
    )
    with pytest.raises(RecordError):
        check_result(both)


def test_evidence_alone_is_a_result_and_nothing_is_not(jaga):
    check_result(jaga.result(evidence=(PHOTO,)))
    with pytest.raises(RecordError, match="needs candidates"):
        check_result(jaga.result(candidates=UNSET))


def test_a_party_without_any_number_is_refused(jaga):
    parties = {"1": Part(jumlah=1), "2": Part()}
    with pytest.raises(RecordError) as caught:
        check_result(jaga.result(contest="pdpr", parties=parties))
    assert caught.value.field == "parties.2"


@pytest.mark.parametrize(
    "members",
    [
        {"candidates": {}},
        {"candidates": None},
        {"candidates": {"01": -1}},
        {"candidates": {"01": 1_000_000}},
        {"candidates": {"01": 1.0}},
        {"candidates": {"01": "1"}},
        {"candidates": {"01": True}},
        {"candidates": {"": 1}},
        {"candidates": {"A": 1}},
        {"candidates": {"０１": 1}},  # noqa: RUF001  full-width digits are the point
        {"candidates": {str(n): 1 for n in range(257)}},
        {"figures": {}},
        {"figures": {"suara": 1}},
        {"figures": {"suara_sah": -1}},
        {"evidence": []},
        {"evidence": [{"media_type": "image/jpeg", "sha256": "a" * 64}]},
        {"evidence": [{"media_type": "jpeg", "sha256": "a" * 64, "size": 1}]},
        {"evidence": [{"media_type": "image/jpeg", "sha256": "A" * 64, "size": 1}]},
        {"parties": {"0": {"jumlah": 1}}},
        {"parties": {"01": {"jumlah": 1}}},
        {"parties": {"1": {"jumlah": 1, "caleg": {}}}},
        {"parties": {"1": {"total": 1}}},
        {"form": "foto"},
        {"round": "ulang"},
        {"source": "observers"},
        {"review": True},
        {"contributor": "08123456789"},
        {"derived_from": "a" * 63},
        {"revision": -1},
        {"revision": 2**53},
        {"note": ""},
        {"note": "x" * 301},
        {"observed_at": "2024-02-14"},
    ],
)
def test_malformed_members_are_refused(jaga, members):
    good = to_builtins(jaga.result())
    assert convert(good, TpsResult) == jaga.result()
    with pytest.raises(RecordError):
        convert(good | members, TpsResult)


HOLDS = {
    "valid_total": {"suara_sah": 140, "suara_tidak_sah": 3, "suara_total": 143},
    "total_users": {"suara_total": 143, "pengguna_total_j": 143},
    "total_used": {"suara_total": 143, "surat_suara_digunakan": 143},
    "users_used": {"pengguna_total_j": 143, "surat_suara_digunakan": 143},
    "users_sum": {
        "pengguna_total_j": 143,
        "pengguna_dpt_j": 140,
        "pengguna_dptb_j": 2,
        "pengguna_dpk_j": 1,
    },
    "lp_pemilih_dpt": {"pemilih_dpt_j": 3, "pemilih_dpt_l": 1, "pemilih_dpt_p": 2},
    "lp_pengguna_dpt": {"pengguna_dpt_j": 3, "pengguna_dpt_l": 1, "pengguna_dpt_p": 2},
    "lp_pengguna_dptb": {
        "pengguna_dptb_j": 3,
        "pengguna_dptb_l": 1,
        "pengguna_dptb_p": 2,
    },
    "lp_pengguna_dpk": {"pengguna_dpk_j": 3, "pengguna_dpk_l": 1, "pengguna_dpk_p": 2},
    "lp_pengguna_total": {
        "pengguna_total_j": 3,
        "pengguna_total_l": 1,
        "pengguna_total_p": 2,
    },
    "lp_disabilitas": {"disabilitas_j": 3, "disabilitas_l": 1, "disabilitas_p": 2},
    "ballots_sum": {
        "surat_suara_diterima": 10,
        "surat_suara_digunakan": 7,
        "surat_suara_dikembalikan": 1,
        "surat_suara_sisa": 2,
    },
    "users_dpt": {"pemilih_dpt_j": 100, "pengguna_dpt_j": 100},
    "ballots_received": {"pemilih_dpt_j": 201, "surat_suara_diterima": 206},
    "votes_sum": {"suara_sah": 140},
}


def test_every_rule_but_those_on_votes_alone_has_an_example():
    assert set(RULES) == HOLDS.keys() | {"max_votes", "party_sum"}


@pytest.mark.parametrize("rule", HOLDS)
def test_a_rule_fails_only_when_both_its_sides_were_read(jaga, pemilu, rule):
    figures = HOLDS[rule]
    assert failed_rules(jaga.result(figures=figures), pemilu) == ()
    for name in figures:
        changed = figures | {name: figures[name] + 1}
        votes = {"candidates": {"01": 44, "02": 96, "03": 0}}
        result = jaga.result(figures=changed, **(votes if rule == "votes_sum" else {}))
        if (rule, name) == ("users_dpt", "pemilih_dpt_j"):
            assert failed_rules(result, pemilu) == ()
            continue
        assert failed_rules(result, pemilu) == (rule,)
        rest = {key: value for key, value in figures.items() if key != name}
        if rest:
            without = failed_rules(jaga.result(figures=rest), pemilu)
            assert rule not in without


@pytest.mark.parametrize(
    ("votes", "failed"),
    [
        ({"01": 44, "02": 78, "03": 18}, ()),
        ({"01": 44, "02": 78, "03": 19}, ("votes_sum",)),
        ({"01": 44, "02": 78}, ()),
        ({"01": 300, "02": 300}, ("max_votes",)),
        ({"01": 300, "02": 6, "03": 0}, ("votes_sum",)),
        ({"01": 300, "02": 7, "03": 0}, ("votes_sum", "max_votes")),
    ],
)
def test_votes_that_were_read_in_part_are_no_sum(jaga, pemilu, votes, failed):
    result = jaga.result(candidates=votes, figures={"suara_sah": 140})
    assert failed_rules(result, pemilu) == failed


@pytest.mark.parametrize(
    "tps", ["9901010001001", "3171010001901", "9402010001001", "9501010001001"]
)
def test_an_extraordinary_polling_station_may_have_more_voters(jaga, pemilu, tps):
    votes = {"01": 900, "02": 0, "03": 0}
    assert failed_rules(jaga.result(tps=tps, candidates=votes), pemilu) == ()
    ordinary = jaga.result(candidates=votes)
    assert failed_rules(ordinary, pemilu) == ("max_votes",)


def test_parties_are_summed_by_jumlah_and_each_by_its_candidates(jaga, pemilu):
    ids = pemilu.ids("pdpr", "3171010001001")
    parties = {number: Part(jumlah=5, partai=3, caleg={"7": 2}) for number in ids}

    def failed(parties, valid):
        figures = {"suara_sah": valid}
        result = jaga.result(contest="pdpr", parties=parties, figures=figures)
        return failed_rules(result, pemilu)

    assert failed(parties, 90) == ()
    assert failed(parties, 91) == ("votes_sum",)
    off = Part(jumlah=5, partai=3, caleg={"7": 1})
    assert failed(parties | {"17": off}, 90) == ("party_sum",)
    unread = Part(partai=3, caleg={"7": 1})
    assert failed(parties | {"17": unread}, 91) == ()


def test_without_a_list_of_candidates_all_that_are_said_are_summed(jaga, profiles):
    result = jaga.result(
        election="pilkada-2024",
        contest="pkwkk",
        candidates={"1": 10, "kosong": 4},
        figures={"suara_sah": 15},
    )
    assert failed_rules(result, profiles["pilkada-2024"]) == ("votes_sum",)
    parties = {"1": Part(jumlah=10), "2": Part(partai=4)}
    half = jaga.result(contest="pdpr", parties=parties, figures={"suara_sah": 15})
    assert failed_rules(half, profiles["pilpres-2019"]) == ()


@given(st.dictionaries(st.sampled_from(FIGURES), st.integers(0, 30)))
def test_failed_rules_are_known_ones_in_a_stable_order(jaga, pemilu, figures):
    failed = failed_rules(jaga.result(figures=figures), pemilu)
    assert list(failed) == [rule for rule in RULES if rule in failed]
    shuffled = dict(sorted(figures.items(), reverse=True))
    assert failed_rules(jaga.result(figures=shuffled), pemilu) == failed


SIREKAP = {
    "votes_sum": (28, 28),
    "valid_total": (7, 11),
    "total_users": (34, 50),
    "users_sum": (6, 11),
    "users_dpt": (3, 5),
    "max_votes": (4, 5),
    "lp_pemilih_dpt": (6, 8),
    "lp_pengguna_dpt": (10, 12),
    "lp_pengguna_dptb": (2, 3),
    "lp_pengguna_dpk": (2, 4),
    "lp_pengguna_total": (8, 9),
}


def read_sirekap(document, pemilu):
    """The members of a Sirekap document, as far as the rules need them."""
    chart = document["chart"] or {}
    members = {
        "candidates": {
            pemilu.alias("ppwp", key, "3101010001001"): votes
            for key, votes in chart.items()
            if key != "null" and votes is not None
        },
        "figures": {
            key.replace("non_dpt", "dpk"): value
            for key, value in (document["administrasi"] or {}).items()
        },
    }
    return {name: value for name, value in members.items() if value}


def test_the_failures_of_the_1000_sirekap_documents_are_those_counted(
    shared, jaga, pemilu
):
    path = shared / "data/sirekap2024/sirekap2024-ppwp-dki-1000tps.json"
    documents = json.loads(path.read_bytes())
    of_all, of_both = Counter(), Counter()
    records = implausible = 0
    for tps, document in documents.items():
        members = read_sirekap(document, pemilu)
        if not members:
            continue
        records += 1
        result = convert(to_builtins(jaga.result(tps=tps, **members)), TpsResult)
        failed = failed_rules(result, pemilu)
        implausible += bool(failed)
        of_all.update(failed)
        if document["chart"] and document["administrasi"]:
            of_both.update((*failed, "implausible") if failed else ())
    assert (len(documents), records, implausible) == (1000, 578, 93)
    assert of_both.pop("implausible") == 70
    assert {rule: (of_both[rule], of_all[rule]) for rule in of_all} == SIREKAP


def test_votes_of_142_candidates_in_one_village_make_valid_records(
    shared, jaga, pemilu
):
    path = shared / "data/sirekap2024/sirekap2024-dpr-caleg-1671041005.json"
    documents = json.loads(path.read_bytes())
    assert len(documents) == 65
    read = 0
    for tps, votes in documents.items():
        caleg = {key: n for key, n in votes.items() if key != "null" and n is not None}
        if not caleg:
            continue
        # The file does not say which party a candidate is of.
        result = jaga.result(contest="pdpr", tps=tps, parties={"1": Part(caleg=caleg)})
        assert decode_as(encode(result), TpsResult) == result
        check_result(result)
        assert failed_rules(result, pemilu) == ()
        read += 1
    assert read > 0
