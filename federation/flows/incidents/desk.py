"""What somebody needs who judges reports: our own last words, pairs, what is proposed.

Rule: it shows what stands and decides nothing. Each thing on which a word can be said
comes with the record in which we said ours (`seen`), so that whoever presses a button
says it of what they saw (`state.py`).
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from federation.flows.incidents.answers import readable_logs
from federation.flows.incidents.merged import MergedReports, ReportInShort
from federation.flows.incidents.proposals import (
    ProposedPair,
    find_proposals,
    list_proposals,
)
from federation.flows.incidents.state import OwnWord, find_own_word
from federation.records.incident import IncidentName
from federation.records.incidentlikeness import LikenessReason
from federation.records.incidentmerge import PairSaid
from federation.records.readers import Caller
from federation.store.db import View
from federation.store.incidents import IncidentFilter

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
    """One report, as somebody judges it.

    `word`: what we said last of its state; None: nothing. `pairs`: of which somebody
    spoke; `proposed`: of which nobody did whose word counts.
    """

    word: OwnWord | None
    pairs: tuple[PairOnDesk, ...]
    proposed: tuple[PairOnDesk, ...]


def list_desk_pairs(
    view: View, caller: Caller, asked: IncidentFilter, limit: int, org: str
) -> PairsOnDesk:
    """What is proposed for the newest reports, and what we (`org`) said of it."""
    found = list_proposals(view, caller, asked, limit)
    pairs = tuple(_proposed(view, org, pair) for pair in found.pairs)
    return PairsOnDesk(pairs=pairs, next=found.next)


def find_on_desk(
    view: View, caller: Caller, election: str, name: IncidentName, org: str
) -> ReportOnDesk:
    """What there is to judge of one report, which the caller may see."""
    readable = readable_logs(view, caller, election)
    reports = MergedReports(view, readable)
    found = reports.find(name)
    assert found is not None, "it was shown"
    known = {one.incident: one for one in found.reports}
    proposed = [
        _proposed(view, org, pair) for pair in find_proposals(view, readable, name)
    ]
    shown_already = {frozenset((pair.one, pair.other)) for pair in proposed}
    pairs = []
    for pair in found.merged.pairs[:MOST_PAIRS]:
        if frozenset((str(pair.one), str(pair.other))) in shown_already:
            continue
        for side in (pair.one, pair.other):
            if str(side) not in known and (beside := reports.find(side)) is not None:
                known |= {one.incident: one for one in beside.reports}
        one, other = str(pair.one), str(pair.other)
        if other == str(name):
            one, other = other, one
        shown = tuple(known[side] for side in (one, other) if side in known)
        stated = PairOnDesk(
            one=one,
            other=other,
            reports=shown,
            said=tuple(pair.said),
            standing=pair.standing,
        )
        pairs.append(_with_ours(view, org, stated))
    return ReportOnDesk(
        word=find_own_word(view, org, str(name)),
        pairs=tuple(pairs),
        proposed=tuple(proposed),
    )


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
