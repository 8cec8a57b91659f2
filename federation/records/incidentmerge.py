"""What the reports of all organisations come to: one incident for one thing.

Rule: a function of the latest statements alone, whatever the order in which they came;
no clock, no storage. An organisation speaks for its own reports and for nobody else's:
so a partner that calls everything a duplicate moves its own reports, and no other's.

That two reports are of one thing is said of the pair (`incident-status/1`):

    joined     both organisations say so, or the one whose reports both are; or one
               says it of its own report and the other is silent. By its word alone a
               report is joined to one thing only: the first that it was said of, in
               the order of its organisation's log. Otherwise whoever has one report
               could make one incident of all reports of others.
    apart      one of the two organisations says that they are not
    contested  one says so and the other denies it; or others join the two in spite of
               such a word: then the report of who denies it stands alone
    proposed   said by others, or beside what was said first: nothing follows from it

All that are joined, also by way of others, are one incident, named by the smallest
(organisation, id). A pair may name a report that is not known yet.

`status` is the furthest that those who reported it say: their own reports, their own
work. What anybody else says of it stands beside (`statuses`) and moves nothing. Two
words that cannot both hold are both in `status`, and named in `contradicted`. Why so:
docs/adr/0030-one-incident-of-many-reports.md

    {"categories":["politik_uang"],"contradicted":[],"evidence":["…"],
     "incident":{"id":"5f0c…","org":"jagapemilu.example"},"laws":["pidana"],
     "pairs":[{"one":{…},"other":{…},"said":[{"org":"…","status":"duplicate"}],
     "standing":"joined"}],"places":["317101"],"referrals":[{"agency":"bawaslu-dki",
     "double":0,"said":[{"incident":{…},"org":"…","stage":"sent","way":"email"}]}],
     "reports":[{"id":"…","org":"…","record":"…"}],"status":["verified"],
     "statuses":[{"incident":{…},"org":"…","status":"verified"}]}

The digest is that of the rows, as of the map's (`merge.digest_rows`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from federation.records.incident import Incident, IncidentName
from federation.records.incidentstatus import IncidentStatus
from federation.records.merge import digest_rows
from federation.records.referral import Referral

INCIDENT_RULES_VERSION: Final = 1
PAIR_STANDINGS: Final = ("apart", "contested", "joined", "proposed")

ReportKey: TypeAlias = tuple[str, str]  # (organisation, id)
ReportPair: TypeAlias = tuple[ReportKey, ReportKey]  # the smaller first

_RANKS: Final = {
    "received": 0,
    "verified": 1,
    "unverifiable": 1,
    "rejected": 1,
    "referred": 2,
    "registered": 3,
    "not_registered": 3,
    "decided": 4,
    "closed": 5,
}
#: What may become of an incident, in this order.
MERGED_STATES: Final = tuple(_RANKS)
_REFUSED: Final = frozenset({"rejected", "unverifiable"})
_TAKEN_FURTHER: Final = frozenset(
    {"referred", "registered", "not_registered", "decided"}
)
#: A referral at one of these stages has reached the agency.
ARRIVED: Final = frozenset({"acknowledged", "sent"})

K = TypeVar("K", bound=tuple[object, ...])


class PlacedIncident(NamedTuple):
    """A statement about incidents, and where its organisation says it.

    `generation` and `place` order what one organisation says: of its log, and there.
    """

    generation: int
    place: int
    record: str
    statement: Incident | IncidentStatus | Referral


class PairWord(NamedTuple):
    """What one organisation says of two reports; `at` orders its own words."""

    org: str
    pair: ReportPair
    status: str
    at: tuple[int, int]


PairWords: TypeAlias = Mapping[ReportPair, Mapping[str, PairWord]]


class PairSaid(Struct, frozen=True, kw_only=True):
    """Who says it of a pair."""

    org: str
    status: str


class StandingPair(Struct, frozen=True, kw_only=True):
    """Two reports, what is said of them, and what follows (`PAIR_STANDINGS`)."""

    one: IncidentName
    other: IncidentName
    said: list[PairSaid]
    standing: str


class MergedReport(Struct, frozen=True, kw_only=True):
    """One of the reports, and the record in which it stands."""

    id: str
    org: str
    record: str


class MergedStatus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one organisation says last of one of the reports."""

    incident: IncidentName
    org: str
    status: str
    agency: str | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    reference: str | UnsetType = UNSET


