"""What somebody needs who judges reports: our own last words, pairs, what is proposed.

Rule: it shows what stands and decides nothing. Each thing on which a word can be said
comes with the record in which we said ours (`seen`), so that whoever presses a button
says it of what they saw (`state.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET, Struct
from msgspec.structs import replace

from federation.flows.incidents.answers import (
    ShownIncident,
    find_incident,
    readable_logs,
)
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.history import (
    AgencyTold,
    HistoryLine,
    IncidentHistory,
    read_history,
    told_to,
)
from federation.flows.incidents.merged import (
    FoundIncident,
    MergedReports,
    ReportInShort,
)
from federation.flows.incidents.proposals import (
    ProposedPair,
    find_proposals,
    list_proposals,
)
from federation.flows.incidents.state import OwnWord, find_own_word
from federation.flows.query.answers import Place
from federation.flows.query.photos import ShownPhoto, photos_named
from federation.flows.query.scope import places
from federation.records.incident import IncidentName
from federation.records.incidentlikeness import LikenessReason
from federation.records.incidentmerge import PairSaid
from federation.records.kinds import INCIDENT_STATUS
from federation.records.readers import Caller
from federation.records.tps import regions_of
from federation.store.incidents import IncidentFilter
from federation.store.view import View

#: So many pairs of one incident are shown to be judged.
MOST_PAIRS: Final = 50


class PairOnDesk(Struct, frozen=True, kw_only=True):
    """Two reports, to be told whether they are of one thing.

    Attributes:
        one: The report that is looked at, or the newer one.
        other: The other.
        reports: Both in short, those that are known here.
        score: 0 to 100, how alike they are; 0 where they are not compared.
        reasons: What the score is made of.
        said: Who spoke of the two, and what.
        standing: What follows from that, one of `PAIR_STANDINGS`; "": nobody spoke.
        ours: What we said: `duplicate`, `not_duplicate` or "".
        seen: The record in which we said it; "".
        is_ours: Whether one of the two is our report: then our word counts.
    """

    one: str
    other: str
    reports: tuple[ReportInShort, ...]
    score: int = 0
    reasons: tuple[LikenessReason, ...] = ()
    said: tuple[PairSaid, ...] = ()
    standing: str = ""
    ours: str = ""
    seen: str = ""
    is_ours: bool = False


class PairsOnDesk(Struct, frozen=True, kw_only=True):
    """A page of pairs that are proposed; `next` is for `after`, "" at the end."""

    pairs: tuple[PairOnDesk, ...]
    next: str


class ReportOnDesk(Struct, frozen=True, kw_only=True):
    """One report, as somebody judges it, all of one moment.

    Attributes:
        found: The report, and the incident that it is part of.
        word: What we said last of its state; None: nothing.
        before: What of it we had said before that, to be said again.
        pairs: Of which somebody spoke.
        proposed: Of which nobody did whose word counts.
        history: All that was said of the incident.
        agencies: Where it was taken, and what was answered.
        places: The regions around it.
        photos: Those of all its reports that the caller may see, by organisation.
    """

    found: ShownIncident
    word: OwnWord | None
    before: Mapping[str, Any]
    pairs: tuple[PairOnDesk, ...]
    proposed: tuple[PairOnDesk, ...]
    history: IncidentHistory
    agencies: tuple[AgencyTold, ...]
    places: tuple[Place, ...]
    photos: Mapping[str, Sequence[ShownPhoto]]


def list_desk_pairs(
    view: View, caller: Caller, asked: IncidentFilter, limit: int, org: str
) -> PairsOnDesk:
    """What is proposed for the newest reports, and what we (`org`) said of it."""
    found = list_proposals(view, caller, asked, limit)
    pairs = tuple(_proposed(view, org, pair) for pair in found.pairs)
    return PairsOnDesk(pairs=pairs, next=found.next)


def read_desk(
    view: View,
    caller: Caller,
    name: IncidentName,
    org: str,
    due: DueDates,
    *,
    photos_public: bool,
) -> ReportOnDesk:
    """One report with all that is shown of it.

    Args:
        view: A snapshot.
        caller: Who asks.
        name: Of the report.
        org: Our organisation.
        due: What is told of deadlines.
        photos_public: Whether the operator shows our photos to everybody.

    Raises:
        NotFoundError: there is none of that name for this caller.
    """
    found = find_incident(view, caller, name, due)
    readable = readable_logs(view, caller, found.election)
    reports = MergedReports(view, readable, due)
    whole = reports.find(name)
    assert whole is not None, "it was shown"
    history = read_history(view, readable, whole.merged)
    proposed = [
        _proposed(view, org, pair) for pair in find_proposals(view, readable, name)
    ]
    named = {
        file.sha256: report.org
        for report in sorted(
            reports.reports_of(whole.merged), key=lambda report: report.org == org
        )
        if report.evidence is not UNSET
        for file in report.evidence
    }
    place = found.said.get("tps") or found.said["region"]
    around = [code for code in regions_of(place)[1:] if len(code) <= len(place)]
    return ReportOnDesk(
        found=found,
        word=find_own_word(view, org, str(name)),
        before=_find_before(history.lines, org, str(name)),
        pairs=tuple(_stated(view, org, name, reports, whole, proposed)),
        proposed=tuple(proposed),
        history=history,
        agencies=told_to(history.lines),
        places=tuple(places(view, found.election, list(dict.fromkeys(around)))),
        photos=photos_named(view, named, caller, org, is_public=photos_public),
    )


def _find_before(
    lines: Sequence[HistoryLine], org: str, name: str
) -> Mapping[str, Any]:
    """What we said of the state of a report before our last word."""
    words = [
        line.said
        for line in lines
        if (line.org, line.incident, line.type) == (org, name, INCIDENT_STATUS.name)
        and "duplicate_of" not in line.said
    ]
    return words[-2] if len(words) > 1 else {"status": "received"}


def _stated(
    view: View,
    org: str,
    name: IncidentName,
    reports: MergedReports,
    whole: FoundIncident,
    proposed: Sequence[PairOnDesk],
) -> Iterator[PairOnDesk]:
    """Pairs of which somebody spoke, this report first where it is one of the two."""
    known = {one.incident: one for one in whole.reports}
    shown_already = {frozenset((pair.one, pair.other)) for pair in proposed}
    for pair in whole.merged.pairs[:MOST_PAIRS]:
        one, other = str(pair.one), str(pair.other)
        if frozenset((one, other)) in shown_already:
            continue
        for side in (pair.one, pair.other):
            if str(side) not in known and (beside := reports.find(side)) is not None:
                known |= {one.incident: one for one in beside.reports}
        if other == str(name):
            one, other = other, one
        stated = PairOnDesk(
            one=one,
            other=other,
            reports=tuple(known[side] for side in (one, other) if side in known),
            said=tuple(pair.said),
            standing=pair.standing,
        )
        yield _with_ours(view, org, stated)


def _proposed(view: View, org: str, pair: ProposedPair) -> PairOnDesk:
    found = PairOnDesk(
        one=pair.one.incident,
        other=pair.other.incident,
        reports=(pair.one, pair.other),
        score=pair.score,
        reasons=pair.reasons,
        said=pair.said,
    )
    return _with_ours(view, org, found)


def _with_ours(view: View, org: str, pair: PairOnDesk) -> PairOnDesk:
    word = find_own_word(view, org, " ".join(sorted((pair.one, pair.other))))
    is_ours = any(one.startswith(f"{org}/") for one in (pair.one, pair.other))
    if word is None:
        return replace(pair, is_ours=is_ours)
    return replace(pair, ours=word.status.status, seen=word.record, is_ours=is_ours)
