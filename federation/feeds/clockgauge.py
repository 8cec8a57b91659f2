"""How far the clock of a node is from ours, by the Date of its answers.

Rule: an answer that came out of a store on the way (Age) or took long says nothing.
A Date has whole seconds, so what is measured is good for about one.

Source: RFC 9110 section 6.6.1
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

MAX_WAY_S: Final = 5.0


class ClockGauge:
    """Of one node: how many seconds it is ahead of us; None: not known."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.ahead_s: float | None = None

    def take(
        self, headers: Mapping[str, str], asked_at: float | None, now: float | None
    ) -> None:
        """Take in the head of an answer.

        Args:
            headers: Its fields.
            asked_at: Unix seconds by our clock, when it was asked for.
            now: The same, when it came.
        """
        if asked_at is None or now is None or "Age" in headers:
            return
        if not 0 <= now - asked_at <= MAX_WAY_S:
            return
        ahead_s = read_ahead(headers.get("Date", ""), (asked_at + now) / 2)
        if ahead_s is not None:
            self.ahead_s = ahead_s


def read_ahead(date: str, ours: float) -> float | None:
    """A `Date` minus our clock, in seconds; None where it is no time."""
    try:
        moment = parsedate_to_datetime(date)
        # The header has whole seconds: half of one is their share of the error.
        theirs = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() + 0.5
    except (TypeError, ValueError, OverflowError):
        return None
    return theirs - ours
