"""What is due to be told to whom: decided from alarms that stand and what was told.

Rule: once when an alarm is raised, once when it is gone, and once a day as long as it
stands. One that comes and goes is told again after an hour at the earliest. Each
message holds all that is due; of messages to one recipient some may come at once, then
one each five minutes, so that nothing anybody does fills a mailbox. Time comes in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec.structs import replace

from federation.records.severity import ORDER, Severity, is_at_least, severity_of
from federation.store.alarms import Alarm
from federation.store.notices import Notice

NoticeState: TypeAlias = Literal["raised", "reminder", "settled"]
NoticeKey: TypeAlias = tuple[str, str, str]  # recipient, code, subject

#: An alarm that comes and goes is not told again sooner.
CALM_S: Final = 3_600
#: So many messages to one recipient may come at once, and one more each `MESSAGE_S`.
MESSAGES: Final = 30
MESSAGE_S: Final = 300.0
#: Of one message; the others are counted in it.
MAX_ITEMS: Final = 20
#: That a message could not be sent is not told to whom it could not be sent.
UNSENT: Final = "alarm-unsent"


class DueNotice(NamedTuple):
    """One alarm in a message."""

    state: NoticeState
    notice: Notice


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Who wants to hear what: `codes` None: all; `is_once`: that it came, only."""

    recipient: str
    at_least: Severity = "warning"
    codes: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    is_once: bool = False

    def has(self, code: str, subject: str) -> bool:
        """Whether this alarm is for it."""
        if code == UNSENT and subject == self.recipient:
            return False
        if self.codes is not None and code not in self.codes:
            return False
        if self.subjects is not None and subject not in self.subjects:
            return False
        return is_at_least(code, self.at_least)


class NoticePlan:
    """What all recipients were told, and what is due."""

    def __init__(self, notices: Iterable[Notice], remind_s: int) -> None:
        """As it was kept."""
        self._rows = {_key(notice): notice for notice in notices}
        self._remind_s = remind_s
        self._left: dict[str, tuple[float, float]] = {}  # messages, at

    @property
    def notices(self) -> list[Notice]:
        """What is to be kept."""
        return list(self._rows.values())

    def follow(
        self,
        standing: Mapping[tuple[str, str], Alarm],
        wishes: Sequence[Wish],
        now: int,
    ) -> None:
        """Take in which alarms stand now, and who wants to hear of them."""
        wanted = {
            (wish.recipient, *key): alarm
            for wish in wishes
            for key, alarm in standing.items()
            if wish.has(*key)
        }
        known = {wish.recipient for wish in wishes}
        for key, alarm in wanted.items():
            self._rows[key] = _standing(self._rows.get(key), key, alarm)
        for key, row in list(self._rows.items()):
            is_over = row.ended and abs(now - row.told_at) >= CALM_S
            if key[0] not in known or (is_over and key not in wanted):
                del self._rows[key]
            elif key not in wanted and not row.settled_at:
                self._rows[key] = replace(row, settled_at=now)

    def due(self, wish: Wish, now: int) -> list[DueNotice]:
        """What is to be told to one recipient now, the worst first; often nothing."""
        rows = [row for row in self._rows.values() if row.recipient == wish.recipient]
        due = [
            DueNotice(state, row)
            for row in rows
            if (state := self._state(row, wish, now)) is not None
        ]
        if due and not self._may_tell(wish.recipient, now):
            return []
        return sorted(due, key=_rank)

    def told(self, recipient: str, due: Iterable[DueNotice], now: int) -> None:
        """Take in that these were told."""
        messages, _ = self._left.get(recipient, (MESSAGES, now))
        self._left[recipient] = messages - 1, now
        for state, told in due:
            row = self._rows.get(_key(told))
            if row is None:
                continue
            # It may be here again meanwhile: then that is told, after a while.
            ended = int(state == "settled")
            self._rows[_key(told)] = replace(row, told_at=max(now, 1), ended=ended)

    def _state(self, row: Notice, wish: Wish, now: int) -> NoticeState | None:
        # A clock that was set back keeps nothing from being told for longer.
        since_s = abs(now - row.told_at)
        if row.settled_at:
            return None if row.ended or wish.is_once else "settled"
        if not row.told_at:
            return "raised"
        if wish.is_once:
            return None
        if row.ended:  # it was gone, that was told, and it is here again
            return "raised" if since_s >= CALM_S else None
        return "reminder" if since_s >= self._remind_s else None

    def _may_tell(self, recipient: str, now: int) -> bool:
        messages, at = self._left.get(recipient, (MESSAGES, now))
        messages = min(MESSAGES, messages + abs(now - at) / MESSAGE_S)
        self._left[recipient] = messages, now
        return messages >= 1


def _standing(row: Notice | None, key: NoticeKey, alarm: Alarm) -> Notice:
    if row is None:
        return Notice(
            recipient=key[0],
            code=alarm.code,
            subject=alarm.subject,
            detail=alarm.detail,
            raised_at=alarm.first_at,
        )
    if not (row.settled_at or row.detail != alarm.detail):
        return row
    return replace(row, detail=alarm.detail, raised_at=alarm.first_at, settled_at=0)


def _key(notice: Notice) -> NoticeKey:
    return notice.recipient, notice.code, notice.subject


def _rank(due: DueNotice) -> tuple[int, bool, str, str]:
    notice = due.notice
    weight = -ORDER.index(severity_of(notice.code))
    return weight, due.state == "settled", notice.code, notice.subject
