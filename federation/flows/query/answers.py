"""The answers, as they stand in the JSON of the API and of `--json`.

Rule: these are wire values. A member is added, never renamed; an optional member is
absent when there is nothing to say. Codes of status, flags, rounds and rules are the
field's own (docs/reference/domain.md); their words for people are in `federation/text`.
"""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from federation.records.canonical import DIGEST_PATTERN
from federation.records.coverage import Coverage
from federation.records.merge import FLAGS, STATUSES, Group
from federation.records.profile import ROUNDS
from federation.records.result import RULES
from federation.records.tally import Tally
from federation.records.tps import TPS_PATTERN
from federation.store.alarms import Alarm
from federation.store.pulls import Offered


def _words(given: Sequence[str]) -> Meta:
    """A code of a closed list; nothing that is answered is checked against it again."""
    return Meta(extra_json_schema={"enum": list(given)})


StatusWord: TypeAlias = Annotated[str, _words(STATUSES)]
OfficialWord: TypeAlias = Annotated[str, _words(("none", "matches", "differs"))]
FlagWord: TypeAlias = Annotated[str, _words(FLAGS)]
RoundWord: TypeAlias = Annotated[str, _words(ROUNDS)]
RuleWord: TypeAlias = Annotated[str, _words(RULES)]
KindWord: TypeAlias = Annotated[str, _words(("votes", "unread", "withdrawal"))]
ReviewWord: TypeAlias = Annotated[str, _words(("reviewed", "unreviewed"))]
#: A station's code, the hex SHA-256 of bytes or of a record.
StationCode: TypeAlias = Annotated[
    str, Meta(extra_json_schema={"pattern": TPS_PATTERN})
]
HexDigest: TypeAlias = Annotated[
    str, Meta(extra_json_schema={"pattern": DIGEST_PATTERN})
]
Votes: TypeAlias = dict[str, int]
Interval: TypeAlias = tuple[int, int]


class Place(Struct, frozen=True, kw_only=True):
    """A region: "" is the nation; the name is "" where nobody gave one."""

    code: str
    name: str


class CitedRecord(Struct, frozen=True, kw_only=True):
    """What a statement was read or copied from: whose record, with how many photos.

    `org` is absent where the record is not held here.
    """

    record: HexDigest
    org: str | UnsetType = UNSET
    photos: int = 0


class Said(Struct, frozen=True, kw_only=True):
    """One statement that stands: who says it, and where to check it.

    `counted`: it is of the round that counts. `held_by`: how many other
    organisations confirmed by signature that they hold it. `files`: SHA-256 each.
    `cites`: what it was read or copied from; told of one station, not in lists.
    `forked`: its organisation signed two histories, and before that nobody held this.
    """

    org: str
    origin: str
    index: int
    record: HexDigest
    kind: KindWord
    round: RoundWord
    official: bool
    counted: bool
    complete: bool
    derived: bool
    review: ReviewWord
    held_by: int
    votes: Votes | UnsetType = UNSET
    figures: Votes | UnsetType = UNSET
    rules: tuple[RuleWord, ...] | UnsetType = UNSET
    files: tuple[HexDigest, ...] | UnsetType = UNSET
    cites: CitedRecord | UnsetType = UNSET
    forked: bool | UnsetType = UNSET


class Entry(Struct, frozen=True, kw_only=True):
    """A signed entry of a log, by its place there."""

    origin: str
    index: int


class Contest(Struct, frozen=True, kw_only=True):
    """One contest at one polling station: the monitors, and KPU apart.

    `files`: how many distinct files stand behind it; `earlier`: statements of these
    logs that a later one of the same log replaced.
    """

    contest: str
    tps: StationCode
    status: StatusWord
    official: OfficialWord | UnsetType = UNSET
    round: RoundWord | UnsetType = UNSET
    flags: list[FlagWord]
    files: int
    groups: list[Group]
    monitors: list[Said]
    kpu: list[Said]
    earlier: list[Entry]
    candidates: dict[str, str]


class TpsAnswer(Struct, frozen=True, kw_only=True):
    """All that is said about one polling station."""

    election: str
    cursor: str
    tps: StationCode
    places: list[Place]
    in_register: bool | UnsetType = UNSET
    voters: int | UnsetType = UNSET
    contests: list[Contest]


class Region(Struct, frozen=True, kw_only=True):
    """One region: how much is covered, what is said, and its votes.

    `listed`: a register says how many stations there should be; without one,
    `coverage.register` is what is covered. `tally` is absent where the candidates of
    this region are not the same everywhere in it.
    """

    code: str
    name: str
    listed: bool
    coverage: Coverage
    tally: Tally | UnsetType = UNSET


class Station(Struct, frozen=True, kw_only=True):
    """One polling station in a list.

    `kpu`: KPU's figures beside it, with who imported them; `voters`: of the register,
    in the list of a village told where nobody has been.
    """

    tps: StationCode
    status: StatusWord
    official: OfficialWord | UnsetType = UNSET
    flags: list[FlagWord]
    groups: list[Group]
    kpu: list[Group] = []
    voters: int | UnsetType = UNSET


