"""A draft of a program is read as a line of a file is, and all its errors are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.profiles import load_shipped
from federation.records.problem import Problem
from federation.sources.draft import MAX_PROBLEMS, DraftReader
from federation.sources.mapping import Options
from federation.sources.member import DraftBeginner
from federation.sources.ndjson import read_members_of
from federation.sources.row import BadCell, Draft

PROFILES = load_shipped()
READER = DraftReader(PROFILES["pemilu-2024"])


def line(**members):
    return {
        "contest": "ppwp",
        "tps": "7202011003030",
        "candidates": {"01": 5, "02": 6, "03": 7},
        **members,
    }


def places(given, reader=READER):
    found = reader.read(given)
    assert isinstance(found, tuple), found
    assert all(one.code and one.reason for one in found)
    return [one.at for one in found]


def test_a_draft_gets_what_a_line_of_a_file_gets():
    read = READER.read(line(candidates={"1": 5, "100026": 6, "03": None}))
    assert read == {
        **line(candidates={"01": 5, "02": 6}),
        "round": "reguler",
        "form": "unknown",
        "source": "observer",
        "review": "unreviewed",
    }


def test_what_was_read_once_is_read_to_the_same():
    once = READER.read(line(tps="72.02.01.1003-30", observed_at="2024-02-14 20:15"))
    assert READER.read(once) == once


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"candidates": {"01": -1, "02": -1}}, ["candidates.01", "candidates.02"]),
        ({"candidates": {"04": 1, "1": 5, "01": 5}}, ["candidates.04", "candidates"]),
        ({"candidates": [1]}, ["candidates"]),
        ({"candidates": 5, "figures": "x"}, ["candidates", "figures"]),
        ({"foo": 1, "bar": 2, "org": "x"}, ["foo", "bar", "org"]),
        ({"contest": "lurah", "review": "ya"}, ["contest", "review"]),
        ({"contest": None}, ["contest"]),
        ({"contest": 5, "tps": 5}, ["contest", "tps"]),
        ({"tps": None, "revision": -1}, ["tps", "revision"]),
        ({"evidence": {}}, ["evidence"]),
        ({"contest": "pdpr"}, ["candidates"]),
        ({"contest": "pdprdk", "tps": "3171011001001"}, ["tps", "candidates"]),
    ],
)
def test_each_error_has_its_place(members, expected):
    assert places(line(**members)) == expected


def test_errors_of_parties_lead_to_the_candidate():
    given = {
        "contest": "pdpr",
        "tps": "7202011003030",
        "parties": {
            "1": {"jumlah": -1, "caleg": {"100211": "x"}},
            "99": {"jumlah": 1, "partai": 1},
            "2": 5,
            "03": {"jumlah": 1},
            "3": {"jumlah": 2},
        },
    }
    assert places(given) == [
        *("parties.1.jumlah", "parties.1.caleg.100211"),
        *("parties.99", "parties.2", "parties"),
    ]


def test_who_stands_in_a_pilkada_is_not_guessed_without_a_place():
    reader = DraftReader(PROFILES["pilkada-2024"])
    given = {"contest": "pkwkk", "tps": "x", "candidates": {"1000561": 5}}
    assert places(given, reader)[0] == "tps"


@pytest.mark.parametrize("value", [None, 5, "x", [], [{}], True])
def test_a_row_that_is_no_object_is_refused_alone(value):
    assert READER.read(value) == (Problem("", "shape", READER.read(value)[0].reason),)


@pytest.mark.parametrize("votes", [{}, {"01": None}, {"null": 3}, None])
def test_a_draft_without_numbers_is_refused(votes):
    (problem,) = READER.read(line(candidates=votes))
    assert problem.code == "no-numbers"


def test_a_flood_of_errors_is_cut_off():
    flood = line(**{f"m{number}": 1 for number in range(10_000)})
    assert len(places(flood)) == MAX_PROBLEMS
    hidden = places(line(**{"a\u202eb": 1, "x" * 900: 1}))
    assert all(place.isascii() and len(place) < 100 for place in hidden)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["01", "1", "partai", "caleg", "jumlah", "suara_sah", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["tps", "contest", "candidates", "parties", "figures", "evidence", "ref"]
        ),
        json_values,
        max_size=5,
    )
)
def test_a_draft_is_refused_exactly_where_a_line_is(members):
    given_line = line(**members)
    expected = None
    try:
        row = read_members_of(
            0, given_line, DraftBeginner(Options(), PROFILES["pemilu-2024"])
        )
    except BadCell as bad:
        expected = bad
    found = READER.read(given_line)
    if expected is None and isinstance(row, Draft):
        assert found == row.fields
    else:
        assert isinstance(found, tuple)
        assert found
