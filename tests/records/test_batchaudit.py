"""An audit by sample: what it draws, how sure it is, and that it keeps its promise."""

import hashlib
from fractions import Fraction
from itertools import accumulate, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.records.batchaudit import (
    MILLION,
    AuditBatch,
    Draw,
    count_draws,
    draw,
    find_drawn,
    product_of,
    read_reported,
    risks,
)
from tests.bench.risk import PLANTS, RISKS, load, plant, play, weigh

STANDING = ["01", "02", "03"]


def batch(tps, one, two, ballots, three=0):
    return AuditBatch(tps, {"01": one, "02": two, "03": three}, ballots)


def test_a_draw_is_the_hash_of_seed_comma_number_and_takes_whom_it_falls_on():
    batches = [batch("1", 60, 40, 100), batch("2", 0, 0, 0), batch("3", 50, 30, 80)]
    reported = read_reported(batches, STANDING)
    weights = [reported.weight(one) for one in batches]
    # The lead is 40: (20 + 100) / 40, nothing, (20 + 80) / 40.
    assert weights == [3 * MILLION, 0, 2_500_000]
    ends = list(accumulate(weights))
    seed = "20190417"
    for number in range(1, 30):
        one = draw(seed, number, ends[-1])
        digest = hashlib.sha256(f"{seed},{number}".encode()).hexdigest()
        assert one == Draw(number, int(digest, 16) % ends[-1])
    edges = [Draw(1, 0), Draw(2, ends[0] - 1), Draw(3, ends[0]), Draw(4, ends[-1] - 1)]
    found = find_drawn(zip(batches, weights, strict=True), reversed(edges))
    assert {n: one.tps for n, one in found.items()} == {1: "1", 2: "1", 3: "3", 4: "3"}


def test_an_error_counts_against_the_loser_whom_it_helps_most():
    batches = [batch("1", 100, 60, 200, 20), batch("2", 50, 50, 200)]
    reported = read_reported(batches, STANDING)
    assert (reported.winner, dict(reported.leads)) == ("01", {"02": 40, "03": 130})
    form = {"01": 90, "02": 60, "03": 30}
    assert reported.error(batches[0], form) == Fraction(1, 4)
    assert reported.taint(batches[0], form) == Fraction(1, 24)
    assert reported.taint(batches[0], {"01": 0, "02": 999, "03": 0}) == 1
    assert reported.error(batches[0], {"01": 101, "02": 60, "03": 20}) < 0
    assert read_reported([batch("1", 5, 5, 9)], STANDING) is None


SMALL = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), max_size=3
)


@given(SMALL, st.data())
def test_where_the_reported_winner_did_not_win_the_errors_come_to_one_or_more(
    stations, data
):
    batches = [
        AuditBatch(str(n), {"01": a, "02": b}, most)
        for n, (a, b, most) in enumerate(stations)
    ]
    reported = read_reported(batches, ["01", "02"])
    if reported is None:
        return
    [loser] = reported.leads
    forms = []
    for one in batches:
        first = data.draw(st.integers(0, one.ballots))
        second = data.draw(st.integers(0, one.ballots - first))
        forms.append({reported.winner: first, loser: second})
    errors = [
        reported.error(one, form) for one, form in zip(batches, forms, strict=True)
    ]
    for one, error in zip(batches, errors, strict=True):
        assert error * MILLION <= reported.weight(one)
    lead = sum(form[reported.winner] - form[loser] for form in forms)
    assert (lead <= 0) == (sum(errors) >= 1)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_of_every_sequence_of_draws_of_a_small_wrong_election_few_enough_confirm(most):
    """The exact probability: all sequences of four draws, by their weights."""
    batches = [batch("1", 3, 1, most + 3), batch("2", 2, 1, 3), batch("3", 1, 1, most)]
    reported = read_reported(batches, STANDING)
    weights = [reported.weight(one) for one in batches]
    total = sum(weights)
    # As wrong as is needed, all of it in one station or shared by all.
    shared = [Fraction(MILLION, total)] * 3
    for place in range(3):
        alone = [Fraction(0)] * 3
        alone[place] = min(Fraction(MILLION, weights[place]), Fraction(1))
        for taints in (alone, shared):
            wrong = sum(t * w for t, w in zip(taints, weights, strict=True))
            if wrong < MILLION:
                continue
            for limit in (0.05, 0.2, 0.5, 0.9):
                chance = Fraction(0)
                for drawn in product(range(3), repeat=4):
                    last = list(risks([taints[n] for n in drawn], total))[-1]
                    if last <= limit:
                        likely = Fraction(1)
                        for n in drawn:
                            likely *= Fraction(weights[n], total)
                        chance += likely
                assert chance <= limit


def test_so_many_draws_without_an_error_are_enough_and_one_fewer_are_not():
    for weights, limit in product((2 * MILLION, 13_400_000), RISKS):
        needed = count_draws(weights, limit)
        clean = [Fraction(0)] * needed
        assert list(risks(clean, weights))[-1] <= limit * (1 + 1e-9)
        assert list(risks(clean[:-1], weights))[-1] > limit
        first = [Fraction(0), Fraction(1, 10)]
        more = count_draws(weights, limit, product_of(first, weights))
        after = [*first, *[Fraction(0)] * more]
        assert list(risks(after, weights))[-1] <= limit * (1 + 1e-9)
    assert count_draws(13 * MILLION, 0.05, product_of([Fraction(1)], 13)) is None
    assert count_draws(MILLION - 1, 0.05) == 0  # nothing could be wrong enough


def test_the_risk_that_is_promised_holds_on_the_figures_of_2019(shared):
    audited = load(shared / "data" / "pilpres2019", "sample")
    trials = 300
    for how in PLANTS:
        reached = play(audited, plant(audited, how), trials, most=60)
        for limit in RISKS:
            confirmed = sum(risk <= limit for risk in reached) / trials
            assert confirmed <= limit + 3 * (limit * (1 - limit) / trials) ** 0.5
    # And it is no empty promise: where nothing is wrong all of them confirm.
    needed = count_draws(audited.until[-1], 0.05)
    assert all(risk <= 0.05 for risk in play(audited, {}, 20, most=needed))


def test_planted_errors_undo_the_lead():
    stations = [AuditBatch(f"{n:02}", {"01": 60 + n, "02": 40}, 110) for n in range(40)]
    audited = weigh(stations)
    lead = audited.reported.leads["02"]
    for how in PLANTS:
        forms = plant(audited, how)
        assert all(sum(form.values()) <= 110 for form in forms.values())
        votes = [forms.get(n, one.votes) for n, one in enumerate(audited.batches)]
        left = sum(one["01"] - one["02"] for one in votes)
        assert -lead // 10 < left <= 0
