"""What pictures are counted from, and that counting on says what counting anew does."""

import random

import pytest

from federation.flows.query.answers import Place
from federation.flows.query.pictures.answers import add_dots, answer_pictures
from federation.flows.query.pictures.count import STEP_S, count_pictures
from federation.flows.query.pictures.shelf import (
    KEPT_S,
    CountingOn,
    PictureCounts,
    PictureShelf,
)
from federation.flows.query.pictures.tables import picture_table
from federation.flows.query.pictures.times import EntryTimes
from federation.flows.query.scope import ask
from federation.flows.query.table import Credit
from federation.records.turnout import cell_from
from federation.store import registers
from tests import sample_map as sample

NOW = 2_000_000_000


@pytest.fixture
def asked():
    return ask({sample.ELECTION: sample.profile()}, [sample.ELECTION])


def count(db, asked, code=""):
    with db.view() as view:
        return count_pictures(view, asked, code, EntryTimes())[0]


def answer(db, asked, code="", **chosen):
    with db.view() as view:
        counted = PictureShelf().read(view, asked, code, NOW)
    place = Place(code=code, name="")
    return answer_pictures(asked, place, len(sample.REGISTER), counted, NOW, **chosen)


def test_only_undisputed_votes_of_the_register_are_counted(sample_db, asked):
    counters = count(sample_db, asked)
    # AGREED, JANGGAL, SINGLE, REPEATED; not DISPUTED, PHOTO, OUTSIDE.
    assert counters["votes/monitors"] == 4
    # The first candidate has 100, 80, 10 and (repeated) 7, which is one digit.
    assert counters["last/monitors/01/0"] == 3
    assert sum(v for k, v in counters.items() if k.startswith("last/monitors/01")) == 3
    assert counters["second/monitors/01/0"] == 3
    # KPU's stand apart, those of a station nobody has been to, too.
    assert counters["votes/kpu"] == 2


def test_two_agree_where_all_votes_are_equal_and_kpu_is_one_of_them(sample_db, asked):
    pairs = {
        (p.one, p.other): (p.both, p.same) for p in answer(sample_db, asked).agreement
    }
    assert pairs == {
        (sample.ANA, sample.BUDI): (2, 1),
        (sample.ANA, "kpu"): (2, 2),
        (sample.BUDI, "kpu"): (2, 1),
    }


def test_coverage_ends_where_the_map_has_it(sample_db, asked):
    last = answer(sample_db, asked).coverage[-1]
    assert last.together == 6
    assert last.orgs == {sample.ANA: 3, sample.BUDI: 5}


def test_a_form_counts_from_when_it_was_photographed_and_others_are_told(
    tmp_path, asked
):
    db = sample.Database.open(tmp_path)
    sample.save_register(db)
    votes = sample.three(100, 50, 20)
    said = [
        sample._claim(n + 1, sample.ANA, tps, votes)
        for n, tps in enumerate((sample.AGREED, sample.SINGLE, sample.GAP))
    ]
    stamps = {1: "2024-02-14T10:00:00Z", 2: "2024-02-16T10:00:00Z"}
    sample.add_claims(db, sample.ANA, said, stamps)
    again = [sample._claim(1, sample.BUDI, sample.AGREED, votes)]
    # A clock of before the vote: the beginning of its day.
    sample.add_claims(db, sample.BUDI, again, {1: "2023-01-01T00:00:00Z"})
    sample.merge(db)
    told = answer(db, asked)
    assert told.observed[0].together == 0
    until = {step.until: step.together for step in told.observed}
    assert {1_707_843_600 <= at < 1_708_200_000 for at in until} == {True}
    last = told.observed[-1]
    assert (last.together, last.orgs) == (2, {sample.ANA: 2, sample.BUDI: 1})
    assert told.untimed.together == 1
    assert told.untimed.orgs == {sample.ANA: 1}
    table = picture_table(told, "observed", Credit("x.1", []))
    assert [row[3] for row in table.rows] == [s.together for s in told.observed]
    assert told.coverage[-1].together == last.together + told.untimed.together
    db.close()


