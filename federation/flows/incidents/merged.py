"""One incident of the reports that are of one thing, found from any of them.

Rule: what it comes to is `records/incidentmerge.py`'s, of the records that the caller
may read. Here it is only found out which of them are needed: from one report along what
is said of pairs, never through all there are. Of each log the newest hundred words
about a report are looked at, of one incident so many reports and words, along so many
pairs: whoever signs a million, or calls all that it has one thing, makes nothing
slower. What is found for one report is kept for the others of the same incident.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

from federation.flows.incidents.due import DueDates
from federation.records.deadline import DeadlineNow
from federation.records.incident import Incident, IncidentName
from federation.records.incidentmerge import (
    Joining,
    MergedIncident,
    PlacedIncident,
    ReportKey,
    awaits_referral,
    encode_merged,
    join_reports,
    key_of,
    merge_incidents,
    name_of,
    word_of,
)
from federation.records.incidentstatus import IncidentStatus
from federation.records.kinds import INCIDENT
from federation.records.referral import Referral
from federation.records.sealed import reopen_leaf
from federation.store import incidents, leaves
from federation.store.incidents import MAX_OF_LOG, IncidentEntry
from federation.store.view import View

#: So many reports are looked at for one incident; a larger one is shown in part.
MAX_LOOKED_AT: Final = 1_000
#: So much that is said of them; beyond it, as above.
MAX_WORDS: Final = 5_000
#: So many pairs away from the report that is asked about; beyond it, as above.
MAX_STEPS: Final = 50
#: After so many words whoever lists incidents gives what there is.
MAX_LISTED: Final = 20_000


class ReportInShort(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report, as far as it is told beside others.

    `due`: until when it is to be brought to an agency, as long as none has it.
    """

    incident: str
    category: str
    happened_at: str
    place: str
    summary: str
    due: DeadlineNow | None = None


def in_short(report: Incident, due: DeadlineNow | None = None) -> ReportInShort:
    """What of a report is told beside others."""
    return ReportInShort(
        due=due,
        incident=str(report.name),
        category=report.category,
        happened_at=report.happened_at,
        place=report.place,
        summary=report.summary,
    )


class FoundIncident(Struct, frozen=True, kw_only=True):
    """A merged incident, and its reports in short.

    `digest`: the SHA-256 of its row, the same at everybody who holds the same logs.
    `is_cut`: more reports are said to be of it than are looked at.
    """

    digest: str
    is_cut: bool
    merged: MergedIncident
    reports: tuple[ReportInShort, ...]


