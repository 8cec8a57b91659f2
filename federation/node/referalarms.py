"""What somebody has to look at, of reports on their way to agencies.

    referral-unsure    goes away when it was resolved       incident and agency
    referral-failed    goes away when it is tried anew      as above
    referral-gave-way  goes away when it is prepared anew   as above
    referred-twice     goes away when the agency was told   as above

Rule: an alarm is raised once, and again where it would say something else now.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from federation.flows.refer import note as notes
from federation.flows.refer.holding import find_first
from federation.flows.refer.sending import GAVE_WAY
from federation.store import alarms
from federation.store.outbox import list_items
from federation.store.view import Transaction, View
from federation.text import Sentence, as_said, join

UNSURE: Final = "referral-unsure"
FAILED: Final = "referral-failed"
TWICE: Final = "referred-twice"
_CODES: Final = frozenset({UNSURE, FAILED, TWICE, GAVE_WAY})
_STATES: Final = {"unsure": UNSURE, "failed": FAILED, "expired": FAILED}

#: The code and the subject of an alarm, and what it says; None: it is to go away.
AlarmChange: TypeAlias = tuple[str, str, Sentence | None]


def find_told(view: View, org: str, now: int) -> list[AlarmChange]:
    """What is to be told anew, and what no more."""
    wanted = _find_rows(view) | _find_twice(view, org, now)
    gave_way = {one.subject for one in list_items(view) if one.state == "withdrawn"}
    changes: list[AlarmChange] = []
    for one in alarms.list_alarms(view):
        key = one.code, one.subject
        if one.code == GAVE_WAY and one.subject in gave_way:
            continue
        if one.code in _CODES and key not in wanted:
            changes.append((*key, None))
        elif one.code != TWICE or wanted.get(key) == one.detail:
            wanted.pop(key, None)
    return changes + [(*key, why) for key, why in wanted.items()]


def _find_rows(view: View) -> dict[tuple[str, str], Sentence]:
    return {
        (_STATES[item.state], item.subject): as_said(item.answer or "-")
        for item in list_items(view)
        if item.state in _STATES
    }


def _find_twice(view: View, org: str, now: int) -> dict[tuple[str, str], Sentence]:
    wanted = {}
    for twice in notes.find_twice(view, org, now):
        if not twice.is_settled and notes.find_told(view, org, twice, now) is None:
            first = find_first(org, twice.item, twice.twins)
            told = notes.tell_twins(twice.twins)
            said = notes.tell_note(twice, first)
            wanted[TWICE, twice.item.subject] = join([*told, said])
    return wanted


def tell_told(tx: Transaction, changes: Iterable[AlarmChange], now: int) -> None:
    """Raise and clear what `find_told` has found."""
    for code, subject, why in changes:
        if why is None:
            alarms.clear_alarm(tx, code, subject)
        else:
            alarms.raise_alarm(tx, code, subject, why, now)
