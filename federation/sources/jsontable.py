"""Objects of JSON that are not of our form, as the rows of a table.

    [{"kode_tps":"1371011001001","paslon_01":"127","suara":{"paslon_02":27}}, …]

Rule: whatever holds for a table holds for these: a member's path (`suara.paslon_02`) is
its header, and every one is accounted for. KoboToolbox's and ODK Central's answers are
read so, and lines of JSON whose members are not ours. Lists within an object are no
cells; they are left out, by name.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

from federation.errors import FormatError
from federation.sources.csv import Cells, CsvLine
from federation.sources.objects import read_objects
from federation.sources.row import Bad, BadCell, Remark, clip
from federation.sources.stream import SourceFile
from federation.text import Sentence

SAMPLE: Final = 500  # objects that are looked at to know the headers
MAX_HEADERS: Final = 2000
MAX_DEPTH: Final = 8


class JsonTable:
    """Objects with the interface of `CsvTable`: a header, and rows of cells."""

    header_row = 1

    def __init__(self, source: SourceFile, *, lines: bool) -> None:
        """`lines`: one object a line; else the items of an array.

        Raises:
            FormatError: There is no object at the beginning.
        """
        items = read_objects(source, lines=lines)
        self._sample = list(islice(items, SAMPLE))
        self._rest = items
        headers: dict[str, None] = {}
        for _, value in self._sample:
            if isinstance(value, dict):
                headers |= dict.fromkeys(name for name, _ in _flatten(value))
        if not headers:
            for _, value in self._sample:
                if isinstance(value, Bad):  # why nothing could be read
                    at = Sentence("file.row", row=value.row)
                    raise FormatError(
                        value.reason,
                        Sentence("machine.at", place=source.label, cause=at),
                    )
            raise FormatError(Sentence("row.no-objects"), source.label)
        if len(headers) > MAX_HEADERS:
            raise FormatError(
                Sentence("row.too-many-members", most=MAX_HEADERS), source.label
            )
        self.header = list(headers)

    def rows(self) -> Iterator[CsvLine]:
        """Each object as a row; a member that only a later one has is refused there."""
        columns = {name: at for at, name in enumerate(self.header)}
        for row, value in chain(self._sample, self._rest):
            if isinstance(value, Bad | Remark):
                yield value
                continue
            try:
                yield Cells(row, _cells(value, columns))
            except BadCell as bad:
                yield Bad(row, bad.code, bad.reason, bad.column)


def _cells(value: object, columns: dict[str, int]) -> list[str]:
    if not isinstance(value, dict):
        raise BadCell("shape", Sentence("row.no-object"))
    cells = [""] * len(columns)
    for name, cell in _flatten(value):
        at = columns.get(name)
        if at is None:
            if cell:
                unknown = Sentence("row.late-member", name=clip(name))
                raise BadCell("member", unknown, name)
            continue
        cells[at] = cell
    return cells


def _flatten(
    value: dict[str, Any], before: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Path and text of each member; the path alone of a list that is not empty."""
    for name, inner in value.items():
        path = f"{before}{name}"
        if isinstance(inner, dict) and depth < MAX_DEPTH:
            yield from _flatten(inner, f"{path}.", depth + 1)
        elif inner is None or isinstance(inner, list | dict):
            yield path, ""
        else:
            yield path, str(inner).lower() if isinstance(inner, bool) else str(inner)
