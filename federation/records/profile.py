"""The profile of an election: what partners must agree on before they can merge.

Rule: a profile says where a contest is held and which ids stand there, and maps every
source's ids to the canonical ones. It never decides whether a statement is valid: that
must not change with a file which two partners may hold in different versions.

    {"contests":{"ppwp":{"candidates":{"01":{"aliases":["100025"],"name":"…"}},…},
                 "pdpr":{"parties":{"18":{"name":"…","only":["11"]}},"without":["…"]},
                 "pkwkk":{"races":{"3207":{"01":{"aliases":["1000562"],"name":"…"},…}}}},
     "election":"pemilu-2024","exceptions":[{"reason":"…","regions":["94"]}],
     "max_voters":300,"name":{"en":"…","id":"…"},"reporting":{"days":7,…},
     "rounds":["reguler","psu"],
     "spare_per_mille":20,"time_zone":"Asia/Jakarta","version":1,"voting_day":"…"}

`only` and `without` are lists of region codes: the contest is held, the party stands,
in these alone, or everywhere but there. `aliases`: ids of other sources, as text.
`races`: who stands differs by region, and in a region without a list is not known.
`reporting`: until when violations can be reported (`records/deadline.py`).
"""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import FormatError, RecordError
from federation.records.deadline import ReportingRule, check_calendar
from federation.records.race import Area, Race
from federation.records.roster import Candidate, Label, RegionCode, RegionCodes, Roster
from federation.records.tps import (
    OVERSEAS,
    SPECIAL_FROM,
    TpsId,
    is_overseas,
    is_special,
)
from federation.text import Sentence
from federation.text.malformed import MalformedError, decode_text, explain_json
from federation.text.mistyped import explain_mistyped, split_place

ContestId = Literal["pdpd", "pdpr", "pdprdk", "pdprdp", "pkwkk", "pkwkp", "ppwp"]
Round = Literal["reguler", "susulan", "lanjutan", "hitung-ulang", "psu"]

CONTESTS: Final[tuple[str, ...]] = get_args(ContestId)
PARTY_CONTESTS: Final = frozenset({"pdpr", "pdprdp", "pdprdk"})
# From the one that counts least to the one that replaces all others (merging).
ROUNDS: Final[tuple[str, ...]] = get_args(Round)

ELECTION_PATTERN: Final = r"^[a-z0-9-]{1,40}$(?!\n)"
CANDIDATE_PATTERN: Final = r"^[0-9a-z-]{1,32}$(?!\n)"

Election = Annotated[str, Meta(pattern=ELECTION_PATTERN)]
CandidateId = Annotated[str, Meta(pattern=CANDIDATE_PATTERN)]
PartyNumber = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,2}$(?!\n)")]
Candidates: TypeAlias = dict[CandidateId, Candidate]

_OVERSEAS_DIGITS: Final = 2  # what shows that a TPS is abroad
_SOME: Final = Meta(min_length=1)
_SPECIAL_TEXT: Final = str(SPECIAL_FROM)
_MAX_PLACES: Final = 4096
_BALLOT: Final = 2  # digits of a ballot number
MAX_QUOTED: Final = 40
NATION: Final = "Indonesia"
NOBODY: Final = Roster({}, parties=False)


class ContestRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contest: where it is held and who stands; no list: not known nationally.

    `races`: who stands in each region, where that differs.
    """

    only: RegionCodes = UNSET
    without: RegionCodes = UNSET
    candidates: Candidates | UnsetType = UNSET
    parties: dict[PartyNumber, Candidate] | UnsetType = UNSET
    races: (
        Annotated[dict[RegionCode, Annotated[Candidates, Meta(min_length=1)]], _SOME]
        | UnsetType
    ) = UNSET


class RegionalException(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Regions where a TPS may have more votes than `max_voters` allows, and why."""

    regions: Annotated[tuple[RegionCode, ...], Meta(min_length=1)]
    reason: Label


