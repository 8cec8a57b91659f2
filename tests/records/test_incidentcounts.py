"""Counts for everybody: no small number can be found in them, by whatever sums."""

import random
from collections import Counter, defaultdict
from itertools import product

import pytest

from federation.records.incidentcounts import (
    LEAST,
    CountedIncident,
    agencies_of,
    count_incidents,
    count_statements,
    is_at,
    week_begun,
)
from tests.records.test_incidentmerge import (
    A,
    B,
    C,
    X,
    merge,
    name,
    placed,
    report,
    said,
    same,
    taken,
)

DAY = "2024-02-18T17:00:00Z"


def one(category, province="31", **members):
    return CountedIncident(categories=[category], provinces=[province], **members)


def shown(incidents, tables=("category", "province", "category-province")):
    counts = count_incidents("e", DAY, incidents, tables)
    return {
        table.by: {row.of: row.count for row in table.rows} for table in counts.tables
    }


def possible_values(kinds, tables, most):
    """For each possible answer and each cell that it hides: what may be in the cell.

    All collections of incidents there are: of each kind 0 to `most`.
    """
    found = defaultdict(set)
    for counts in product(range(most + 1), repeat=len(kinds)):
        incidents = [
            kind for kind, n in zip(kinds, counts, strict=True) for _ in range(n)
        ]
        answer = count_incidents("e", DAY, incidents, tables)
        for table in answer.tables:
            rows = {row.of for row in table.rows}
            for cell, kinds_of in cells(kinds, table.by).items():
                if cell not in rows:
                    value = sum(counts[at] for at in kinds_of)
                    found[repr(answer), table.by, cell].add(value)
    return found


def cells(kinds, by):
    """Which kinds of incidents stand in which cell of a table."""
    found = defaultdict(list)
    for at, kind in enumerate(kinds):
        axes = [getattr(kind, AXES[axis]) for axis in by.split("-")]
        for cell in product(*axes):
            found[cell].append(at)
    return found


AXES = {"category": "categories", "province": "provinces", "law": "laws"}


def test_every_hidden_cell_of_two_by_two_can_be_anything_from_0_to_4():
    kinds = [one(c, p) for c, p in product("ab", ("11", "12"))]
    tables = ("category", "province", "category-province")
    found = possible_values(kinds, tables, 7)
    assert len(found) > 50
    assert all(values >= set(range(LEAST)) for values in found.values())


def test_it_holds_for_incidents_in_several_cells_and_for_sparse_tables():
    chance = random.Random(11)
    for _ in range(6):
        kinds = [
            CountedIncident(
                categories=sorted(chance.sample("abc", chance.choice((1, 1, 2)))),
                laws=sorted(chance.sample("xy", chance.choice((0, 1, 1, 2)))),
                provinces=[chance.choice(("11", "12"))],
            )
            for _ in range(3)
        ]
        # One of each value alone, so that every cell can be filled by itself.
        kinds += [CountedIncident(categories=["a"], laws=["x"], provinces=["11"])]
        tables = ("category", "law", "province")
        found = possible_values(kinds, tables, 5)
        for values in found.values():
            assert len(values & set(range(LEAST))) >= 2


def test_a_row_is_not_to_be_had_from_the_total_or_another_table():
    incidents = [one("a")] * 10 + [one("b")] * 10 + [one("c")] * 4
    counts = count_incidents("e", DAY, incidents, ("category", "province"))
    assert counts.incidents == 20
    assert shown(incidents)["category"] == {("a",): 10, ("b",): 10}
    # 24 of them are in the province; 4 would be the difference.
    assert shown(incidents)["province"] == {("31",): 20}


def test_what_comes_one_by_one_is_not_seen_in_the_figures():
    figures = [shown([one("a")] * n)["category"] for n in range(12)]
    assert figures == [{}] * 5 + [{("a",): 5}] * 5 + [{("a",): 10}] * 2


def test_what_is_left_is_in_no_small_cell_of_any_table():
    chance = random.Random(3)
    for _ in range(200):
        incidents = [
            one(chance.choice("abcd"), chance.choice(("11", "12", "13")))
            for _ in range(chance.randrange(80))
        ]
        for by, rows in shown(incidents).items():
            assert all(count >= LEAST for count in rows.values()), by
            truth = Counter(
                key
                for each in incidents
                for key in (
                    product(each.categories, each.provinces)
                    if "-" in by
                    else product(getattr(each, AXES[by]))
                )
            )
            assert all(count <= truth[key] for key, count in rows.items())


def test_a_sparse_table_hides_nothing_of_those_before_it():
    incidents = [
        one("ab"[n % 2], "31", weeks=[f"2024-01-{n:02}"]) for n in range(1, 31)
    ]
    counts = count_incidents("e", DAY, incidents)
    assert [table.by for table in counts.tables] == [
        "category",
        "province",
        "law",
        "status",
    ]
    assert shown(incidents)["category"] == {("a",): 15, ("b",): 15}


def test_one_incident_of_two_reports_is_counted_once():
    reports = [report(A, number) for number in range(5)]
    double = [report(B, 9), same(B, name(B, 9), name(A, 1))]
    counts = count_statements("e", "2025-01-01T00:00:00Z", placed(*reports, *double))
    assert counts.incidents == 5
    tables = {
        table.by: [(row.of, row.count) for row in table.rows] for table in counts.tables
    }
    assert tables["category"] == [(("politik_uang",), 5)]
    assert tables["province"] == [(("31",), 5)]
    assert tables["status"] == [(("received",), 5)]


def test_what_was_signed_since_the_week_began_is_not_counted_yet():
    reports = [report(A, number) for number in range(5)]
    assert (
        count_statements("e", reports[0].recorded_at, placed(*reports)).incidents == 0
    )


def test_only_who_reported_it_moves_its_status_and_names_an_agency():
    reports = [report(A, number) for number in range(5)]
    words = [
        said(org, "registered", name(A, number), agency=agency)
        for number in range(5)
        for org, agency in ((A, f"bawaslu-31{number}"), (X, "dkpp"))
    ]
    counts = count_statements("e", "2025-01-01T00:00:00Z", placed(*reports, *words))
    tables = {table.by: [row.of for row in table.rows] for table in counts.tables}
    assert tables["status"] == [("registered",)]
    assert tables["agency"] == [("bawaslu",)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", True),
        ("bawaslu", True),
        ("bawaslu-32", True),
        ("bawaslu-3273", True),
        ("bawaslu-3", False),
        ("bawaslu-32731", False),
        ("bawasl", False),
        ("dkpp", False),
    ],
)
def test_an_agency_is_meant_by_its_key_and_by_the_kind_of_it(asked, found):
    assert is_at(["kpu", "bawaslu-32", "bawaslu-3273"], asked) is found


def test_who_has_an_incident_is_told_by_whoever_took_it_and_by_its_reporters_status():
    one = name(A)
    [row] = merge(
        report(A),
        taken(B, "sent", one, agency="bawaslu-32"),
        taken(C, "intended", one, agency="dkpp"),
        said(A, "registered", one, agency="gakkumdu"),
        said(C, "registered", one, agency="kpu"),
    )
    assert agencies_of(row) == {"bawaslu-32", "gakkumdu"}


def test_a_week_begins_on_monday_in_jakarta():
    sunday = 1_708_275_599  # 2024-02-18T16:59:59Z, one second before Monday there
    assert week_begun(sunday) == "2024-02-11T17:00:00Z"
    assert week_begun(sunday + 1) == "2024-02-18T17:00:00Z"
