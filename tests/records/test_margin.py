"""Whether an order can change: every small case, and what a record may do to it."""

import json
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.records.claim import Claim
from federation.records.margin import (
    BASES,
    Knowledge,
    OpenStation,
    find_margins,
    list_first,
    read_open,
)
from federation.records.merge import merge_tps

#: Every station of which anything between nothing and two votes is known.
VOTES = [{"01": a, "02": b} for a in range(3) for b in range(3 - a)]
SMALL = [
    *(OpenStation("", (), voters) for voters in range(3)),
    *(OpenStation("", (votes,), 2) for votes in VOTES),
    *(OpenStation("", pair, 2) for pair in combinations(VOTES, 2)),
]


def know(stations, named=10):
    knowledge = Knowledge(named)
    for station in stations:
        knowledge.add(station)
    return knowledge


def completions(station):
    """All that a station may turn out to hold."""
    if station.groups:
        return list(station.groups)
    return [
        {"01": a, "02": b}
        for a in range(station.voters + 1)
        for b in range(station.voters + 1 - a)
    ]


def lead(margin, votes):
    return sum(v.get(margin.first, 0) - v.get(margin.other, 0) for v in votes)


def is_open(station):
    return len(station.groups) != 1


def can_be_sure_after(margin, seen, rest):
    """Whether some votes of `seen` make the order sure, whatever the `rest` holds."""
    best = sum(max(lead(margin, [v]) for v in completions(s)) for s in seen)
    return best + sum(min(lead(margin, [v]) for v in completions(s)) for s in rest) > 0


def test_what_is_said_of_every_small_map_is_true_of_all_that_may_be_behind_it():
    tried = set()
    cases = [c for n in (1, 2) for c in product(SMALL, repeat=n)]
    for stations in [*cases, *product(SMALL[::3], repeat=3)]:
        found = find_margins(know(stations), ["01", "02"])
        if not any(station.groups for station in stations):
            assert found == []
            continue
        [margin] = found
        leads = [lead(margin, votes) for votes in product(*map(completions, stations))]
        assert (min(leads), max(leads)) == (margin.least, margin.most)
        # "Cannot": in no completion; "could": some completion is the witness.
        assert margin.can_change == any(one <= 0 for one in leads)
        tried.add((margin.can_change, margin.needed, margin.turning))
    assert {(False, 0, None), (True, 1, 1), (True, 2, 1), (True, None, 0)} <= tried


@pytest.mark.parametrize("known", [{"01": 2, "02": 0}, {"01": 1, "02": 1}])
def test_so_many_stations_are_enough_and_one_fewer_never_are(known):
    some = [*[s for s in SMALL if is_open(s)][::4], OpenStation("", (), 5)]
    base = OpenStation("", (known,), 2)
    for opened in product(some, repeat=3):
        [margin] = find_margins(know([base, *opened]), ["01", "02"])
        for count in range(4):
            enough = any(
                can_be_sure_after(
                    margin,
                    [base, *(opened[n] for n in chosen)],
                    [opened[n] for n in range(3) if n not in chosen],
                )
                for chosen in combinations(range(3), count)
            )
            assert enough == (margin.needed is not None and count >= margin.needed)
            # As good as it gets for the first, but for these; nobody voted elsewhere.
            worst = min(
                lead(margin, [known])
                + sum(
                    station.ends(margin.first, margin.other)[0]
                    if n in chosen
                    else (station.ends(margin.first, margin.other)[1])
                    * bool(station.groups)
                    for n, station in enumerate(opened)
                )
                for chosen in combinations(range(3), count)
            )
            undone = margin.turning is not None and count >= margin.turning
            assert (worst <= 0) == undone


def test_the_stations_that_can_move_it_most_come_first_however_they_are_added_up():
    stations = [
        OpenStation("3", (), 250),
        OpenStation("1", (), 300),
        OpenStation("4", ({"01": 200, "02": 9}, {"01": 9, "02": 200}), 300),
        OpenStation("2", (), 300),
        OpenStation("5", ({"01": 10, "02": 9}, {"01": 10, "02": 9, "03": 4}), 300),
        OpenStation("6", ({"01": 10, "02": 0},), 300),
    ]
    whole, parts = know(stations, 2), Knowledge(2)
    for station in stations:
        parts.include(know([station], 2))
    for knowledge in (whole, parts):
        found = list_first(knowledge, "01", "02", 2)
        assert [station.tps for station in found] == ["1", "2"]
    first = list_first(know(stations), "01", "02", 9)
    assert [station.tps for station in first] == ["1", "2", "3", "4"]
    assert [station.tps for station in list_first(know(stations), "01", "03", 9)][
        -1
    ] == "5"


