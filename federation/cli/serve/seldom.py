"""A log that nobody can fill: each kind of line at most once a minute.

Rule: a kind is a place in the program that writes, with the kind of error and the place
that raised it, so that what strangers send makes no kinds. What was left out is counted
in the next line of its kind.
"""

import logging
from collections.abc import Callable
from traceback import walk_tb
from typing import Final

EVERY_S: Final = 60.0


class Seldom(logging.Filter):
    """A filter for the handler through which all lines go."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        kind, now = _kind_of(record), self._clock()
        since, left_out = self._kinds.get(kind, (now - EVERY_S, 0))
        if now - since < EVERY_S:
            self._kinds[kind] = since, left_out + 1
            return False
        self._kinds[kind] = now, 0
        if left_out:
            text = record.getMessage()
            record.msg, record.args = f"{text} (and {left_out} more like this)", ()
        return True


def _kind_of(record: logging.LogRecord) -> tuple[object, ...]:
    error = record.exc_info[1] if record.exc_info else None
    raised: tuple[object, ...] = ()
    if error is not None:
        places = [
            (f.f_code.co_filename, line) for f, line in walk_tb(error.__traceback__)
        ]
        raised = type(error).__name__, *places[-1:]
    return record.name, record.levelno, record.pathname, record.lineno, *raised
