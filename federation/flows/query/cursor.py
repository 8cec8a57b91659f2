"""Where an answer was read: the life of the map and its last change.

Rule: text form `<epoch>.<change>`. Changes are numbered per election and only grow;
a restored or rebuilt database begins a new epoch, and a cursor of another epoch is
told so instead of silently missing changes.
"""

from typing import NamedTuple

from federation.errors import FormatError
from federation.store import mapstate
from federation.store.view import View
from federation.text import Sentence

MAX_CHANGE = 2**53 - 1


class Cursor(NamedTuple):
    """A place in the sequence of changes; `change` 0 is before the first."""

    epoch: str
    change: int


def parse_cursor(text: str) -> Cursor:
    """The cursor that `text` is; "" is the beginning of any epoch.

    Raises:
        FormatError: it is none.
    """
    if not text:
        return Cursor("", 0)
    epoch, dot, change = text.rpartition(".")
    plain = change.isascii() and change.isdigit() and len(change) <= 16
    if not (dot and epoch and plain and int(change) <= MAX_CHANGE):
        raise FormatError(Sentence("asked.cursor"), repr(text[:80]))
    return Cursor(epoch, int(change))


def format_cursor(cursor: Cursor) -> str:
    """The cursor as text."""
    return f"{cursor.epoch}.{cursor.change}"


def read_cursor(view: View, election: str) -> Cursor:
    """Where the map of this election is now."""
    return Cursor(*mapstate.read_stand(view, election))
