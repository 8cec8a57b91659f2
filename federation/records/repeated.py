"""Texts that repeat from record to record, looked at once.

Rule: same verdict and same words as a pattern in msgspec's `Meta`, but of the types
that come by the million. There a pattern is a call into `re` for each text of each
record: seven calls were 3 µs of the 3.8 that a result took to decode. Here the pattern
stands in the type for JSON Schema alone, and the struct asks from `__post_init__`, so
that none is ever made unchecked.

What was found good is remembered, in bounds; a refused text of any length never is.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Meta

from federation.errors import RecordError
from federation.records.canonical import (
    DAY_PATTERN,
    ORG_PATTERN,
    TIME_OF_DAY_PATTERN,
    TIME_PATTERN,
    mismatch,
)
from federation.records.profile import CANDIDATE_PATTERN, ELECTION_PATTERN
from federation.records.tps import TPS_LENGTH, TPS_PATTERN
from federation.text import Sentence

_org: Final = re.compile(ORG_PATTERN).search
_election: Final = re.compile(ELECTION_PATTERN).search
_candidate: Final = re.compile(CANDIDATE_PATTERN).search
_tps: Final = re.compile(TPS_PATTERN).search
_day: Final = re.compile(DAY_PATTERN).fullmatch
_time_of_day: Final = re.compile(TIME_OF_DAY_PATTERN).fullmatch


def for_schema(pattern: str, max_length: int | None = None) -> Meta:
    """What tells a pattern to JSON Schema and leaves it to this module to check."""
    return Meta(max_length=max_length, extra_json_schema={"pattern": pattern})


@lru_cache(maxsize=256)
def check_source(election: str, org: str) -> None:
    """Refuse what is not the name of an election or of an organisation.

    Raises:
        RecordError: one of them is not.
    """
    if not _election(election):
        raise mismatch(ELECTION_PATTERN, "election")
    if not _org(org):
        raise mismatch(ORG_PATTERN, "org")


def check_time(text: str, field: str) -> None:
    """Refuse what is not a real time: the days of an election are few.

    Raises:
        RecordError: it is not.
    """
    if not (_time_of_day(text, 10) and _is_day(text[:10])):
        raise mismatch(TIME_PATTERN, field)


def check_tps(text: str) -> None:
    """Refuse what is not the code of a station: each comes once, so none is kept.

    Raises:
        RecordError: it is not.
    """
    # Nearly all are thirteen digits; asked so, a third of what the pattern takes.
    if len(text) == TPS_LENGTH and text.isascii() and text.isdigit():
        return
    if not _tps(text):
        raise mismatch(TPS_PATTERN, "tps")


@lru_cache(maxsize=512)
def check_candidates(ids: tuple[str, ...], field: str) -> None:
    """Refuse what are not ids of candidates: one race has the same ones everywhere.

    Raises:
        RecordError: one of them is not.
    """
    for name in ids:
        if not _candidate(name):
            error = mismatch(CANDIDATE_PATTERN, field)
            raise RecordError(Sentence("member.name-of", rule=error.rule), field)


@lru_cache(maxsize=1024)
def _is_day(text: str) -> bool:
    # Ten characters: also the wrong ones may be remembered.
    return _day(text) is not None
