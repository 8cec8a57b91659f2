"""GeoJSON: the cells of the other forms, and points that tell nothing more."""

import csv
import io
import json
import random

from federation.flows.incidents.counts import counts_table
from federation.flows.query.cells import format_csv, format_ndjson
from federation.flows.query.geojson import format_geojson
from federation.flows.query.table import QueryTable
from federation.records.incidentcounts import (
    CountedIncident,
    IncidentCounts,
    count_incidents,
)
from federation.records.provinces import PROVINCES

DAY = "2024-02-18T17:00:00Z"


def any_counts(seed: int) -> IncidentCounts:
    chance = random.Random(seed)
    incidents = [
        CountedIncident(
            categories=[chance.choice("abc")],
            provinces=[chance.choice(("31", "32", "33", "91", "99", "07"))],
            laws=[chance.choice("xy")],
            statuses=["received"],
            weeks=[chance.choice(("2024-02-05", "2024-02-12"))],
        )
        for _ in range(chance.randrange(200))
    ]
    return count_incidents("e", DAY, incidents)


def cells_of_json(counts: IncidentCounts):
    return {
        (table.by, *row.of, row.count) for table in counts.tables for row in table.rows
    }


def test_all_forms_carry_the_same_cells():
    for seed in range(60):
        counts = any_counts(seed)
        table = counts_table(counts)
        expected = cells_of_json(counts)
        text = format_csv([table.columns, *table.rows]).decode()
        collection = json.loads(format_geojson(table, {}))
        lines = format_ndjson(
            dict(zip(table.columns, row, strict=True)) for row in table.rows
        )
        forms = (
            list(csv.DictReader(io.StringIO(text))),
            [json.loads(line) for line in lines.splitlines()],
            [feature["properties"] for feature in collection["features"]],
        )
        for rows in forms:
            found = {
                (
                    row["by"],
                    *filter(None, (row["of"], row["and"])),
                    int(row["at_least"]),
                )
                for row in rows
            }
            assert found == expected
            assert len(rows) == len(expected)
        # Nothing is told of all together that no cell says.
        assert collection.keys() == {"type", "features"}


def test_a_point_follows_from_the_province_alone():
    # So whoever has the cells learns nothing from the points.
    for seed in range(30):
        collection = json.loads(format_geojson(counts_table(any_counts(seed)), {}))
        for feature in collection["features"]:
            cells = feature["properties"]
            codes = {"province": cells["of"], "category-province": cells["and"]}
            known = PROVINCES.get(codes.get(cells["by"], ""))
            geometry = known and {
                "type": "Point",
                "coordinates": [known.longitude, known.latitude],
            }
            assert feature["geometry"] == geometry


def test_a_code_of_another_province_gets_no_other_one_s_point():
    counts = count_incidents(
        "e", DAY, [CountedIncident(provinces=["94"], categories=["a"])] * 5
    )
    [*_, row] = counts_table(counts, {"94": "PAPUA"}).points
    assert row is None
    [*_, row] = counts_table(counts, {"94": "PAPUA TENGAH"}).points
    assert row == (135.5, -3.4)


def test_a_collection_is_one_by_the_standard():
    table = QueryTable(("a", "b"), [["=1", 2], ["é\n", 3]], [(106.8, -6.2)])
    collection = json.loads(format_geojson(table, {"next": "x"}))
    assert collection == {
        "type": "FeatureCollection",
        "next": "x",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [106.8, -6.2]},
                "properties": {"a": "=1", "b": 2},
            },
            {
                "type": "Feature",
                "geometry": None,
                "properties": {"a": "é\n", "b": 3},
            },
        ],
    }
    empty = json.loads(format_geojson(QueryTable(("a",), []), {}))
    assert empty == {"type": "FeatureCollection", "features": []}


def test_coordinates_are_of_the_country_and_no_finer_than_a_tenth():
    for province in PROVINCES.values():
        assert 95 <= province.longitude <= 141
        assert -11 <= province.latitude <= 6
        for degrees in (province.longitude, province.latitude):
            assert round(degrees, 1) == degrees
    assert len({it[2:] for it in PROVINCES.values()}) == len(PROVINCES)
