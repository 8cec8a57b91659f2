"""Which photographs a row names: files that lie beside the table, in a folder.

Rule: a name is only looked up among the files of the folder that the operator names
(`cli/import_/photofolder.py`), so nothing that a cell holds can lead anywhere else. A
cell may name several (`1.jpg; 2.jpg`), by path, by name or by the address where a
form's tool shows them; a column may be of one page. Two submissions of KoboToolbox or
ODK may have files of one name, so the submission's own id is told, whose folder they
lie in.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from federation.sources.blank import is_blank
from federation.sources.columns import Header
from federation.sources.mapping import PHOTOS
from federation.sources.numbered import normalise

#: The column of the page that a photograph shows.
PAGE: Final = "photo-page"
_PARTED: Final = re.compile(r"[;,|\r\n]+")
_BEHIND_PATH: Final = re.compile(r"[?#]")
_SUBMISSION: Final = re.compile(r"(?:.*_)?(?:uuid|instanceid|key)")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: Name, page (0: not said), the id of the submission ("": none).
PhotoCell = tuple[str, int, str]


def is_of_photos(target: str) -> bool:
    """Whether a column that is read as this names photographs."""
    return target.partition(".")[0] == PHOTOS


class PhotoColumns:
    """The columns of one table that name photographs; false where there are none."""

    def __init__(self, header: Header) -> None:
        columns = header.columns
        self._columns = [
            (at, int(target.partition(".")[2] or 0))
            for target, at in columns.items()
            if is_of_photos(target)
        ]
        self._page = columns.get(PAGE)
        self._submission = [
            at
            for at, use in enumerate(header.uses)
            if _SUBMISSION.fullmatch(normalise(use.header))
        ]

    def __bool__(self) -> bool:
        return bool(self._columns)

    def read(self, cells: Sequence[str]) -> list[PhotoCell]:
        """The photographs that a row names, in the order of its columns."""
        within = self._find_submission(cells)
        beside = cells[self._page].strip() if self._page is not None else ""
        of_row = int(beside) if re.fullmatch(r"0{0,2}[1-9][0-9]{0,2}", beside) else 0
        return [
            (name, page or of_row, within)
            for at, page in self._columns
            if not is_blank(cells[at])
            for name in split_names(cells[at])
        ]

    def _find_submission(self, cells: Sequence[str]) -> str:
        found = (_UUID.search(cells[at].lower()) for at in self._submission)
        return next((match[0] for match in found if match), "")


def split_names(cell: str) -> list[str]:
    """The names in a cell; of an address the last part of its path."""
    names = (_name_in(part.strip()) for part in _PARTED.split(cell))
    return [name for name in names if name]


def _name_in(part: str) -> str:
    if "://" in part:
        # Not `urlsplit`: it refuses an address that has a bracket in its host.
        address = _BEHIND_PATH.split(part.partition("://")[2])[0]
        part = unquote(address.partition("/")[2]).rpartition("/")[2]
    return part.replace("\\", "/").removeprefix("./").strip()
