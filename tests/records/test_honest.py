"""Honest counts are beta-binomial draws of the shares and the scatter around."""

import random
from itertools import pairwise
from statistics import fmean, pvariance

import pytest

from federation.records.honest import (
    HonestDraws,
    StationShare,
    fit_model,
    make_table,
)
from federation.records.patterns import (
    count_digits,
    count_pairs,
    digit_distance,
    find_range,
    find_slip,
    group_equal,
    mean_digits,
)


def weights(table):
    ends = [0.0, *table.until]
    whole = ends[-1]
    return [(b - a) / whole for a, b in pairwise(ends)]


def test_two_voters_that_follow_beta_one_one_come_out_any_way_alike():
    # alpha = beta = 1: each of 0, 1, 2 has a third; two draws are equal in a third.
    table = make_table(2, 0.5, 1 / 3)
    assert table.least == 0
    assert weights(table) == pytest.approx([1 / 3] * 3)
    assert table.twice() == pytest.approx(1 / 3)


def test_voters_that_choose_alone_come_out_as_coins_do():
    assert weights(make_table(3, 0.5, 1e-9)) == pytest.approx(
        [1 / 8, 3 / 8, 3 / 8, 1 / 8]
    )


@pytest.mark.parametrize(("share", "always"), [(0.0, 0), (1.0, 7)])
def test_where_all_chose_alike_nothing_is_left_to_chance(share, always):
    table = make_table(7, share, 0.1)
    assert (table.least, weights(table)) == (always, [1.0])


def test_the_share_is_of_a_kelurahan_and_the_scatter_of_a_kecamatan():
    # Two kelurahan of one kecamatan, 100 valid votes each: 40, 60 and 20, 40.
    stations = [
        StationShare(f"13710110{village}00{number}", votes, 100)
        for village, of in (("01", (40, 60)), ("02", (20, 40)))
        for number, votes in enumerate(of)
    ]
    model = fit_model(stations)
    assert model.shares == {"1371011001": 0.5, "1371011002": 0.3}
    # Squares 2 * 100 / 25 = 8 and 2 * 100 / 21 = 9.52; their median / 0.4549 is 19.26.
    [scatter] = model.scatter.values()
    assert scatter == pytest.approx((8.7619 / 0.454936 - 1) / 99, rel=1e-4)


def test_draws_follow_the_seed_and_have_the_mean_and_variance_of_the_model():
    stations = [StationShare(f"137101100100{n}", 70 + 9 * n, 200) for n in range(4)]
    model = fit_model(stations)

    def draw(seed):
        draws = HonestDraws(model, random.Random(seed).random, 4_000)
        return draws.of_station("1371011001001", 200)

    drawn = draw("one")
    assert drawn == draw("one") != draw("two")
    mean = 200 * model.share("1371011001001")
    variance = model.variance("1371011001001", 200)
    assert fmean(drawn) == pytest.approx(mean, abs=4 * (variance / 4_000) ** 0.5)
    assert pvariance(drawn) == pytest.approx(variance, rel=0.1)


def test_a_range_leaves_a_twentieth_of_the_rounds_at_each_end():
    found = find_range(97, range(100))
    assert (found.low, found.high, found.at_least, found.rounds) == (5, 94, 3, 100)
    places = [find_range(figure, range(100)).where for figure in (4, 5, 94, 95)]
    assert places == ["below", "within", "within", "above"]
    assert find_range(3, [2]).at_least == 0


def test_digits_and_pairs_are_counted_by_hand():
    last, second = count_digits({7: 5, 10: 1, 145: 2, 95: 1})
    assert [d for d in enumerate(last) if d[1]] == [(0, 1), (5, 3)]
    assert [d for d in enumerate(second) if d[1]] == [(0, 1), (4, 2), (5, 1)]
    assert mean_digits([[1, 3], [3, 5]]) == [2, 4]
    assert digit_distance([4, 4, 1], [2, 4, 0]) == 2
    assert count_pairs("aabcccc") == 1 + 6
    assert group_equal({"c": 1, "a": 1, "b": 2}) == [["a", "c"]]


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        ((127, 27), (177, 27), 0),
        ((127, 27), (127, 28), 1),
        ((15, 3), (115, 3), 0),
        ((127, 27), (127, 27), None),
        ((127, 27), (128, 28), None),
        ((127, 27), (172, 27), None),
        ((99, 1), (100, 1), None),
    ],
)
def test_a_slip_is_one_other_digit_of_one_number(one, other, place):
    assert find_slip(one, other) == find_slip(other, one) == place