class StationsAnswer(Struct, frozen=True, kw_only=True):
    """The stations that a figure counts.

    `register`: how many stations the region has; `total`: how many are so, absent where
    that takes a look at each; `sort`: the order that they are in, "" by code; `names`:
    of the regions around them, by code.
    """

    election: str
    contest: str
    cursor: str
    region: Place
    register: int
    total: int | UnsetType = UNSET
    sort: str
    stations: list[Station]
    names: dict[str, str]
    next: str | UnsetType = UNSET


class RegionAnswer(Struct, frozen=True, kw_only=True):
    """A region and its parts: regions, or the stations of a village.

    `vector`: how much of each log this map was made from.
    """

    election: str
    contest: str
    cursor: str
    vector: dict[str, int]
    parents: list[Place]
    region: Region
    children: list[Region]
    stations: list[Station]
    candidates: dict[str, str]
    next: str | UnsetType = UNSET


class Gap(Struct, frozen=True, kw_only=True):
    """A polling station of the register without a result from any monitor."""

    tps: StationCode
    village: str
    voters: int | UnsetType = UNSET


class GapsAnswer(Struct, frozen=True, kw_only=True):
    """Where nobody has been; `register` is 0 where no register was imported."""

    election: str
    contest: str
    cursor: str
    region: Place
    register: int
    gaps: list[Gap]
    next: str | UnsetType = UNSET


class DisputedAnswer(Struct, frozen=True, kw_only=True):
    """Where monitors differ, side by side."""

    election: str
    contest: str
    cursor: str
    region: Place
    disputed: list[Contest]
    next: str | UnsetType = UNSET


class Change(Struct, frozen=True, kw_only=True):
    """One row of the map as it is now; `row` as the digest has it, byte for byte."""

    change: int
    contest: str
    tps: StationCode
    row: Annotated[Raw, Meta(extra_json_schema={"type": "object"})]


class ChangesAnswer(Struct, frozen=True, kw_only=True):
    """What changed since a cursor.

    `cursor` continues from here. `reset`: the cursor asked with is of another life of
    this node's map; drop what you hold, these changes start from the beginning.
    `more`: ask again at once.
    """

    election: str
    cursor: str
    reset: bool
    more: bool
    changes: list[Change]


class Source(Struct, frozen=True, kw_only=True):
    """A log that the map is made from: whose it is, and how it may be used.

    `size` entries of it are in the map.
    """

    org: str
    origin: str
    size: int
    name: str
    licence: str
    attribution: str


class Summary(Struct, frozen=True, kw_only=True):
    """One contest of a node's map in one object; equal maps give equal objects.

    `digest`: SHA-256 over all rows of the election; `register` the number of polling
    stations that should exist; `tally` with all claims; `coverage` without KPU.
    """

    org: str
    election: str
    contest: str
    digest: HexDigest
    register: int
    status: dict[str, int]
    official: dict[str, int]
    tally: dict[str, Interval]
    coverage: dict[str, int]
    vector: dict[str, int]


class ContestInfo(Struct, frozen=True, kw_only=True):
    """A contest of an election; `candidates` (or parties) by ballot number."""

    contest: str
    candidates: dict[str, str]


class ElectionInfo(Struct, frozen=True, kw_only=True):
    """An election that this node knows, and what its map rests on beside the logs.

    `profile` and `register_digest` are digests ("" without a register), `rules` the
    version of the merge rules: nodes with the same three make the same map.
    """

    election: str
    name: dict[str, str]
    profile: str
    register: int
    register_digest: str
    rules: int
    contests: list[ContestInfo]
    sources: list[Source]


class ElectionsAnswer(Struct, frozen=True, kw_only=True):
    """What this node can be asked about; the first election is the default.

    `frozen`: logs whose origin signed two histories; `/<hex>/fork` is the proof.
    """

    elections: list[ElectionInfo]
    frozen: list[str]


class LogStatus(Struct, frozen=True, kw_only=True):
    """One organisation's history as held here.

    `held_by`: how many others confirmed that they hold all of it; `holders`: who, for
    whoever is told of partners. `held`: those are as many as our quorum asks for.
    `witnesses`: the keys from outside that signed all of it, and hold nothing.
    `merged`: how much of it is in the map. `unknown`: entries of a type that only a
    newer version can read. `public_from`: of a log that is for everybody from then on.
    """

    origin: str
    org: str
    own: bool
    size: int
    merged: int
    held_by: int
    held: bool
    holders: list[str] | UnsetType = UNSET
    witnesses: list[str] | UnsetType = UNSET
    unknown: int
    frozen: bool
    stalled: str | UnsetType = UNSET
    closed: bool
    public_from: str | UnsetType = UNSET


class PeerStatus(Struct, frozen=True, kw_only=True):
    """How the last turn with a partner went; times are Unix seconds."""

    org: str
    failures: int
    last_at: int | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    new: int | UnsetType = UNSET
    next_at: int | UnsetType = UNSET


class StatusAnswer(Struct, frozen=True, kw_only=True):
    """How this node is: its history, who holds it, its partners, its alarms.

    `quorum`: so many others must hold a record before this node calls it held.
    `offered`: logs that partners hold and nobody here asked for; never fetched.
    `you`: how our turns with a partner go that signed its question.
    """

    org: str
    name: str
    cursors: dict[str, str]
    quorum: int
    logs: list[LogStatus]
    peers: list[PeerStatus]
    offered: list[Offered]
    alarms: list[Alarm]
    you: PeerStatus | UnsetType = UNSET
