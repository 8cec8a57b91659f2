"""A log that nobody can fill: each kind of line at most once a minute.

Rule: a kind is a place in the program that writes, with the kind of error and the place
that raised it, so that what strangers send makes no kinds. An event is of the kind of
its code and what it is about (a partner, the code of an alarm); of these some may come
together, and then a few each minute. What was left out is counted in the next line of
its kind.
"""

import logging
from collections.abc import Callable
from traceback import walk_tb
from typing import Final, NamedTuple

from federation.node.events import Event

EVERY_S: Final = 60.0
#: So many events of one kind may come at once, and one more each `EVENT_S`.
EVENTS: Final = 20
EVENT_S: Final = 30.0


class _Allowance(NamedTuple):
    """Of one kind: how many lines it has left at a moment; how many were left out."""

    lines: float
    at: float
    left_out: int = 0


class Seldom(logging.Filter):
    """A filter for the handler through which all lines go."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[object, ...], _Allowance] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written; `left_out` says how many were not."""
        event = record.msg if isinstance(record.msg, Event) else None
        kind, now = _kind_of(record, event), self._clock()
        most, every_s = (EVENTS, EVENT_S) if event else (1, EVERY_S)
        known = self._kinds.get(kind, _Allowance(most, now))
        lines = min(most, known.lines + (now - known.at) / every_s)
        if lines < 1:
            self._kinds[kind] = _Allowance(lines, now, known.left_out + 1)
            return False
        self._kinds[kind] = _Allowance(lines - 1, now)
        if known.left_out:
            record.left_out = known.left_out
        return True


def _kind_of(record: logging.LogRecord, event: Event | None) -> tuple[object, ...]:
    if event is not None:
        return event.code, event.about
    error = record.exc_info[1] if record.exc_info else None
    raised: tuple[object, ...] = ()
    if error is not None:
        places = [
            (f.f_code.co_filename, line) for f, line in walk_tb(error.__traceback__)
        ]
        raised = type(error).__name__, *places[-1:]
    return record.name, record.levelno, record.pathname, record.lineno, *raised
