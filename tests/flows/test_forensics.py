"""Patterns beside honest counts: what is planted is found, honest mostly not."""

import csv
import hashlib
import io
import json
import random
import re
import zipfile
from itertools import pairwise, product

import pytest
from xlsxwriter.utility import xl_rowcol_to_cell

from federation.flows.dataset.choose import format_table
from federation.flows.query.answers import Place
from federation.flows.query.forensics.answers import (
    PATTERNS,
    PatternChoice,
    PatternShelf,
    answer_patterns,
    find_lack,
    say_figure,
)
from federation.flows.query.forensics.part import join_parts, study_part
from federation.flows.query.forensics.reading import (
    PatternReading,
    PatternVotes,
    TwoReadings,
    read_patterns,
)
from federation.flows.query.forensics.rows import pattern_table
from federation.flows.query.pictures.answers import standing_numbers
from federation.flows.query.scope import ask
from federation.flows.query.table import Credit
from federation.records.honest import MOST_VALID, HonestDraws, HonestModel
from federation.records.profile import parse_profile
from federation.text import Text
from tests import sample_map as sample

VILLAGES, EACH = 12, 8


@pytest.fixture
def asked():
    return ask({sample.ELECTION: sample.profile()}, [sample.ELECTION])


def reading_of(stations, seed="x"):
    stations = sorted(stations)
    numbers = tuple(
        f"0{n + 1}" for n in range(len(stations[0].votes if stations else ()))
    )
    return PatternReading(numbers, stations, [], 0, seed)


def honest(seed, kabupaten="1371", candidates=2):
    """An honest count of stations that nobody has, drawn by a seed."""
    draw = random.Random(seed)
    stations = []
    for village in range(VILLAGES):
        code = f"{kabupaten}01{1001 + village}"
        model = HonestModel({code: 0.2 + 0.6 * draw.random()}, {code[:6]: 0.02})
        chances = HonestDraws(model, draw.random, 1)
        for number in range(1, EACH + 1):
            valid = draw.randrange(150, 290)
            [first] = chances.of_station(f"{code}{number:03}", valid)
            rest = [valid - first]
            while len(rest) < candidates - 1:
                rest += [draw.randrange(rest[-1] + 1)]
                rest[-2] -= rest[-1]
            votes, voted = (first, *rest), draw.randrange(valid, 290)
            stations.append(PatternVotes(f"{code}{number:03}", votes, voted, 280, ()))
    return stations


def tell(asked, *parts, **chosen):
    choice = PatternChoice(**chosen)
    place = Place(code="1371", name="")
    answer = answer_patterns(asked, place, join_parts(parts), choice, "x.1")
    return {found.pattern: found for found in answer.patterns}


def test_honest_counts_by_other_seeds_are_above_the_range_about_as_rarely_as_told(
    asked,
):
    trials = 30
    above = dict.fromkeys(PATTERNS, 0)
    for seed in range(trials):
        part = study_part(reading_of(honest(seed), str(seed)), 0, 40)
        for name, found in tell(asked, part).items():
            if not found.lacks:
                above[name] += found.observed > found.high
    # One in twenty is promised; four standard deviations of that many throws.
    most = trials / 20 + 4 * (trials * 0.05 * 0.95) ** 0.5
    assert all(count <= most for count in above.values()), above


def test_planted_copies_of_a_form_are_counted_and_named_at_their_place(asked):
    stations = honest(1)
    for place in range(0, 32, 4):
        one, other = stations[place : place + 2]
        figures = (("suara_tidak_sah", 3),)
        stations[place] = one._replace(figures=figures)
        stations[place + 1] = other._replace(votes=one.votes, figures=figures)
    found = tell(asked, study_part(reading_of(stations), 0))["equal"]
    assert found.observed >= 8
    assert found.at_least == 0
    planted = {
        stations[place].tps: stations[place + 1].tps for place in range(0, 32, 4)
    }
    named = {one.tps: one for one in found.stations if one.same_figures is True}
    assert {tps: one.others for tps, one in named.items()} == {
        tps: [other] for tps, other in planted.items()
    }
    assert all(0 < one.chance < 0.1 for one in named.values())


