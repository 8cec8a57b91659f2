"""What the monitors' claims about one polling station come to: one row of the map.

Rule: a row is a function of the latest claim per slot, of whether the register (and the
contest's area) has the TPS, and of which files stand at another TPS. No clock, no
order of arrival, no storage. Change what is said here and `RULES_VERSION` changes:
peers then tell each other instead of wondering why their maps differ.

A row is canonical JSON and LF; SHA-256 over all rows, sorted by (contest, tps), is the
map's digest:

    {"claims":[{"index":0,"official":0,"org":"…","origin":"…","record":"…",
    "round":"reguler"}],"contest":"ppwp","flags":[],"groups":[{"orgs":["…"],
    "votes":{"01":127,"02":27}}],"official":"none","round":"reguler",
    "status":"single","tps":"1371011001001"}

Claims are sorted by (org, official, round), groups by their first organisation, flags
by name. Standing claims of every round are named; groups, status, `official` and flags
look only at the counted round, and flags at KPU's claims too (KPU's zeros and failing
sums are what people look for). `incomplete` means votes were read, but not for exactly
those who stand there; `figures_differ` that one figure was read differently.

Where the profile lists nobody, one claim may count by ballot numbers (`01`) and another
by KPU's ids (`1000561`): two numberings of the same persons. Claims of different
numberings are not compared: what is said of groups, status and `official` holds within
each numbering, and the flag `numbering` says that there are several. A status is the
worst of them: `disputed` if one numbering has two groups, else `agreed` if one has two
sources, else `single`; `official` is `differs` if KPU's claim differs within its own
numbering, `matches` if it is the same, and `none` if no monitor counted by it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from federation.decoding import json_parser
from federation.records.claim import Claim, read_counts
from federation.records.numbering import numbering
from federation.records.result import ROUNDS
from federation.text import Sentence

RULES_VERSION = 2
STATUSES = ("missing", "unread", "single", "agreed", "disputed")
FLAGS = (
    "figures_differ",
    "implausible",
    "incomplete",
    "one_digit",
    "outside_register",
    "shared_file",
    "zero",
    "numbering",  # the last one: stored rows know flags by their place here
)

Placed: TypeAlias = tuple[str, Claim]  # the origin of the log, and what it says

_ORDER = {name: place for place, name in enumerate(ROUNDS)}
_ONE_DIGIT = frozenset({1, 10, 100})


class RowClaim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A standing claim, by where it can be found and checked."""

    index: int
    official: int
    org: str
    origin: str
    record: str
    round: str


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Equal votes, and the organisations that say so, sorted."""

    orgs: list[str]
    votes: dict[str, int]


class Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One polling station in one contest; members in the order of the bytes."""

    claims: list[RowClaim]
    contest: str
    flags: list[str]
    groups: list[Group]
    official: str | UnsetType = UNSET
    round: str | UnsetType = UNSET
    status: str
    tps: str


class RowVerdict(Struct, frozen=True, kw_only=True, gc=False):
    """What an encoded row says of its station, without who says what; see `Row`."""

    flags: list[str]
    official: str | UnsetType = UNSET
    status: str


class StandingClaims(NamedTuple):
    """What the claims about one station and contest come to, before it is a row.

    Attributes:
        placed: Those that stand, of every round, with the origins of their logs, in
            the order of a row.
        counted: Those of the counted round, KPU's too.
        monitors: The same without KPU's.
        groups: The monitors' complete ones that have equal votes.
    """

    placed: list[Placed]
    counted: list[Claim]
    monitors: list[Claim]
    groups: list[Group]


_encoder = msgspec.json.Encoder()
_decode_row = json_parser(Row, what=Sentence("member.a-map-row"))
_decode_verdict = json_parser(RowVerdict, what=Sentence("member.a-map-row"))


def encode_row(row: Row) -> bytes:
    """The row's canonical JSON and LF."""
    return _encoder.encode(row) + b"\n"


def decode_row(data: bytes) -> Row:
    """The row that these bytes are, with or without the LF.

    Raises:
        FormatError: not a row.
    """
    return _decode_row(data)


def decode_verdict(data: bytes) -> RowVerdict:
    """What these bytes of a row say, a fifth of the work of `decode_row`.

    Raises:
        FormatError: not a row.
    """
    return _decode_verdict(data)


