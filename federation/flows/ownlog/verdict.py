"""The answer to each row that is handed in, and to one that could not be read.

{"row":2,"outcome":"refused","code":"candidate","reason":"candidates.04: 04 is no …",
 "errors":[{"at":"candidates.04","code":"candidate","reason":"04 is no …"}],
 "record":"","index":null,"flags":[]}
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from federation.errors import FormatError, RecordError, SignatureError
from federation.flows.ownlog.duplicates import DraftOutcome
from federation.records.problem import Problem
from federation.text import Sentence, join

MAX_TOLD = 5


class RowError(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a row; `at` is the member, dotted, or "".

    `reason` is a `Sentence` until it is sent: then text in the caller's language.
    """

    at: str = ""
    code: str
    reason: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one row: `record` and `index` where it was logged.

    `flags`: the sums that the form breaks, `several-refs`, `suspected-echo`,
    `outside_register`, `time_past`, `time_future`. `errors`: all that is wrong with a
    refused row; `code` is that of the first and `reason` says them all.
    """

    row: int
    outcome: DraftOutcome
    record: str = ""
    index: int | None = None
    reason: str = ""
    flags: tuple[str, ...] = ()
    code: str = ""
    errors: tuple[RowError, ...] = ()


class UnreadRow(NamedTuple):
    """A row that its reader refused: it keeps its place among the others."""

    errors: tuple[Problem, ...]


class UnreadError(RecordError):
    """What a reader found wrong with a row, on its way to the verdict."""

    def __init__(self, row: UnreadRow) -> None:
        """`row` has at least one error."""
        self.errors = row.errors
        super().__init__(row.errors[0].reason, row.errors[0].at)


def refuse(row: int, problems: Sequence[Problem]) -> Verdict:
    """The verdict on a row with these problems, at least one."""
    errors = tuple(
        RowError(at=problem.at, code=problem.code, reason=problem.reason)
        for problem in problems
    )
    reasons = [
        Sentence("machine.at", place=error.at, cause=error.reason)
        if error.at
        else error.reason
        for error in problems[:MAX_TOLD]
    ]
    if len(errors) > MAX_TOLD:
        reasons.append(Sentence("intake.more", count=len(errors) - MAX_TOLD))
    return Verdict(
        row=row,
        outcome="refused",
        reason=join(reasons),
        code=errors[0].code,
        errors=errors,
    )


def problems_of(
    error: FormatError | RecordError | SignatureError,
) -> tuple[Problem, ...]:
    """What an error says of a row, with its place."""
    if isinstance(error, UnreadError):
        return error.errors
    if isinstance(error, RecordError):
        return (Problem(error.field, error.code, error.rule),)
    if isinstance(error, FormatError):
        return (Problem(error.at, error.code, error.what),)
    return (Problem("", error.code, error.told),)