def test_invented_last_digits_stray_and_the_column_says_which(asked):
    stations = [
        one._replace(votes=(votes := one.votes[0] // 5 * 5, one.valid - votes))
        if place % 2
        else one
        for place, one in enumerate(honest(2) + honest(3, "1372"))
    ]
    found = tell(asked, study_part(reading_of(stations), 0))["last"]
    assert found.at_least == 0
    beyond = {one.digit for one in found.digits if one.count > one.high}
    assert beyond == {0, 5}
    assert sum(one.count for one in found.digits) <= len(stations)


def test_a_station_whose_votes_are_swapped_lies_farthest_from_its_neighbours(asked):
    stations = honest(4)
    by_lean = sorted(stations, key=lambda one: one.votes[0] / one.valid)
    swapped = by_lean[0]
    place = stations.index(swapped)
    stations[place] = swapped._replace(votes=swapped.votes[::-1])
    found = tell(asked, study_part(reading_of(stations), 0))["neighbours"]
    assert found.at_least == 0
    assert found.stations[0].tps == swapped.tps
    assert found.stations[0].expected < found.stations[0].votes
    distances = [one.distance for one in found.stations]
    assert all(a >= b > found.high for a, b in pairwise([*distances, distances[-1]]))


def test_ballots_added_for_one_side_show_in_turnout_and_share(asked):
    stations = [
        one._replace(voted=200 + place % 7) for place, one in enumerate(honest(7))
    ]
    for place in range(0, len(stations), 6):
        one = stations[place]
        votes = one.votes[0] + 60, one.votes[1]
        stations[place] = one._replace(votes=votes, voted=(one.voted or 0) + 60)
    stuffed = {one.tps for one in stations[::6]}
    found = tell(asked, study_part(reading_of(stations), 0))["turnout"]
    assert found.at_least == 0
    assert -1 <= found.low <= found.high < found.observed <= 1
    named = {one.tps for one in found.stations[:10]}
    assert len(named & stuffed) >= 8
    assert tell(asked, study_part(reading_of(stations), 1))["turnout"].stations == []


def test_slips_of_a_digit_are_named_and_their_direction_is_held_against_coins(asked):
    stations = honest(8)
    differing = [
        TwoReadings(one.tps, (100 + n, 50), (100 + n + 20, 50) if n < 9 else (0, 50))
        for n, one in enumerate(stations[:12])
    ]
    differing.append(TwoReadings(stations[20].tps, (90, 41), (90, 46)))
    part = study_part(reading_of(stations)._replace(differing=differing), 0)
    found = tell(asked, part)["one_digit"]
    assert part.counts["differing"] == 13
    assert (part.counts["one_digit"], part.counts["own"]) == (10, 9)
    assert (found.observed, found.high) == (9, 7)
    assert found.at_least <= 3
    assert [(one.tps, one.votes, one.kpu, one.number) for one in found.stations] == [
        *((one.tps, one.monitors[0], one.kpu[0], "01") for one in differing[:9]),
        (stations[20].tps, 41, 46, "02"),
    ]


def test_by_the_same_rows_the_same_is_drawn_and_by_others_something_else():
    stations = honest(5)
    one = study_part(reading_of(stations), 0, 40)
    assert one == study_part(reading_of(stations), 0, 40)
    assert one.figures != study_part(reading_of(stations, "y"), 0, 40).figures
    # The same draws for each of two candidates: what one has not, the other has.
    two = study_part(reading_of(stations), 1, 40)
    assert one.figures["equal"] == two.figures["equal"]


def test_of_many_parties_whoever_is_looked_at_is_drawn(asked):
    for candidates in (3, 7):
        stations = honest(6, candidates=candidates)[: 3 * EACH]
        for place in (0, candidates - 1):
            part = study_part(reading_of(stations), place, 20)
            expected = sum(one.votes[place] >= 10 for one in stations)
            drawn = [sum(counts) for counts in part.digits["last"].rounds]
            assert sum(part.digits["last"].observed) == expected
            assert abs(sum(drawn) / 20 - expected) <= 0.35 * len(stations)


def test_whatever_a_kelurahan_says_there_is_an_answer(asked):
    """Of one mind, beyond what is drawn: of each something is told."""
    around = honest("x", candidates=3)[:EACH]
    assert MOST_VALID < 1 << 53
    for votes in product((0, 7, 1 << 53), repeat=3):
        if not any(votes):
            continue
        odd = [
            PatternVotes(f"1371019001{number:03}", votes, votes[0], 1, ())
            for number in (1, 2)
        ]
        for candidate in range(3):
            part = study_part(reading_of([*around, *odd]), candidate, 3)
            counted = part.counts["stations"] + part.counts["left_out"]
            assert counted == EACH + 2
            assert tell(asked, part).keys() == set(PATTERNS)


def test_a_province_is_the_sum_of_its_kabupaten_and_its_farthest_the_farthest(asked):
    parts = [study_part(reading_of(honest(n, f"137{n}")), 0, 40) for n in (1, 2)]
    whole = join_parts(parts)
    assert whole.counts["stations"] == 2 * VILLAGES * EACH
    for name in ("equal", "equal_far"):
        assert whole.figures[name].observed == sum(
            p.figures[name].observed for p in parts
        )
    rounds = zip(*(part.figures["neighbours"].rounds for part in parts), strict=True)
    farthest = list(whole.figures["neighbours"].rounds)
    assert farthest == [max(pair) for pair in rounds]
    observed = [part.digits["last"].observed for part in parts]
    assert whole.digits["last"].observed == [
        a + b for a, b in zip(*observed, strict=True)
    ]
    told = tell(asked, *parts)
    assert told["equal"].observed == whole.figures["equal"].observed


@pytest.mark.parametrize(
    ("stations", "lacks"),
    [
        ([], "There are no votes to look at here"),
        (honest(1)[:1], None),
        (
            [one._replace(votes=(5000, 5000)) for one in honest(1)],
            "no votes to look at",
        ),
    ],
)
def test_too_little_is_told_in_words(asked, stations, lacks):
    part = study_part(reading_of(stations), 0)
    answer = answer_patterns(
        asked, Place(code="1371", name=""), part, PatternChoice(), "x.1"
    )
    if lacks:
        assert lacks in answer.lacks["en"]
        assert answer.lacks["id"]
        assert not answer.patterns
        return
    for found in answer.patterns:
        assert found.lacks["en"], found.pattern
        assert found.lacks["id"], found.pattern
        assert not found.stations


def test_where_only_one_stands_nothing_is_compared_and_that_is_said(sample_db):
    text = json.loads(sample.profile().text)
    text["contests"]["ppwp"]["candidates"] = {"01": {"name": "Pasangan 1"}}
    alone = parse_profile(json.dumps(text).encode())
    asked = ask({sample.ELECTION: alone}, [sample.ELECTION])
    stations = [one._replace(votes=(one.valid,)) for one in honest(1)]
    part = study_part(reading_of(stations), 0)
    assert part.counts["stations"] == len(stations)
    place = Place(code="1371", name="")
    answer = answer_patterns(asked, place, part, PatternChoice(), "x.1")
    assert "Only one stands here" in answer.lacks["en"]
    assert "Hanya satu yang dipilih" in answer.lacks["id"]
    assert not answer.patterns


def test_where_several_races_are_held_at_once_no_honest_counts_are_made_up(sample_db):
    text = json.loads(sample.profile().text)
    text["contests"]["pkwkp"] = {
        "races": {
            code: {"01": {"name": "A"}, "02": {"name": "B"}} for code in ("13", "72")
        }
    }
    profile = parse_profile(json.dumps(text).encode())
    asked = ask({sample.ELECTION: profile}, [sample.ELECTION], contest="pkwkp")
    with sample_db.view() as view:
        assert find_lack(view, asked, "13") is None
        lack = find_lack(view, asked, "")
    answer = answer_patterns(
        asked, Place(code="", name=""), lack, PatternChoice(), "x.1"
    )
    assert "several races are held at once" in answer.lacks["en"]
    assert "beberapa pemilihan sekaligus" in answer.lacks["id"]
    assert not answer.patterns


def test_the_map_is_read_as_pictures_read_it_and_the_votes_looked_at_are_the_seed(
    sample_db, asked
):
    numbers = standing_numbers(asked, "13")
    with sample_db.view() as view:
        reading = read_patterns(view, asked, "13", numbers, "monitors")
        again = read_patterns(view, asked, "13", numbers, "kpu")
        whole = PatternShelf().read(view, asked, "", PatternChoice())
        first = read_patterns(view, asked, "1371", numbers, "monitors")
    # As `votes/monitors` of the pictures: undisputed, of the register.
    assert [one.tps for one in reading.stations] == [
        sample.AGREED, sample.JANGGAL, sample.SINGLE, sample.REPEATED,
    ]  # fmt: skip
    # What KPU says of them changes no verdict about the monitors' figures.
    for read in (reading, again):
        lines = (f"{one.tps} {one.votes}\n" for one in read.stations)
        assert read.seed == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert reading.seed != again.seed
    # Of two kabupaten each is drawn by its own votes.
    assert whole.seeds[0] == first.seed
    assert len({*whole.seeds}) == 2


def test_a_region_of_which_nothing_was_heard_has_no_pattern_and_says_so(asked):
    answer = answer_patterns(
        asked, Place(code="13", name=""), join_parts([]), PatternChoice(), "x.1"
    )
    assert (answer.stations, answer.left_out) == (0, 0)
    assert {one.observed for one in answer.patterns} <= {0}
    assert not any(one.stations for one in answer.patterns)
    assert answer.lacks or answer.patterns


def test_a_row_of_the_table_says_which_pattern_names_the_station(asked):
    stations = honest(1)
    stations[1] = stations[1]._replace(votes=stations[0].votes)
    part = study_part(reading_of(stations), 0)
    answer = answer_patterns(
        asked, Place(code="1371", name=""), part, PatternChoice(limit=200), "x.1"
    )
    table = pattern_table(answer, {}, Credit("x.1", []))
    at = {name: place for place, name in enumerate(table.columns)}
    rows = [row for row in table.rows if row[at["pattern"]] == "equal"]
    assert stations[0].tps in {row[at["tps"]] for row in rows}
    assert {row[at["seed"]] for row in table.rows} == {"x"}
    named = sum(len(found.stations) for found in answer.patterns)
    assert len(table.rows) == named


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (0.004, "0,004"),
        (-0.0512, "\N{MINUS SIGN}0,051"),
        (0.25, "0,25"),
        (12.34, "12,3"),
        (3, "3"),
    ],
)
def test_a_small_figure_keeps_the_digits_that_tell_it_from_none(figure, said):
    assert say_figure(Text("id"), figure) == said


