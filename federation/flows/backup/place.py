"""Where backups lie: a folder, or a bucket of an object store; both in the same way.

    <place>/<org>-<time>.backup        a backup
    <place>/blobs/ab/<64 hex digits>   photographs, each once for all backups there
    <place>/originals/…                originals, likewise, sealed (`originals.py`)

Rule: what has the name of a backup is whole. It gets its name last, and once only.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from federation.blobs.blobs import Blobs
from federation.config.home import Home
from federation.config.lastbackup import LastBackup

ENDING: Final = ".backup"
#: The folder of the photographs.
PHOTOS_FOLDER: Final = "blobs"


class BackupPlace(Protocol):
    """A folder, or a bucket."""

    @property
    def address(self) -> str:
        """As it is shown to people."""

    def path_of(self, name: str) -> str:
        """Where a backup lies, as people type it."""

    def check(self, home: Home, public: Path | None) -> None:
        """Refuse a place that is none for backups of this home.

        Args:
            home: Whose.
            public: The folder that a web server shows everybody; None: there is none.

        Raises:
            ConfigError: it is none.
        """

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else makes or takes away a backup here meanwhile.

        Raises:
            ConflictError: somebody does.
            OSError: the disk failed.
        """

    def workshop(self) -> AbstractContextManager[Path]:
        """An empty folder of this machine to make one in, gone when the block ends.

        What a killed process left there goes first.
        """

    def publish(
        self, made: Path, names: Iterator[str], step: Callable[[], None]
    ) -> str:
        """Give a file that is whole the first name that is free; which that was.

        Args:
            made: The file, in the workshop.
            names: To be tried, in this order.
            step: Is called again and again; what it raises ends it, and nothing has
                the name.

        Raises:
            OSError: a disk is full or failed, or the object store; likewise.
        """

    def names(self) -> list[str]:
        """Of all that is called as a backup is, in no order.

        Raises:
            OSError: the disk failed, or the object store.
        """

    def open(self, name: str) -> BinaryIO:
        """The bytes of one, at any position; to be closed.

        Raises:
            OSError: it is not there, or the disk failed, or the object store.
        """

    def delete(self, names: Iterable[str]) -> None:
        """Delete these, durably.

        Raises:
            OSError: the disk failed, or the object store.
        """

    def beside(self, folder: str) -> Blobs:
        """What lies beside the backups by its digest, in a folder below the place."""

    def scratch(self) -> list[Path]:
        """Folders of this machine that may have room to put one back for a look."""

    def is_known(self, path: str) -> bool:
        """Whether this is still the place in which that backup was made.

        Raises:
            OSError: the disk failed, or the object store.
        """


def free_names(org: str, stamp: str) -> Iterator[str]:
    """Names for a backup of an organisation at a time, without end."""
    yield f"{org}-{stamp}{ENDING}"
    for number in count(2):
        yield f"{org}-{stamp}-{number}{ENDING}"


def lies_in(last: LastBackup, place: BackupPlace) -> bool:
    """Whether the last backup was made in this place."""
    return last.path == place.path_of(last.path.rpartition("/")[2])
