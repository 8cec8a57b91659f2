"""The photographs of a folder, found by the names that tables call them.

Rule: what a cell says is only ever looked up among the files that are there, links not
followed: it leads nowhere else. A name means one file, or none and is told: whole path,
or name alone if one file has it; of several, the one that lies in the folder of its
submission, as KoboToolbox and ODK store them:

    attachments/<user>/…/<submission's uuid>/1707899.jpg

Letters of any case are one, for telephones and Windows take them as one.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from federation.errors import PhotoError
from federation.text import Sentence


class PhotoFolder:
    """What lies in a folder and those in it."""

    def __init__(self, folder: Path) -> None:
        """Look through it once.

        Raises:
            OSError: it cannot be read.
        """
        self.folder = folder
        self.files = sorted(_walk(folder))
        self._by_path = defaultdict[str, list[str]](list)
        self._by_name = defaultdict[str, list[str]](list)
        for file in self.files:
            self._by_path[file.casefold()].append(file)
            self._by_name[file.rpartition("/")[2].casefold()].append(file)

    def find(self, name: str, submission: str = "") -> str:
        """The file that is called so, by its path in the folder.

        Args:
            name: Its path in the folder, or its name alone.
            submission: The id of whose folder it lies in, if there are several.

        Raises:
            PhotoError: there is none, or several are called so.
        """
        key = name.casefold()
        found = self._by_path.get(key) or self._by_name.get(key.rpartition("/")[2], [])
        if len(found) > 1 and submission:
            inside = [f for f in found if submission in f.casefold().split("/")]
            found = inside or found
        if not found:
            raise PhotoError(Sentence("photoimport.not-there"), name)
        if len(found) > 1:
            several = Sentence("photoimport.several", first=found[0], second=found[1])
            raise PhotoError(several, name)
        return found[0]

    def is_one(self, file: str, paths: Collection[Path]) -> bool:
        """Whether a file of the folder is one of these."""
        return (self.folder / file).resolve() in {path.resolve() for path in paths}


def _walk(folder: Path) -> Iterator[str]:
    """The regular files, by their paths in the folder, but for hidden ones."""

    def refuse(error: OSError) -> None:
        raise error

    for above, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(above, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix()
