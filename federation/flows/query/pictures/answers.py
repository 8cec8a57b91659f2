"""The pictures of a region out of its counters, as the JSON of the API tells them.

Rule: what a picture shows is here in whole numbers; whoever draws it computes nothing
but places. Times are kept within the days that they can be of: an organisation whose
clock is wrong stretches nobody's picture.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType, structs

from federation.errors import NotFoundError
from federation.flows.query.answers import Place
from federation.flows.query.pictures.count import KPU, MONITORS, STEP_S
from federation.flows.query.pictures.dots import KECAMATAN, StationDot, each_dot
from federation.flows.query.pictures.shelf import CountingOn, PictureCounts
from federation.flows.query.scope import QueryScope
from federation.records.digits import BENFORD_SECOND, DIGITS, UNIFORM
from federation.records.numbering import find_id
from federation.records.tally import race_level
from federation.records.timezones import WIB
from federation.records.turnout import ALL, COLUMNS, ROWS, STEP
from federation.store.view import View
from federation.text import Sentence

Picture: TypeAlias = Literal[
    "coverage", "observed", "agreement", "turnout", "dots", "last", "second"
]
PICTURES: Final[tuple[Picture, ...]] = (
    "coverage",
    "observed",
    "agreement",
    "turnout",
    "dots",
    "last",
    "second",
)
Whose: TypeAlias = Literal["monitors", "kpu"]
WHOSE: Final[tuple[Whose, ...]] = ("monitors", "kpu")

#: Steps of time that people read, in seconds; of more points none can be told apart.
_STEPS: Final = (STEP_S, 1_800, 3_600, 10_800, 21_600, 86_400, 604_800, 2_592_000)
_MOST_STEPS: Final = 60
#: Days and hours begin by the time of Jakarta.
_ZONE_S: Final = int(WIB.utcoffset(None).total_seconds())


class CoverageStep(Struct, frozen=True, kw_only=True):
    """How many stations somebody had spoken of, or photographed, until then.

    `until`: Unix seconds, by the time each organisation signed, or says that the form
    was photographed; `together`: anybody.
    """

    until: int
    together: int
    orgs: dict[str, int]


class UntimedStations(Struct, frozen=True, kw_only=True):
    """Of how many stations no record says when the form was photographed.

    `together`: nobody's; `orgs`: that organisation's.
    """

    together: int
    orgs: dict[str, int]


class AgreementPair(Struct, frozen=True, kw_only=True):
    """How many stations two have read, and how many of them alike; `kpu` is KPU."""

    one: str
    other: str
    both: int
    same: int


class TurnoutCell(Struct, frozen=True, kw_only=True):
    """How many stations lie there, in percent rounded down, both ends within.

    `turnout_to` is absent above 100 %.
    """

    turnout_from: int
    turnout_to: int | UnsetType = UNSET
    share_from: int
    share_to: int
    stations: int


class CellPart(Struct, frozen=True, kw_only=True):
    """How many stations of the chosen cell a part of the region has."""

    region: Place
    stations: int


class DigitCount(Struct, frozen=True, kw_only=True):
    """How often a digit stands there, and how often it would by what is expected."""

    digit: int
    count: int
    expected: float


class PicturesAnswer(Struct, frozen=True, kw_only=True):
    """The pictures of one contest in a region; of votes, those of one candidate.

    `stations`: of how many the votes are counted (undisputed ones, in the register);
    `voted`: of how many of them the turnout is known, too. `candidate` is "" where the
    region has several races. `cursor` may be a minute old. While not all is counted
    yet, `done` says how many of `of` kabupaten are, and the pictures are empty.

    `coverage`: by when records were signed; `observed`: by when their forms were
    photographed, with those that do not say in `untimed`.

    `dots`: of a kecamatan and below, each station that `turnout` counts. `cell`: the
    one that was asked for, `parts`: where its stations are, those with most first.
    """

    election: str
    contest: str
    cursor: str
    region: Place
    register: int
    whose: str
    candidate: str
    candidates: dict[str, str]
    stations: int = 0
    voted: int = 0
    coverage: list[CoverageStep] = []
    observed: list[CoverageStep] = []
    untimed: UntimedStations | UnsetType = UNSET
    agreement: list[AgreementPair] = []
    turnout: list[TurnoutCell] = []
    dots: list[StationDot] = []
    cell: TurnoutCell | UnsetType = UNSET
    parts: list[CellPart] = []
    last: list[DigitCount] = []
    second: list[DigitCount] = []
    done: int | UnsetType = UNSET
    of: int | UnsetType = UNSET


def standing_numbers(asked: QueryScope, code: str) -> list[str]:
    """The candidates or parties of a region; none where it has several races."""
    if len(code) < race_level(asked.contest):
        return []
    return asked.numbers(code)


def read_candidate(asked: QueryScope, code: str, typed: str) -> str:
    """Whose votes of a region are meant, by ballot number; "": nobody was named.

    Raises:
        NotFoundError: nobody of that number stands there; it says who does.
    """
    numbers = standing_numbers(asked, code)
    found = find_id(typed, numbers)
    if typed and not found:
        held = ", ".join(numbers) or "–"
        raise NotFoundError(
            Sentence("pictures.no-candidate", candidate=typed[:40], held=held)
        )
    return found


def answer_pictures(  # noqa: PLR0913, PLR0917  what all pictures have in common
    asked: QueryScope,
    place: Place,
    register: int,
    counted: PictureCounts | CountingOn,
    now: int,
    candidate: str = "",
    whose: str = MONITORS,
) -> PicturesAnswer:
    """All pictures of a region.

    Args:
        asked: Election and contest.
        place: The region.
        register: How many stations it has.
        counted: Its counters.
        now: Unix seconds; no time is later.
        candidate: Whose votes are looked at; "": the first one's.
        whose: By whose figures: one of `WHOSE`.
    """
    numbers = standing_numbers(asked, place.code)
    chosen = candidate if candidate in numbers else next(iter(numbers), "")
    names = asked.candidates(place.code)
    common = {
        "election": asked.election,
        "contest": asked.contest,
        "region": place,
        "register": register,
        "whose": whose,
        "candidate": chosen,
        "candidates": {number: names.get(number, "") for number in numbers},
    }
    if isinstance(counted, CountingOn):
        return PicturesAnswer(cursor="", done=counted.done, of=counted.of, **common)  # type: ignore[arg-type]  # as they are called
    counters = counted.counters
    day = datetime.fromisoformat(asked.profile.file.voting_day)
    possible = int(day.replace(tzinfo=WIB).timestamp()), now
    return PicturesAnswer(
        cursor=counted.cursor,
        stations=counters.get(f"votes/{whose}", 0),
        voted=counters.get(f"voted/{whose}", 0),
        coverage=_coverage(counters, "seen/", *possible),
        observed=_coverage(counters, "taken/", *possible),
        untimed=_untimed(counters),
        agreement=_agreement(counters),
        turnout=_cells(counters, f"cell/{whose}/{chosen}/"),
        last=_digits(counters, f"last/{whose}/{chosen}/", UNIFORM),
        second=_digits(counters, f"second/{whose}/{chosen}/", BENFORD_SECOND),
        **common,  # type: ignore[arg-type]  # as they are called
    )


def add_dots(view: View, asked: QueryScope, told: PicturesAnswer) -> PicturesAnswer:
    """The pictures with the dots of their stations, of a kecamatan and below."""
    code = told.region.code
    if len(code) < KECAMATAN or not told.voted:
        return told
    dots = list(each_dot(view, asked, code, told.whose, told.candidate))
    return structs.replace(told, dots=dots)


def _coverage(
    counters: Mapping[str, int], prefix: str, earliest: int, latest: int
) -> list[CoverageStep]:
    """How coverage grew, in steps of one length, a step without any before the first.

    Args:
        counters: Of the region.
        prefix: Of those that count stations by a time.
        earliest: No time is before it, in Unix seconds.
        latest: None is after it.
    """
    first_spoken: dict[int, Counter[str]] = defaultdict(Counter)
    for name, count in counters.items():
        if name.startswith(prefix):
            org, _, step = name.removeprefix(prefix).partition("/")
            at = min(max(int(step) * STEP_S, earliest), max(latest, earliest))
            first_spoken[at][org] += count
    if not first_spoken:
        return []
    length = _step_length(max(first_spoken) - min(first_spoken))
    by_step: dict[int, Counter[str]] = defaultdict(Counter)
    for at, spoken in first_spoken.items():
        by_step[(at + _ZONE_S) // length].update(spoken)
    orgs = sorted({org for spoken in by_step.values() for org in spoken} - {""})
    total: Counter[str] = Counter()
    steps = []
    for place in range(min(by_step) - 1, max(by_step) + 1):
        total.update(by_step.get(place, {}))
        steps.append(
            CoverageStep(
                until=(place + 1) * length - _ZONE_S,
                together=total[""],
                orgs={org: total[org] for org in orgs},
            )
        )
    return steps


def _untimed(counters: Mapping[str, int]) -> UntimedStations | UnsetType:
    orgs = {
        name.removeprefix("untimed/"): count
        for name, count in sorted(counters.items())
        if name.startswith("untimed/")
    }
    if not orgs:
        return UNSET
    return UntimedStations(together=orgs.pop("", 0), orgs=orgs)


def _step_length(seconds: int) -> int:
    for length in _STEPS:
        if seconds <= length * _MOST_STEPS:
            return length
    return seconds // _MOST_STEPS + 1


def _agreement(counters: Mapping[str, int]) -> list[AgreementPair]:
    """The pairs, monitors among themselves first."""
    pairs = []
    for name, both in counters.items():
        kind, _, rest = name.partition("/")
        if kind == "both":
            one, _, other = rest.partition("/")
            same = counters.get(f"same/{rest}", 0)
            pairs.append(AgreementPair(one=one, other=other, both=both, same=same))
    return sorted(pairs, key=lambda pair: (pair.other == KPU, pair.one, pair.other))


def _cells(counters: Mapping[str, int], prefix: str) -> list[TurnoutCell]:
    cells = []
    for column in range(COLUMNS):
        for row in range(ROWS):
            stations = counters.get(f"{prefix}{column}/{row}", 0)
            if stations:
                cells.append(cell_of(column, row, stations))
    return cells


def cell_of(column: int, row: int, stations: int) -> TurnoutCell:
    """A cell as it is told, with so many stations."""
    ends: Sequence[int | UnsetType] = (
        (column * STEP, column * STEP + STEP - 1)
        if column < ALL
        else ((100, 100) if column == ALL else (101, UNSET))
    )
    first, last = ends
    assert isinstance(first, int)
    return TurnoutCell(
        turnout_from=first,
        turnout_to=last,
        share_from=row * STEP,
        share_to=100 if row == ROWS - 1 else row * STEP + STEP - 1,
        stations=stations,
    )


def _digits(
    counters: Mapping[str, int], prefix: str, expected: Sequence[float]
) -> list[DigitCount]:
    counts = [counters.get(f"{prefix}{digit}", 0) for digit in DIGITS]
    total = sum(counts)
    if not total:
        return []
    return [
        DigitCount(
            digit=digit,
            count=counts[digit],
            expected=round(total * expected[digit], 1),
        )
        for digit in DIGITS
    ]