def test_a_clock_that_is_wrong_stretches_no_picture(asked):
    counters = {
        "seen//0": 1,
        f"seen//{4_000_000_000 // STEP_S}": 2,
        "seen/ana.example/0": 1,
        f"seen/ana.example/{4_000_000_000 // STEP_S}": 2,
    }
    told = answer_pictures(
        asked, Place(code="", name=""), 3, PictureCounts(counters, "x.1"), NOW
    )
    assert told.coverage[-1].together == 3
    assert told.coverage[0].until > 1_700_000_000  # not before the day of the vote
    assert told.coverage[-1].until < NOW + 3_000_000
    assert len(told.coverage) <= 62


def test_turnout_is_counted_where_form_and_list_tell_it(tmp_path, asked):
    db = sample.Database.open(tmp_path)
    sample.save_register(db)
    first = sample._claim(
        1,
        sample.ANA,
        sample.GAP,
        sample.three(100, 80, 20),
        figures='{"suara_sah":200,"suara_tidak_sah":25}',
    )
    # The list does not say how many voters there are.
    second = sample._claim(
        2,
        sample.ANA,
        sample.AGREED,
        sample.three(9, 8, 7),
        figures='{"suara_total":30}',
    )
    sample.add_claims(db, sample.ANA, [first, second])
    sample.merge(db)
    told = answer(db, asked, candidate="02")
    assert told.stations == 2
    assert told.voted == 1
    [cell] = told.turnout
    assert (cell.turnout_from, cell.turnout_to) == (90, 94)  # 225 of 250
    assert (cell.share_from, cell.share_to) == (40, 44)
    db.close()


def test_a_regions_counters_are_the_sum_of_its_parts(sample_db, asked):
    whole = count(sample_db, asked)
    assert whole == count(sample_db, asked, "13") + count(sample_db, asked, "72")
    below = [count(sample_db, asked, code) for code in ("137101", "137102")]
    assert whole == below[0] + below[1]


def test_counting_on_after_changes_says_what_counting_anew_does(tmp_path, asked):
    chance = random.Random(7)
    db = sample.Database.open(tmp_path)
    sample.save_register(db)
    shelf, indexes = PictureShelf(), dict.fromkeys((sample.ANA, sample.BUDI), 0)
    for turn in range(12):
        for org in indexes:
            claims = []
            for tps in chance.sample(sample.REGISTER, 3):
                indexes[org] += 1
                votes = sample.three(*(chance.randrange(5, 200) for _ in range(3)))
                claims.append(sample._claim(indexes[org], org, tps, votes))
            sample.add_claims(db, org, claims)
        sample.merge(db)
        with db.view() as view:
            now = NOW + turn * KEPT_S
            for code in ("", "13", "1371", "137101", "1371011001"):
                kept = shelf.read(view, asked, code, now)
                anew, _ = count_pictures(view, asked, code, EntryTimes())
                assert kept.counters == anew, (turn, code)
    db.close()


def test_what_was_summed_is_given_for_a_minute_with_its_cursor(sample_db, asked):
    shelf = PictureShelf()
    with sample_db.view() as view:
        first = shelf.read(view, asked, "", NOW)
    sample.add_claims(
        sample_db,
        sample.CITRA,
        [sample._claim(2, sample.CITRA, sample.GAP, sample.three(11, 22, 33))],
    )
    sample.merge(sample_db)
    with sample_db.view() as view:
        assert shelf.read(view, asked, "", NOW + KEPT_S - 1) == first
        later = shelf.read(view, asked, "", NOW + KEPT_S)
    assert later.cursor != first.cursor
    assert later.counters["votes/monitors"] > first.counters["votes/monitors"]


