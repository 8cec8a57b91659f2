"""The patterns of a region, as the API tells them: figures, words, stations.

Rule: each finding says what was counted, within what nine of ten honest counts of the
same stations lie, how many of them came out at least as high, and what it cannot
prove. Where nothing can be said, that is said, and why.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.flows.query.answers import HexDigest, Place
from federation.flows.query.forensics.part import (
    LEAST_NEIGHBOURS,
    PartPatterns,
    PatternStation,
    join_parts,
    study_part,
)
from federation.flows.query.forensics.reading import read_patterns
from federation.flows.query.partshelf import PartProgress, PartShelf
from federation.flows.query.pictures.answers import Whose, standing_numbers
from federation.flows.query.scope import QueryScope
from federation.records.honest import MOST_VALID, ROUNDS
from federation.records.patterns import (
    HonestRange,
    digit_distance,
    find_range,
    mean_digits,
)
from federation.store import registers
from federation.store.view import View
from federation.text import LANGUAGES, Sentence, Text

Pattern: TypeAlias = Literal[
    "equal", "equal_far", "last", "neighbours", "one_digit", "second", "turnout"
]
#: In the order in which they are told.
PATTERNS: Final[tuple[Pattern, ...]] = (
    "equal",
    "neighbours",
    "one_digit",
    "turnout",
    "last",
    "second",
    "equal_far",
)
#: Of a region with more stations no honest counts are made up: minutes of work.
MOST_STATIONS: Final = 150_000
#: Fewer numbers than this say nothing of ten digits.
_LEAST_NUMBERS: Final = 50


class PatternDigit(Struct, frozen=True, kw_only=True):
    """How often a digit stands there; in honest counts: on average, and the range."""

    digit: int
    count: int
    expected: float
    low: int
    high: int


class PatternFinding(Struct, frozen=True, kw_only=True):
    """One pattern: a figure beside that of honest counts, and the stations it names.

    `observed`: of the stations as they are; `honest`: of each honest count, in order.
    Nine of ten of the `rounds` honest counts lie from `low` to `high`, and `at_least`
    of them are as high or higher. `sentence`,
    `expects` and `cannot_prove`: by language. `lacks`, by language: why there is no
    figure.
    """

    pattern: Annotated[str, Meta(extra_json_schema={"enum": list(PATTERNS)})]
    observed: float | UnsetType = UNSET
    low: float | UnsetType = UNSET
    high: float | UnsetType = UNSET
    at_least: int | UnsetType = UNSET
    rounds: int | UnsetType = UNSET
    honest: list[float] = []
    digits: list[PatternDigit] = []
    stations: list[PatternStation] = []
    sentence: dict[str, str] = {}
    expects: dict[str, str]
    cannot_prove: dict[str, str]
    lacks: dict[str, str] | UnsetType = UNSET


class PatternsAnswer(Struct, frozen=True, kw_only=True):
    """The patterns of a contest in a region; of votes, those of one candidate.

    `stations`: how many were looked at; `left_out`: how many were not, as they have no
    votes or more than honest counts are made up for. `seed`: SHA-256 by which these are
    drawn, of the votes that are looked at; of several kabupaten, of their seeds.
    `lacks`, by language: why no pattern is told.
    """

    election: str
    contest: str
    cursor: str
    region: Place
    whose: str
    candidate: str
    candidates: dict[str, str]
    stations: int = 0
    left_out: int = 0
    seed: HexDigest | UnsetType = UNSET
    patterns: list[PatternFinding] = []
    lacks: dict[str, str] | UnsetType = UNSET


class PatternChoice(Struct, frozen=True, kw_only=True):
    """Whose votes by whose figures, and how many stations of each pattern are told."""

    candidate: str = ""
    whose: Whose = "monitors"
    pattern: Literal["", Pattern] = ""
    limit: int = 20


class PatternShelf:
    """What is kept of the kabupaten of a node; for one thread at a time."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._parts: PartShelf[PartPatterns] = PartShelf()

    def read(
        self, view: View, asked: QueryScope, code: str, choice: PatternChoice
    ) -> PartPatterns:
        """What a region comes to."""
        by, count = _counting(view, asked, code, choice)
        return join_parts(self._parts.read(view, asked, code, by, count))

    def advance(
        self, view: View, asked: QueryScope, code: str, choice: PatternChoice
    ) -> PartProgress:
        """Make up honest counts of one kabupaten more; how many are, of how many."""
        by, count = _counting(view, asked, code, choice)
        return self._parts.advance(view, asked, code, by, count)

    def reached(
        self, view: View, asked: QueryScope, code: str, choice: PatternChoice
    ) -> PartProgress:
        """How many kabupaten of a region have honest counts; for any thread."""
        by, _ = _counting(view, asked, code, choice)
        return self._parts.reached(view, asked, code, by)


