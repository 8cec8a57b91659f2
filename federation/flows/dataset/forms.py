"""A table as a stream of bytes, page by page.

Rule: a form is told what is said of all rows together, is given pages that all have the
same columns, and hands out bytes at once, so that no more than a page is held. Whoever
concatenates what it hands out has the whole file.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from federation.flows.query.cells import Cell, format_csv, format_ndjson
from federation.flows.query.geojson import CLOSED, format_features, open_collection
from federation.flows.query.table import QueryTable


class TableForm(Protocol):
    """One file under way."""

    def open(self, head: Mapping[str, object]) -> bytes:
        """How it begins; `head`: what is said of all rows together."""

    def page(self, table: QueryTable) -> bytes:
        """The next rows."""

    def close(self) -> Iterable[bytes]:
        """How it ends, piece by piece."""


class CsvForm:
    """RFC 4180, with a line of names first; what is said of all stands in each row."""

    def __init__(self) -> None:
        self._is_first = True

    def open(self, head: Mapping[str, object]) -> bytes:  # noqa: ARG002  as all forms
        """Nothing: names come with the first page."""
        return b""

    def page(self, table: QueryTable) -> bytes:
        """The rows, behind the names if they are the first."""
        rows = [table.columns, *table.rows][not self._is_first :]
        self._is_first = False
        return format_csv(rows)

    def close(self) -> Iterable[bytes]:
        """Nothing."""
        return ()


class NdjsonForm:
    """A JSON object a line; the first says what is said of all rows."""

    def open(self, head: Mapping[str, object]) -> bytes:
        """The first line."""
        return format_ndjson([head])

    def page(self, table: QueryTable) -> bytes:
        """A line each."""
        return format_ndjson(_dicts(table))

    def close(self) -> Iterable[bytes]:
        """Nothing."""
        return ()


class GeojsonForm:
    """A collection of features; what is said of all rows are members of its own."""

    def __init__(self) -> None:
        self._is_first = True

    def open(self, head: Mapping[str, object]) -> bytes:
        """Up to the first feature."""
        return open_collection({name: value for name, value in head.items() if value})

    def page(self, table: QueryTable) -> bytes:
        """The rows as features."""
        features = list(format_features(table))
        between = b"" if self._is_first or not features else b",\n"
        self._is_first = self._is_first and not features
        return between + b",\n".join(features)

    def close(self) -> Iterable[bytes]:
        """The end of the collection."""
        return (CLOSED,)


def _dicts(table: QueryTable) -> Iterable[Mapping[str, Cell]]:
    return (dict(zip(table.columns, row, strict=True)) for row in table.rows)
