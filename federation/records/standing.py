"""Who a result speaks of: candidates and parties that stand there, by our numbers.

Rule: asked at our own door only, of what this organisation is about to say. Votes of
somebody who does not stand there are votes that nobody can read, so they are refused
by name. A record of a partner is never judged by it: profiles differ in time.

    candidates.04   "'04' is no candidate of ppwp …; standing there: 01 …"
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import UNSET

from federation.errors import RecordError
from federation.records.profile import MAX_QUOTED, Profile
from federation.records.result import TpsResult
from federation.text import Sentence


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
    if place.ids is not None and place.ids.issuperset(_ids_of(result)):
        return []
    kind = "candidates" if result.parties is UNSET else "parties"
    found = (
        _examine(f"{kind}.{one}", one, result, profile)
        for one in sorted(_ids_of(result))
    )
    return [problem for problem in found if problem is not None]


def _ids_of(result: TpsResult) -> Iterable[str]:
    if result.candidates is not UNSET:
        return result.candidates
    return () if result.parties is UNSET else result.parties


def _examine(at: str, one: str, result: TpsResult, profile: Profile) -> Problem | None:
    """Why this id is none: another name of one who stands there, or nobody's."""
    code = "party" if at.startswith("parties") else "candidate"
    try:
        known = profile.alias(result.contest, one, result.tps)
    except RecordError as error:
        return Problem(at, code, error.rule)
    if known == one:
        return None
    shown = ascii(one[:MAX_QUOTED])
    return Problem(at, code, Sentence("numbering.not-canonical", raw=shown, name=known))


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
