"""What is said of turns: those that brought something or failed, and no others.

Rule: a turn that brings nothing and says nothing new is quiet, so that an hour without
news is an hour without lines. A reason that stands (a history that does not go on) is
said when it comes, changes or goes.
"""

import logging

from federation.node.events import say
from federation.schedule import OF_DISK, EndedTurn


class TurnLog:
    """The turns of one node, of all its duties."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._standing: dict[str, str] = {}

    def ended(self, turn: EndedTurn) -> None:
        """Say how a turn went, if anybody needs to know."""
        result, was = turn.result, self._standing.get(turn.name, "")
        # Of our own disk: an alarm says so, once for all partners.
        reason = "" if result.outcome == OF_DISK else result.reason
        self._standing[turn.name] = reason
        is_bad = result.is_failed or bool(reason)
        brought = result.new_leaves or result.photos
        if reason == was and not (result.is_failed or brought):
            return
        # Names of partners are domain names; of our own duties none is.
        is_ours = " " in turn.name or "." not in turn.name
        say(
            "turn-failed" if is_bad else "turn",
            turn.name,
            level=logging.WARNING if is_bad else logging.INFO,
            peer="" if is_ours else turn.name,
            duty=turn.name if is_ours else "",
            outcome=result.outcome,
            logs=result.new_logs,
            records=result.new_leaves,
            photos=result.photos,
            seconds=round(turn.seconds, 2),
            failures=turn.failures,
            reason=reason,
        )
