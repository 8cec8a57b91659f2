"""The profile of an election: what partners must agree on before they can merge.

Rule: a profile says where a contest is held and which ids stand there, and maps every
source's ids to the canonical ones. It never decides whether a statement is valid: that
must not change with a file which two partners may hold in different versions.

    {"contests":{"ppwp":{"candidates":{"01":{"aliases":["100025"],"name":"…"}},…},
                 "pdpr":{"parties":{"18":{"name":"…","only":["11"]}},"without":["…"]}},
     "election":"pemilu-2024","exceptions":[{"reason":"…","regions":["94"]}],
     "max_voters":300,"name":{"en":"…","id":"…"},"rounds":["reguler","psu"],
     "spare_per_mille":20,"time_zone":"Asia/Jakarta","version":1,"voting_day":"…"}

`only` and `without` are lists of region codes: the contest is held, the party stands,
in these alone, or everywhere but there. `aliases`: ids of other sources, as text.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import FormatError, RecordError
from federation.records.tps import SPECIAL_FROM, TpsId, is_overseas, is_special
from federation.text import Sentence
from federation.text.malformed import UnreadableError, decode_text, explain_json
from federation.text.mistyped import explain_mistyped, split_place

Contest = Literal["pdpd", "pdpr", "pdprdk", "pdprdp", "pkwkk", "pkwkp", "ppwp"]
Round = Literal["reguler", "susulan", "lanjutan", "hitung-ulang", "psu"]

CONTESTS: Final[tuple[str, ...]] = get_args(Contest)
PARTY_CONTESTS: Final = frozenset({"pdpr", "pdprdp", "pdprdk"})
# From the one that counts least to the one that replaces all others (merging).
ROUNDS: Final[tuple[str, ...]] = get_args(Round)

ELECTION_PATTERN: Final = r"^[a-z0-9-]{1,40}$(?!\n)"
CANDIDATE_PATTERN: Final = r"^[0-9a-z-]{1,32}$(?!\n)"

Election = Annotated[str, Meta(pattern=ELECTION_PATTERN)]
CandidateId = Annotated[str, Meta(pattern=CANDIDATE_PATTERN)]
PartyNumber = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,2}$(?!\n)")]
_Region = Annotated[str, Meta(pattern=r"^[0-9A-Z]{2,10}$(?!\n)")]
_Regions: TypeAlias = Annotated[tuple[_Region, ...], Meta(min_length=1)] | UnsetType
_Label = Annotated[str, Meta(min_length=1, max_length=300)]

_OVERSEAS_DIGITS: Final = 2  # what shows that a TPS is abroad
_SPECIAL_TEXT: Final = str(SPECIAL_FROM)
_MAX_PLACES: Final = 4096


class Candidate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A candidate or a party: its name, other sources' ids, where it stands."""

    name: _Label
    aliases: tuple[_Label, ...] = ()
    only: _Regions = UNSET


class ContestRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contest: where it is held and who stands; no list: not known nationally."""

    only: _Regions = UNSET
    without: _Regions = UNSET
    candidates: dict[CandidateId, Candidate] | UnsetType = UNSET
    parties: dict[PartyNumber, Candidate] | UnsetType = UNSET


class RegionalException(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Regions where a TPS may have more votes than `max_voters` allows, and why."""

    regions: Annotated[tuple[_Region, ...], Meta(min_length=1)]
    reason: _Label


