"""The end of a log.

Rule: nothing that stands behind it in the same log is valid.

    {"election":"pemilu-2024","org":"jagasuara.example",
     "origin":"jagasuara.example/pemilu-2024","reason":"…",
     "recorded_at":"2024-06-01T00:00:00Z",
     "successor":"jagasuara.example/pemilu-2024/2","type":"log-closed/1"}
"""

from msgspec import UNSET, Struct, UnsetType

from federation.errors import RecordError
from federation.records.canonical import Org, Origin, ShortText, Time
from federation.records.keystatement import parse_origin
from federation.records.profile import Election
from federation.text import Sentence


class LogClosed(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="log-closed/1",
):
    """This log has ended; `successor` is the log that continues it, if any does."""

    election: Election
    org: Org
    origin: Origin
    reason: ShortText
    recorded_at: Time
    successor: Origin | UnsetType = UNSET


def check_successor(closed: LogClosed) -> None:
    """Refuse a successor that is not the log's own.

    Raises:
        RecordError: `successor` is another log than the next generation of this one.
    """
    if closed.successor is UNSET:
        return
    old, new = parse_origin(closed.origin), parse_origin(closed.successor)
    if new != old._replace(generation=old.generation + 1):
        raise RecordError(Sentence("chain.successor"), "successor")
