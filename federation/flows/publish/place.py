"""Where a site is written: a folder, or a bucket of an object store; both in one order.

Rule: a file is whole from the moment it is there. What is given between two calls of
`sync` may come to be in any order; behind `sync` all of it is there and stays.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from federation.feeds.resource import Caching
from federation.text import Sentence


class Written(NamedTuple):
    """What one turn has done to the place."""

    files: int
    bytes: int
    removed: int


class SitePlace(Protocol):
    """A folder (`outputfolder.py`), or a bucket (`outputbucket.py`)."""

    @property
    def address(self) -> str:
        """As it is shown to people."""

    @property
    def written(self) -> Written:
        """What was done since `restart`."""

    def check(self, private: Iterable[Path]) -> Sentence | None:
        """Refuse a place in which what is published would mix with other things.

        Args:
            private: Folders of this machine that nobody else may read.

        Returns:
            What was found out about the place, when it was; None: nothing new.

        Raises:
            ConfigError: it is no place for a site.
            OSError: the disk failed, or the object store.
        """

    def restart(self) -> None:
        """A turn begins: count from nothing again, and take nothing for known."""

    def begin(self, org: str) -> None:
        """Say that this is ours and not whole, unless our site is there.

        Args:
            org: Whose site is written.

        Raises:
            ConfigError: somebody else's site is there, or other things.
            OSError: the disk is full or failed, or the object store; so do all below.
        """

    def end(self) -> None:
        """All is there."""

    def has(self, name: str) -> bool:
        """Whether this file is there."""

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """The first bytes of a file as it is there now; None where there is none."""

    def is_same(self, name: str, data: bytes) -> bool:
        """Whether a file is there, with these bytes."""

    def add(self, name: str, read: Callable[[], bytes], cached: Caching) -> None:
        """Have a file that never changes written, unless it is there.

        Args:
            name: Of the file.
            read: Its bytes; not called where it need not be.
            cached: How copies of it are kept.

        Raises:
            ConflictError: another one is there under its name; perhaps not before
                `sync`.
        """

    def keep(self, name: str, read: Callable[[], bytes], cached: Caching) -> None:
        """The same of a file that a checkpoint there names: not read without need.

        Where the place tells what it has, another one is found; else it is believed.

        Raises:
            ConflictError: as of `add`.
        """

    def put(self, name: str, data: bytes) -> None:
        """Have a file written that others of its name come after.

        Raises:
            ConflictError: somebody else writes here; perhaps not before `sync`.
        """

    def replace(self, name: str, data: bytes) -> None:
        """Have a file written whatever is there: of what nobody signs."""

    def sync(self) -> None:
        """All that was given is there, durably: what comes next relies on it."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def names(self, folder: str) -> Iterator[str]:
        """Every file below a folder, in no order."""
