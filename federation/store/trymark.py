"""The mark of tries: up to which action this node has handed over, outside of `data/`.

Rule: it is written after a try is in the log of actions, and before the first byte
leaves. A database that does not know the action it names is an older copy: what that
says was only meant to go may have gone. A mark that is missing, or is a copy itself,
says nothing; `store/guard.py` has why a copy is told from what was written here.

    3107 1707900000 refer-try jagasuara.example/5f0c… bawaslu try 1
    here 1321479 1707900000
"""

import os
from pathlib import Path
from typing import Final

from federation.errors import FormatError
from federation.files import make_folders, write_durably
from federation.store.actions import read_actions
from federation.store.db import View
from federation.store.guard import is_written_here, line_of_file, split_line

_NONE: Final = b"0\n"
_TRIES: Final = 3


class TryMark:
    """The mark of one node, in the folder of the guard."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when there is something for it."""
        self._path = folder / "tried"

    def read(self) -> bytes | None:
        """What was written here last; None: nothing, or it is a copy.

        Raises:
            OSError: it is there and cannot be read.
        """
        try:
            said, _ = split_line(self._path.read_bytes())
        except (FileNotFoundError, FormatError):
            return None
        return said if is_written_here(self._path, said) else None

    def write(self, said: bytes) -> None:
        """Keep this, durably; `said`: of `newest_action`.

        Raises:
            OSError: a disk is full or failed.
        """
        make_folders(self._path.parent, 0o700)
        for _ in range(_TRIES):
            with write_durably(self._path) as file:
                file.write(said + line_of_file(os.fstat(file.fileno())))
            if is_written_here(self._path, said):
                return


def newest_action(view: View) -> bytes:
    """The newest line of the log of actions, for the mark."""
    return _find_action(view, 1 << 62)


def knows_action(view: View, said: bytes) -> bool:
    """Whether this database has the action that a mark names."""
    number = said.split()[0] if said.split() else b""
    if said == _NONE or not number.isdigit() or len(number) > 18:
        return said == _NONE
    return _find_action(view, int(number) + 1) == said


def _find_action(view: View, before: int) -> bytes:
    for one in read_actions(view, before, 1):
        return f"{one.number} {one.at} {one.what} {one.subject}\n".encode()
    return _NONE
