"""The values of a file of JSON by number: one behind the other, or items of an array.

Rule: values one behind the other have a line each, or are printed over several, as the
first one shows. A value that cannot be read is a refusal in its place; where each has
its line the next ones go in, else nothing can be read after it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from federation.errors import FormatError
from federation.sources.json import TextWindow, decode_json, read_items
from federation.sources.row import Bad, cause_of
from federation.sources.stream import LongLine, SourceFile
from federation.text import Sentence

# A value, or a `Bad` in its place; a `Said` of them all.
Numbered: TypeAlias = tuple[int, Any]

_LINE_END: Final = re.compile(r"[\r\n]")


def read_objects(source: SourceFile, *, lines: bool) -> Iterator[Numbered]:
    """Every value with the line on which it begins, or its number in an array, from 1.

    Args:
        source: A file of JSON.
        lines: Values one behind the other, each on a line of its own if the first one
            is; else the items of an array (`json.read_items`).

    Raises:
        FormatError: The file cannot be read.
    """
    if not lines:
        return _read_items(source)
    if is_spread_out(source):
        return _read_spread(source)
    return _read_lines(source)


def is_spread_out(source: SourceFile) -> bool:
    """Whether the first value of a file, see `is_spread`, takes several lines."""
    return is_spread(source.peek().decode("utf-8", "replace"))


def is_spread(text: str) -> bool:
    """Whether the first value of a text is an object printed over several lines.

    One that is damaged, too: it goes on behind its line, which is no damage of it.
    """
    text = text.lstrip()
    first, *rest = _LINE_END.split(text, maxsplit=1)
    if not text.startswith("{") or not rest:
        return False
    try:
        decode_json(first.encode())
    except FormatError as error:
        goes_on = error.cause == "cut-off"
        return goes_on and not rest[0].lstrip().startswith("{")
    return False


def _read_lines(source: SourceFile) -> Iterator[Numbered]:
    return read_lines(enumerate(source.lines(), start=1))


def read_lines(lines: Iterable[tuple[int, bytes | LongLine]]) -> Iterator[Numbered]:
    """The value of each line, by its number; none of a blank one."""
    for row, line in lines:
        if isinstance(line, LongLine):
            yield row, Bad(row, "long", Sentence("row.long-line"))
        elif not line.isspace():
            try:
                yield row, decode_json(line)
            except FormatError as error:
                yield row, Bad(row, "json", cause_of(error))


def _read_spread(source: SourceFile) -> Iterator[Numbered]:
    window, row = TextWindow(source), 1
    try:
        while window.goes_on():
            row = window.line(window.at)
            yield row, window.value()
            row += 1
    except FormatError as error:
        reason = Sentence("row.nothing-after", reason=cause_of(error))
        yield row, Bad(row, "json", reason)


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
