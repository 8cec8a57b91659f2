"""KPU's figures over time: what each statement changed, seen from the monitors.

Rule: a function of what one organisation copied from KPU for one polling station,
contest and round, in the order of its log, and of the monitors' groups that stand. No
clock and no arrival: how long a figure has been wrong is counted from the times in the
records to a moment that is given. Nobody's statement is preferred; the snapshots of two
organisations are two histories.

How votes compare with the groups (within one numbering, see `numbering`):

    unseen    no monitor has votes that they could be compared with
    matches   every group says the same
    divided   one group says the same, another does not: the monitors differ
    differs   no group says the same

What a statement is, by what stood before it:

    appeared    nothing stood: KPU's figures are there now
    corrected   they differed, and match now
    away        they matched, and do not any more
    changed     any other change of the votes: it still differs, or nobody knows
    withdrawn   votes stood, and none are there now
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from federation.records.claim import read_counts
from federation.records.merge import Group
from federation.records.numbering import numbering

ChangeKind: TypeAlias = Literal["appeared", "corrected", "away", "changed", "withdrawn"]
VotesComparison: TypeAlias = Literal["unseen", "matches", "divided", "differs"]
KINDS: Final[tuple[ChangeKind, ...]] = (
    "corrected",
    "away",
    "changed",
    "withdrawn",
    "appeared",
)
COMPARISONS: Final[tuple[VotesComparison, ...]] = (
    "unseen",
    "matches",
    "divided",
    "differs",
)
_DAY_S: Final = 86_400


class OfficialStatement(NamedTuple):
    """One statement of what KPU says.

    Attributes:
        place: Where it stands: the number of its log, and its index there.
        votes: The canonical JSON of its votes; "": it has none, or takes them back.
        is_complete: Whether they are for exactly those who stand there.
    """

    place: tuple[int, int]
    votes: str
    is_complete: bool


class OfficialChange(NamedTuple):
    """What one statement changed.

    Attributes:
        statement: The one.
        before: The one with the votes that stood; None: none did.
        kind: See the head of this file.
        was: How the votes that stood compare with the groups; `unseen` without any.
        compared: How those that it says compare; `unseen` without any.
        is_standing: Nothing of this organisation has changed it since.
        differs_since: Where it differs: the place of the statement since which every
            figure of this organisation did; else None.
    """

    statement: OfficialStatement
    before: OfficialStatement | None
    kind: ChangeKind
    was: VotesComparison
    compared: VotesComparison
    is_standing: bool
    differs_since: tuple[int, int] | None


def compare_votes(
    statement: OfficialStatement | None, groups: Sequence[Group]
) -> VotesComparison:
    """How the votes of a statement compare with the monitors' groups."""
    if statement is None or not statement.is_complete:
        return "unseen"
    votes = read_counts(statement.votes)
    kind = numbering(votes)
    same = [g.votes == votes for g in groups if numbering(g.votes) == kind]
    if not same:
        return "unseen"
    if all(same):
        return "matches"
    return "divided" if any(same) else "differs"


def follow_statements(
    statements: Iterable[OfficialStatement], groups: Sequence[Group]
) -> list[OfficialChange]:
    """What each of these changed, in their order; what changed nothing is left out.

    Args:
        statements: Of one organisation in one slot, as its log has them.
        groups: Of the monitors, as they stand in the same round; none where another
            round counts.
    """
    found: list[OfficialChange] = []
    before: OfficialStatement | None = None
    was: VotesComparison = "unseen"
    since: tuple[int, int] | None = None
    for statement in statements:
        if statement.votes == (before.votes if before else ""):
            continue
        now = statement if statement.votes else None
        compared = compare_votes(now, groups)
        if compared != "differs":
            since = None
        elif since is None:
            since = statement.place
        kind = _kind(before, now, was, compared)
        found.append(
            OfficialChange(
                statement,
                before,
                kind,
                was,
                compared,
                is_standing=False,
                differs_since=since,
            )
        )
        before, was = now, compared
    if found:
        found[-1] = found[-1]._replace(is_standing=True)
    return found


def _kind(
    before: OfficialStatement | None,
    now: OfficialStatement | None,
    was: VotesComparison,
    compared: VotesComparison,
) -> ChangeKind:
    if before is None:
        return "appeared"
    if now is None:
        return "withdrawn"
    if was == "differs" and compared == "matches":
        return "corrected"
    if was == "matches" and compared != "matches":
        return "away"
    return "changed"


def count_days(since: int, now: int) -> int:
    """How many whole days lie between two moments, in Unix seconds; at least 0."""
    return max(0, (now - since) // _DAY_S)
