"""What a backup says of itself."""

from typing import Literal

import msgspec

from federation.store import logs
from federation.store.view import View


class LogExtent(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a log is in a backup: records, and how many of them are signed."""

    origin: str
    own: bool
    records: int
    signed: int


class BackupManifest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What a backup says of itself.

    Attributes:
        version: Of this form.
        org: Whose node it is.
        name: What people call it.
        made_at: When the database was copied, Unix seconds.
        program: The version of the program.
        logs: What is in the database.
        photos: How many photographs it names.
        photo_store: Where those lie that are not beside the file; "": they are.
        originals: How many original photographs it names, sealed beside it.
        key: The id of the key that opens what is secret; "": it is not in it.
        has_annex: Whether sealed annexes and mail are in it.
        left_out: Paths of files that the settings name and that are not in it.
    """

    version: Literal[1] = 1
    org: str
    name: str
    made_at: int
    program: str
    logs: list[LogExtent]
    photos: int
    photo_store: str
    originals: int = 0
    key: str
    has_annex: bool
    left_out: list[str]


def list_extents(view: View) -> list[LogExtent]:
    """How much of each log is in a database.

    Raises:
        StoredError: the row of an own log is damaged.
    """
    return [
        LogExtent(
            origin=log.origin, own=log.own, records=log.next_index, signed=log.size
        )
        for log in logs.list_logs(view)
    ]
