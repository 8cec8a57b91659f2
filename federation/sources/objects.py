"""The values of a file of JSON by number: one a line, or the items of an array.

Rule: a value that cannot be read is a refusal in its place, and the next ones go in; of
an array nothing can be read after it.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from federation.errors import FormatError
from federation.sources.json import decode_json, read_items
from federation.sources.row import Bad, cause_of
from federation.sources.stream import LongLine, SourceFile
from federation.text import Sentence

# A value, or a `Bad` in its place; a `Said` of them all.
Numbered: TypeAlias = tuple[int, Any]


def read_objects(source: SourceFile, *, lines: bool) -> Iterator[Numbered]:
    """Every value with its number, from 1; blank lines count and are passed over.

    Args:
        source: A file of JSON.
        lines: One value a line; else the items of an array (`json.read_items`).

    Raises:
        FormatError: The file cannot be read.
    """
    return _read_lines(source) if lines else _read_items(source)


def _read_lines(source: SourceFile) -> Iterator[Numbered]:
    for row, line in enumerate(source.lines(), start=1):
        if isinstance(line, LongLine):
            yield row, Bad(row, "long", Sentence("row.long-line"))
        elif not line.isspace():
            try:
                yield row, decode_json(line)
            except FormatError as error:
                yield row, Bad(row, "json", cause_of(error))


def _read_items(source: SourceFile) -> Iterator[Numbered]:
    row = 0
    try:
        for row, item in enumerate(read_items(source), start=1):
            yield row, item
    except FormatError as error:
        if not row:
            raise
        reason = Sentence("row.nothing-after", reason=cause_of(error))
        yield row + 1, Bad(row + 1, "json", reason)
