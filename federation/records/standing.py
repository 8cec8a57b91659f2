"""Who a result speaks of: candidates and parties that stand there, by our numbers.

Rule: asked at our own door only, of what this organisation is about to say. Votes of
somebody who does not stand there are votes that nobody can read, so they are refused
by name. A record of a partner is never judged by it: profiles differ in time.

    candidates.04   "04 is no candidate of ppwp at 7202011003032; there are 01, 02, 03"
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import UNSET

from federation.errors import RecordError
from federation.records.profile import Profile
from federation.records.result import TpsResult
from federation.text import Sentence

_MAX_NAMED = 8


class Problem(NamedTuple):
    """Why a row is refused: the member, dotted, a stable code, and a reason."""

    at: str
    code: str
    reason: str


def find_strangers(result: TpsResult, profile: Profile) -> list[Problem]:
    """All in a result that does not stand there; empty: it can be read by others."""
    contest, tps = result.contest, result.tps
    place = profile.place(contest, tps)
    if not place.stands:
        return [_not_held(result, profile)]
    ids = place.ids
    if ids is None:
        return []
    if result.candidates is not UNSET and not result.candidates.keys() <= ids:
        return [
            Problem(f"candidates.{one}", "candidate", _who(one, result, profile, ids))
            for one in sorted(result.candidates.keys() - ids)
        ]
    if result.parties is not UNSET and not result.parties.keys() <= ids:
        return [
            Problem(
                f"parties.{one}",
                "party",
                Sentence("intake.no-party", id=one, contest=contest, tps=tps),
            )
            for one in sorted(result.parties.keys() - ids, key=int)
        ]
    return []


def _not_held(result: TpsResult, profile: Profile) -> Problem:
    if result.contest not in profile.contests:
        known = ", ".join(profile.contests)
        reason = Sentence(
            "intake.no-contest",
            election=profile.election,
            contest=result.contest,
            known=known,
        )
        return Problem("contest", "contest", reason)
    reason = Sentence("intake.not-held", contest=result.contest, tps=result.tps)
    return Problem("tps", "contest", reason)


def _who(one: str, result: TpsResult, profile: Profile, ids: Iterable[str]) -> Sentence:
    """Why this id is none: another name of one who stands there, or nobody's."""
    try:
        known = profile.alias(result.contest, one)
    except RecordError:
        known = one
    if known != one and known in ids:
        return Sentence("intake.alias", id=one, known=known)
    names = sorted(ids)
    shown = ", ".join(names[:_MAX_NAMED]) + (", …" if len(names) > _MAX_NAMED else "")
    return Sentence(
        "intake.no-candidate",
        id=one,
        contest=result.contest,
        tps=result.tps,
        known=shown,
    )
