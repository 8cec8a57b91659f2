"""What `make bench ARGS=scale` works out: by hand, by property, and as a command."""

import json
import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import __main__ as bench
from tests.bench.scale.asked import Asked, Tree
from tests.bench.scale.breaks import list_limits
from tests.bench.scale.crowd import Asks, fetches, play, sorts
from tests.bench.scale.measured import Law, Line, Measured, fit
from tests.bench.scale.money import Use, bill, read_lists
from tests.bench.scale.night import Pace, most_that, play_publishing
from tests.bench.scale.objects import LEVELS, Kind, of_log, of_regions, of_turn, touched

KEPT = Path(bench.__file__).with_name("scale") / "measured.json"
SMALL = Asked(
    organisations=2,
    stations=8,
    contests=1,
    hours=1.0,
    photo_bytes=0.0,
    readers=10.0,
    tree=Tree(1, 1, 2, 4),
)
FLAT = Law((1.0, 2.0), (1.0, 1.0 + 1e-9))


def kinds():
    """Every kind of object, of a hundred bytes."""
    regions = dict.fromkeys(
        ("nation", "province", "kabupaten", "kecamatan", "kelurahan"), 1.0
    )
    return {
        " ".join(kind): Line(100.0, 0.0) for kind in of_regions(regions, 1, pages=True)
    }


def measured(**law):
    """Nothing costs anything, but what is said."""
    names = ("database", "taken_in", "signed", "merged", "pulled", "wire", "log")
    laws = dict.fromkeys((*names, "digest", "written", "photo_s"), FLAT) | law
    return Measured(
        machine="none", still=0.0, bytes=kinds(), more={}, photo_bytes=0.0,
        packed={"page": 5.0, "region": 4.0}, **laws,
    )  # fmt: skip


def test_objects_of_a_small_country_counted_by_hand():
    # A nation, a province, a kabupaten, two kecamatan, four kelurahan; two contests.
    regions = dict(zip(LEVELS, (1, 1, 1, 2, 4), strict=True))
    found = of_regions(regions, 2, pages=True)
    assert found[Kind("region", "kelurahan")] == 8
    assert found[Kind("disputed", "kecamatan")] == found[Kind("gaps", "kecamatan")] == 4
    assert found[Kind("tps", "kelurahan")] == 4
    # Two languages, two contests, and index.html.
    assert found[Kind("page", "nation")] == 5
    assert found[Kind("page", "kecamatan")] == 8
    # 18 regions, 2 + 4 disputed, 4 gaps, 4 of stations, 4 + 1 + 4 + 4 + 8 pages.
    assert sum(found.values()) == 18 + 6 + 4 + 4 + 21
    assert sum(of_regions(regions, 2, pages=False).values()) == 32


def test_objects_of_logs_counted_by_hand():
    # Bundles and tiles of level 0, and above more than 256 of them a level more.
    assert [of_log(records) for records in (0, 1, 256, 257, 65_536)] == [
        0,
        2,
        2,
        5,
        513,
    ]
    # Two logs of 300 records: bundle, two tiles, checkpoint, confirmations; five more.
    assert of_turn(2, 300) == 2 * 5 + 5


def test_regions_that_visits_touch_counted_by_hand():
    assert touched(4, 0) == 0
    assert touched(4, 1) == pytest.approx(1)
    assert touched(4, 2) == pytest.approx(1 + 3 / 4)
    assert touched(4, math.inf) == 4
    assert touched(1, 5) == 1


def test_a_small_night_played_by_hand():
    # Each object a tenth of a second, nothing else; nobody comes.
    asked = SMALL._replace(share=1e-12, hours=3 / 3600)
    # Of one log bundle, tile, checkpoint, confirmations, and five more; no news after.
    assert play_publishing(asked, Pace(0.8, 0.0, 0.0)) == (1, 9, 0)
    # A visit every 30 s: each writes all 9 regions' objects that lie above it.
    asked = SMALL._replace(hours=240 / 3600, organisations=1)
    night = play_publishing(asked, Pace(0.8, 0.0, 0.0), pages=False)
    assert night.news == 8
    # News come with what one visit has changed: nothing waits longer than its turn.
    assert night.oldest_s < 3


def test_a_pass_of_several_turns_played_by_hand():
    # Each object a second; 29 of the map, 9 or 11 heads a turn, all regions changed.
    asked = SMALL._replace(stations=8_000_000, organisations=1, hours=90 / 3600)
    night = play_publishing(asked, Pace(8.0, 0.0, 0.0))
    # 0 s: nine heads, news of an empty map, as long a rest. From 18 s turns of 20 s:
    # 11 heads and 9 of the map, three times; at 78 s 11 and the last two: news at 91 s
    # of 18 s, and seven of the next pass.
    assert night == pytest.approx((2, 9 + 3 * 20 + 13 + 7, 91), abs=1e-3)


def test_a_bill_by_hand():
    prices = {
        "name": "a list", "gb": 1e9, "gb_month": 0.5, "write_million": 4.0,
        "read_million": 2.0, "out_gb": 0.25, "free_gb_month": 10, "free_write": 1e6,
        "free_read": 1e6, "most_out_of_kept": 1.0,
    }  # fmt: skip
    found = bill(prices, Use(kept=30e9, writes=3e6, reads=500_000, out=40e9))
    assert found[1:5] == (10.0, 8.0, 0.0, 10.0)
    assert found.total == 28.0
    assert len(found.warnings) == 1
    del prices["out_gb"]
    assert "no price for out_gb" in bill(prices, Use(1, 1, 1, 1)).warnings[0]


