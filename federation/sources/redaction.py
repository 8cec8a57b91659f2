"""What is personal in a report that somebody hands in, replaced before it is signed.

Rule: whoever asked for it is told of every word, as nobody else checks what a pattern
took for somebody's. Only the texts of a report are changed: a number or a place that
looks personal is refused, as it would be another one without.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from federation.records.canonical import LongText, ShortText
from federation.records.personal import PersonalKind, find_all, redact

#: The members that are changed, and how many characters a record takes of each.
_MOST: Final[Mapping[str, int]] = {
    member: bounds.max_length
    for member, text in (("summary", ShortText), ("description", LongText))
    for bounds in get_args(text)[1:]
}


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """A word that a mark took the place of.

    `row` is that of the report's verdict; `at` the member, `character` where in it the
    word began, from 1, when line breaks were blanks.
    """

    row: int
    at: str
    character: int
    kind: PersonalKind
    word: str


def redact_report(line: Any, row: int) -> tuple[Any, list[Replacement]]:  # noqa: ANN401  whatever came
    """The same report without what is personal in its texts, and what that was."""
    if not isinstance(line, dict):
        return line, []
    changed: dict[str, str] = {}
    replaced: list[Replacement] = []
    for member, most in _MOST.items():
        if isinstance(given := line.get(member), str):
            text = " ".join(given.split())
            if found := find_all(text):
                changed[member] = redact(text, most)
            replaced += (
                Replacement(
                    row=row,
                    at=member,
                    character=one.start + 1,
                    kind=one.kind,
                    word=one.word,
                )
                for one in found
            )
    return {**line, **changed}, replaced
