"""Mail that came back from agencies, sealed: a file for each.

Rule: a mail may be about anybody, so it lies where annexes lie and is sealed as they
are: not in the database, whose copies would keep it, and not to be read by the node.
A file is durable before anybody is told so, and never there by half.

    mailbox/<id, 32 hex>        0600 in 0700

    federation/mail/v1
    {"id":…,"key":…,"org":…,"received_at":…}
    …                           as every sealed file (`sealedfile.py`)

What is known of it without reading is a row of the database (`agencyanswers.py`).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from federation.errors import FormatError, NotFoundError, StoredError
from federation.files import make_folders, open_regular, sync_folder, write_durably
from federation.files import sweep as sweep_parts
from federation.records.canonical import INCIDENT_PATTERN, Org, Time
from federation.store.sealedfile import format_sealed, head_lines, parse_sealed
from federation.text import Sentence

#: The longest mail that is kept; sealed, in base64, with its head.
MAX_MAIL: Final = 20 << 20
_MAX_FILE: Final = MAX_MAIL * 3 // 2
_VERSION: Final = b"federation/mail/v1\n"
_FILE, _FOLDER = 0o600, 0o700


class MailHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What everybody who has the file can read of it.

    Attributes:
        id: Of the mail.
        key: Of the key it was sealed for, 16 hex digits (`config/annexkey.key_id`).
        org: Who keeps it.
        received_at: When.
    """

    id: Annotated[str, Meta(pattern=INCIDENT_PATTERN)]
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]
    org: Org
    received_at: Time


class SealedMail(NamedTuple):
    """A mail as it is kept: its head, and what only the key opens."""

    head: MailHead
    sealed: bytes


def bound_to_mail(head: MailHead) -> bytes:
    """The lines that are sealed along with a mail."""
    return head_lines(_VERSION, head)


class Mailbox:
    """The mail of one node."""

    def __init__(self, folder: Path) -> None:
        """The folder is made, for its owner only, when the first one is kept."""
        self._folder = folder

    def save(self, mail: SealedMail) -> None:
        """Keep one, durably.

        Raises:
            OSError: a disk is full or failed.
        """
        make_folders(self._folder, _FOLDER)
        with write_durably(self._folder / mail.head.id, _FILE) as file:
            file.write(format_sealed(_VERSION, mail.head, mail.sealed))

    def load(self, mail_id: str) -> SealedMail:
        """The mail of this id: 32 hex digits.

        Raises:
            NotFoundError: none is kept (any more).
            StoredError: it is damaged, or another one.
            OSError: it cannot be read.
        """
        path = self._folder / mail_id
        try:
            with open_regular(path, follow=False) as file:
                data = file.read(_MAX_FILE + 1)
            mail = SealedMail(*parse_sealed(data, _VERSION, MailHead, _MAX_FILE))
        except FileNotFoundError:
            raise NotFoundError(Sentence("answers.no-mail", id=mail_id)) from None
        except FormatError as error:
            raise StoredError(Sentence("answers.mail-damaged"), str(path)) from error
        if mail.head.id != mail_id:
            raise StoredError(Sentence("answers.mail-damaged"), str(path))
        return mail

    def drop(self, mail_id: str) -> None:
        """Keep it no longer; none is there is no fault.

        Raises:
            OSError: the disk failed; it may be there still.
        """
        path = self._folder / mail_id
        if path.exists():
            path.unlink()
            sync_folder(self._folder)

    def walk(self) -> Iterator[tuple[str, int, float]]:
        """The id of each that is kept, its size as a file, and when it was written.

        Raises:
            OSError: the folder cannot be read.
        """
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            if re.match(INCIDENT_PATTERN, path.name):
                status = path.lstat()
                yield path.name, status.st_size, status.st_mtime

    def sweep(self) -> None:
        """Remove what killed processes have left.

        Raises:
            OSError: the folder cannot be read.
        """
        if self._folder.is_dir():
            sweep_parts(self._folder)
