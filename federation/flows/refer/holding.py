"""Who else is taking, or took, an incident to an agency: why one holds back.

Rule: an agency gets a report once. What a partner has said in its log holds ours back:
that it is there already, for good; that it is meant to go there, until that ends by
itself. An incident that is the same as another one is looked for under both names.

Two who mean to at the same moment must not both hold back, nor both go: whose turn it
is follows from what both can read, the smaller digest of (organisation, agency,
incident). No clock decides it: a partner's may be wrong. Of those who both went, the
same one sends the note that says so.
"""

import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import UNSET

from federation.errors import ConflictError
from federation.records.canonical import format_time
from federation.records.incidentmerge import (
    PairWord,
    PlacedIncident,
    ReportKey,
    join_reports,
    word_of,
)
from federation.records.incidentstatus import IncidentStatus
from federation.records.kinds import INCIDENT_STATUS, REFERRAL
from federation.records.referral import THERE, Referral, ReferralStage
from federation.records.sealed import leaf_statement
from federation.store import incidents, leaves
from federation.store.incidents import IncidentEntry
from federation.store.outbox import ENDED, OutboxItem, OutboxKind, find_item
from federation.store.view import View
from federation.text import Sentence

_MOST_SAME: Final = 256


class StandingReferral(NamedTuple):
    """That somebody else is taking it there, or did.

    Attributes:
        org: Who.
        incident: Under which name, `org/id`.
        agency: To whom.
        stage: `intended`, `sent` or `acknowledged`.
        at: Since when, as it says itself.
        expires_at: Until when it is meant; "" where it is there.
        reference: The agency's number; "" where there is none.
        dossier: SHA-256 of what was sent; "" where it does not say.
        again: How often it was sent once more though it may have been there.
        names: Of a note: who else took it there, as it says.
    """

    org: str
    incident: str
    agency: str
    stage: ReferralStage
    at: str
    expires_at: str = ""
    reference: str = ""
    dossier: str = ""
    again: int = 0
    names: frozenset[str] = frozenset()

    @property
    def is_there(self) -> bool:
        """Whether the agency has it, by that word."""
        return self.stage in THERE

    @property
    def rank(self) -> str:
        """The smaller goes first, of two who only mean to."""
        return rank_of(self.org, self.incident, self.agency)

    def tell(self) -> Sentence:
        """In a sentence: by whom, when, under which number."""
        told = self._tell_once()
        if not self.again:
            return told
        # The agency may have it more than once, each under one number of papers.
        return Sentence("outbox.held-again", told=told, count=self.again + 1)

    def _tell_once(self) -> Sentence:
        values = {"org": self.org, "at": self.at, "incident": self.incident}
        if self.names:
            stage = "there" if self.is_there else "intended"
            return Sentence(f"outbox.held-note-{stage}", **values)
        if not self.is_there:
            return Sentence("outbox.held-intended", until=self.expires_at, **values)
        if not self.reference:
            return Sentence("outbox.held-sent", **values)
        return Sentence("outbox.held-number", number=self.reference, **values)


def rank_of(org: str, incident: str, agency: str) -> str:
    """By which it is decided who goes first: hex, the smaller one."""
    return hashlib.sha256(f"{org} {agency} {incident}".encode()).hexdigest()


def find_holding(
    view: View,
    org: str,
    incident: str,
    agency: str,
    now: float,
    kind: OutboxKind = "dossier",
) -> list[StandingReferral]:
    """What others have said of this incident at this agency, that still counts.

    Those who are there come first. Each partner's latest word counts.

    Args:
        view: A snapshot, whose index of incidents is up to date.
        org: Our own organisation: its word is not asked for.
        incident: As `org/id`.
        agency: Its key.
        now: Unix seconds.
        kind: The report itself, or the note that two of them are one.
    """
    stamp = format_time(now)
    found = [one for one in _latest(view, incident, agency, kind) if one.org != org]
    standing = [
        one
        for one in found
        if one.is_there or (one.stage == "intended" and one.expires_at > stamp)
    ]
    return sorted(standing, key=lambda one: (not one.is_there, one.rank))


def find_own(
    view: View, org: str, incident: str, agency: str, kind: OutboxKind = "dossier"
) -> StandingReferral | None:
    """What our own log says: that it is there, if it does; its own name goes first.

    A database that came back from a copy may not know of it any more; the log does,
    once partners have given back what was lost.
    """
    said = [one for one in _latest(view, incident, agency, kind) if one.org == org]
    there = [one for one in said if one.is_there]
    return min(there, key=lambda one: one.incident != incident, default=None)


def find_lost(view: View, org: str, item: OutboxItem) -> StandingReferral | None:
    """That it goes, as our own log said before this attempt, and says no end of it.

    A database that saw it go has it in its row, and lets nothing else be prepared.
    """
    for one in _latest(view, item.incident, item.agency, item.kind):
        if one.org == org and one.incident == item.incident:
            return one if one.stage == "intended" else None
    return None