def digest_rows(rows: Iterable[bytes]) -> str:
    """The map's digest: hex SHA-256 over encoded rows, sorted by (contest, tps)."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row)
    return digest.hexdigest()


def merge_tps(
    contest: str,
    tps: str,
    claims: Sequence[Placed],
    *,
    in_register: bool,
    shared_files: frozenset[str] = frozenset(),
) -> Row | None:
    """The row of one TPS and contest, or None where nothing was ever said.

    Args:
        contest: Of the row.
        tps: Of the row.
        claims: The latest statement of each slot, withdrawals too, in any order.
        in_register: The register has the TPS and the contest is held there.
        shared_files: Those of the claims' files that stand at another TPS.
    """
    if not claims:
        return None
    return row_of(
        contest,
        tps,
        stand(claims),
        in_register=in_register,
        shared_files=shared_files,
    )


def stand(claims: Iterable[Placed]) -> StandingClaims:
    """What the latest statements of the slots of a station and contest come to.

    Args:
        claims: In any order, withdrawals too.
    """
    placed = [one for one in claims if one[1].kind != "withdrawal"]
    if len(placed) > 1:
        placed.sort(key=_place)
    counted = counted_claims([claim for _, claim in placed])
    monitors = [claim for claim in counted if not claim.official]
    return StandingClaims(placed, counted, monitors, group_claims(monitors))


def row_of(
    contest: str,
    tps: str,
    standing: StandingClaims,
    *,
    in_register: bool,
    shared_files: frozenset[str] = frozenset(),
) -> Row:
    """The row that they come to; the arguments as of `merge_tps`."""
    placed, counted, monitors, groups = standing
    row_claims = [
        RowClaim(
            index=claim.index,
            official=int(claim.official),
            org=claim.org,
            origin=origin,
            record=claim.record,
            round=claim.round,
        )
        for origin, claim in placed
    ]
    outside = [] if in_register else ["outside_register"]
    if not counted:
        return Row(
            claims=row_claims,
            contest=contest,
            flags=outside,
            groups=[],
            status="missing",
            tps=tps,
        )
    flags = [*outside, *_flags(counted, groups, shared_files)]
    if len(flags) > 1:
        flags.sort()
    return Row(
        claims=row_claims,
        contest=contest,
        flags=flags,
        groups=groups,
        official=_official(counted, groups),
        round=monitors[0].round,
        status=status_of(monitors, groups),
        tps=tps,
    )


def counted_claims(claims: Sequence[Claim]) -> list[Claim]:
    """The standing claims of the counted round, KPU's too.

    That is the highest round in which a monitor's claim stands; none, no claims.

    Args:
        claims: The latest statement of each slot.
    """
    if len(claims) == 1:
        only = claims[0]
        return [] if only.official or only.kind == "withdrawal" else [only]
    rounds = {
        claim.round
        for claim in claims
        if not claim.official and claim.kind != "withdrawal"
    }
    if not rounds:
        return []
    name = rounds.pop() if len(rounds) == 1 else max(rounds, key=_ORDER.__getitem__)
    return [
        claim for claim in claims if claim.round == name and claim.kind != "withdrawal"
    ]


def counted_files(claims: Sequence[Claim]) -> frozenset[str]:
    """The distinct files behind what is counted, hex SHA-256."""
    return frozenset(file for claim in counted_claims(claims) for file in claim.files)


def group_claims(monitors: Sequence[Claim]) -> list[Group]:
    """Equal votes together, of the complete claims among these."""
    if len(monitors) == 1:
        only = monitors[0]
        if not only.complete:
            return []
        return [Group(orgs=[only.org], votes=read_counts(only.votes))]
    orgs: dict[str, list[str]] = {}
    for claim in monitors:
        if claim.complete:
            orgs.setdefault(claim.votes, []).append(claim.org)
    groups = [
        Group(orgs=sorted(names), votes=read_counts(votes))
        for votes, names in orgs.items()
    ]
    if len(groups) > 1:
        groups.sort(key=_first_org)
    return groups


def status_of(monitors: Sequence[Claim], groups: Sequence[Group]) -> str:
    """The status that these claims of one round, and their groups, come to.

    Who only copies or transcribes a partner's file adds no source.
    """
    if not monitors:
        return "missing"
    if not groups:
        return "unread"
    if len(groups) > 1:
        by = [numbering(group.votes) for group in groups]
        if len(set(by)) < len(by):
            return "disputed"
        return "agreed" if _is_said_twice(monitors) else "single"
    sources = [1 for claim in monitors if claim.complete and not claim.derived]
    return "agreed" if len(sources) > 1 else "single"


def _is_said_twice(monitors: Sequence[Claim]) -> bool:
    """Whether two sources count by one numbering, which has one group here."""
    sources = [
        numbering(read_counts(claim.votes))
        for claim in monitors
        if claim.complete and not claim.derived
    ]
    return len(set(sources)) < len(sources)


def _has_several_numberings(counted: Sequence[Claim]) -> bool:
    texts = {claim.votes for claim in counted if claim.complete}
    # Equal votes have one numbering: most rows end here.
    return len(texts) > 1 and len(set(map(_numbering_of, texts))) > 1


def _numbering_of(text: str) -> str:
    return numbering(read_counts(text))


def _official(counted: Sequence[Claim], groups: Sequence[Group]) -> str:
    """How KPU's complete claims compare with the monitors' groups.

    Only within a numbering; they match where nothing is left uncompared.
    """
    official = {claim.votes for claim in counted if claim.official and claim.complete}
    if not official or not groups:
        return "none"
    theirs = [read_counts(text) for text in official]
    if len(theirs) == len(groups) == 1 and theirs[0] == groups[0].votes:
        return "matches"  # most of the country
    ours = [group.votes for group in groups]
    numberings = {*map(numbering, theirs)}
    alone = numberings ^ {*map(numbering, ours)}
    for name in numberings - alone:
        compared = [votes for votes in (*theirs, *ours) if numbering(votes) == name]
        if any(votes != compared[0] for votes in compared):
            return "differs"
    return "none" if alone else "matches"


def _flags(
    counted: Sequence[Claim], groups: Sequence[Group], shared_files: frozenset[str]
) -> list[str]:
    flags: set[str] = set()
    for claim in counted:
        # Most claims have nothing to be flagged: one test for all that may be.
        if claim.rules or not claim.complete or ":0" in claim.votes:
            flags.update(_claim_flags(claim))
        if shared_files and not shared_files.isdisjoint(claim.files):
            flags.add("shared_file")
    if len(counted) > 1:
        if len(groups) > 1 and _is_one_digit(groups):
            flags.add("one_digit")
        if _figures_differ(counted):
            flags.add("figures_differ")
        if _has_several_numberings(counted):
            flags.add("numbering")
    return list(flags)


def _claim_flags(claim: Claim) -> list[str]:
    flags = []
    if claim.rules:
        flags.append("implausible")
    if claim.votes:
        if not claim.complete:
            flags.append("incomplete")
        # Cheaper than decoding: no zero in the text, no vote that is zero.
        elif ":0" in claim.votes and not any(read_counts(claim.votes).values()):
            flags.append("zero")
    return flags


def _is_one_digit(groups: Sequence[Group]) -> bool:
    for group, other in combinations(groups, 2):
        if numbering(group.votes) != numbering(other.votes):
            continue
        gaps = [
            abs(group.votes.get(name, 0) - other.votes.get(name, 0))
            for name in group.votes.keys() | other.votes.keys()
        ]
        if sum(gap > 0 for gap in gaps) == 1 and max(gaps) in _ONE_DIGIT:
            return True
    return False


def _figures_differ(counted: Sequence[Claim]) -> bool:
    texts = {claim.figures for claim in counted}
    if len(texts) < 2:
        return False
    read: dict[str, int] = {}
    for text in texts - {""}:
        figures: Mapping[str, int] = read_counts(text)
        if any(
            read.setdefault(name, value) != value for name, value in figures.items()
        ):
            return True
    return False


def _place(placed: Placed) -> tuple[str, bool, int]:
    claim = placed[1]
    return claim.org, claim.official, _ORDER[claim.round]


def _first_org(group: Group) -> str:
    return group.orgs[0]