def test_a_question_counts_no_more_than_it_may_and_goes_on_with_the_next(
    sample_db, asked
):
    sample.add_claims(
        sample_db,
        sample.CITRA,
        [sample._claim(2, sample.CITRA, sample.FAR_GAP, sample.three(1, 2, 3))],
    )
    sample.merge(sample_db)
    shelf = PictureShelf()
    with sample_db.view() as view:
        assert shelf.read(view, asked, "", NOW, most=1) == CountingOn(1, 2)
        counted = shelf.read(view, asked, "", NOW, most=1)
        assert counted.counters == count(sample_db, asked)


def test_another_life_of_the_map_is_counted_anew(sample_db, asked):
    shelf = PictureShelf()
    with sample_db.view() as view:
        assert shelf.read(view, asked, "", NOW).counters["votes/monitors"] == 4
    register = sample.Register(sample.ELECTION)
    register.add(sample.TpsId(sample.AGREED), 200)
    with sample_db.transaction() as tx:
        registers.save_register(tx, register, "another")
    sample.merge(sample_db)
    with sample_db.view() as view:
        assert shelf.read(view, asked, "", NOW).counters["votes/monitors"] == 1


def test_a_cell_opens_down_to_the_stations_that_it_counts(tmp_path, asked):
    db = sample.turnout_map(tmp_path)
    nation = answer(db, asked)
    assert sum(cell.stations for cell in nation.turnout) == nation.voted == 9
    shelf = PictureShelf()
    with db.view() as view:
        for code in ("", "13", "72"):
            shelf.read(view, asked, code, NOW)
        # Who asks for cells opens nothing that is kept of the kabupaten.
        shelf._contests[asked.election, asked.contest].parts.clear()
        for cell in nation.turnout:
            place = cell_from(str(cell.turnout_from), str(cell.share_from))
            regions, found = {"": cell.stations}, 0
            while regions:
                code, stations = regions.popitem()
                if len(code) < 6:
                    inside = shelf.split(view, asked, code, "monitors", "01", place)
                    assert inside.total() == stations
                    assert all(part.startswith(code) for part in inside)
                    regions |= inside
                    continue
                dots = add_dots(view, asked, answer(db, asked, code)).dots
                assert sum(dot.cell == place for dot in dots) == stations
                found += stations
            assert found == cell.stations
    db.close()


def test_only_of_a_kecamatan_and_below_each_station_is_a_dot(tmp_path, asked):
    db = sample.turnout_map(tmp_path)
    with db.view() as view:
        dots = {
            code: add_dots(view, asked, answer(db, asked, code)).dots
            for code in ("", "13", "1371", "137101", "1371011002")
        }
    assert [len(dots[code]) for code in ("", "13", "1371")] == [0, 0, 0]
    assert {dot.tps for dot in dots["137101"]} == {
        code for code in sample.REGISTER if code.startswith("137101")
    }
    assert dots["1371011002"] == dots["137101"][3:]
    first = dots["137101"][0]
    assert (first.voted, first.voters) == (180, 200)
    assert (first.votes, first.valid) == (90, 180)
    db.close()


@pytest.mark.parametrize("turnout", ["", "0", "1", "95", "100", "101", "105", "x"])
@pytest.mark.parametrize("share", ["", "0", "5", "95", "100"])
def test_a_cell_is_named_by_where_it_begins(turnout, share):
    is_one = turnout in {"0", "95", "100", "101"} and share in {"0", "5", "95"}
    assert (cell_from(turnout, share) is not None) == is_one


def test_a_table_is_what_the_picture_shows(sample_db, asked):
    told = answer(sample_db, asked)
    table = picture_table(told, "last", Credit(told.cursor, []))
    assert table.columns[:7] == (
        "contest", "region", "whose", "candidate", "digit", "count", "expected",
    )  # fmt: skip
    assert [row[5] for row in table.rows] == [digit.count for digit in told.last]
    assert all(row[-1] == told.cursor for row in table.rows)
