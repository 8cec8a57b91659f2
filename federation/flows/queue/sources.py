"""The records whose photographs a form can be read from, and our own word on it.

Rule: a reading is of the photographs of one record. The first offered is one with a
photograph that nobody of ours has settled, of who took it before who copied it, our own
before a partner's, what is held here before what is not.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from msgspec import UNSET

from federation.errors import FormatError, RecordError
from federation.flows.query.scope import QueryScope
from federation.records.claim import Claim
from federation.records.merge import decode_row
from federation.records.readingqueue import counted_monitors
from federation.records.result import Evidence, TpsResult
from federation.store import blobs, leaves, logs, mapreading, photoanswers
from federation.store.photoanswers import AnsweredPhoto, FormPlace
from federation.store.view import View
from federation.text import Sentence

#: Behind every page that a record says.
_NO_PAGE: Final = 1_000


class SignedReading(NamedTuple):
    """A record that stands: what merging knows of it, and all that it says."""

    claim: Claim
    result: TpsResult

    @property
    def files(self) -> tuple[Evidence, ...]:
        """The photographs that it names, as the pages of the form follow."""
        if self.result.evidence is UNSET:
            return ()
        return tuple(sorted(self.result.evidence, key=lambda one: one.page or _NO_PAGE))


class FormSources(NamedTuple):
    """What a form can be read from, the best first; what we say of it already.

    `own`: our standing record of the counted round. `answered`: by SHA-256. `held`:
    the photographs that are here.
    """

    round: str
    records: tuple[SignedReading, ...]
    own: SignedReading | None
    answered: Mapping[str, AnsweredPhoto]
    held: frozenset[str]

    def find(self, record: str) -> SignedReading | None:
        """The record of this id, "" for the best."""
        if not record:
            return next(iter(self.records), None)
        return next((one for one in self.records if one.claim.record == record), None)


def find_sources(view: View, scope: QueryScope, tps: str, org: str) -> FormSources:
    """What this form can be read from now.

    Args:
        view: The snapshot.
        scope: Its election and contest.
        tps: Its station, a checked code.
        org: Our own organisation.
    """
    place = FormPlace(scope.election, scope.contest, tps)
    answered = photoanswers.answers_at(view, place)
    merged = next(
        (
            one
            for one in mapreading.read_tps(view, scope.election, tps)
            if one.contest == scope.contest
        ),
        None,
    )
    if merged is None:
        return FormSources("", (), None, answered, frozenset())
    origin_of = {
        (claim.org, claim.index): origin
        for origin, claim in merged.claims
        if not claim.official
    }
    monitors = counted_monitors([claim for _, claim in merged.claims])
    standing = {
        claim.org: SignedReading(
            claim, _read_result(view, origin_of[claim.org, claim.index], claim.index)
        )
        for claim in monitors
        if claim.files or claim.org == org
    }
    files = {file for one in standing.values() for file in one.claim.files}
    held = frozenset(blobs.held_among(view, sorted(files)))
    own = standing.get(org)
    records = _best_first(standing.values(), org, answered, held)
    row = decode_row(merged.row)
    return FormSources(row.round or "", records, own, answered, held)


def _best_first(
    standing: Iterable[SignedReading],
    org: str,
    answered: Mapping[str, AnsweredPhoto],
    held: Collection[str],
) -> tuple[SignedReading, ...]:
    def rank(one: SignedReading) -> tuple[bool, bool, bool, bool, str]:
        files = one.claim.files
        return (
            all(file in answered for file in files),
            one.claim.derived,
            one.claim.org != org,
            not all(file in held for file in files),
            one.claim.org,
        )

    return tuple(sorted((one for one in standing if one.claim.files), key=rank))


def _read_result(view: View, origin: str, index: int) -> TpsResult:
    """The result that is signed there.

    Raises:
        RecordError: it is none; a claim says it is.
    """
    log_id = logs.get_log(view, origin).id
    try:
        statement = leaves.read_record(view, log_id, index).statement
    except FormatError as error:
        raise RecordError(error.told, f"{origin} {index}") from error
    if not isinstance(statement, TpsResult):
        raise RecordError(Sentence("member.not-a-result"), f"{origin} {index}")
    return statement
