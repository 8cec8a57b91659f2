"""Sealed annexes of incidents: a file for each, which the node itself cannot read.

Rule: what is personal of an incident lies here and nowhere else. Not in the database:
its free pages, its log and its copies would keep what was replaced or purged, and a
copy of `data/` is a backup that nobody asked to hold this. A file is durable before
anybody is told so, is replaced as a whole, and is never there by half.

    annex/<election>/<id of the incident, 32 hex>        0600 in 0700

    federation/annex/v1
    {"election":…,"incident":…,"keep_until":"2027-05-29","key":…,"org":…,"sealed_at":…}
    …                                   as every sealed file (`sealedfile.py`)
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from federation.errors import FormatError, NotFoundError, StoredError
from federation.files import (
    make_folders,
    open_regular,
    sweep,
    sync_folder,
    write_durably,
)
from federation.records.canonical import (
    DAY_PATTERN,
    INCIDENT_PATTERN,
    Org,
    Time,
)
from federation.records.incident import IncidentId
from federation.records.profile import ELECTION_PATTERN, Election
from federation.store.sealedfile import format_sealed, head_lines, parse_sealed
from federation.text import Sentence

MAX_BYTES: Final = 1 << 20
_VERSION: Final = b"federation/annex/v1\n"
_FILE, _FOLDER = 0o600, 0o700


class AnnexHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What everybody who has the file can read of it.

    Attributes:
        election: Of the incident.
        incident: Its id.
        keep_until: The last day on which it is kept, YYYY-MM-DD, in UTC.
        key: Of the key it was sealed for, 16 hex digits (`config/annexkey.key_id`).
        org: Who keeps it.
        sealed_at: When.
    """

    election: Election
    incident: IncidentId
    keep_until: Annotated[str, Meta(pattern=rf"^{DAY_PATTERN}$(?!\n)")]
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]
    org: Org
    sealed_at: Time


class SealedAnnex(NamedTuple):
    """An annex as it is kept: its head, and what only the key opens."""

    head: AnnexHead
    sealed: bytes


class FoundAnnex(NamedTuple):
    """An annex that lies here; without a head it is damaged.

    Attributes:
        election: By its folder.
        incident: By its name.
        head: What it says of itself.
        size: Of the file, in bytes.
        written_at: Unix seconds, by the file system.
    """

    election: str
    incident: str
    head: AnnexHead | None
    size: int
    written_at: int


def bound_to(head: AnnexHead) -> bytes:
    """The lines that are sealed along with what they head."""
    return head_lines(_VERSION, head)


def format_annex(annex: SealedAnnex) -> bytes:
    """The file of an annex."""
    return format_sealed(_VERSION, annex.head, annex.sealed)


def parse_annex(data: bytes) -> SealedAnnex:
    """The annex that a file holds.

    Raises:
        FormatError: it is no whole file of this version.
    """
    return SealedAnnex(*parse_sealed(data, _VERSION, AnnexHead, MAX_BYTES))


class AnnexFolder:
    """The annexes of one node."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made, for its owner only, when the first one is kept."""
        self._folder = folder

    def path(self, election: str, incident: str) -> Path:
        """Where the annex of an incident lies, or would."""
        assert re.match(ELECTION_PATTERN, election), election
        assert re.match(INCIDENT_PATTERN, incident), incident
        return self._folder / election / incident

    def save(self, annex: SealedAnnex) -> None:
        """Keep an annex, durably, in the place of the one before.

        Raises:
            OSError: it cannot be written; the one before is there still.
        """
        path = self.path(annex.head.election, annex.head.incident)
        make_folders(self._folder, _FOLDER)
        make_folders(path.parent, _FOLDER)
        with write_durably(path, _FILE) as file:
            file.write(format_annex(annex))

    def load(self, election: str, incident: str) -> SealedAnnex:
        """The annex of an incident.

        Raises:
            NotFoundError: none is kept.
            StoredError: it is damaged, or another one.
            OSError: it cannot be read.
        """
        path = self.path(election, incident)
        try:
            with open_regular(path, follow=False) as file:
                annex = parse_annex(file.read(MAX_BYTES + 1))
        except FileNotFoundError:
            why = Sentence("annex.none", incident=incident, election=election)
            raise NotFoundError(why) from None
        except FormatError as error:
            raise StoredError(Sentence("annex.damaged"), str(path)) from error
        if (annex.head.election, annex.head.incident) != (election, incident):
            raise StoredError(Sentence("annex.damaged"), str(path))
        return annex

    def look(self, election: str, incident: str) -> FoundAnnex | None:
        """What lies here of an incident; damaged, or not to be read: without a head.

        Raises:
            OSError: the folder cannot be read.
        """
        head = None
        try:
            status = self.path(election, incident).lstat()
            with contextlib.suppress(StoredError, OSError):
                head = self.load(election, incident).head
        except (FileNotFoundError, NotFoundError):
            return None
        return FoundAnnex(
            election=election,
            incident=incident,
            head=head,
            size=status.st_size,
            written_at=int(status.st_mtime),
        )

    def walk(self) -> Iterator[FoundAnnex]:
        """All that are kept, by election and id, as `look` finds them.

        Raises:
            OSError: the folder cannot be read.
        """
        for folder in _inside(self._folder, ELECTION_PATTERN):
            for path in _inside(folder, INCIDENT_PATTERN):
                if found := self.look(folder.name, path.name):
                    yield found

    def places(self) -> Iterator[Path]:
        """The folder, those in it, and the files of annexes: what is private of it.

        Raises:
            OSError: a folder cannot be read.
        """
        if self._folder.exists():
            yield self._folder
        for folder in _inside(self._folder, ELECTION_PATTERN):
            yield folder
            yield from _inside(folder, INCIDENT_PATTERN)

    def drop(self, election: str, incident: str) -> bool:
        """Keep the annex of an incident no longer; whether there was one.

        With it goes what a killed process has left of it.

        Raises:
            OSError: it cannot be deleted.
        """
        path = self.path(election, incident)
        if not path.parent.is_dir():
            return False
        sweep(path.parent, path.name)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        finally:
            sync_folder(path.parent)
        return True

    def sweep(self) -> None:
        """Remove what killed processes have left.

        Raises:
            OSError: a folder cannot be read.
        """
        for folder in _inside(self._folder, ELECTION_PATTERN):
            sweep(folder)


def _inside(folder: Path, pattern: str) -> list[Path]:
    """What has such a name in a folder, in order; nothing where there is no folder."""
    try:
        return sorted(one for one in folder.iterdir() if re.match(pattern, one.name))
    except (FileNotFoundError, NotADirectoryError):
        return []
