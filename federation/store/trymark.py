"""The mark of tries: up to which action this node has handed over, outside of `data/`.

Rule: it is written before anything is prepared for the first time, and after a try is
in the log of actions and before the first byte leaves. A database that does not know
the action it names is an older copy: what that says was only meant to go may have gone.
So is one beside which the mark is missing, though it has something on its way, or is a
copy itself; then all of the home may be one, from which more was sent than anything
here says: the mark remembers when that was found. `store/folderguard.py` has why
a copy is told from what was written here.

    3107 1707900000 refer-try jagasuara.example/5f0c… bawaslu try 1
    copied 1707903600
    here 1321479 1707900000
"""

import os
from pathlib import Path
from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.files import make_folders, write_durably
from federation.store.actions import read_actions
from federation.store.folderguard import is_written_here, line_of_file
from federation.store.guard import split_line
from federation.store.view import View

_NONE: Final = b"0\n"
_TRIES: Final = 3
_COPIED: Final = b"copied "


class MarkFound(NamedTuple):
    """What lies there.

    Attributes:
        is_copy: It was not written here, or is damaged: nothing of it counts.
        action: The line of the log of actions that it names.
        copied_at: When this home was found to be a copy, in Unix seconds; 0: never.
    """

    is_copy: bool
    action: bytes = b""
    copied_at: int = 0


class TryMark:
    """The mark of one node, in the folder of the guard."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when there is something for it."""
        self._path = folder / "tried"
        #: Kept with whatever is written; see `MarkFound`.
        self.copied_at = 0

    def read(self) -> MarkFound | None:
        """What was written last; None: nothing ever was.

        Raises:
            OSError: it is there and cannot be read.
        """
        try:
            text, _ = split_line(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except FormatError:
            return MarkFound(is_copy=True)
        action, _, more = text.partition(b"\n")
        copied = more.removeprefix(_COPIED).strip()
        if not is_written_here(self._path, text) or not (copied or b"0").isdigit():
            return MarkFound(is_copy=True)
        self.copied_at = int(copied or b"0")
        return MarkFound(is_copy=False, action=action + b"\n", copied_at=self.copied_at)

    def write(self, action: bytes) -> None:
        """Keep this, durably; `action`: of `newest_action`.

        Raises:
            OSError: a disk is full or failed.
        """
        copied = _COPIED + b"%d\n" % self.copied_at if self.copied_at else b""
        make_folders(self._path.parent, 0o700)
        for _ in range(_TRIES):
            with write_durably(self._path) as file:
                file.write(action + copied + line_of_file(os.fstat(file.fileno())))
            if is_written_here(self._path, action + copied):
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
