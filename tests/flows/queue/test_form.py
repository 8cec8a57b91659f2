"""The fields of a form, and what is typed into them."""

import pytest

from federation.flows.queue.form import PARTS, fill_in, paper_form, read_typed
from federation.profiles import load_profiles
from federation.records.profile import CONTESTS
from federation.records.result import FIGURES
from federation.records.tps import TpsId
from tests import sample_map as sample

TPS = TpsId(sample.DISPUTED)
PPWP = paper_form(sample.profile(), "ppwp", TPS)
PDPR = paper_form(sample.profile(), "pdpr", TPS)


def test_who_stands_is_there_in_the_order_of_the_ballot_with_names():
    assert [(row.number, row.name, row.field) for row in PPWP.votes] == [
        (f"0{n}", f"Pasangan {n}", f"c.0{n}") for n in (1, 2, 3)
    ]
    assert [(row.field, row.own) for row in PDPR.votes] == [
        ("p.1.jumlah", "p.1.partai"),
        ("p.2.jumlah", "p.2.partai"),
    ]


def test_the_paper_has_every_figure_once():
    named = [name for _, lines in PARTS for line in lines for name in line]
    assert sorted(named) == sorted(FIGURES)


def test_every_contest_of_every_shipped_election_has_a_form(tmp_path):
    for profile in load_profiles(tmp_path).values():
        for contest in profile.contests:
            assert contest in CONTESTS
            form = paper_form(profile, contest, TPS)
            assert form.votes, (profile.election, contest)
            assert len(set(form.fields)) == len(form.fields)


def test_ballot_order_is_by_number(tmp_path):
    parties = paper_form(load_profiles(tmp_path)["pemilu-2024"], "pdpr", TPS)
    numbers = [int(row.number) for row in parties.votes]
    assert numbers == sorted(numbers)
    assert 18 not in numbers, "parties of Aceh stand there only"


def test_what_is_typed_is_what_a_result_says():
    typed = read_typed(
        PPWP,
        {
            "c.01": " 100",
            "c.02": "0",
            "c.03": "",
            "f.suara_sah": "1 00",
            "form": "plano",
        },
    )
    assert typed.bad == ()
    assert typed.members == {
        "candidates": {"01": 100, "02": 0},
        "figures": {"suara_sah": 100},
        "form": "plano",
    }
    assert fill_in(typed.members) == {"c.01": "100", "c.02": "0", "f.suara_sah": "100"}
    typed = read_typed(PDPR, {"p.1.jumlah": "9", "p.1.partai": "6", "p.2.jumlah": ""})
    assert typed.members == {"parties": {"1": {"jumlah": 9, "partai": 6}}}
    assert fill_in(typed.members) == {"p.1.jumlah": "9", "p.1.partai": "6"}


def test_the_candidates_of_a_party_are_typed_by_their_number_in_it():
    by_contest = {"pdpr": 10, "pdprdp": 15, "pdprdk": 15}
    for contest, most in by_contest.items():
        row = paper_form(sample.profile(), contest, TPS).votes[0]
        assert list(row.caleg) == [str(number) for number in range(1, most + 1)]
    given = {"p.1.jumlah": "9", "p.1.caleg.1": "4", "p.1.caleg.10": "0"}
    given |= {"p.2.caleg.3": "7", "p.1.caleg.11": "1", "p.2.caleg.2": " "}
    typed = read_typed(PDPR, given)
    assert typed.members == {
        "parties": {
            "1": {"jumlah": 9, "caleg": {"1": 4, "10": 0}},
            "2": {"caleg": {"3": 7}},
        }
    }
    said = ("p.1.jumlah", "p.1.caleg.1", "p.1.caleg.10", "p.2.caleg.3")
    assert fill_in(typed.members) == {name: given[name] for name in said}
    assert read_typed(PDPR, {"p.1.caleg.2": "x"}).bad == ("p.1.caleg.2",)


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "1.5",
        "x",
        "1000000",
        "\uff11\uff12",
        "\u0663",
        "1e3",
        "0x1",
        "+1",
        "1,0",
        "9" * 400,
    ],
)
def test_what_is_no_number_is_told_of_its_field(text):
    typed = read_typed(PPWP, {"c.01": text, "c.02": "5"})
    assert typed.bad == ("c.01",)
    assert typed.members == {"candidates": {"02": 5}}


def test_what_is_no_field_of_the_form_is_nothing():
    given = {"c.99": "5", "p.1.jumlah": "5", "f.nothing": "5", "form": "x", "org": "y"}
    assert read_typed(PPWP, given).members == {}
    assert read_typed(PDPR, {"c.01": "5", "p.7.jumlah": "1"}).members == {}