class Names(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The election's name for people."""

    en: _Label
    id: _Label


class ProfileFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The wire form of a profile."""

    election: Election
    version: Annotated[int, Meta(ge=1, le=999_999)]
    name: Names
    contests: Annotated[dict[Contest, ContestRules], Meta(min_length=1)]
    max_voters: Annotated[int, Meta(ge=1, le=999_999)]
    spare_per_mille: Annotated[int, Meta(ge=0, le=1000)]
    rounds: Annotated[tuple[Round, ...], Meta(min_length=1)]
    time_zone: _Label
    voting_day: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]
    exceptions: tuple[RegionalException, ...] = ()
    register_digest: (
        Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")] | UnsetType
    ) = UNSET


class Place(NamedTuple):
    """What a profile says of one contest at one TPS: see the methods of `Profile`."""

    stands: bool
    ids: frozenset[str] | None
    max_votes: int | None


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
            RecordError: two candidates of a contest share an alias, or a contest
                lists what it does not elect.
        """
        self.file = file
        self.text = msgspec.json.encode(file, order="sorted")
        self.digest = hashlib.sha256(self.text).hexdigest()
        self._exempt = tuple(r for e in file.exceptions for r in e.regions)
        self._most = file.max_voters + self.spare_ballots(file.max_voters)
        self._races = {str(name): _Race(name, c) for name, c in file.contests.items()}
        self._width = max(map(len, _regions(file)), default=_OVERSEAS_DIGITS)
        self._places: dict[tuple[str, str, bool], Place] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return parse_profile, (self.text,)

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
    def contests(self) -> tuple[str, ...]:
        """The contests that are held, sorted."""
        return tuple(sorted(self._races))

    def place(self, contest: str, tps: TpsId) -> Place:
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
            place = self._places[key] = Place(
                self.stands(contest, tps),
                self.ids(contest, tps),
                self.max_votes(contest, tps),
            )
        return place

    def stands(self, contest: str, tps: TpsId) -> bool:
        """Whether this contest is held at this TPS."""
        race = self._races.get(contest)
        return race is not None and race.is_held_at(tps)

    def ids(self, contest: str, tps: TpsId) -> frozenset[str] | None:
        """The candidates or parties that stand there; None: the profile lists none."""
        race = self._races.get(contest)
        return None if race is None else race.ids_at(tps)

    def candidates(self, contest: str) -> dict[str, Candidate]:
        """All listed candidates or parties by canonical id; empty: none listed."""
        race = self._races.get(contest)
        return {} if race is None else race.listed

    def alias(self, contest: str, raw: str) -> str:
        """The canonical id for a source's id of a candidate or party.

        Raises:
            RecordError: no such contest, or it lists its ids and this is none of them.
        """
        race = self._races.get(contest)
        if race is None:
            raise RecordError(f"{self.election} has no contest {contest!r}", "contest")
        if not race.aliases:
            return raw
        if raw not in race.aliases:
            what = "party" if self.is_party_contest(contest) else "candidate"
            raise RecordError(f"unknown {what} {raw[:40]!r} of {contest}", what)
        return race.aliases[raw]

    def max_votes(self, contest: str, tps: TpsId) -> int | None:
        """The most votes an ordinary TPS can have; None where no bound is known."""
        if contest not in self._races or is_overseas(tps) or is_special(tps):
            return None
        return None if tps.startswith(self._exempt) else self._most

    def spare_ballots(self, voters: int) -> int:
        """The ballots delivered beyond one for each of these registered voters."""
        return -(-voters * self.file.spare_per_mille // 1000)

    @staticmethod
    def is_party_contest(contest: str) -> bool:
        """Whether votes of this contest go to parties and their candidates."""
        return contest in PARTY_CONTESTS


class _Race:
    """One contest, prepared for questions that are asked for each record."""

    __slots__ = ("_everywhere", "_only", "_regional", "_without", "aliases", "listed")

    def __init__(self, contest: str, rules: ContestRules) -> None:
        of_parties = contest in PARTY_CONTESTS
        if (rules.candidates if of_parties else rules.parties) is not UNSET:
            raise RecordError("lists what it does not elect", f"contests.{contest}")
        listed = rules.parties if of_parties else rules.candidates
        self.listed = {} if listed is UNSET else dict(listed)
        self.aliases = _aliases(contest, self.listed)
        self._only = rules.only or ()
        self._without = rules.without or ()
        self._everywhere = frozenset(k for k, v in self.listed.items() if not v.only)
        self._regional = tuple((v.only, k) for k, v in self.listed.items() if v.only)

    def is_held_at(self, tps: TpsId) -> bool:
        """Whether the contest is held there."""
        if self._only and not tps.startswith(self._only):
            return False
        return not tps.startswith(self._without)

    def ids_at(self, tps: TpsId) -> frozenset[str] | None:
        """The ids that stand there; None: none is listed."""
        if not self.listed:
            return None
        if not self._regional:
            return self._everywhere
        extra = frozenset(name for only, name in self._regional if tps.startswith(only))
        return self._everywhere | extra if extra else self._everywhere


def _regions(file: ProfileFile) -> Iterator[str]:
    for exception in file.exceptions:
        yield from exception.regions
    for contest in file.contests.values():
        for listed in (contest.candidates, contest.parties):
            for one in (listed or {}).values():
                yield from one.only or ()
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
        said, place = split_place(str(error))
        field = f"profile.{place}" if place else "profile"
        raise RecordError(explain_mistyped(said), field) from None
    except UnreadableError as error:
        raise FormatError(error.reason) from None
    except RecursionError:
        raise FormatError(Sentence("machine.nested")) from None
    except ValueError as error:
        raise FormatError(explain_json(error)) from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # The last of two equal members would win here and the first one elsewhere.
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FormatError(Sentence("machine.json-twice", name=twice))
    return members


def _aliases(contest: str, listed: dict[str, Candidate]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for name, candidate in listed.items():
        for alias in (name, *candidate.aliases):
            if aliases.setdefault(alias, name) != name:
                raise RecordError(f"alias {alias!r} twice", f"contests.{contest}")
    return aliases
