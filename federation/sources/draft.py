"""One draft that a program hands in: read as a line of a file is, every error told.

Rule: there is one set of rules for what a row means, and it is that of files
(`sources/ndjson.py`): `1`, `01` and `100025` are candidate `01` here too, `61.0` is 61,
and what a file may not say no program may. A reader of files stops at the first thing
that is wrong with a row; who writes a program wants them all, with their places. So a
row that cannot be read is taken apart, and each of its parts is read alone.

    {"tps":"x","candidates":{"01":-1,"04":2}}
    → tps, candidates.01 and candidates.04, each with its code and its reason
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from federation.records.problem import Problem
from federation.records.profile import Profile
from federation.records.tps import TpsId
from federation.sources.mapping import Options
from federation.sources.member import DraftBeginner
from federation.sources.ndjson import check_names, read_members_of
from federation.sources.recap import RecapDrafter
from federation.sources.row import BadCell, Draft, clip
from federation.text import Sentence

MAX_PROBLEMS = 32  # of one row: who has more has not read the description
MAX_PARTS = 2_000  # the largest real form, of DPR, has some 300
MAX_NAME = 64
_PLACE = ("tps", "kelurahan", "number")
_VOTES = ("candidates", "parties")
# Some station of some province, where what is wrong with the rest can be asked.
_STAND_IN = "0001011001001"
_PROVINCES = ("11", "12", "13", "31", "32", "72", "99")

# What files are told to do on the command line.
_REWORDED = {
    "member": Sentence("intake.unknown-member"),
    "signed": Sentence("intake.signed-member"),
}

DraftLine: TypeAlias = Mapping[str, Any]


class _FoundProblems:
    """Problems in the order in which they were found, each once.

    `blocks`: those that are wrong as a whole.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.blocks: list[str] = []

    def note(self, at: str, bad: BadCell) -> None:
        """Add what is wrong at a place, unless the whole around it is wrong so."""
        if bad.code == "votes":  # candidates where parties stand: all of them alike
            at = bad.column
            self.blocks.append(at)
        problem = Problem(at, bad.code, _REWORDED.get(bad.code, bad.reason))
        around = (held for held in self.problems if f"{at}.".startswith(f"{held.at}."))
        if all(held[1:] != problem[1:] for held in around):
            self.problems.append(problem)


class _LinePart(NamedTuple):
    """A piece of a line: its place there, and a line of nothing else."""

    at: str
    line: dict[str, Any]


