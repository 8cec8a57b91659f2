"""The general election that is made up, and a database that grows by it."""

import gzip
import json
from collections import Counter

import pytest

from tests.bench import general, grow

#: Kelurahan that the profile knows, and their stations in the list's own form.
LIST = {
    "1101012001": [500],
    "1101012002": [4, 901, 903],
    "1101012003": [-26],
    "3173011001": [20],
    "9901010001": [2],
}


@pytest.fixture
def register(tmp_path):
    path = tmp_path / "register.json.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        json.dump({"id2name": {"11": "ACEH"}, "tps": LIST}, file)
    return path


def test_every_station_at_home_is_there_once(register):
    stations = general.read_stations(register, 7)
    assert len(stations) == len(set(stations)) == 500 + 7 + 1 + 20
    assert {"1101012002903", "1101012003026"} < set(stations)
    assert stations == general.read_stations(register, 7)
    assert stations != general.read_stations(register, 8)


def test_each_organisation_reads_every_contest_that_is_held_there(register):
    stations = general.read_stations(register, 7)
    rows = list(general.read_by(general.ORGS[0], stations, 7))
    assert rows == list(general.read_by(general.ORGS[0], stations, 7))
    held = Counter(row["tps"] for row in rows)
    assert {held[code] for code in stations if code.startswith("11")} == {5}
    assert {held[code] for code in stations if code.startswith("31")} == {4}


def test_forms_and_readings_are_wrong_as_often_as_they_were(register):
    stations = [f"{code}x{n}" for code in general.read_stations(register, 7)
                for n in range(2)]  # fmt: skip
    heard = [
        {(row["tps"], row["contest"]): row for row in general.read_by(org, stations, 7)}
        for org in general.ORGS
    ]
    sums, apart = Counter(), 0
    for place, row in heard[0].items():
        figures = row["figures"]
        right = figures["suara_sah"] + figures["suara_tidak_sah"]
        sums["suara_total"] += figures["suara_total"] != right
        sums["pengguna_total_j"] += figures["pengguna_total_j"] != right
        votes = [
            json.dumps(one[place].get("candidates") or one[place].get("parties"))
            for one in heard
        ]
        assert figures == heard[1][place]["figures"], "a form is wrong for everybody"
        apart += len(set(votes)) > 1
    for name, share in general.FORMS_WRONG.items():
        assert sums[name] / len(heard[0]) == pytest.approx(share, rel=0.25)
    assert apart / len(heard[0]) == pytest.approx(3 * general.MISREAD, rel=0.25)


@pytest.mark.slow
@pytest.mark.long
def test_a_database_grows_is_measured_and_goes_on_where_it_was_ended(
    tmp_path, register, monkeypatch
):
    monkeypatch.setattr(grow, "MORE", 100)
    monkeypatch.setattr(grow, "TIMES", 2)

    def run(records, minutes=9.0):
        told = []
        grown = grow.Grow(
            tmp_path / "work", register, records, told.append, minutes=minutes,
            part=600, every=600,
        )  # fmt: skip
        return grown.run(), grown.marks(), told

    _, marks, _ = run(600)
    assert [mark.parts for mark in marks] == [1]
    figures, marks, _ = run(1200)
    assert [mark.parts for mark in marks] == [1, 2]
    first, second = marks
    # Of Jakarta's stations four contests in place of five.
    assert 500 < first.imported <= 600
    # With the statement of each log's keys; and 200 that were measured by, some of them
    # of Jakarta.
    assert first.held == first.imported + 3
    assert 0 <= first.held + second.imported + 200 - second.held <= 40
    assert len(second.more) == 2
    assert second.database > first.database > 0
    assert {figure.what for figure in figures} >= {"one station", "database"}
    assert (tmp_path / "work" / "curve.svg").read_text().count("<polyline") == 14
    # No minutes at all: nothing is lost, and nothing is counted.
    _, marks, told = run(1800, minutes=0.0)
    assert len(marks) == 2
    assert "time is over" in told[-1]
