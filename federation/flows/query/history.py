"""What was said of a polling station, one after another, and what each changed.

Rule: nothing that was said is hidden because something newer stands: what was replaced
is told with its figures beside what replaced it. When it was said is what its
organisation signed, told in the time of the station; it stands in the record alone, so
the leaf is opened: for one station at a time, and of one log the newest only.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from federation.errors import FormatError, NotFoundError, RecordError
from federation.flows.query import answers
from federation.flows.query.comparison import TOLD
from federation.flows.query.tps import NO_BACKING, said_of
from federation.records.claim import Claim
from federation.records.result import TpsResult
from federation.records.timezones import tell_local
from federation.records.withdrawal import Withdrawal
from federation.store import claims, leaves, logs
from federation.store.view import View

#: So many replaced statements of one log are told.
MOST_REPLACED: Final = 20


class ChangedFigure(NamedTuple):
    """A figure that is another one than before; None: it was not read.

    Attributes:
        name: A ballot number, or the figure's name on the form.
        is_vote: Whether it is a ballot number.
        before: In the statement that was replaced.
        now: In this one.
    """

    name: str
    is_vote: bool
    before: int | None
    now: int | None


class PastSaid(NamedTuple):
    """One statement in its place among those of its organisation.

    Attributes:
        said: The statement.
        at: When, as its organisation signed, in the time of the station; "": the record
            cannot be read here.
        reason: Why it takes back what was said, where it does.
        replaced: The statement that it took the place of, where that is known.
        changed: Its figures that are others than before.
    """

    said: answers.Said
    at: str
    reason: str
    replaced: answers.Said | None
    changed: tuple[ChangedFigure, ...]


class History(NamedTuple):
    """All that was said in one contest; `left_out` older ones are not told.

    Attributes:
        standing: What stands, by organisation.
        replaced: What does not any more, of each organisation the newest first.
        left_out: How many older ones there are.
    """

    standing: list[PastSaid]
    replaced: list[PastSaid]
    left_out: int


def history_of(view: View, contest: answers.Contest) -> History:
    """What was said in this contest at its station.

    Args:
        view: The snapshot that the contest was read in.
        contest: As `tps` answers it.
    """
    standing = [*contest.monitors, *contest.kpu]
    earlier, left_out = _read_earlier(view, contest.earlier)
    slots: dict[tuple[str, str, bool], list[answers.Said]] = defaultdict(list)
    for said in sorted([*standing, *earlier], key=lambda one: one.index):
        slots[said.origin, said.round, said.official].append(said)
    told: dict[tuple[str, int], PastSaid] = {}
    for line in slots.values():
        for before, said in zip([None, *line], line, strict=False):
            told[said.origin, said.index] = _tell(view, contest.tps, before, said)
    return History(
        [told[said.origin, said.index] for said in standing],
        [
            told[said.origin, said.index]
            for said in sorted(earlier, key=lambda one: (one.origin, -one.index))
        ],
        left_out,
    )


def _read_earlier(
    view: View, entries: Iterable[answers.Entry]
) -> tuple[list[answers.Said], int]:
    """The newest of what was replaced of each log, and how many more there are."""
    by_origin: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        by_origin[entry.origin].append(entry.index)
    found, left_out = list[answers.Said](), 0
    for origin, indexes in by_origin.items():
        log_id = logs.get_log(view, origin).id
        read = [
            claim
            for index in sorted(indexes)[-MOST_REPLACED:]
            if (claim := claims.read_claim(view, log_id, index)) is not None
        ]
        found += [_replaced(origin, claim) for claim in read]
        left_out += len(indexes) - len(read)
    return found, left_out


def _replaced(origin: str, claim: Claim) -> answers.Said:
    return replace(said_of(origin, claim, UNSET, NO_BACKING), counted=False)


def _tell(
    view: View, tps: str, before: answers.Said | None, said: answers.Said
) -> PastSaid:
    at = reason = ""
    try:
        log_id = logs.get_log(view, said.origin).id
        statement = leaves.read_record(view, log_id, said.index).statement
    except (FormatError, NotFoundError, RecordError):
        pass  # what is damaged here is told elsewhere
    else:
        if isinstance(statement, TpsResult | Withdrawal):
            at = tell_local(statement.recorded_at, tps)
        reason = statement.reason if isinstance(statement, Withdrawal) else ""
    changed = (
        *_changes(before, said, "votes"),
        *_changes(before, said, "figures"),
    )
    return PastSaid(said, at, reason, before, changed)


def _changes(
    before: answers.Said | None, said: answers.Said, member: str
) -> list[ChangedFigure]:
    """The votes, or the other figures, that both told and that are not the same."""
    then, now = _figures(before, member), _figures(said, member)
    if not then or not now:
        return []
    is_vote = member == "votes"
    names = sorted({*then, *now}, key=lambda name: (len(name), name))
    return [
        ChangedFigure(name, is_vote, then.get(name), now.get(name))
        for name in (names if is_vote else TOLD)
        if then.get(name) != now.get(name)
    ]


def _figures(said: answers.Said | None, member: str) -> Mapping[str, int]:
    return (getattr(said, member) or {}) if said else {}