amounts = st.integers(0, 10**15)


@given(use=st.tuples(*[amounts] * 4), more=st.tuples(*[amounts] * 4))
def test_more_of_anything_is_never_cheaper(use, more):
    larger = [one + two for one, two in zip(use, more, strict=True)]
    for prices in read_lists():
        assert bill(prices, Use(*larger)).total >= bill(prices, Use(*use)).total


def test_every_price_list_says_where_it_is_from_and_has_a_price():
    lists = read_lists()
    assert len(lists) >= 2
    for one in lists:
        assert len(one["commit"]) == 40
        assert all(one[key] for key in ("source", "read"))
        assert bill(one, Use(1e15, 1e9, 1e9, 1e15)).total > 0


def test_a_line_through_points_by_hand():
    assert fit([(1, 5.0), (2, 7.0), (3, 9.0)]) == Line(3.0, 2.0)
    assert fit([(2, 4.0), (2, 6.0)]) == Line(5.0, 0.0)


def test_a_hot_object_is_fetched_once_in_its_time_and_a_cold_one_by_each():
    hot, cold = Asks("hot", 1, 1e9, 2.0), Asks("cold", 1, 1e-3, 2.0)
    assert fetches(hot, 1, 0.0) == pytest.approx(0.5)
    assert fetches(cold, 1, 0.0) == pytest.approx(1e-3, rel=0.01)
    # Where nobody waits for another, all who come in that time ask.
    assert fetches(hot, 1, 0.5, is_locked=False) > 1e6 * fetches(hot, 1, 0.5)


def test_the_play_agrees_with_the_formula_and_repeats_itself():
    asks = [Asks("hot", 3, 300.0, 2.0), Asks("cold", 100, 50.0, 2.0)]
    for is_locked in (True, False):
        found = play(asks, 1, 0.05, 200, 1, is_locked=is_locked)
        expected = sum(fetches(one, 1, 0.05, is_locked=is_locked) for one in asks)
        assert found.mean == pytest.approx(expected, rel=0.05)
        assert found == play(asks, 1, 0.05, 200, 1, is_locked=is_locked)


def test_news_bring_a_burst_of_what_is_cold():
    asks = [Asks("cold", 1_000, 50.0, 2.0)]
    quiet, stirred = (
        play(asks, 1, 0.05, 30, 1, bursts=bursts) for bursts in ((), [(10.0, 20.0)])
    )
    assert stirred.most > 3 * quiet.most
    assert stirred.by_second[:10] != [0] * 10


rates = st.integers(1, 10**6)


@given(readers=rates, edges=st.integers(1, 500), stay=st.integers(0, 600))
def test_twice_the_readers_never_ask_the_bucket_less(readers, edges, stay):
    one = SMALL._replace(readers=readers, edges=edges, stay_s=stay)
    two = one._replace(readers=2 * readers)
    for caches in (1, edges):
        less, more = (
            sum(fetches(asks, caches, 0.05) for asks in sorts(asked, math.inf))
            for asked in (one, two)
        )
        assert more >= less * (1 - 1e-9)


@given(st.integers(1, 10**6), st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_visits_never_touch_fewer_regions_nor_more_than_there_are(
    count, few, more
):
    less, many = touched(count, few), touched(count, few + more)
    assert 0 <= less <= many * (1 + 1e-9) <= count * (1 + 1e-9)


def test_the_largest_that_holds_is_found():
    assert most_that(lambda value: value <= 0.3, 1.0) == pytest.approx(0.3)
    assert most_that(lambda value: value <= 5, 1.0) == 1.0


def test_what_breaks_first_stands_first_and_moves_with_what_is_asked():
    costs = measured(signed=Law((0.0, 1.0), (0.0, 3600.0)))
    first, *others = list_limits(SMALL._replace(cache_rate=1e9), costs)
    assert first.what == "the one thread that signs and merges"
    # Eight records of an hour each, in one hour.
    assert first.times == pytest.approx(8)
    assert all(first.times >= one.times for one in others)
    halved = list_limits(SMALL._replace(cache_rate=1e9, share=0.5), costs)
    assert halved[0].times == pytest.approx(4)


def test_numbers_without_a_meaning_are_refused():
    for wrong in ({"stations": 0}, {"share": 1.5}, {"hours": -1.0}, {"readers": -1.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            SMALL._replace(**wrong).check()


def test_the_command_tells_it_as_json_of_what_was_kept(monkeypatch, capsys):
    asked = ["--edges", "2", "--readers", "1000", "--photo-bytes", "0"]
    words = ["bench", "scale", "--measured", str(KEPT), "--json", *asked]
    monkeypatch.setattr(sys, "argv", words)
    assert bench.main() == 0
    found = json.loads(capsys.readouterr().out)
    assert found["asked"]["stations"] == 824_000
    assert found["asked"]["edges"] == 2
    times = [one["times"] for one in found["breaks"]]
    assert times == sorted(times, reverse=True)
    assert not any("photograph" in one["what"] for one in found["breaks"])
    # What was foretold is what the publisher wrote, heads of the log apart.
    for foretold, written in found["measured"]["more"].values():
        assert foretold <= written <= foretold + 20