def _counting(
    view: View, asked: QueryScope, code: str, choice: PatternChoice
) -> tuple[tuple[str, ...], Callable[[str], PartPatterns]]:
    """By what the parts of a choice are kept, and how one of them is counted."""
    numbers = standing_numbers(asked, code)
    chosen = choice.candidate or numbers[0]

    def count(part: str) -> PartPatterns:
        reading = read_patterns(view, asked, part, numbers, choice.whose)
        return study_part(reading, numbers.index(chosen))

    return (choice.whose, chosen, *numbers), count


def find_lack(view: View, asked: QueryScope, code: str) -> Sentence | None:
    """Why no honest counts of a region are made up; None: they are."""
    if not standing_numbers(asked, code):
        return Sentence("pictures.races")
    stations = registers.count(view, asked.election, code)
    if stations > MOST_STATIONS:
        return Sentence("patterns.too_many", stations=stations, most=MOST_STATIONS)
    return None


def answer_patterns(
    asked: QueryScope,
    place: Place,
    whole: PartPatterns | Sentence,
    choice: PatternChoice,
    cursor: str,
) -> PatternsAnswer:
    """The patterns of a region in words.

    Args:
        asked: Election and contest.
        place: The region.
        whole: What it comes to, or why no honest counts of it are made up.
        choice: Of candidate, figures and how many stations.
        cursor: Of the map.
    """
    numbers = standing_numbers(asked, place.code)
    names = asked.candidates(place.code)
    chosen = choice.candidate or next(iter(numbers), "")
    common = {
        "election": asked.election,
        "contest": asked.contest,
        "cursor": cursor,
        "region": place,
        "whose": choice.whose,
        "candidate": chosen,
        "candidates": {number: names.get(number, "") for number in numbers},
    }
    if isinstance(whole, PartPatterns) and not whole.counts["stations"]:
        whole = Sentence("patterns.no_votes")
    elif isinstance(whole, PartPatterns) and len(numbers) < 2:
        whole = Sentence("patterns.one_candidate")
    if isinstance(whole, Sentence):
        return PatternsAnswer(lacks=_both(whole), **common)  # type: ignore[arg-type]  # as they are called
    return PatternsAnswer(
        stations=whole.counts["stations"],
        left_out=whole.counts["left_out"],
        seed=whole.seeds[0] if len(whole.seeds) == 1 else _digest(whole.seeds),
        patterns=[
            _find(pattern, whole, choice.limit)
            for pattern in PATTERNS
            if choice.pattern in {"", pattern}
        ],
        **common,  # type: ignore[arg-type]  # as they are called
    )


def _digest(seeds: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(seeds).encode()).hexdigest()


def _both(sentence: Sentence) -> dict[str, str]:
    return {language: Text(language).say(sentence) for language in LANGUAGES}


def _find(pattern: Pattern, whole: PartPatterns, limit: int) -> PatternFinding:
    """One pattern of a region in which there are votes."""
    rounds: Sequence[float]
    digits: list[PatternDigit] = []
    if pattern in whole.digits:
        found, rounds, digits, lack = _find_digits(pattern, whole)
    else:
        observed, rounds = whole.figures[pattern]
        if pattern == "turnout":
            scale = math.sqrt(whole.squares[0] * whole.squares[1]) or 1.0
            observed, rounds = observed / scale, [one / scale for one in rounds]
        found = find_range(observed, rounds)
        lack = _find_lack(pattern, whole)
    assumed = {"rounds": ROUNDS, "least": LEAST_NEIGHBOURS}
    expects = _both(Sentence(f"patterns.expects_{pattern}", **assumed))
    cannot_prove = _both(Sentence(f"patterns.not_{pattern}"))
    if lack is not None:
        return PatternFinding(
            pattern=pattern,
            lacks=_both(lack),
            expects=expects,
            cannot_prove=cannot_prove,
        )
    return PatternFinding(
        pattern=pattern,
        expects=expects,
        cannot_prove=cannot_prove,
        observed=round(float(found.observed), 2),
        low=round(float(found.low), 2),
        high=round(float(found.high), 2),
        at_least=found.at_least,
        rounds=found.rounds,
        honest=[round(float(one), 2) for one in sorted(rounds)],
        digits=digits,
        stations=_named(pattern, whole, found)[:limit],
        sentence={
            language: say_found(Text(language), pattern, found, whole)
            for language in LANGUAGES
        },
    )


