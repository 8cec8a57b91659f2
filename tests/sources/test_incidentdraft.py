"""A report that is handed in is read, or all that is wrong with it is told."""

import pytest

from federation.sources.incidentdraft import read_incident

GOOD = {
    "category": "politik_uang",
    "law": "pidana",
    "summary": "Amplop dibagikan di depan balai warga",
    "happened_at": "14 Februari 2024 05.00",
    "region": "31.71.01",
}


def problems(**changes):
    given = {name: value for name, value in (GOOD | changes).items() if value != "-"}
    found = read_incident(given)
    assert isinstance(found, tuple), found
    return [(one.at, one.code) for one in found]


def test_it_is_read_as_people_write_it():
    given = GOOD | {"description": "Pukul lima.\nDi balai  warga.", "revision": "2"}
    given |= {"category": "Politik uang", "known_at": None, "ref": ""}
    assert read_incident(given) == GOOD | {
        "description": "Pukul lima. Di balai warga.",
        "happened_at": "2024-02-13T22:00:00Z",
        "region": "317101",
        "revision": 2,
    }


def test_a_station_is_read_as_in_a_file_of_results():
    given = {name: value for name, value in GOOD.items() if name != "region"}
    read = read_incident(given | {"tps": "3171011001 TPS 4"})
    assert read["tps"] == "3171011001004"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"summary": "Telepon 0812-3456-7890"}, [("summary", "personal")]),
        ({"description": "Pak Budi membagikan"}, [("description", "personal")]),
        (
            {"summary": "a@b.id", "description": "Ibu Siti"},
            [("summary", "personal"), ("description", "personal")],
        ),
        ({"reporter_name": "x"}, [("reporter_name", "member")]),
        ({"org": "a.example"}, [("org", "member")]),
        ({"happened_at": "4/5/2024"}, [("happened_at", "time")]),
        ({"law": "-"}, [("law", "missing")]),
        ({"tps": "3171011001001"}, [("region", "missing")]),
        ({"region": "-"}, [("region", "missing")]),
        ({"summary": 5}, [("summary", "shape")]),
        ({"evidence": [{"sha256": "x"}]}, [("evidence", "record")]),
    ],
    ids=str,
)
def test_all_that_is_wrong_is_told_with_its_place(changes, expected):
    assert problems(**changes) == expected


def test_the_word_that_tells_is_named():
    [problem] = read_incident(GOOD | {"summary": "Telepon 0812-3456-7890 segera"})
    assert "0812-3456-7890" in problem.reason


@pytest.mark.parametrize("line", [None, [], "text", 5])
def test_what_is_no_report_is_refused(line):
    [problem] = read_incident(line)
    assert problem.code == "shape"
