"""What is wrong with a row that is handed in: each thing with its place.

Rule: asked at our own door only, of what this organisation is about to say. Votes of
somebody who does not stand there are votes that nobody can read, so they are refused
by name; all of them at once. A record of a partner is never judged by it: profiles
differ in time.

    candidates.04   "'04' is no candidate of ppwp in 7202 (pemilu-2024); standing …"
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec import UNSET

from federation.errors import RecordError
from federation.records.profile import MAX_QUOTED, Profile
from federation.records.result import TpsResult
from federation.text import Sentence

# Clocks of telephones go wrong by minutes; more than this is another day or zone.
CLOCK_SLACK_S: Final = 15 * 60


class Problem(NamedTuple):
    """Why a row is refused: the member, dotted, a stable code, and a reason."""

    at: str
    code: str
    reason: Sentence


def find_strangers(result: TpsResult, profile: Profile) -> list[Problem]:
    """All in a result that does not stand there; empty: others can read its votes."""
    place = profile.place(result.contest, result.tps)
    if not place.stands:
        return [_not_held(result, profile)]
    problems: list[Problem] = []
    for block, code, votes in (
        ("candidates", "candidate", result.candidates),
        ("parties", "party", result.parties),
    ):
        # Nearly all rows end here: who stands there is known and spelt as it should be.
        if votes is UNSET or (place.ids is not None and votes.keys() <= place.ids):
            continue
        problems += _examine(votes, block, code, result, profile)
    return problems


def _examine(
    ids: Iterable[str], block: str, code: str, result: TpsResult, profile: Profile
) -> Iterator[Problem]:
    for raw in sorted(ids):
        at = f"{block}.{raw[:MAX_QUOTED]}"
        try:
            name = profile.alias(result.contest, raw, result.tps)
        except RecordError as error:
            yield Problem(at, code, error.rule)
            continue
        if name != raw:
            # What is signed cannot be respelt any more; a draft was, when it was read.
            quoted = ascii(raw[:MAX_QUOTED])
            why = Sentence("numbering.not-canonical", raw=quoted, name=name)
            yield Problem(at, code, why)


def _not_held(result: TpsResult, profile: Profile) -> Problem:
    if result.contest not in profile.contests:
        held = ", ".join(profile.contests)
        reason = Sentence("numbering.no-contest", contest=result.contest, held=held)
        return Problem("contest", "contest", reason)
    reason = Sentence("intake.not-held", contest=result.contest, tps=result.tps)
    return Problem("tps", "contest", reason)