class DraftReader:
    """Reads drafts for one election."""

    def __init__(self, profile: Profile) -> None:
        """`profile` is of the election that the drafts are of."""
        self._profile = profile
        self._members = DraftBeginner(Options(), profile)
        self._recaps = RecapDrafter(Options(), profile)

    def read(self, line: object) -> dict[str, Any] | tuple[Problem, ...]:
        """The members of a record, in our own terms; or all that is wrong with it."""
        if not isinstance(line, dict):
            return (Problem("", "shape", Sentence("intake.not-object")),)
        of_region = "region" in line
        try:
            if of_region:
                row = self._recaps.read(0, line)
            else:
                row = read_members_of(0, check_names(line), self._members)
        except BadCell as bad:
            if of_region:
                return tuple(self._recaps.problems(line)[:MAX_PROBLEMS])
            return tuple(self._examine(line, bad))
        if isinstance(row, Draft):
            return row.fields
        return (Problem("", "no-numbers", Sentence("intake.nothing-read")),)

    def _examine(self, line: DraftLine, first: BadCell) -> list[Problem]:
        """Everything that is wrong with a line, of which `first` is one thing."""
        noted = _FoundProblems()
        basis, is_judged = self._basis(line, noted)
        good: dict[str, Any] = dict(basis)
        for part in islice(_parts(line), MAX_PARTS):
            if len(noted.problems) >= MAX_PROBLEMS:
                return noted.problems
            if part.at.startswith((*noted.blocks, *(() if is_judged else _VOTES))):
                continue
            bad = self._why({**basis, **part.line})
            if bad is None:
                _add(good, part.line)
            else:
                noted.note(part.at, bad)
        # What is wrong with no part alone, such as `1` beside `01`.
        if bad := self._why(good):
            noted.note(bad.column, bad)
        if not noted.problems:
            noted.note(first.column, first)
        return noted.problems

    def _why(self, line: DraftLine) -> BadCell | None:
        """What is wrong with a line first; None: it can be read."""
        try:
            read_members_of(0, check_names(line), self._members)
        except BadCell as bad:
            return bad
        return None

    def _basis(
        self, line: DraftLine, noted: "_FoundProblems"
    ) -> tuple[dict[str, Any], bool]:
        """What the parts of a line are read beside: its place and its contest.

        Where one of them is wrong it is noted, and another stands in, so that the rest
        can be read all the same. Also whether it can be said who stands: not without a
        contest, nor in a Pilkada without a place.
        """
        contest = {"contest": line["contest"]} if "contest" in line else {}
        asked = str(contest.get("contest", self._members.contest)).strip().lower()
        bad = self._why({"tps": self._stand_in(asked), **contest})
        is_contest = bad is None
        if bad is not None:
            if not contest:
                known = ", ".join(self._profile.contests)
                which = Sentence("intake.which-contest", known=known)
                bad = BadCell("contest", which)
            noted.note("contest", bad)
            asked = self._profile.contests[0]
            contest = {"contest": asked}
        place = {name: line[name] for name in _PLACE if name in line}
        bad = self._why({**place, **contest})
        if bad is not None:
            if is_contest or bad.code != "contest":
                noted.note(bad.column or "tps", bad)
            place = {"tps": self._stand_in(asked)}
            is_contest = is_contest and not self._profile.has_races(asked)
        return {**place, **contest}, is_contest

    def _stand_in(self, contest: str) -> str:
        """A station where this contest is held."""
        rules = self._profile.file.contests.get(contest)  # type: ignore[call-overload]  # any text may be asked for
        regions = _PROVINCES if rules is None or not rules.only else rules.only
        codes = [TpsId(region + _STAND_IN[len(region) :]) for region in regions]
        held = (code for code in codes if self._profile.stands(contest, code))
        return next(held, codes[0])


def _parts(line: DraftLine) -> Iterator[_LinePart]:
    """The pieces of a line that can be wrong by themselves, but place and contest."""
    for name, value in line.items():
        if name in {*_PLACE, "contest"}:
            continue
        if name == "parties" and isinstance(value, dict):
            for number, party in value.items():
                yield from _parts_of_party(number, party)
        elif name in {"candidates", "figures"} and isinstance(value, dict):
            for key, count in value.items():
                yield _LinePart(f"{name}.{_shown(key)}", {name: {key: count}})
        else:
            yield _LinePart(_shown(name), {name: value})


def _parts_of_party(number: str, party: object) -> Iterator[_LinePart]:
    at = f"parties.{_shown(number)}"
    if not isinstance(party, dict):
        yield _LinePart(at, {"parties": {number: party}})
        return
    yield _LinePart(at, {"parties": {number: {}}})
    for name, value in party.items():
        if name == "caleg" and isinstance(value, dict):
            for who, count in value.items():
                caleg = {"caleg": {who: count}}
                yield _LinePart(
                    f"{at}.caleg.{_shown(who)}", {"parties": {number: caleg}}
                )
        else:
            part = {"parties": {number: {name: value}}}
            yield _LinePart(f"{at}.{_shown(name)}", part)


def _shown(name: str) -> str:
    """A stranger's name of a member, so that nothing in it is hidden."""
    if name.isascii() and name.isprintable() and len(name) <= MAX_NAME:
        return name
    return clip(name)


def _add(line: dict[str, Any], part: DraftLine) -> None:
    """Put a part back where it stood."""
    for name, value in part.items():
        held = line.get(name)
        if isinstance(held, dict) and isinstance(value, dict):
            # A part's objects are its own: only copies are changed.
            line[name] = dict(held)
            _add(line[name], value)
        else:
            line[name] = value