def _find_lack(pattern: Pattern, whole: PartPatterns) -> Sentence | None:
    counts = whole.counts
    if pattern == "neighbours" and not counts["compared"]:
        return Sentence("patterns.no_neighbours", least=LEAST_NEIGHBOURS)
    if pattern == "turnout" and not all(whole.squares):
        return Sentence("patterns.no_turnout", least=LEAST_NEIGHBOURS + 1)
    if pattern == "one_digit" and not counts["one_digit"]:
        return Sentence("patterns.no_slips", differing=counts["differing"])
    if counts["stations"] < 2:
        return Sentence("patterns.one_station")
    return None


def _find_digits(
    pattern: Pattern, whole: PartPatterns
) -> tuple[HonestRange, Sequence[float], list[PatternDigit], Sentence | None]:
    observed, columns = whole.digits[pattern]
    rounds = whole.digits[pattern].rounds
    expected = mean_digits(rounds)
    distances = [digit_distance(one, expected) for one in rounds]
    found = find_range(digit_distance(observed, expected), distances)
    if sum(observed) < _LEAST_NUMBERS:
        lack = Sentence("patterns.few_numbers", least=_LEAST_NUMBERS)
        return found, distances, [], lack
    digits = []
    for digit, column in enumerate(columns):
        within = find_range(observed[digit], column)
        digits.append(
            PatternDigit(
                digit=digit,
                count=observed[digit],
                expected=round(expected[digit], 1),
                low=int(within.low),
                high=int(within.high),
            )
        )
    return found, distances, digits, None


def _named(
    pattern: Pattern, whole: PartPatterns, found: HonestRange
) -> list[PatternStation]:
    """The stations of a pattern that a reader should open.

    Of neighbours those beyond the range; of turnout none that is within it.
    """
    stations = whole.found.get(pattern, [])
    if pattern == "neighbours":
        return [
            one
            for one in stations
            if isinstance(one.distance, float) and one.distance > found.high
        ]
    if pattern == "turnout" and found.where != "above":
        return []
    return list(stations)


def say_found(t: Text, pattern: str, found: HonestRange, whole: PartPatterns) -> str:
    """A figure beside those of honest counts, as a sentence."""
    places: Mapping[str, object] = {
        "observed": say_figure(t, found.observed),
        "low": say_figure(t, found.low),
        "high": say_figure(t, found.high),
        "at_least": t.number(found.at_least),
        "rounds": t.number(found.rounds),
        **{name: t.number(count) for name, count in whole.counts.items()},
    }
    said = t(f"patterns.found_{pattern}", **places)
    return f"{said} {t(f'patterns.{found.where}')}"


def say_figure(t: Text, figure: float) -> str:
    """A figure with one decimal, below 1 with two, below 0.1 with three; or whole."""
    sign, figure = ("−" if figure < 0 else ""), abs(figure)  # noqa: RUF001  a minus
    if figure == int(figure):
        return f"{sign}{t.number(int(figure))}"
    decimals = 3 if figure < 0.1 else 2 if figure < 1 else 1
    whole, _, part = f"{figure:.{decimals}f}".partition(".")
    point = "," if t.language == "id" else "."
    return f"{sign}{t.number(int(whole))}{point}{part}"


def say_reason(t: Text, pattern: str, one: PatternStation) -> str:
    """Why a pattern names a station, without saying what that would mean."""
    places: dict[str, object] = {
        "votes": t.number(one.votes),
        "valid": t.number(one.valid),
        "others": ", ".join(one.others),
    }
    if pattern == "equal":
        key = "reason_equal_figures" if one.same_figures is True else "reason_equal"
        said = t(f"patterns.{key}", **places)
        if isinstance(one.chance, float) and one.chance:
            said += "; " + t("patterns.chance", times=t.number(round(1 / one.chance)))
        return said
    for name in ("expected", "distance", "kpu", "voted", "voters"):
        part = getattr(one, name)
        places[name] = "" if isinstance(part, UnsetType) else say_figure(t, part)
    places["number"] = one.number or ""
    return t(f"patterns.reason_{pattern}", **places)


def say_left_out(t: Text, answer: PatternsAnswer) -> str:
    """How many stations were looked at and how many not."""
    return t(
        "patterns.of_stations",
        stations=t.number(answer.stations),
        left_out=t.number(answer.left_out),
        most=t.number(MOST_VALID),
    )
