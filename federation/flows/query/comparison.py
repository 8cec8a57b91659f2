"""What each organisation says of one polling station, figure by figure.

Rule: every statement of the counted round that has a figure is a column, KPU's behind
the monitors'; nobody's figure is preferred, nothing is added up but what a form itself
adds up. A sum that does not hold is given with its numbers, so that a reader can do it
again. What a rule means in words is in `text/rules.toml`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from federation.flows.query.answers import Contest, Said
from federation.flows.query.tps import kpu_beside
from federation.records.result import SUMS

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: What of a form's figures is told beside the votes, as the form has it.
TOLD: Final = (
    "suara_sah",
    "suara_tidak_sah",
    "suara_total",
    "pengguna_total_j",
    "pemilih_dpt_j",
    "surat_suara_diterima",
    "surat_suara_digunakan",
)
_Figures: TypeAlias = Mapping[str, int]


class FailedSum(NamedTuple):
    """A sum that does not hold.

    Attributes:
        rule: Its id, of `records/result.py`.
        parts: What is added; empty: which numbers these are is not told by a claim.
        come_to: What they come to.
        written: What stands on the form instead; None: it is too much by itself.
    """

    rule: str
    parts: tuple[int, ...]
    come_to: int
    written: int | None


class Speaker(NamedTuple):
    """Whose statement a column is.

    Attributes:
        said: The statement.
        version: The letter of its votes where there are several, else "".
        sums: Those of its form that do not hold.
    """

    said: Said
    version: str
    sums: tuple[FailedSum, ...]


class FigureLine(NamedTuple):
    """One figure: what each speaker says, in the order of the speakers.

    Attributes:
        name: A ballot number, or the figure's name on the form.
        is_vote: Whether it is a ballot number.
        values: None where somebody did not read it.
    """

    name: str
    is_vote: bool
    values: tuple[int | None, ...]

    @property
    def read(self) -> list[int]:
        """The different values, in the order in which they are first said."""
        return [*dict.fromkeys(value for value in self.values if value is not None)]

    @property
    def differs(self) -> bool:
        """Whether two of those who read it read it differently."""
        return len(self.read) > 1

    @property
    def spread(self) -> int:
        """How far the largest is from the smallest."""
        return max(self.read) - min(self.read) if self.read else 0

    def mark(self, value: int | None) -> int:
        """The place of a value among the different ones, from 1; 0: not read."""
        return 0 if value is None else self.read.index(value) + 1


class Comparison(NamedTuple):
    """One contest at one station, side by side."""

    speakers: tuple[Speaker, ...]
    lines: tuple[FigureLine, ...]

    @property
    def differing(self) -> list[FigureLine]:
        """The figures about which not all say the same."""
        return [line for line in self.lines if line.differs]


def compare(contest: Contest) -> Comparison:
    """What is said in this contest at its station, figure by figure."""
    counted = [
        said
        for said in contest.monitors
        if said.counted and (said.votes or said.figures)
    ]
    said_by = [*counted, *kpu_beside(contest)]
    speakers = tuple(
        Speaker(said, _version(contest, said), sums_of(said)) for said in said_by
    )
    numbers = {number for said in said_by for number in said.votes or {}}
    lines = [
        _line(number, [said.votes or {} for said in said_by], is_vote=True)
        for number in sorted(numbers, key=lambda number: (len(number), number))
    ]
    charts = [said.figures or {} for said in said_by]
    lines += [
        _line(name, charts, is_vote=False)
        for name in TOLD
        if any(name in chart for chart in charts)
    ]
    return Comparison(speakers, tuple(lines))


def _version(contest: Contest, said: Said) -> str:
    if len(contest.groups) < 2:
        return ""
    for place, group in enumerate(contest.groups):
        if group.votes == said.votes and (said.official or said.org in group.orgs):
            return _LETTERS[place % len(_LETTERS)]
    return ""


def _line(name: str, charts: Sequence[_Figures], *, is_vote: bool) -> FigureLine:
    return FigureLine(name, is_vote, tuple(chart.get(name) for chart in charts))


def sums_of(said: Said) -> tuple[FailedSum, ...]:
    """The sums of this form that do not hold, with their numbers as far as told."""
    return tuple(_sum(rule, said) for rule in said.rules or ())


def _sum(rule: str, said: Said) -> FailedSum:
    votes = tuple((said.votes or {}).values())
    figures: _Figures = said.figures or {}
    if rule in SUMS:
        total, names = SUMS[rule]
        if {total, *names} <= figures.keys():
            parts = tuple(figures[name] for name in names)
            return FailedSum(rule, parts, sum(parts), figures[total])
    if rule == "votes_sum":
        return FailedSum(rule, votes, sum(votes), figures.get("suara_sah"))
    if rule == "max_votes":
        return FailedSum(rule, votes, sum(votes), None)
    return FailedSum(rule, (), 0, None)