class MergedReports:
    """Merged incidents, as far as some logs tell of them; what was read is kept."""

    def __init__(
        self, view: View, readable: Collection[int], due: DueDates | None = None
    ) -> None:
        """`readable`: the logs, all of one election; `due`: what is told of each."""
        self._view, self._readable, self._due = view, readable, due
        self._about: dict[ReportKey, list[PlacedIncident]] = {}
        self._crowding: dict[ReportKey, frozenset[str]] = {}
        #: Whether more is said of any report so far than is looked at.
        self.is_crowded = False
        self._found: dict[ReportKey, FoundIncident] = {}
        self._large: list[ReportKey] = []
        self._count = 0

    @property
    def is_spent(self) -> bool:
        """Whether as much was looked at as one answer may cost."""
        return self._count >= MAX_LISTED

    @property
    def large(self) -> Sequence[ReportKey]:
        """From which reports incidents were found that are cut, or may be from others.

        In the order in which they were found: what is found first for a report stays.
        """
        return self._large

    def trace(self, keys: Iterable[ReportKey]) -> Iterator[FoundIncident]:
        """Find again what was found from these, as far as one answer may cost."""
        for key in keys:
            if not self.is_spent and (one := self.find(name_of(key))) is not None:
                yield one
        self._count = 0  # a page goes on, however much was before it

    def about(self, key: ReportKey) -> list[PlacedIncident]:
        """The latest of each organisation about a report, the report itself too."""
        if key not in self._about:
            name = str(name_of(key))
            entries = incidents.about_incident(self._view, name, only_latest=True)
            said = Counter((one.org, one.other == name) for one in entries)
            crowding = (org for (org, _), count in said.items() if count >= MAX_OF_LOG)
            self._crowding[key] = frozenset(crowding)
            self.is_crowded = self.is_crowded or bool(self._crowding[key])
            own = incidents.find_latest(self._view, key[0], INCIDENT.name, [key[1]])
            wanted = {*entries, *own.values()}
            self._about[key] = [
                self.read(one) for one in sorted(wanted) if one.log_id in self._readable
            ]
        return self._about[key]

    def crowding(self, key: ReportKey) -> frozenset[str]:
        """Who says more about a report than is looked at."""
        self.about(key)
        return self._crowding[key]

    def only_joined(self, key: ReportKey) -> ReportKey | None:
        """The one report that this one is joined with, by what is said of it alone.

        None: with none, or with several. Costs a hundredth of finding its incident.
        """
        said = (word_of(one) for one in self.about(key))
        words = [word for word in said if word is not None]
        self._count += len(words) + 1
        linked = _linked(join_reports(words), key) - {key}
        return linked.pop() if len(linked) == 1 else None

    def read(self, entry: IncidentEntry) -> PlacedIncident:
        """The record of an entry."""
        leaf = leaves.read_leaf(self._view, entry.log_id, entry.index)
        sealed = reopen_leaf(leaf, entry.index)
        said = sealed.statement
        assert isinstance(said, Incident | IncidentStatus | Referral), "has a subject"
        return PlacedIncident(entry.generation, entry.index, sealed.record, said)

    def reports_of(self, merged: MergedIncident) -> list[Incident]:
        """The reports that a merged incident is made of."""
        return [
            one.statement
            for report in merged.reports
            for one in self.about((report.org, report.id))
            if one.record == report.record and isinstance(one.statement, Incident)
        ]

    def find(self, name: IncidentName) -> FoundIncident | None:
        """The incident that a report is part of; None if no such report is there."""
        key = key_of(name)
        if key not in self._found and (found := self._find(key)) is not None:
            for one in found.merged.reports:
                self._found.setdefault((one.org, one.id), found)
        return self._found.get(key)

    def _find(self, key: ReportKey) -> FoundIncident | None:
        wanted: set[ReportKey] = {key}
        words = len(self.about(key))
        is_cut, steps = False, 0
        while True:
            placed = [one for report in sorted(wanted) for one in self.about(report)]
            said = (word_of(one) for one in placed)
            joining = join_reports(word for word in said if word is not None)
            further = _linked(joining, key) - wanted
            if not further or is_cut:
                break
            steps += 1
            for one in _in_turn(further):
                is_full = len(wanted) >= MAX_LOOKED_AT or words >= MAX_WORDS
                if is_cut := is_full or steps > MAX_STEPS:
                    break
                wanted.add(one)
                words += len(self.about(one))
        self._count += words
        merged = next(
            (
                one
                for one in merge_incidents(_once(placed))
                if key in ((it.org, it.id) for it in one.reports)
            ),
            None,
        )
        if merged is not None:
            is_cut |= any(self.crowding((it.org, it.id)) for it in merged.reports)
        # Twice as far around another of its reports there may be more than is looked
        # at: found from there, it would be another one.
        if (
            is_cut
            or max(len(wanted) / MAX_LOOKED_AT, words / MAX_WORDS, steps / MAX_STEPS)
            > 1 / 2
        ):
            self._large.append(key)
        if merged is None:
            return None
        return FoundIncident(
            digest=sha256(encode_merged(merged)).hexdigest(),
            is_cut=is_cut,
            merged=merged,
            reports=tuple(self._in_short(merged)),
        )

    def _in_short(self, merged: MergedIncident) -> Iterator[ReportInShort]:
        due = self._due if awaits_referral(merged) else None
        for report in self.reports_of(merged):
            yield in_short(report, None if due is None else due.of(report))


def _in_turn(keys: Collection[ReportKey]) -> list[ReportKey]:
    """One of each organisation, then the next of each: nobody's keep others' out."""
    before: Counter[str] = Counter()
    turns = []
    for key in sorted(keys):
        turns.append((before[key[0]], key))
        before[key[0]] += 1
    return [key for _, key in sorted(turns)]


def _once(placed: list[PlacedIncident]) -> list[PlacedIncident]:
    """Each once: a word about a pair is among those about both of its reports."""
    return list({one.record: one for one in placed}.values())


def _linked(joining: Joining, key: ReportKey) -> set[ReportKey]:
    """The reports that are linked with this one, also by who then stands alone.

    Of those that are looked at all words are known, so what is linked is; a link to
    another may turn out to be none when that one is looked at, and then it ends there.
    """
    linked = joining.linked_to
    group = linked.get(key)
    return {one for one, to in linked.items() if to == group}
