"""Which stations to look at so that a report of the outcome can be trusted: a plan.

Rule: what is audited is KPU's figure of each station of the register, against the form
that monitors photographed (`records/batchaudit.py`). The batches are committed to by
their digest before the seed is drawn; afterwards they can be handed in as they were
(`batch_lines`), so that a figure that KPU changes meanwhile changes no plan. Draws
count in their order: the first of which no form was read ends what is counted.

What a form says is what monitors say in the counted round, of which one at least has a
photograph; where they differ, whatever is worst for the reported winner.

Source: docs/how-to/audit-by-sample.md
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import takewhile
from typing import Annotated, Final, NamedTuple, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from federation.errors import ConflictError, FormatError
from federation.flows.query.answers import HexDigest, Place, StationCode, Votes
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.partshelf import list_kabupaten
from federation.flows.query.scope import QueryScope, parse_region, places
from federation.records.batchaudit import (
    MILLION,
    AuditBatch,
    Draw,
    Reported,
    count_draws,
    draw,
    find_drawn,
    product_of,
    read_reported,
    risks,
)
from federation.records.claim import Claim
from federation.records.margin import official_groups
from federation.records.merge import counted_claims, decode_row
from federation.records.tps import TpsId
from federation.store import mapreading, registers
from federation.store.view import View
from federation.text import Sentence

#: All stations of the audit, as often as they are asked for, by code.
Batches: TypeAlias = Callable[[], Iterable[AuditBatch]]
#: Contests that one candidate wins, by having the most votes.
AUDITED: Final = frozenset({"ppwp", "pkwkp", "pkwkk"})
#: No plan names more draws than this: every form is to be looked at instead.
MOST_DRAWS: Final = 100_000
_AT_ONCE: Final = 500


class PlannedDraw(Struct, frozen=True, kw_only=True):
    """A draw; `taint` and `votes` are there once its form was read.

    `ticket`: where among the weights it falls. `reported`: KPU's votes, empty: none.
    `risk`: after it, where all draws before it were read, too.
    """

    number: int
    ticket: int
    tps: StationCode
    reported: Votes
    votes: list[Votes]
    taint: float | UnsetType = UNSET
    risk: float | UnsetType = UNSET


class SamplePlan(Struct, frozen=True, kw_only=True):
    """A plan, and how far it has come.

    `batches_digest`: SHA-256 of the batches' file. `bound`: U, all `weights` as a
    number of wholes. `expected`: how many draws in all, if no form differs. `counted`:
    how many are in the risk; `more`: how many are still needed if none of them differs,
    absent: no number of them is enough. `confirmed`: `risk` is at most `limit`.
    """

    election: str
    contest: str
    cursor: str
    region: Place
    stations: int
    unreported: int
    winner: str
    leads: dict[str, int]
    reported: Votes
    batches_digest: HexDigest
    weights: int
    bound: float
    limit: Annotated[float, Meta(gt=0, lt=1)]
    expected: int
    seed: str
    counted: int
    risk: float
    confirmed: bool
    more: int | UnsetType = UNSET
    draws: list[PlannedDraw]


class _ReadDraw(NamedTuple):
    """A draw as it is told, with its taint, None: no form was read."""

    told: PlannedDraw
    taint: Fraction | None


class PlanChoice(NamedTuple):
    """What is promised, by which seed ("": not drawn yet), from which readings.

    Attributes:
        limit: The risk, above 0 and below 1.
        seed: As it was published.
        any_form: Readings without a photograph count, too.
    """

    limit: float
    seed: str = ""
    any_form: bool = False


def map_batches(view: View, asked: QueryScope, code: str) -> Batches:
    """The stations of a region as KPU's figures are in the map now.

    Where KPU's figures are several, or of others than stand there, there is none.

    Raises:
        FormatError: `code` is not the code of a region.
        ConflictError: while they are walked: nobody knows the most votes of a form.
    """
    parse_region(code)
    standing = set(asked.candidates(code))
    rules, profile = asked.rules, asked.profile
    held, spared = rules.only or ("",), rules.without or ()

    def walk() -> Iterator[AuditBatch]:
        for part in list_kabupaten(view, asked, code):
            told = _list_official(view, asked, part)
            for tps, voters in registers.each_station(view, asked.election, part):
                if not tps.startswith(held) or (spared and tps.startswith(spared)):
                    continue
                is_bounded = voters or profile.max_votes(asked.contest, TpsId(tps))
                if not is_bounded:
                    # No sample limits a risk that one form alone could hold.
                    raise ConflictError(Sentence("plan.no-bound", tps=tps))
                votes = told.get(tps, {})
                yield AuditBatch(
                    tps,
                    votes if votes.keys() <= standing else {},
                    profile.ballots(voters) if voters else profile.most_assumed,
                )

    return walk


def _list_official(
    view: View, asked: QueryScope, part: str
) -> dict[str, Mapping[str, int]]:
    """KPU's votes of the stations of a region, where there is one figure."""
    told: dict[str, Mapping[str, int]] = {}
    for station in mapreading.each_packed(view, asked.election, asked.contest, part):
        row = decode_row(station.row)
        groups = official_groups(row, station.claims())
        if len(groups) == 1:
            told[row.tps] = groups[0]
    return told


