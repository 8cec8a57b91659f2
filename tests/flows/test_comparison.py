"""Side by side: every figure of everybody, which differ, which sums do not hold."""

from itertools import product

from msgspec import UNSET
from msgspec.structs import replace

from federation.flows.query import tps
from federation.flows.query.comparison import FailedSum, FigureLine, compare, sums_of
from federation.records.result import RULES
from tests import sample_map as sample


def contest(db, code):
    with db.view() as view:
        answer = tps.tps(
            view, {sample.ELECTION: sample.profile()}, sample.ELECTION, code
        )
    return answer.contests[-1]


def test_everybody_who_has_a_figure_is_a_column_and_kpu_the_last(sample_db):
    compared = compare(contest(sample_db, sample.DISPUTED))
    assert [
        (one.said.org, one.said.official, one.version) for one in compared.speakers
    ] == [
        (sample.ANA, False, "A"),
        (sample.BUDI, False, "B"),
        (sample.ANA, True, "A"),
    ]
    assert [(line.name, line.values) for line in compared.lines] == [
        ("01", (90, 90, 90)),
        ("02", (40, 41, 40)),
        ("03", (10, 10, 10)),
    ]
    assert [line.name for line in compared.differing] == ["02"]


def test_figures_of_a_form_stand_behind_its_votes_in_the_forms_order(sample_db):
    compared = compare(contest(sample_db, sample.AGREED))
    assert compared.lines[-1] == FigureLine(
        "suara_sah", values=(None, 170, None), is_vote=False
    )
    assert not compared.differing
    assert {one.version for one in compared.speakers} == {""}


def test_whoever_only_has_a_photograph_is_no_column(sample_db):
    assert compare(contest(sample_db, sample.PHOTO)).speakers == ()


def test_a_round_that_does_not_count_is_not_beside_the_one_that_does(sample_db):
    compared = compare(contest(sample_db, sample.REPEATED))
    assert [one.said.round for one in compared.speakers] == ["psu"]


def test_equal_figures_have_one_mark_whatever_stands_between_them():
    for values in product((None, 0, 1, 2), repeat=4):
        line = FigureLine("01", values=values, is_vote=True)
        marks = [line.mark(value) for value in values]
        for one, other in product(range(4), repeat=2):
            assert (marks[one] == marks[other]) == (values[one] == values[other])
        read = {value for value in values if value is not None}
        assert line.differs == (len(read) > 1)
        assert line.spread == (max(read) - min(read) if read else 0)


def test_a_sum_that_does_not_hold_is_given_with_its_numbers(sample_db):
    said = contest(sample_db, sample.JANGGAL).monitors[0]
    figures = {"suara_sah": 120, "suara_tidak_sah": 2, "suara_total": 123}
    full = replace(said, figures=figures, rules=("votes_sum", "valid_total"))
    assert sums_of(full) == (
        FailedSum("votes_sum", (80, 30, 5), 115, 120),
        FailedSum("valid_total", (120, 2), 122, 123),
    )


def test_every_rule_can_be_told_of_a_statement_without_its_numbers(sample_db):
    said = contest(sample_db, sample.JANGGAL).monitors[0]
    bare = replace(said, votes=UNSET, figures=UNSET, rules=tuple(RULES))
    assert [one.rule for one in sums_of(bare)] == list(RULES)
    assert {one.written for one in sums_of(bare)} == {None}
    assert sums_of(replace(said, rules=UNSET)) == ()
