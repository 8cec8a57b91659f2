"""The ids of a result at the door: brought to the one spelling, or refused by place.

Rule: what is signed stands for ever, so no door signs votes for somebody who does not
stand there, or for one person under two ids. Drafts are brought to the canonical ids;
what was signed elsewhere cannot be changed any more, and is refused with the id that it
should have. Only the election's profile is asked; a contest without a list takes any
id, in its one spelling.

    {"candidates": {"1": 127, "100026": 27}}   →   {"candidates": {"01": 127, "02": 27}}

What else is wrong with a draft is for the rules of records (`records/result.py`).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from msgspec import UNSET

from federation.errors import RecordError
from federation.records.profile import MAX_QUOTED, PARTY_CONTESTS, Profile
from federation.records.result import TpsResult
from federation.text import Sentence

_BLOCKS: Final = ("candidates", "parties")
V = TypeVar("V")


def canonical_votes(
    votes: Mapping[str, V], profile: Profile, contest: str, tps: str, field: str
) -> dict[str, V]:
    """The same votes by canonical id.

    Args:
        votes: By what somebody calls the candidates or parties.
        profile: Of the election.
        contest: That they are of.
        tps: Where.
        field: The member they stand in, for the error: `candidates`, `parties`.

    Raises:
        RecordError: no such contest; nobody of that id stands there; or two are one.
            The field is the place, `candidates.04`.
    """
    found: dict[str, V] = {}
    for raw, value in votes.items():
        name = _canonical(raw, profile, contest, tps, field)
        if name in found:
            why = Sentence("numbering.twice", raw=ascii(raw[:MAX_QUOTED]), name=name)
            raise RecordError(why, _at(field, raw))
        found[name] = value
    return found


def canonical_draft(draft: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """The members of a `tps-result/1` with canonical ids, the others as they are.

    Members of a wrong type stay too: the rules of records refuse them by their names.

    Raises:
        RecordError: see `canonical_votes`.
    """
    members = dict(draft)
    contest, tps = members.get("contest"), members.get("tps")
    if not isinstance(contest, str) or not isinstance(tps, str):
        return members
    for block in _BLOCKS:
        votes = members.get(block)
        # The other block's rule is told by its own name.
        is_theirs = (block == "parties") == (contest in PARTY_CONTESTS)
        if isinstance(votes, dict) and votes and is_theirs:
            members[block] = canonical_votes(votes, profile, contest, tps, block)
    return members


def check_canonical(result: TpsResult, profile: Profile) -> None:
    """Refuse a signed result whose ids are not the canonical ones of its place.

    Raises:
        RecordError: nobody of that id stands there; or the id has another spelling,
            which is named. The field is the place, `candidates.04`.
    """
    for block, ids in _ids_of(result):
        for raw in ids:
            check_canonical_id(raw, profile, result.contest, result.tps, block)


def check_canonical_id(
    raw: str, profile: Profile, contest: str, tps: str, field: str
) -> None:
    """Refuse one id that is not the canonical one of who stands there.

    Raises:
        RecordError: see `check_canonical`.
    """
    name = _canonical(raw, profile, contest, tps, field)
    if name != raw:
        quoted = ascii(raw[:MAX_QUOTED])
        why = Sentence("numbering.not-canonical", raw=quoted, name=name)
        raise RecordError(why, _at(field, raw))


def _ids_of(result: TpsResult) -> Iterable[tuple[str, Iterable[str]]]:
    if result.candidates is not UNSET:
        yield "candidates", result.candidates
    if result.parties is not UNSET:
        yield "parties", result.parties


def _canonical(raw: str, profile: Profile, contest: str, tps: str, field: str) -> str:
    try:
        return profile.alias(contest, raw, tps)
    except RecordError as error:
        at = error.field if error.field == "contest" else _at(field, raw)
        raise RecordError(error.rule, at) from error


def _at(field: str, raw: str) -> str:
    return f"{field}.{raw[:MAX_QUOTED]}"