def find_papers(view: View, item: OutboxItem, org: str) -> StandingReferral | None:
    """That these very papers are there, if our own log ever said so."""
    for _, said in _referrals(view, item.incident, item.kind):
        is_ours = said.org == org and said.agency == item.agency
        if is_ours and said.stage in THERE and said.dossier == item.dossier:
            return _standing(said)
    return None


def find_joined(view: View, item: OutboxItem) -> list[OutboxItem]:
    """Those of ours under other names of this incident, on their way or there."""
    names = same_incidents(view, item.incident)[1:]
    found = [find_item(view, name, item.agency, item.kind) for name in names]
    waits = {"prepared", *ENDED}
    return [one for one in found if one is not None and one.state not in waits]


def tell_joined(joined: OutboxItem) -> Sentence:
    """That a report of ours, which is the same, is on its way or there."""
    state = Sentence(f"outbox.state-{joined.state}")
    return Sentence("outbox.held-joined", incident=joined.incident, state=state)


def find_twins(
    view: View, org: str, item: OutboxItem, now: float
) -> list[StandingReferral]:
    """Who else took it to the agency, though it got it once from us already."""
    others = find_holding(view, org, item.incident, item.agency, now)
    return [one for one in others if one.is_there]


def find_first(
    org: str, item: OutboxItem, twins: Iterable[StandingReferral]
) -> StandingReferral | None:
    """Who of them goes before us, with what only one of all is to send."""
    first = min(twins, key=lambda one: one.rank, default=None)
    ours = rank_of(org, item.incident, item.agency)
    return first if first is not None and first.rank < ours else None


def _latest(
    view: View, incident: str, agency: str, kind: OutboxKind
) -> list[StandingReferral]:
    """The latest word of each organisation about each of the joined reports."""
    latest: dict[tuple[str, str], tuple[IncidentEntry, Referral]] = {}
    for name in same_incidents(view, incident):
        for entry, said in _referrals(view, name, kind):
            if said.agency != agency:
                continue
            key = said.org, entry.subject
            if key not in latest or _place(entry) > _place(latest[key][0]):
                latest[key] = entry, said
    return [_standing(said) for _, said in latest.values()]


def same_incidents(view: View, incident: str) -> list[str]:
    """The names of an incident: its own first, then those that are joined with it.

    As the merging of reports joins them (`records/incidentmerge.py`), of as many
    reports as can be reached from it within `_MOST_SAME`.
    """
    words: dict[tuple[int, int], PairWord] = {}
    names, new = [incident], [incident]
    while new and len(names) < _MOST_SAME:
        found: list[str] = []
        for name in new:
            for entry, word in _words(view, name):
                words[entry.log_id, entry.index] = word
                found += [entry.incident, entry.other]
        new = [one for one in dict.fromkeys(found) if one not in names]
        names += new
    group_of = join_reports(words.values()).group_of
    ours = group_of.get(_key(incident))
    same = [
        one
        for one in names
        if one != incident and ours is not None and group_of.get(_key(one)) == ours
    ]
    return [incident, *same]


def check_holding(holding: Iterable[StandingReferral]) -> None:
    """Refuse where somebody else has it.

    Raises:
        ConflictError: who, when, under which number, and what to do.
    """
    for first in holding:
        raise ConflictError(Sentence("outbox.held-back", why=first.tell()))


def _words(view: View, name: str) -> list[tuple[IncidentEntry, PairWord]]:
    """What is said of pairs with this report."""
    found = []
    for entry in incidents.about_incident(view, name):
        if entry.kind == INCIDENT_STATUS.name and entry.other:
            said = leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
            assert isinstance(said, IncidentStatus), "of its kind"
            word = word_of(PlacedIncident(*_place(entry), "", said))
            assert word is not None, "it names a pair"
            found.append((entry, word))
    return found


def _key(name: str) -> ReportKey:
    org, _, report = name.partition("/")
    return org, report


def _referrals(
    view: View, name: str, kind: OutboxKind
) -> list[tuple[IncidentEntry, Referral]]:
    found = []
    for entry in incidents.about_incident(view, name):
        if entry.kind == REFERRAL.name:
            said = leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
            assert isinstance(said, Referral), "of its kind"
            if said.is_note is (kind == "note"):
                found.append((entry, said))
    return found


def _place(entry: IncidentEntry) -> tuple[int, int]:
    return entry.generation, entry.index


def _standing(said: Referral) -> StandingReferral:
    return StandingReferral(
        org=said.org,
        incident=str(said.incident),
        agency=said.agency,
        stage=said.stage,
        at=said.recorded_at,
        expires_at="" if said.expires_at is UNSET else said.expires_at,
        reference="" if said.reference is UNSET else said.reference,
        dossier="" if said.dossier is UNSET else said.dossier,
        again=0 if said.again is UNSET else said.again,
        names=frozenset() if said.also_by is UNSET else frozenset(said.also_by),
    )
