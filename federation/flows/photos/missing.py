"""What is wanted of photographs and not held: who said to have it, who was asked.

Rule: a log that is not there for the caller names nothing. That a partner does not hand
a photo over says no more than that: it may have removed it, or may not give it to us.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from federation.config.peers import PhotoPolicy
from federation.flows.photos.wants import is_wantable, not_held
from federation.records.readers import Caller, may_read
from federation.store import evidence, wanted
from federation.store.removals import removed_among
from federation.store.view import View
from federation.store.wanted import OPENED, PhotoTry


class AskedPartner(msgspec.Struct, frozen=True, kw_only=True):
    """A partner that was asked in vain: what that means, and when it was asked last."""

    org: str
    cause: str
    at: int


class MissingPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that is wanted and not held.

    Attributes:
        digest: Hex SHA-256.
        stations: Of which polling stations it is said to be.
        named_by: Who says so in a record, and so said to have it.
        asked: Who was asked in vain; empty: nobody could be yet.
        is_opened: Whether somebody here opened it.
    """

    digest: str
    stations: list[str]
    named_by: list[str]
    asked: list[AskedPartner]
    is_opened: bool


class MissingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of them, by digest; `next`: behind which the following begins, or ""."""

    photos: list[MissingPhoto]
    next: str


class PickedPhotos(NamedTuple):
    """What somebody asks for: how many photos, and of the lacking ones who names each.

    `lacking`: digest and organisation, a photo as often as partners name it.
    """

    asked: int
    lacking: list[tuple[str, str]]

    @property
    def digests(self) -> set[str]:
        """Those that are lacking."""
        return {digest for digest, _ in self.lacking}


def list_missing(
    view: View, caller: Caller, after: str = "", limit: int = 1000
) -> MissingAnswer:
    """The next photos that are wanted and not held, as far as the caller may know.

    Of `limit` that are wanted: a page may hold fewer, or none, and not be the last.
    """
    found = []
    page = wanted.list_wanted(view, after, limit)
    for one in page:
        named = [
            place
            for place in evidence.find_evidence(view, one.digest)
            if may_read(caller, place.log)
        ]
        if named:
            found.append(
                MissingPhoto(
                    digest=one.digest,
                    stations=sorted({place.entry.tps for place in named}),
                    named_by=sorted({place.log.org for place in named}),
                    asked=list(map(_asked, wanted.list_tries(view, one.digest))),
                    is_opened=one.urgency == OPENED,
                )
            )
    following = page[-1].digest if len(page) == limit else ""
    return MissingAnswer(photos=found, next=following)


def pick_photos(
    view: View,
    policies: Mapping[str, PhotoPolicy],
    digests: Iterable[str],
    election: str,
    region: str,
) -> PickedPhotos:
    """The photos of partners that somebody asks for, by digest or by place.

    What was removed is not there to be had.

    Args:
        view: The snapshot.
        policies: Of each partner; of one of `none` nothing is asked for.
        digests: These.
        election: Of the place.
        region: The beginning of the codes of stations, or all of one; empty: no place.
    """
    asked: dict[str, set[str]] = {}
    for digest in digests:
        for named in evidence.find_evidence(view, digest):
            log, entry = named
            if _is_asked(policies, log.org, entry.media_type, entry.size):
                asked.setdefault(digest, set()).add(log.org)
    if region:
        for digest, org, media_type, size in evidence.named_below(
            view, election, region
        ):
            if _is_asked(policies, org, media_type, size):
                asked.setdefault(digest, set()).add(org)
    for digest in removed_among(view, asked):
        del asked[digest]
    lacking = not_held(view, asked)
    pairs = [(digest, org) for digest in lacking for org in sorted(asked[digest])]
    return PickedPhotos(len(asked), pairs)


def _is_asked(
    policies: Mapping[str, PhotoPolicy], org: str, media_type: str, size: int
) -> bool:
    is_partner = policies.get(org, "none") != "none"
    return is_partner and is_wantable(media_type, size)


def _asked(tried: PhotoTry) -> AskedPartner:
    return AskedPartner(org=tried.org, cause=tried.cause, at=tried.at)