def read_winner(asked: QueryScope, code: str, batches: Batches) -> Reported:
    """Who is reported to have won.

    Raises:
        FormatError: the contest is none that one candidate wins by most votes here.
        ConflictError: these figures name no winner.
    """
    standing = asked.candidates(code)
    if asked.contest not in AUDITED or not standing:
        raise FormatError(Sentence("plan.not-audited", contest=asked.contest))
    reported = read_reported(batches(), standing)
    if reported is None:
        raise ConflictError(Sentence("plan.no-winner"))
    return reported


def batch_columns(reported: Reported) -> tuple[str, ...]:
    """The columns of the batches' file; `until`: the sum of the weights so far."""
    names = (f"votes_{name}" for name in sorted(reported.votes))
    return "tps", "ballots", *names, "weight", "until"


def batch_lines(reported: Reported, batches: Iterable[AuditBatch]) -> Iterator[bytes]:
    """The batches' file, line by line: its SHA-256 is what one commits to."""
    yield ",".join(batch_columns(reported)).encode() + b"\n"
    until = 0
    for batch in batches:
        weight = reported.weight(batch)
        until += weight
        votes = (str(batch.votes.get(name, "")) for name in sorted(reported.votes))
        cells = (batch.tps, str(batch.ballots), *votes, str(weight), str(until))
        yield ",".join(cells).encode() + b"\n"


def plan_sample(
    view: View, asked: QueryScope, code: str, batches: Batches, choice: PlanChoice
) -> SamplePlan:
    """The plan for a region, and how far it has come.

    Args:
        view: The snapshot in which forms are looked for.
        asked: Election and contest.
        code: Of the region.
        batches: The stations, as they are or as they were committed to.
        choice: What is promised.

    Raises:
        FormatError: the contest is none that one candidate wins by most votes here.
        ConflictError: these figures name no winner.
    """
    reported = read_winner(asked, code, batches)
    stations, unreported, weights = 0, 0, 0
    for batch in batches():
        stations += 1
        unreported += not batch.votes
        weights += reported.weight(batch)
    digest = hashlib.sha256()
    for line in batch_lines(reported, batches()):
        digest.update(line)
    expected = count_draws(weights, choice.limit) or 0
    draws: list[_ReadDraw] = []
    taints: list[Fraction] = []
    more: int | None = expected
    wanted = expected
    while choice.seed and more and len(draws) < min(wanted, MOST_DRAWS):
        numbers = range(len(draws) + 1, min(wanted, MOST_DRAWS) + 1)
        new = [draw(choice.seed, number, weights) for number in numbers]
        draws += _tell_draws(view, asked, batches, reported, new, choice)
        read = takewhile(lambda taint: taint is not None, (one.taint for one in draws))
        taints = [taint for taint in read if taint is not None]
        more = count_draws(weights, choice.limit, product_of(taints, weights))
        wanted = len(taints) + (more or 0)
    reached = list(risks(taints, weights))
    risk = reached[-1] if reached else float(weights >= MILLION)
    told = [
        structs.replace(one.told, risk=now)
        for one, now in zip(draws, reached, strict=False)
    ]
    return SamplePlan(
        election=asked.election,
        contest=asked.contest,
        cursor=format_cursor(read_cursor(view, asked.election)),
        region=places(view, asked.election, [code])[0],
        stations=stations,
        unreported=unreported,
        winner=reported.winner,
        leads=dict(reported.leads),
        reported=dict(reported.votes),
        batches_digest=digest.hexdigest(),
        weights=weights,
        bound=weights / MILLION,
        limit=choice.limit,
        expected=expected,
        seed=choice.seed,
        counted=len(taints),
        risk=risk,
        confirmed=risk <= choice.limit,
        more=UNSET if more is None else 0 if risk <= choice.limit else more,
        draws=[*told, *(one.told for one in draws[len(told) :])],
    )


def _tell_draws(
    view: View,
    asked: QueryScope,
    batches: Batches,
    reported: Reported,
    draws: Sequence[Draw],
    choice: PlanChoice,
) -> list[_ReadDraw]:
    """These draws, each with its station and what forms say of it."""
    weighed = ((batch, reported.weight(batch)) for batch in batches())
    drawn = find_drawn(weighed, draws)
    codes = sorted({batch.tps for batch in drawn.values()})
    forms = _read_forms(view, asked, codes, any_form=choice.any_form)
    told = []
    for one in draws:
        batch = drawn[one.number]
        found = forms.get(batch.tps, [])
        taints = [reported.taint(batch, votes) for votes in found]
        taint = max(taints, default=None)
        planned = PlannedDraw(
            number=one.number,
            ticket=one.ticket,
            tps=batch.tps,
            reported=dict(batch.votes),
            votes=[dict(votes) for votes in found],
            taint=UNSET if taint is None else float(taint),
        )
        told.append(_ReadDraw(planned, taint))
    return told


def _read_forms(
    view: View, asked: QueryScope, codes: Sequence[str], *, any_form: bool
) -> dict[str, list[Mapping[str, int]]]:
    """What monitors say of these stations, of those of which they say anything."""
    forms: dict[str, list[Mapping[str, int]]] = {}
    for start in range(0, len(codes), _AT_ONCE):
        some = codes[start : start + _AT_ONCE]
        for station in mapreading.list_chosen(
            view, asked.election, asked.contest, some
        ):
            row = decode_row(station.row)
            claims = counted_claims([claim for _, claim in station.claims])
            if row.groups and (any_form or _has_photograph(claims)):
                forms[row.tps] = [group.votes for group in row.groups]
    return forms


def _has_photograph(claims: Iterable[Claim]) -> bool:
    return any(c.files and c.complete and not c.official for c in claims)
