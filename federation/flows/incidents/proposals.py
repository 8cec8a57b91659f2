"""Reports that may be of one thing, laid side by side for an editor.

Rule: what speaks for it is `records/incidentlikeness.py`'s; nothing is joined by it. A
pair that one of its two organisations has spoken of is decided, and shown no longer.
Each report is compared with earlier ones of its kecamatan only, of each log with the
newest hundred, of which the surest five are shown: whoever signs without end hides
nobody.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from federation.flows.incidents.answers import readable_logs
from federation.flows.incidents.merged import (
    MergedReports,
    ReportInShort,
    in_short,
)
from federation.photos.likeness import LIKE, distance
from federation.records.incident import Incident, IncidentName
from federation.records.incidentlikeness import (
    PROPOSED,
    LikenessReason,
    ReportTraits,
    compare_reports,
    traits_of,
)
from federation.records.incidentmerge import PairSaid, key_of, pair_of, word_of
from federation.records.kinds import INCIDENT
from federation.records.readers import Caller
from federation.store import incidents
from federation.store.incidents import MAX_OF_LOG, IncidentEntry, IncidentFilter
from federation.store.view import View

_KECAMATAN: Final = 6
_KABUPATEN: Final = 4
# What all codes that begin so stand before, and what that code alone stands before.
_BEHIND_ALL: Final = "~"
_BEHIND_ONE: Final = "!"
_MOST_OF_LOG: Final = 5


class ProposedPair(Struct, frozen=True, kw_only=True):
    """Two reports that may be of one thing.

    `score`: 0 to 100; `reasons`: what it is made of. `said`: others who spoke of it.
    """

    score: int
    reasons: tuple[LikenessReason, ...]
    one: ReportInShort
    other: ReportInShort
    said: tuple[PairSaid, ...]


class ProposalList(Struct, frozen=True, kw_only=True):
    """The surest first, of a page of reports; `next` is for `after`, "" at the end."""

    election: str
    pairs: tuple[ProposedPair, ...]
    next: str


def list_proposals(
    view: View,
    caller: Caller,
    asked: IncidentFilter,
    limit: int,
    least: int = PROPOSED,
) -> ProposalList:
    """What is proposed for the newest reports that the caller may see.

    Args:
        view: A snapshot.
        caller: Who asks.
        asked: Which reports; each is compared with all earlier ones near it.
        limit: So many reports are looked at.
        least: From which score on.

    Raises:
        NotFoundError: there is nothing of the kind for this caller.
    """
    readable = readable_logs(view, caller, asked.election)
    page = incidents.list_latest(view, INCIDENT.name, asked, readable, limit + 1)
    last = page[limit - 1] if len(page) > limit else None
    proposals = _Proposals(view, readable)
    pairs = [pair for entry in page[:limit] for pair in proposals.of(entry, least)]
    pairs.sort(key=lambda pair: (-pair.score, pair.one.incident, pair.other.incident))
    return ProposalList(
        election=asked.election,
        pairs=tuple(pairs),
        next="" if last is None else f"{last.reported_at}_{last.incident}",
    )


def find_proposals(
    view: View, readable: frozenset[int], name: IncidentName, least: int = PROPOSED
) -> list[ProposedPair]:
    """What is proposed for one report, with earlier and with later ones.

    Args:
        view: A snapshot.
        readable: The logs that may be read, all of one election.
        name: The report; it is there.
        least: From which score on.
    """
    found = incidents.find_latest(view, name.org, INCIDENT.name, [name.id])
    proposals = _Proposals(view, readable)
    pairs = [*proposals.of(found[name.id], least)]
    pairs += proposals.of(found[name.id], least, is_later=True)
    return sorted(pairs, key=lambda pair: (-pair.score, pair.other.incident))


def is_alike(one: str, other: str) -> bool:
    """Whether two photos look alike, by what their records say."""
    return distance(one, other) <= LIKE


class _Proposals:
    """What is read of reports is read once."""

    def __init__(self, view: View, readable: frozenset[int]) -> None:
        self._view, self._readable = view, readable
        self._reports = MergedReports(view, readable)
        self._read: dict[IncidentEntry, tuple[Incident, ReportTraits]] = {}

    def of(
        self, entry: IncidentEntry, least: int, *, is_later: bool = False
    ) -> Iterator[ProposedPair]:
        """Those of one report with earlier (later) ones, of each log the surest."""
        for log_id in sorted(self._readable):
            near = self._near(entry._replace(log_id=log_id), is_later=is_later)
            pairs = (self._pair(entry, one, least) for one in near)
            found = [pair for pair in pairs if pair is not None]
            found.sort(key=lambda pair: (-pair.score, pair.other.incident))
            yield from found[:_MOST_OF_LOG]

    def _pair(
        self, entry: IncidentEntry, near: IncidentEntry, least: int
    ) -> ProposedPair | None:
        """The two beside each other, if they are like enough and not decided."""
        (report, traits), (other, others) = self._traits(entry), self._traits(near)
        likeness = compare_reports(traits, others, is_alike)
        if likeness.score < least:
            return None
        said = self._said(report, other)
        if self._is_decided(report, other, said):
            return None
        return ProposedPair(
            score=likeness.score,
            reasons=likeness.reasons,
            one=in_short(report),
            other=in_short(other),
            said=said,
        )

    def _is_decided(
        self, one: Incident, other: Incident, said: tuple[PairSaid, ...]
    ) -> bool:
        """Whether one of the two has spoken, or they are joined by way of others."""
        if not {one.org, other.org}.isdisjoint(word.org for word in said):
            return True
        found = self._reports.find(one.name)
        assert found is not None, "it was read"
        return any(
            (report.org, report.id) == key_of(other.name)
            for report in found.merged.reports
        )

    def _near(self, entry: IncidentEntry, *, is_later: bool) -> list[IncidentEntry]:
        """Reports of the same kecamatan, and those that name no other."""
        small = entry.place[:_KECAMATAN]
        if len(small) < _KABUPATEN:
            return []
        places = [(small, small + _BEHIND_ALL)]
        if len(small) == _KECAMATAN:
            wide = entry.place[:_KABUPATEN]
            places.append((wide, wide + _BEHIND_ONE))
        return incidents.list_near(
            self._view, entry, places, MAX_OF_LOG, is_later=is_later
        )

    def _traits(self, entry: IncidentEntry) -> tuple[Incident, ReportTraits]:
        if entry not in self._read:
            report = self._reports.read(entry).statement
            assert isinstance(report, Incident), "of its kind"
            self._read[entry] = report, traits_of(report)
        return self._read[entry]

    def _said(self, one: Incident, other: Incident) -> tuple[PairSaid, ...]:
        """Who spoke of the two, and what."""
        pair = pair_of(key_of(one.name), key_of(other.name))
        words = map(word_of, self._reports.about(pair[0]))
        return tuple(
            PairSaid(org=word.org, status=word.status)
            for word in words
            if word is not None and word.pair == pair
        )
