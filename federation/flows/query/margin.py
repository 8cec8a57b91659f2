"""Whether the order of the candidates of a region can still change; what to see first.

Rule: it is computed from the map and the register alone (`records/margin.py`), and
names them: the vector, the map's digest, the register's. Without a register nobody
knows how many stations are unseen, so nothing is said of the order.

Source: docs/explanation/margin.md
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import FormatError
from federation.flows.query.answers import (
    HexDigest,
    Interval,
    Place,
    StationCode,
    Votes,
)
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.margincount import find_numbering
from federation.flows.query.region import count_expected
from federation.flows.query.scope import QueryScope, places
from federation.flows.query.table import END, PLACE, Credit, QueryTable, place_cells
from federation.records.margin import (
    BASES,
    Basis,
    Knowledge,
    Margin,
    OpenStation,
    find_margins,
    list_first,
)
from federation.records.numbering import find_id
from federation.store import mapstate, registers
from federation.store.view import View
from federation.text import LANGUAGES, Sentence, Text


class MarginLine(Struct, frozen=True, kw_only=True):
    """The first candidate and another one: see `records/margin.py`.

    `needed`: absent where the two are level and nothing is open; `turning`: absent
    where not even all open stations could undo the lead. `sentence`: by language.
    """

    first: str
    other: str
    known: int
    least: int
    most: int
    can_change: bool
    needed: int | UnsetType = UNSET
    turning: int | UnsetType = UNSET
    sentence: dict[str, str]


class BasisMargins(Struct, frozen=True, kw_only=True):
    """What one basis knows; `known`, `disputed` and `unseen` are stations.

    `unseen_voters`: the most votes that the unseen ones can hold together; `assumed`:
    how many of these have no number of voters in the register; `unbounded`: how many
    of those can hold more than is assumed, so that no order is certain.
    """

    basis: Annotated[str, Meta(extra_json_schema={"enum": list(BASES)})]
    known: int
    disputed: int
    unseen: int
    unseen_voters: int
    assumed: int
    unbounded: int
    margins: list[MarginLine]


class FirstStation(Struct, frozen=True, kw_only=True):
    """A station to be seen or settled first.

    `gain`: by how much that can move the margin at most; `groups`: what is claimed,
    none: nobody has seen its votes; `voters`: the most votes that it can hold then.
    """

    tps: StationCode
    gain: int
    ahead: Interval
    voters: int | UnsetType = UNSET
    groups: list[Votes]


class MarginAnswer(Struct, frozen=True, kw_only=True):
    """The margins of a region by each basis; `first`: of one of them, which stations.

    `listed`: a register says which stations there should be; without one there are no
    margins. `digest`: of the map; `register_digest`: of the register's codes. `basis`
    and `against`: whom `first` is of; `against` is "" where nobody is ahead of anybody.
    """

    election: str
    contest: str
    cursor: str
    vector: dict[str, int]
    digest: HexDigest
    register_digest: str
    region: Place
    listed: bool
    register: int
    candidates: dict[str, str]
    bases: list[BasisMargins]
    basis: Annotated[str, Meta(extra_json_schema={"enum": list(BASES)})]
    against: str
    first: list[FirstStation]


class MarginChoice(Struct, frozen=True, kw_only=True):
    """Of which basis, against whom ("": the closest) and how many stations are told."""

    basis: Basis = "monitors"
    against: str = ""
    limit: int = 10


def answer_margin(
    view: View,
    asked: QueryScope,
    code: str,
    count: Callable[[str], Mapping[Basis, Knowledge]],
    digest: str,
    choice: MarginChoice,
) -> MarginAnswer:
    """What is known of a region as an answer.

    Args:
        view: The snapshot.
        asked: Election and contest.
        code: Of the region.
        count: What is known of the region in this snapshot, by a numbering.
        digest: Of the map.
        choice: Of the stations that are told.

    Raises:
        FormatError: not the code of a region, or nobody of this number is behind the
            first.
        NotFoundError: there is no such region.
    """
    by, standing = find_numbering(view, asked, code)
    known = count(by)
    register = count_expected(view, asked, code)
    found: dict[Basis, list[Margin]] = {
        basis: find_margins(known[basis], standing) if register and standing else []
        for basis in BASES
    }
    chosen = _choose(found[choice.basis], choice.against)
    first = (
        list_first(known[choice.basis], chosen.first, chosen.other, choice.limit)
        if chosen
        else []
    )
    return MarginAnswer(
        election=asked.election,
        contest=asked.contest,
        cursor=format_cursor(read_cursor(view, asked.election)),
        vector=mapstate.vector(view, asked.election),
        digest=digest,
        register_digest=registers.register_digest(view, asked.election),
        region=places(view, asked.election, [code])[0],
        listed=register > 0,
        register=register,
        candidates=asked.candidates(code),
        bases=[_told(basis, known[basis], found[basis]) for basis in BASES],
        basis=choice.basis,
        against=chosen.other if chosen else "",
        first=[_told_station(station, chosen) for station in first if chosen],
    )


def _choose(margins: Sequence[Margin], against: str) -> Margin | None:
    meant = find_id(against, [margin.other for margin in margins])
    for margin in margins:
        if not against or margin.other == meant:
            return margin
    if against:
        held = ", ".join(margin.other for margin in margins) or "–"
        why = Sentence("margin.nobody-behind", number=against[:40], held=held)
        raise FormatError(why, "against")
    return None


def _told(basis: Basis, known: Knowledge, margins: Sequence[Margin]) -> BasisMargins:
    return BasisMargins(
        basis=basis,
        known=known.known,
        disputed=len(known.disputed),
        unseen=known.unseen.total(),
        unseen_voters=known.unseen_voters,
        assumed=known.assumed,
        unbounded=known.unbounded,
        margins=[_told_margin(margin) for margin in margins],
    )


def _told_margin(margin: Margin) -> MarginLine:
    return MarginLine(
        first=margin.first,
        other=margin.other,
        known=margin.known,
        least=margin.least,
        most=margin.most,
        can_change=margin.can_change,
        needed=UNSET if margin.needed is None else margin.needed,
        turning=UNSET if margin.turning is None else margin.turning,
        sentence={name: say_order(Text(name), margin) for name in LANGUAGES},
    )


def say_order(t: Text, margin: Margin | MarginLine) -> str:
    """Whether the order of two can change, in words."""
    names = {"first": margin.first, "other": margin.other}
    if not margin.can_change:
        return t("margin.order_fixed", **names)
    if not isinstance(margin.needed, int):
        return t("margin.order_level", **names)
    return t("margin.order_open", **names, needed=t.number(margin.needed))


def say_turning(t: Text, margin: MarginLine) -> str:
    """How few open stations could undo the lead, in words; "": no number of them."""
    if not isinstance(margin.turning, int) or not margin.turning:
        return ""
    names = {"first": margin.first, "other": margin.other}
    return t("margin.turning", turning=t.number(margin.turning), **names)


def say_disputed(t: Text, told: BasisMargins) -> str:
    """What the disputed stations alone make of the closest lead; "": none is.

    The unseen ones are left out on both sides.
    """
    if not told.margins or not told.disputed:
        return ""
    closest, unseen = told.margins[0], told.unseen_voters
    least, most = closest.least + unseen, closest.most - unseen
    key = "disputed_keep" if least > 0 else "disputed_turn"
    return t(
        f"margin.{key}",
        disputed=t.number(told.disputed),
        first=closest.first,
        other=closest.other,
        least=t.number(least),
        most=t.number(most),
    )


def say_outside(t: Text, told: BasisMargins) -> str:
    """Why a known lead lies outside what is possible, in words; "": none does.

    What is known leaves the disputed stations out, of which something is sure, too.
    """
    for line in told.margins:
        if not line.least <= line.known <= line.most:
            return t(
                "margin.outside",
                first=line.first,
                other=line.other,
                known=t.number(line.known),
                least=t.number(line.least),
                most=t.number(line.most),
                disputed=t.number(told.disputed),
            )
    return ""


def say_stations(t: Text, told: BasisMargins) -> str:
    """How many stations are known and how many are not, in words."""
    return t(
        "margin.stations",
        known=t.number(told.known),
        disputed=t.number(told.disputed),
        unseen=t.number(told.unseen),
        voters=t.number(told.unseen_voters),
    )


def say_assumed(t: Text, told: BasisMargins, most: int) -> str:
    """What is not known of how many votes unseen stations can hold; "": nothing.

    Args:
        t: The language.
        told: Of a basis.
        most: What is assumed of each.
    """
    said: list[str] = []
    if told.assumed:
        number = t.number(told.assumed)
        said.append(t("margin.assumed", assumed=number, most=t.number(most)))
    if told.unbounded:
        said.append(t("margin.unbounded", unbounded=t.number(told.unbounded)))
    return " ".join(said)


def _told_station(station: OpenStation, margin: Margin) -> FirstStation:
    pair = margin.first, margin.other
    return FirstStation(
        tps=station.tps,
        gain=station.gain(*pair),
        ahead=station.ends(*pair),
        voters=UNSET if station.groups else station.voters,
        groups=[dict(votes) for votes in station.groups],
    )


def first_table(
    answer: MarginAnswer, names: Mapping[str, str], credit: Credit
) -> QueryTable:
    """The stations to be seen first, the one that can move most at the top.

    Args:
        answer: Of the region.
        names: Of the regions around the stations, by code.
        credit: For the end of each row.
    """
    columns = (
        *PLACE, "basis", "against", "status", "voters", "least_ahead", "most_ahead",
        "gain", "map_digest", *END,
    )  # fmt: skip
    return QueryTable(
        columns,
        [
            [
                *place_cells(answer.contest, station.tps, names),
                answer.basis,
                answer.against,
                "disputed" if station.groups else "unseen",
                station.voters or "",
                *station.ahead,
                station.gain,
                answer.digest,
                *credit.end(),
            ]
            for station in answer.first
        ],
    )