class Names(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The election's name for people."""

    en: Label
    id: Label


class ProfileFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The wire form of a profile."""

    election: Election
    version: Annotated[int, Meta(ge=1, le=999_999)]
    name: Names
    contests: Annotated[dict[ContestId, ContestRules], Meta(min_length=1)]
    max_voters: Annotated[int, Meta(ge=1, le=999_999)]
    spare_per_mille: Annotated[int, Meta(ge=0, le=1000)]
    rounds: Annotated[tuple[Round, ...], Meta(min_length=1)]
    time_zone: Label
    voting_day: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]
    exceptions: tuple[RegionalException, ...] = ()
    reporting: ReportingRule | UnsetType = UNSET
    register_digest: (
        Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")] | UnsetType
    ) = UNSET


class ContestPlace(NamedTuple):
    """What a profile says of one contest at one TPS: see the methods of `Profile`."""

    stands: bool
    ids: frozenset[str] | None
    max_votes: int | None
    roster: Roster


class Profile:
    """A profile ready to be asked; made by `parse_profile`."""

    __slots__ = (
        "_exempt",
        "_most",
        "_places",
        "_races",
        "_width",
        "digest",
        "file",
        "text",
    )

    def __init__(self, file: ProfileFile) -> None:
        """`digest`: hex SHA-256 of `text`, the canonical JSON of `file`.

        Raises:
            RecordError: two candidates of a contest share an alias, a contest lists
                what it does not elect, or a calendar says two things of a day.
        """
        if file.reporting is not UNSET:
            check_calendar(file.reporting.calendar, "reporting.calendar")
        self.file = file
        self.text = msgspec.json.encode(file, order="sorted")
        self.digest = hashlib.sha256(self.text).hexdigest()
        self._exempt = tuple(r for e in file.exceptions for r in e.regions)
        self._most = self.ballots(file.max_voters)
        self._races = {str(name): _race(name, c) for name, c in file.contests.items()}
        self._width = max(map(len, _regions(file)), default=_OVERSEAS_DIGITS)
        self._places: dict[tuple[str, str, bool], ContestPlace] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return restore_profile, (self.text,)

    @property
    def election(self) -> str:
        """The election's id."""
        return self.file.election

    @property
    def version(self) -> int:
        """Which edition of this profile it is, from 1."""
        return self.file.version

    @property
    def name(self) -> Names:
        """What people call the election."""
        return self.file.name

    @property
    def reporting(self) -> ReportingRule | None:
        """Until when violations can be reported; None: it is not known here."""
        return self.file.reporting or None

    @property
    def contests(self) -> tuple[str, ...]:
        """The contests that are held, sorted."""
        return tuple(sorted(self._races))

    def place(self, contest: str, tps: TpsId) -> ContestPlace:
        """All that is said of this contest at this TPS, in one look-up.

        Records come region by region, and stations in one region differ only in
        whether they are special: the answers are kept. Asked one by one they take
        1.5 µs of every record.
        """
        key = contest, tps[: self._width], tps[10:] >= _SPECIAL_TEXT
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= _MAX_PLACES:
                self._places.clear()
            place = self._places[key] = ContestPlace(
                self.stands(contest, tps),
                self.ids(contest, tps),
                self.max_votes(contest, tps),
                self.roster(contest, tps),
            )
        return place

    def stands(self, contest: str, tps: TpsId) -> bool:
        """Whether this contest is held at this TPS."""
        race = self._races.get(contest)
        return race is not None and race.is_held_at(tps)

    def ids(self, contest: str, tps: TpsId) -> frozenset[str] | None:
        """The candidates or parties that stand there; None: the profile lists none."""
        return self.roster(contest, tps).ids

    def candidates(self, contest: str, region: str = "") -> dict[str, Candidate]:
        """The candidates or parties listed for a region, or a TPS, by canonical id.

        Empty: none is listed, or they differ within the region.
        """
        race = self._races.get(contest)
        return {} if race is None else race.listed_in(region)

    def numbers(self, contest: str, region: str = "") -> list[str]:
        """The canonical ids listed for a region, those of all races within it."""
        race = self._races.get(contest)
        if race is None or not race.regions or race.listed_in(region):
            return list(self.candidates(contest, region))
        inside = (o.listed for r, o in race.regions.items() if r.startswith(region))
        return sorted({name for listed in inside for name in listed})

    def roster(self, contest: str, tps: str) -> Roster:
        """Who stands there and what they may be called; empty: nobody is listed."""
        race = self._races.get(contest)
        return NOBODY if race is None else race.roster_at(tps)

    def one_roster(self, contest: str) -> Roster | None:
        """The list that holds wherever the contest is held; None: there is none."""
        race = self._races.get(contest)
        return None if race is None else race.one_roster()

    def has_races(self, contest: str) -> bool:
        """Whether who stands differs by region."""
        race = self._races.get(contest)
        return race is not None and bool(race.regions)

    def find_races(self, contest: str, raw: str) -> dict[str, str]:
        """The regions where this id or alias stands, and whose it is there.

        None for a ballot number: it stands in every region.
        """
        race = self._races.get(contest)
        return {} if race is None or len(raw) <= _BALLOT else race.find(raw)

    def alias(self, contest: str, raw: str, tps: str) -> str:
        """The canonical id for what a source calls a candidate or party at this TPS.

        Raises:
            RecordError: no such contest; or nobody of that id or name stands there.
        """
        race = self._races.get(contest)
        if race is None:
            held = ", ".join(self.contests)
            why = Sentence("numbering.no-contest", contest=contest[:40], held=held)
            raise RecordError(why, "contest")
        roster = race.roster_at(tps)
        name = roster.find(raw)
        # Who is listed for another region does not stand here as somebody unknown.
        if name is not None and (
            roster.ids is not None or not self.find_races(contest, name)
        ):
            return name
        what = "party" if self.is_party_contest(contest) else "candidate"
        raise RecordError(self._why_unknown(contest, raw, tps, roster), what)

    def _why_unknown(
        self, contest: str, raw: str, tps: str, roster: Roster
    ) -> Sentence:
        """Who stands there instead; and where this one does, if it is known."""
        parts = {
            "raw": ascii(raw if len(raw) <= MAX_QUOTED else raw[:MAX_QUOTED] + "…"),
            "contest": contest,
            "election": self.election,
            "place": roster.region or tps or NATION,
        }
        elsewhere = sorted(self.find_races(contest, roster.spell(raw)))
        standing = roster.standing()
        if elsewhere:
            where = ", ".join(elsewhere[:3])
            key = "stands-elsewhere" if standing else "stands-elsewhere-alone"
            return Sentence(
                f"numbering.{key}", **parts, elsewhere=where, standing=standing
            )
        kind = "party" if roster.parties else "candidate"
        if not standing:
            return Sentence(f"numbering.no-id-{kind}", **parts)
        return Sentence(f"numbering.no-{kind}", **parts, standing=standing)

    def max_votes(self, contest: str, tps: TpsId) -> int | None:
        """The most votes an ordinary TPS can have; None where no bound is known."""
        if contest not in self._races or is_overseas(tps) or is_special(tps):
            return None
        return None if tps.startswith(self._exempt) else self._most

    def most_votes(self, contest: str, region: str) -> int | None:
        """The most votes of any ordinary TPS of a region; None where no bound is known.

        `region`: a code; "" is the nation, in which are places without a bound.
        """
        if contest not in self._races or not region or region.startswith(OVERSEAS):
            return None
        inside = (place.startswith(region) for place in self._exempt)
        return None if region.startswith(self._exempt) or any(inside) else self._most

    @property
    def most_assumed(self) -> int:
        """The most votes of a TPS of whose voters nothing is known."""
        return self._most

    def ballots(self, voters: int) -> int:
        """The ballots delivered for so many registered voters, spare ones too."""
        return voters - (-voters * self.file.spare_per_mille // 1000)

    @staticmethod
    def is_party_contest(contest: str) -> bool:
        """Whether votes of this contest go to parties and their candidates."""
        return contest in PARTY_CONTESTS


def _race(contest: str, rules: ContestRules) -> Race:
    of_parties = contest in PARTY_CONTESTS
    field = f"contests.{contest}"
    if (rules.candidates if of_parties else rules.parties) is not UNSET:
        raise RecordError(Sentence("member.not-elected"), field)
    listed = rules.parties if of_parties else rules.candidates
    return Race(
        Area(rules.only or (), rules.without or ()),
        listed or {},
        rules.races or {},
        field,
        parties=of_parties,
    )


def _regions(file: ProfileFile) -> Iterator[str]:
    for exception in file.exceptions:
        yield from exception.regions
    for contest in file.contests.values():
        for listed in (contest.candidates, contest.parties):
            for candidate in (listed or {}).values():
                yield from candidate.only or ()
        yield from contest.races or ()
        yield from contest.only or ()
        yield from contest.without or ()


def parse_profile(data: bytes) -> Profile:
    """The profile that a JSON file holds; white space and order are free.

    Raises:
        FormatError: not JSON, or a member twice.
        RecordError: a member is missing, unknown or outside its bounds.
    """
    try:
        members = json.loads(decode_text(data), object_pairs_hook=_members)
        return Profile(msgspec.convert(members, ProfileFile))
    except msgspec.ValidationError as error:
        rule, place = split_place(str(error))
        field = f"profile.{place}" if place else "profile"
        raise RecordError(explain_mistyped(rule), field) from None
    except MalformedError as error:
        raise FormatError(error.reason) from None
    except RecursionError:
        raise FormatError(Sentence("machine.nested")) from None
    except ValueError as error:
        raise FormatError(explain_json(error)) from None


@lru_cache(maxsize=16)
def restore_profile(text: bytes) -> Profile:
    """A profile that comes from another process of ours, as `Profile.text`: once.

    It comes with each 500 rows that are to be signed.
    """
    return parse_profile(text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # The last of two equal members would win here and the first one elsewhere.
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FormatError(Sentence("machine.json-twice", name=twice))
    return members
