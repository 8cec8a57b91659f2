"""What is refused before a batch is judged against the log, though its form is right.

Rule: what is signed stands for ever and is copied to every partner, so nothing goes in
that others could not read (`records/problem.py`), that speaks of a station which the
election should not have (`flows/listing.py`), or that the same batch denies
(`records/contradiction.py`). What was published once can always be taken back: nothing
of a withdrawal is doubted but the words of its reason, which may name a person as those
of a note may (`sources/personal.py`).

What only looks strange goes in with a flag: a station that its sender insists on, and
a time at which nobody can have seen the form.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import UNSET, to_builtins

from federation.flows.listing import find_unlisted
from federation.flows.ownlog.signing import Opened
from federation.records.canonical import format_time
from federation.records.claim import StatementSlot
from federation.records.contradiction import (
    BatchRow,
    Referred,
    SlotAnswer,
    explain,
    find_repeated,
    judge_refs,
    judge_slot,
)
from federation.records.kinds import kind_of
from federation.records.ownstatement import OwnStatement
from federation.records.problem import CLOCK_SLACK_S, Problem, find_strangers
from federation.records.profile import Profile
from federation.records.recap import Recap
from federation.records.result import TpsResult
from federation.records.tps import TPS_LENGTH
from federation.sources.personal import why_personal
from federation.store.view import View
from federation.text import Sentence

OUTSIDE, PAST, FUTURE = "outside_register", "time_past", "time_future"
CONTRADICTION, PERSONAL = "contradiction", "personal"
# Abroad people vote up to ten days before voting day; a wrong clock says 1970.
EARLY_DAYS = 31


class Doubts:
    """What is wrong with the rows of one batch, whatever the log says.

    `refused`: the problems of rows that are not taken. `repeats`: the row that says
    the same, for rows that do not count beside it. `outdated`: why a row is older than
    another. All by the number of the row.
    """

    def __init__(
        self,
        view: View,
        profile: Profile,
        rows: Sequence[Opened],
        now: float,
        *,
        given: Collection[int] = (),
        unlisted: bool = False,
    ) -> None:
        """Look at all rows at once.

        Args:
            view: What the node holds.
            profile: Of the election.
            rows: Of one batch.
            now: Unix time in seconds.
            given: The numbers of the rows whose words nobody has looked through yet.
            unlisted: Let stations in that the election should not have.
        """
        self.refused: dict[int, tuple[Problem, ...]] = {}
        self.repeats: dict[int, int] = {}
        self.outdated: dict[int, str] = {}
        # Times of one form and zone: they are compared as they are written.
        self._first, self._last = _earliest(profile), format_time(now + CLOCK_SLACK_S)
        self._several = self._mixed = False
        for opened in rows:
            if opened.row in given and (problem := _find_personal(opened)):
                self.refused[opened.row] = (problem,)
        self._slots = {row.row: slot for row in rows if (slot := _slot(row))}
        stations = (slot.tps for slot in self._slots.values())
        self._outside = find_unlisted(view, profile.election, stations)
        results = {row.row: row for row in rows if row.is_result}
        for row, slot in self._slots.items():
            result = results.get(row)
            problems = [] if result is None else _find_strangers(result, profile)
            if not unlisted and (doubt := self._outside.get(slot.tps)):
                reason = Sentence("intake.publish-anyway", reason=doubt.reason)
                at = "tps" if len(slot.tps) == TPS_LENGTH else "region"
                problems.append(Problem(at, doubt.code, reason))
            if problems:
                self.refused[row] = (*self.refused.get(row, ()), *problems)
        self._judge_refs(results)
        for numbers in find_repeated(self._spoken(rows, results)):
            self._judge(numbers, results)
        self._judge_sums(rows)

    def order(self, rows: Sequence[Opened]) -> list[Opened]:
        """The rows that are left, as they are to be judged.

        A photo alone comes before the votes that somebody read from one: behind them
        it would stand in their place. A revision that nobody reviewed comes behind the
        older one that somebody did, which it does not replace.
        """
        left = [row for row in rows if not self._is_answered(row.row)]
        if self._several and not any(_slot(row, empties=True) for row in left):
            left.sort(key=_rank if self._mixed else _is_read)
        return left

    def flags(self, row: Opened) -> tuple[str, ...]:
        """What is strange about a row that goes in."""
        slot = self._slots.get(row.row)
        flags = (OUTSIDE,) if slot and slot.tps in self._outside else ()
        if not row.observed_at:
            return flags
        if row.observed_at < self._first:
            return (*flags, PAST)
        if row.observed_at > self._last:
            return (*flags, FUTURE)
        return flags

    def _spoken(
        self, rows: Sequence[Opened], results: Collection[int]
    ) -> Iterator[tuple[int, Hashable]]:
        """Where the results that are left stand; a withdrawal begins its slot anew."""
        withdrawn: Counter[Hashable] = Counter()
        for row in rows:
            if row.row in results:
                if not self._is_answered(row.row):
                    slot = self._slots[row.row]
                    times = withdrawn[slot]
                    yield row.row, (slot, times) if times else slot
            elif row.row not in self.refused and (emptied := _slot(row, empties=True)):
                withdrawn[emptied] += 1

    def _is_answered(self, row: int) -> bool:
        return row in self.refused or row in self.repeats or row in self.outdated

    def _judge(self, numbers: Sequence[int], results: Mapping[int, Opened]) -> None:
        said = [(number, results[number].statement) for number in numbers]
        rows = [BatchRow(number, to_builtins(result)) for number, result in said]
        reviews = {getattr(result, "review", "") for _, result in said}
        self._several, self._mixed = True, self._mixed or len(reviews) > 1
        self._answer(judge_slot(rows))

    def _judge_sums(self, rows: Sequence[Opened]) -> None:
        """Several rows about the sums of one region, as those of one station."""
        sums = {
            row.row: statement
            for row in rows
            if row.row in self._slots
            and not (row.is_result or row.row in self.refused)
            and isinstance(statement := row.statement, Recap)
        }
        for numbers in find_repeated((row, self._slots[row]) for row in sums):
            members = [BatchRow(row, to_builtins(sums[row])) for row in numbers]
            self._answer(judge_slot(members))

    def _judge_refs(self, results: Mapping[int, Opened]) -> None:
        """A `ref` that is of two stations: see `records/contradiction.py`."""
        said = {
            number: one
            for number, result in results.items()
            if (one := result.said)
            and one.ref is not None
            and one.revision is not None
            and number not in self.refused
        }
        refs = ((number, (one.ref, one.slot.contest)) for number, one in said.items())
        several = chain.from_iterable(find_repeated(refs))
        self._answer(judge_refs(_referred(number, said[number]) for number in several))

    def _answer(self, answers: Mapping[int, SlotAnswer]) -> None:
        for number, answer in answers.items():
            if answer.kind == "repeats":
                self.repeats[number] = answer.rows[0]
            elif answer.kind == "outdated":
                self.outdated[number] = explain(answer)
            else:
                problem = Problem(answer.members[0], CONTRADICTION, explain(answer))
                self.refused[number] = (problem,)


def _referred(number: int, said: OwnStatement) -> Referred:
    slot, revision = said.slot, said.revision
    assert revision is not None, "asked before"
    stands = (slot.tps, slot.round, slot.official)
    return Referred(number, (said.ref, slot.contest), revision, stands)


def _find_strangers(row: Opened, profile: Profile) -> list[Problem]:
    result = row.statement if row.is_strange else None
    return find_strangers(result, profile) if isinstance(result, TpsResult) else []


def _find_personal(row: Opened) -> Problem | None:
    """The first free text of a statement that may be about somebody."""
    statement = row.statement
    for member in kind_of(statement).free_text:
        text = getattr(statement, member, UNSET)
        if text is not UNSET and (why := why_personal(member, text)):
            return Problem(member, PERSONAL, why)
    return None


def _slot(row: Opened, *, empties: bool = False) -> StatementSlot | None:
    """The slot that a row stands in; or that it empties."""
    said = row.said
    if said is None or (said.review == "withdrawn") is not empties:
        return None
    return said.slot


def _is_read(row: Opened) -> bool:
    statement = row.statement
    if not isinstance(statement, TpsResult):
        return True
    blocks = statement.candidates, statement.parties, statement.figures
    return any(block is not UNSET for block in blocks)


def _rank(row: Opened) -> tuple[bool, int]:
    revision = row.said.revision if row.said and row.is_result else None
    return _is_read(row), -1 if revision is None else revision


def _earliest(profile: Profile) -> str:
    """The earliest time at which a form of this election can have been seen."""
    day = dt.date.fromisoformat(profile.file.voting_day)
    return f"{day - dt.timedelta(days=EARLY_DAYS)}T00:00:00Z"