def test_numbers_of_the_table_are_numbers_in_every_form(asked):
    stations = honest(1)
    stations[1] = stations[1]._replace(votes=stations[0].votes)
    part = study_part(reading_of(stations), 0)
    answer = answer_patterns(
        asked, Place(code="1371", name=""), part, PatternChoice(limit=200), "x.1"
    )
    table = pattern_table(answer, {}, Credit("x.1", []))
    shown = [table.columns.index(n) for n in ("chance", "expected", "distance")]
    told = {
        form: list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=by))[1:]
        for form, by in (("csv", ","), ("excel", ";"))
        for data in [format_table(form, table, {})]
    }
    xlsx = zipfile.ZipFile(io.BytesIO(format_table("xlsx", table, {})))
    sheet = xlsx.read("xl/worksheets/sheet1.xml").decode()
    fractions = 0
    for line, row in enumerate(table.rows):
        for at in shown:
            if row[at] == "":
                continue
            number = float(row[at])
            fractions += number != int(number)
            assert float(told["csv"][line][at]) == pytest.approx(number)
            excel = told["excel"][line][at]
            assert "." not in excel
            assert float(excel.replace(",", ".")) == pytest.approx(number)
            place = xl_rowcol_to_cell(line + 1, at)
            cell = re.search(rf'<c r="{place}"([^>]*)><v>([^<]*)</v>', sheet)
            assert 't="' not in cell[1]
            assert float(cell[2]) == pytest.approx(number)
    assert fractions