def test_while_a_station_without_a_bound_is_unseen_no_order_is_certain():
    won, abroad = (
        OpenStation("1", ({"01": 9_000, "02": 0},), 300),
        OpenStation("9", (), 306, is_bounded=False),
    )
    stations = [won, *(OpenStation(str(n), (), 400) for n in range(2, 5)), abroad]
    whole, parts = know(stations, 1), Knowledge(1)
    for station in stations:
        parts.include(know([station], 1))
    for knowledge in (whole, parts):
        (margin,) = find_margins(knowledge, ["01", "02"])
        assert margin.least > 0
        assert margin.can_change
        assert (margin.needed, margin.turning, margin.unbounded) == (1, 1, 1)
        assert list_first(knowledge, "01", "02", 1) == [abroad]
    (margin,) = find_margins(know(stations[:-1]), ["01", "02"])
    assert not margin.can_change


def claim(org, votes, **members):
    text = json.dumps(votes, separators=(",", ":")) if votes else ""
    fixed = {"index": 0, "contest": "ppwp", "tps": "1" * 13, "record": ""}
    chosen = {
        "official": False,
        "round": "reguler",
        "complete": bool(votes),
        "kind": "votes" if votes else "unread",
    }
    return Claim(org=f"{org}.example", votes=text, **fixed, **{**chosen, **members})


def read(claims, basis, voters=300):
    row = merge_tps("ppwp", "1" * 13, [(c.org, c) for c in claims], in_register=True)
    if row is None:
        return OpenStation("1" * 13, (), voters)
    return read_open(row, claims, basis, OpenStation("1" * 13, (), voters), "b")


CLAIMS = st.builds(
    claim,
    st.sampled_from("abc"),
    st.one_of(
        st.none(),
        st.fixed_dictionaries({"01": st.integers(0, 150), "02": st.integers(0, 150)}),
    ),
    official=st.booleans(),
    rules=st.sampled_from([(), ("votes_sum",)]),
    figures=st.sampled_from(["", '{"suara_sah":120}']),
)


def one_each(claims):
    return list({(c.org, c.official): c for c in claims}.values())


@given(st.lists(CLAIMS, max_size=4).map(one_each), CLAIMS, st.sampled_from(BASES))
def test_a_record_widens_the_interval_by_no_more_than_what_it_says_itself(
    claims, new, basis
):
    after = [c for c in claims if (c.org, c.official) != (new.org, new.official)]
    if len(after) < len(claims):
        claims = after  # another record of the same slot stands in its place
    before = read(claims, basis)
    later = read([*after, new], basis)
    low, high = before.ends("01", "02")
    now_low, now_high = later.ends("01", "02")
    says = json.loads(new.votes or '{"01":0,"02":0}')
    own = says["01"] - says["02"]
    if not before.groups:
        # Of a station that was unseen nothing can be said that was not possible.
        assert low <= now_low <= now_high <= high
        return
    if basis.startswith("kpu") and not new.official:
        return  # KPU's figures give way to a monitor's
    assert now_low in {low, min(low, own)}
    assert now_high in {high, max(high, own)}
    if new.official and not basis.startswith("kpu"):
        assert later.groups == before.groups


def test_a_claim_that_is_dropped_leaves_its_station_unseen():
    wrong = claim("a", {"01": 90, "02": 10}, rules=("votes_sum",))
    kpu = claim("b", {"01": 50, "02": 50}, official=True)
    assert read([wrong, kpu], "monitors").ends("01", "02") == (80, 80)
    assert read([wrong, kpu], "plausible").ends("01", "02") == (-300, 300)
    assert read([wrong, kpu], "kpu").ends("01", "02") == (80, 80)
    assert read([wrong, kpu], "kpu-plausible").ends("01", "02") == (0, 0)


def test_kpu_is_asked_only_where_no_monitor_is_and_in_the_round_that_counts():
    reguler = claim("a", {"01": 50, "02": 40}, official=True)
    psu = claim("b", {"01": 30, "02": 60}, official=True, round="psu")
    photo = claim("c", None)
    assert read([reguler], "kpu").ends("01", "02") == (10, 10)
    assert read([reguler, psu], "kpu").ends("01", "02") == (-30, -30)
    assert read([reguler, psu, photo], "kpu").ends("01", "02") == (10, 10)
    other = claim("d", {"01": 51, "02": 40}, official=True)
    assert read([reguler, other], "kpu").ends("01", "02") == (10, 11)
    assert read([reguler, other], "monitors").groups == ()


def test_where_only_the_number_of_valid_votes_was_read_no_more_can_be_there():
    form = claim("a", None, figures='{"suara_sah":120}')
    assert read([form], "monitors").ends("01", "02") == (-120, 120)
    assert read([form, claim("b", None)], "plausible").voters == 120


def test_votes_by_another_numbering_are_nobodys():
    by_ids = claim("a", {"1000561": 90, "1000562": 10})
    assert read([by_ids], "monitors").groups == ()