class MergedReferral(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far one organisation is with taking one of the reports to an agency."""

    incident: IncidentName
    org: str
    stage: str
    way: str
    dossier: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET
    reference: str | UnsetType = UNSET


class AgencyReferrals(Struct, frozen=True, kw_only=True):
    """All that was taken to one agency; `double` is 1 where it got it twice."""

    agency: str
    double: int
    said: list[MergedReferral]


class MergedIncident(Struct, frozen=True, kw_only=True):
    """One incident; members in the order of the bytes, lists sorted."""

    categories: list[str]
    contradicted: list[str]
    evidence: list[str]
    incident: IncidentName
    laws: list[str]
    pairs: list[StandingPair]
    places: list[str]
    referrals: list[AgencyReferrals]
    reports: list[MergedReport]
    status: list[str]
    statuses: list[MergedStatus]


@dataclass(frozen=True, slots=True)
class Joining:
    """What all words about pairs come to.

    Attributes:
        said: Of each pair the latest word of each organisation.
        standing: Of each pair, one of `PAIR_STANDINGS`.
        group_of: For each report that is named in a pair, one report for all that are
            joined with it; a report that is not in it stands alone.
        linked_to: The same before those left that stand alone for what they deny.
    """

    said: PairWords
    standing: Mapping[ReportPair, str]
    group_of: Mapping[ReportKey, ReportKey]
    linked_to: Mapping[ReportKey, ReportKey]


_encoder = msgspec.json.Encoder(order="sorted")


def key_of(name: IncidentName) -> ReportKey:
    """A report's name, to be ordered and compared."""
    return name.org, name.id


def name_of(key: ReportKey) -> IncidentName:
    """The report of this key."""
    return IncidentName(id=key[1], org=key[0])


def pair_of(one: ReportKey, other: ReportKey) -> ReportPair:
    """Two reports, in whichever order they were named."""
    return (one, other) if one < other else (other, one)


def encode_merged(merged: MergedIncident) -> bytes:
    """The row's canonical JSON and LF."""
    return _encoder.encode(merged) + b"\n"


def awaits_referral(merged: MergedIncident) -> bool:
    """Whether it reached no agency yet, and those who reported it are not done with it.

    A referral counts whoever says it; a status, as everywhere, of who reported it.
    """
    if any(said.stage in ARRIVED for it in merged.referrals for said in it.said):
        return False
    return not merged.status or any(
        status != "rejected" and _RANKS[status] < _RANKS["referred"]
        for status in merged.status
    )


def digest_merged(merged: Iterable[MergedIncident]) -> str:
    """Hex SHA-256 over all incidents, in the order in which they are merged."""
    return digest_rows(map(encode_merged, merged))


def merge_incidents(placed: Iterable[PlacedIncident]) -> list[MergedIncident]:
    """All incidents of one election, sorted by their names.

    Args:
        placed: In any order, also more than the latest of each organisation, and some
            of them twice.
    """
    reports: dict[ReportKey, PlacedIncident] = {}
    statuses: dict[tuple[str, ReportKey], PlacedIncident] = {}
    referrals: dict[tuple[str, ReportKey, str], PlacedIncident] = {}
    words = []
    for one in placed:
        statement = one.statement
        if isinstance(statement, Incident):
            _keep_latest(reports, (statement.org, statement.id), one)
        elif isinstance(statement, Referral):
            if statement.is_note:
                continue
            at = statement.org, key_of(statement.incident), statement.agency
            _keep_latest(referrals, at, one)
        elif (word := word_of(one)) is not None:
            words.append(word)
        else:
            about = statement.org, key_of(statement.incident)
            _keep_latest(statuses, about, one)
    joining = join_reports(words)
    return _rows(joining, reports, [*statuses.values()], [*referrals.values()])


def word_of(placed: PlacedIncident) -> PairWord | None:
    """What a statement says of a pair, if it does."""
    said = placed.statement
    if not isinstance(said, IncidentStatus) or said.duplicate_of is UNSET:
        return None
    pair = pair_of(key_of(said.incident), key_of(said.duplicate_of))
    return PairWord(said.org, pair, said.status, placed[:2])


def _keep_latest(kept: dict[K, PlacedIncident], key: K, one: PlacedIncident) -> None:
    if key not in kept or kept[key][:2] < one[:2]:
        kept[key] = one


class _Groups:
    """Which reports are joined: each group is known by one of them."""

    def __init__(self, pairs: Iterable[ReportPair]) -> None:
        self._above: dict[ReportKey, ReportKey] = {}
        for one, other in pairs:
            self._above[self.of(other)] = self.of(one)

    def of(self, key: ReportKey) -> ReportKey:
        above = self._above
        while (up := above.get(key, key)) != key:
            above[key] = above.get(up, up)
            key = up
        return key


def join_reports(words: Iterable[PairWord]) -> Joining:
    """Which reports are of one thing, by the rules above.

    Args:
        words: In any order; older ones of an organisation about a pair do not count.
            A report is not a duplicate of itself: such a word says nothing.
    """
    said = _latest_words(words)
    standing = {pair: _standing(pair, by) for pair, by in said.items()}
    _join_first(standing, said)
    groups = _Groups(_joined(standing))
    named = [key for pair in said for key in pair]
    linked = {key: groups.of(key) for key in named}
    if alone := _who_stand_alone(said, groups):
        for pair in _joined(standing):
            if not alone.isdisjoint(pair):
                standing[pair] = "contested"
        groups = _Groups(_joined(standing))
    group_of = {key: groups.of(key) for key in named}
    return Joining(said=said, standing=standing, group_of=group_of, linked_to=linked)


def _latest_words(words: Iterable[PairWord]) -> PairWords:
    said: dict[ReportPair, dict[str, PairWord]] = defaultdict(dict)
    for word in words:
        if word.pair[0] == word.pair[1]:
            continue
        by = said[word.pair]
        if word.org not in by or by[word.org].at < word.at:
            by[word.org] = word
    return said


def _standing(pair: ReportPair, by: Mapping[str, PairWord]) -> str:
    """What follows from a pair by itself: `leaning` if one side's word stands alone."""
    sides = {org for org, _ in pair}
    words = [by[org].status for org in sides if org in by]
    if len(set(words)) > 1:
        return "contested"
    if not words:
        return "proposed"
    if words[0] == "not_duplicate":
        return "apart"
    return "joined" if len(words) == len(sides) else "leaning"


def _join_first(standing: dict[ReportPair, str], said: PairWords) -> None:
    """Of the words that stand alone, each group of one's own reports has one."""
    own = _Groups(pair for pair in _joined(standing) if pair[0][0] == pair[1][0])
    first: dict[ReportKey, PairWord] = {}
    for pair, how in standing.items():
        if how != "leaning":
            continue
        standing[pair] = "proposed"
        [report] = [key for key in pair if key[0] in said[pair]]
        word, group = said[pair][report[0]], own.of(report)
        if group not in first or word.at < first[group].at:
            first[group] = word
    for word in first.values():
        standing[word.pair] = "joined"


def _joined(standing: Mapping[ReportPair, str]) -> list[ReportPair]:
    return [pair for pair, how in standing.items() if how == "joined"]


def _who_stand_alone(said: PairWords, groups: _Groups) -> set[ReportKey]:
    """Reports that by way of others came to what their own organisation denies."""
    alone: set[ReportKey] = set()
    for pair, by in said.items():
        deniers = {
            key for key in pair if key[0] in by and by[key[0]].status == "not_duplicate"
        }
        if deniers and groups.of(pair[0]) == groups.of(pair[1]):
            alone |= deniers
    return alone


def _rows(
    joining: Joining,
    reports: Mapping[ReportKey, PlacedIncident],
    statuses: Iterable[PlacedIncident],
    referrals: Iterable[PlacedIncident],
) -> list[MergedIncident]:
    group_of = joining.group_of
    members: dict[ReportKey, list[ReportKey]] = defaultdict(list)
    for key in sorted(reports):
        members[group_of.get(key, key)].append(key)
    said = _by_group(statuses, group_of)
    taken = _by_group(referrals, group_of)
    pairs: dict[ReportKey, set[ReportPair]] = defaultdict(set)
    for pair in joining.said:
        for key in pair:
            pairs[group_of[key]].add(pair)
    return [
        _row(
            [reports[key] for key in keys],
            [_standing_pair(joining, pair) for pair in sorted(pairs[group])],
            _statuses(said[group]),
            _referrals(taken[group]),
        )
        for group, keys in members.items()  # in the order of their smallest
    ]


def _by_group(
    placed: Iterable[PlacedIncident], group_of: Mapping[ReportKey, ReportKey]
) -> dict[ReportKey, list[PlacedIncident]]:
    found: dict[ReportKey, list[PlacedIncident]] = defaultdict(list)
    for one in placed:
        assert not isinstance(one.statement, Incident), "reports are their own subject"
        key = key_of(one.statement.incident)
        found[group_of.get(key, key)].append(one)
    return found


def _row(
    placed: Sequence[PlacedIncident],
    pairs: list[StandingPair],
    statuses: list[MergedStatus],
    referrals: list[AgencyReferrals],
) -> MergedIncident:
    reports = [one.statement for one in placed if isinstance(one.statement, Incident)]
    orgs = {report.org for report in reports}
    own = [status for status in statuses if status.org in orgs]
    furthest = max((_RANKS[status.status] for status in own), default=0)
    evidence = {
        file.sha256
        for report in reports
        if report.evidence is not UNSET
        for file in report.evidence
    }
    return MergedIncident(
        categories=_sorted(report.category for report in reports),
        contradicted=_contradicted(own),
        evidence=sorted(evidence),
        incident=reports[0].name,
        laws=_sorted(report.law for report in reports),
        pairs=pairs,
        places=_sorted(report.place for report in reports),
        referrals=referrals,
        reports=[
            MergedReport(id=report.id, org=report.org, record=one.record)
            for one, report in zip(placed, reports, strict=True)
        ],
        status=_sorted(one.status for one in own if _RANKS[one.status] == furthest),
        statuses=statuses,
    )


def _sorted(words: Iterable[str]) -> list[str]:
    return sorted(set(words))


def _standing_pair(joining: Joining, pair: ReportPair) -> StandingPair:
    by = joining.said[pair]
    return StandingPair(
        one=name_of(pair[0]),
        other=name_of(pair[1]),
        said=[PairSaid(org=org, status=by[org].status) for org in sorted(by)],
        standing=joining.standing[pair],
    )


def _statuses(placed: Iterable[PlacedIncident]) -> list[MergedStatus]:
    found = [
        MergedStatus(
            incident=said.incident,
            org=said.org,
            status=said.status,
            agency=said.agency,
            outcome=said.outcome,
            reference=said.reference,
        )
        for one in placed
        if isinstance(said := one.statement, IncidentStatus)
    ]
    return sorted(found, key=_by_org)


def _referrals(placed: Iterable[PlacedIncident]) -> list[AgencyReferrals]:
    agencies: dict[str, list[MergedReferral]] = defaultdict(list)
    for one in placed:
        said = one.statement
        assert isinstance(said, Referral), "kept apart from the others"
        line = MergedReferral(
            incident=said.incident,
            org=said.org,
            stage=said.stage,
            way=said.way,
            dossier=said.dossier,
            expires_at=said.expires_at,
            reference=said.reference,
        )
        agencies[said.agency].append(line)
    return [
        AgencyReferrals(
            agency=agency,
            double=int(sum(line.stage in ARRIVED for line in lines) > 1),
            said=sorted(lines, key=_by_org),
        )
        for agency, lines in sorted(agencies.items())
    ]


def _by_org(line: MergedStatus | MergedReferral) -> tuple[str, ReportKey]:
    return line.org, key_of(line.incident)


def _contradicted(said: Sequence[MergedStatus]) -> list[str]:
    """Of what those who reported it say things that cannot both hold."""
    states = {one.status for one in said}
    judged = {state for state in states if _RANKS[state] == 1}
    refused = bool(states & _REFUSED)
    found = []
    if _differ(said, lambda one: one.outcome):
        found.append("outcome")
    if (
        len(judged) > 1
        or (refused and states & _TAKEN_FURTHER)
        or _differ(said, lambda one: one.status if _RANKS[one.status] == 3 else UNSET)
    ):
        found.append("status")
    return found


def _differ(
    said: Iterable[MergedStatus], of: Callable[[MergedStatus], str | UnsetType]
) -> bool:
    """Whether two things are said of one agency's answer."""
    answers: dict[str | UnsetType, str] = {}
    for one in said:
        answer = of(one)
        if answer is not UNSET and answers.setdefault(one.agency, answer) != answer:
            return True
    return False
