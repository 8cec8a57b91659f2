"""Which photographs have had their time: so many days after the election, per election.

Rule: quiet, and of this node only. The bytes go here, ours, partners' and originals;
nothing is signed, for it says nothing about the photo, and others keep their own terms.
The record and the digest stay. What several elections name stays until all of them have
had their time, and for ever where one has none. What no record names is counted from
the day since which it is held, by the longest of the terms.

    [photos.retention_days]
    pemilu-2024 = 365           # from the voting day of its profile
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from federation.records.profile import Profile
from federation.store import blobs as held
from federation.store import evidence
from federation.store.blobs import HeldBlob
from federation.store.removals import EXPIRED, RemovedPhoto
from federation.store.view import View

PAGE: Final = 1_000
_DAY_S: Final = 86_400


class RetentionTerms(NamedTuple):
    """Until when photographs are kept.

    Attributes:
        ends: For each election that has a term, the Unix time from which they go.
        unnamed_s: For how long what no record names is kept; None: for ever.
    """

    ends: Mapping[str, int]
    unnamed_s: int | None


def make_terms(
    days: Mapping[str, int], profiles: Mapping[str, Profile]
) -> RetentionTerms:
    """The terms that the settings say; an election without a profile here has none.

    Args:
        days: `photos.retention_days` of federation.toml.
        profiles: By election.
    """
    ends = {
        election: _end(profiles[election]) + count * _DAY_S
        for election, count in days.items()
        if election in profiles
    }
    return RetentionTerms(ends, max(days.values()) * _DAY_S if days else None)


def _end(profile: Profile) -> int:
    """When the voting day is over everywhere on earth: no hour is nobody's."""
    day = dt.date.fromisoformat(profile.file.voting_day)
    after = dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=2)
    return int(after.timestamp())


class ExpiredPage(NamedTuple):
    """Photographs that have had their time, and behind which the next page begins.

    `after` is empty at the end.
    """

    expired: list[HeldBlob]
    after: str


def find_expired(
    view: View, terms: RetentionTerms, now: int, after: str = ""
) -> ExpiredPage:
    """Those of the next thousand that are held which have had their time, by digest.

    Args:
        view: A snapshot.
        terms: See `make_terms`.
        now: Unix seconds.
        after: Of the page before.
    """
    if terms.unnamed_s is None:
        return ExpiredPage([], "")
    page = held.list_blobs(view, after, PAGE)
    found = [blob for blob in page if is_expired(view, blob, terms, now)]
    return ExpiredPage(found, page[-1].digest if len(page) == PAGE else "")


def is_expired(view: View, blob: HeldBlob, terms: RetentionTerms, now: int) -> bool:
    """Whether a photograph has had its time."""
    if terms.unnamed_s is None:
        return False
    named = {one.log.election for one in evidence.find_evidence(view, blob.digest)}
    if not named:
        return blob.held_at + terms.unnamed_s <= now
    return all(
        election in terms.ends and terms.ends[election] <= now for election in named
    )


def expired(blob: HeldBlob, org: str, now: int) -> RemovedPhoto:
    """What is noted of a photograph that has had its time."""
    return RemovedPhoto(
        digest=blob.digest, ground=EXPIRED, reason="", org=org, removed_at=now
    )
