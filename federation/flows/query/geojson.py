"""Rows of cells as GeoJSON: a feature for each row, its cells as properties.

Rule: the cells are those of CSV and NDJSON, no more and no fewer. A row that stands for
a place on the map has its point; every other row has none, as RFC 7946 lets it: where
only a code says what is meant, whoever has boundaries joins them by it.

Source: RFC 7946, sections 3.2 (a geometry may be null), 3.1.1 (longitude first) and
6.1 (foreign members)
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest

import msgspec

from federation.flows.query.table import MapPoint, QueryTable

_encoder = msgspec.json.Encoder(order="sorted")
OPENED = b'{"type":"FeatureCollection"'
CLOSED = b"\n]}\n"


def open_collection(head: Mapping[str, object]) -> bytes:
    """The beginning of a collection, up to its first feature.

    `head`: what is told of all rows together, as members of their own.
    """
    members = b"".join(
        b"," + _encoder.encode(name) + b":" + _encoder.encode(value)
        for name, value in head.items()
    )
    return OPENED + members + b',"features":[\n'


def format_features(table: QueryTable) -> Iterator[bytes]:
    """Each row as a feature."""
    for row, point in zip_longest(table.rows, table.points[: len(table.rows)]):
        cells = dict(zip(table.columns, row, strict=True))
        yield _encoder.encode(
            {"type": "Feature", "geometry": _geometry(point), "properties": cells}
        )


def format_geojson(table: QueryTable, head: Mapping[str, object]) -> bytes:
    """The whole table as a collection."""
    return open_collection(head) + b",\n".join(format_features(table)) + CLOSED


def _geometry(point: MapPoint | None) -> dict[str, object] | None:
    return None if point is None else {"type": "Point", "coordinates": point}
