"""A region and its parts: coverage, statuses, votes; the drill-down of the map."""

from collections.abc import Collection
from itertools import chain

from msgspec import UNSET, UnsetType, structs

from federation.errors import NotFoundError
from federation.flows.query import answers
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.scope import (
    QueryScope,
    contests_of,
    list_missing,
    parents_of,
    parse_region,
    places,
)
from federation.flows.query.station import silent_station, station_of
from federation.records.coverage import region_coverage
from federation.records.merge import decode_row
from federation.records.profile import Profile
from federation.records.tally import Tally, race_level, region_tally
from federation.store import mapreading, mapstate, registers, rollup
from federation.store.recaps import has_recaps
from federation.store.view import View
from federation.text import Sentence

_VILLAGE = 10
_DISTRICT = 6  # the smallest region whose counters are kept


def region(
    view: View,
    asked: QueryScope,
    code: str = "",
    after: str = "",
    limit: int = 500,
    *,
    tells_votes: bool = True,
) -> answers.RegionAnswer:
    """A region with its parts; of a village, its stations from `after` on.

    `tells_votes`: of each part, too: more than half of the work for a nation.

    Raises:
        FormatError: `code` is not the code of a region.
        NotFoundError: nobody ever heard of that region.
    """
    here = parse_region(code)
    if not _is_heard_of(view, asked, here):
        raise _not_there(asked, here)
    own = read_line(view, asked, here)
    inside = list_parts(view, asked, here, tells_votes=tells_votes)
    stations: list[answers.Station] = []
    following: str | UnsetType = UNSET
    if len(here) == _VILLAGE:
        stations, following = _stations(view, asked, here, after, limit)
    return answers.RegionAnswer(
        election=asked.election,
        contest=asked.contest,
        cursor=format_cursor(read_cursor(view, asked.election)),
        vector=mapstate.vector(view, asked.election),
        parents=places(view, asked.election, parents_of(here)),
        region=own,
        children=inside,
        stations=stations,
        candidates=asked.candidates(code),
        next=following,
    )


def require_region(view: View, asked: QueryScope, text: str) -> str:
    """The code of a region that is there; any code, where no list of stations is.

    Raises:
        FormatError: `text` is not the code of a region.
        NotFoundError: nobody ever heard of that region, and the list has no such one.
    """
    code = parse_region(text)
    is_listed = registers.is_known(view, asked.election)
    if is_listed and not _is_heard_of(view, asked, code):
        raise _not_there(asked, code)
    return code


def _is_heard_of(view: View, asked: QueryScope, code: str) -> bool:
    """Whether the list of stations has the region, or anybody said anything of it."""
    return (
        not code
        or registers.count(view, asked.election, code) > 0
        or any(_read_counters(view, asked, code).values())
        or has_recaps(view, asked.election, asked.contest, code)
    )


def _not_there(asked: QueryScope, code: str) -> NotFoundError:
    where = {"region": code, "election": asked.election}
    return NotFoundError(Sentence("numbering.race-unknown", **where))


def told_contests(view: View, profile: Profile) -> list[str]:
    """The contests of an election of which anybody has said anything, in order."""
    return [
        contest
        for contest in contests_of(profile)
        if rollup.read_region(view, profile.election, contest, "")
        or has_recaps(view, profile.election, contest)
    ]


def read_line(view: View, asked: QueryScope, code: str) -> answers.Region:
    """One region by itself."""
    name = registers.names(view, asked.election, [code]).get(code, "")
    counters = _read_counters(view, asked, code)
    expected = count_expected(view, asked, code)
    line = _line(code, name, counters, expected)
    return _with_tally(asked, line, counters)


def _read_counters(view: View, asked: QueryScope, code: str) -> dict[str, int]:
    """What is counted of a region: kept down to the kecamatan, added up below."""
    if len(code) == _VILLAGE:
        return mapreading.sum_region(view, asked.election, asked.contest, code)
    return rollup.read_region(view, asked.election, asked.contest, code)


def _line(
    code: str, name: str, counters: dict[str, int], expected: int
) -> answers.Region:
    return answers.Region(
        code=code,
        name=name,
        listed=expected > 0,
        coverage=region_coverage(counters, expected),
    )


def _with_tally(
    asked: QueryScope, line: answers.Region, counters: dict[str, int]
) -> answers.Region:
    """The line with its votes, where the region has one race.

    Candidate 1 of one province's race is not candidate 1 of the next one's.
    """
    if len(line.code) < race_level(asked.contest):
        return line
    tally = _tally(asked, line.code, counters, line.coverage.register)
    return structs.replace(line, tally=tally)


def _tally(
    asked: QueryScope, code: str, counters: dict[str, int], register: int
) -> Tally:
    """The tally, its stations counted up to the register: the silent ones too.

    Whoever stands there has a number: nobody who was given no vote is left out.
    """
    standing = asked.profile.candidates(asked.contest, code)
    tally = region_tally(counters, standing)
    return structs.replace(
        tally,
        status=_with_silent(tally.status, register),
        plausible_status=_with_silent(tally.plausible_status, register),
    )


def _with_silent(status: dict[str, int], register: int) -> dict[str, int]:
    return {**status, "missing": register - sum(status.values()) + status["missing"]}


def count_expected(view: View, asked: QueryScope, code: str) -> int:
    """How many stations of the region the register has where the contest is held."""
    return count_each(view, asked, [code])[code]


def count_each(view: View, asked: QueryScope, codes: Collection[str]) -> dict[str, int]:
    """How many stations of each region, as `count_expected`, in one look-up for all."""
    rules = asked.rules
    held = {
        code: _overlaps(rules.only, code) if rules.only else [code] for code in codes
    }
    spared = {code: _overlaps(rules.without or (), code) for code in codes}
    asked_of = {*chain(*held.values(), *spared.values())}
    counts = registers.count_each(view, asked.election, asked_of)
    return {
        code: sum(counts.get(part, 0) for part in held[code])
        - sum(counts.get(part, 0) for part in spared[code])
        for code in codes
    }


def _overlaps(area: tuple[str, ...], code: str) -> list[str]:
    """The parts of region `code` that lie in the area."""
    if code.startswith(area):
        return [code]
    return [part for part in area if part.startswith(code)]


def list_parts(
    view: View, asked: QueryScope, code: str, *, tells_votes: bool = False
) -> list[answers.Region]:
    """The regions right below, those of the register without any result too."""
    if len(code) == _VILLAGE:
        return []
    names = registers.children(view, asked.election, code)
    if len(code) == _DISTRICT:
        counted = mapreading.sum_villages(view, asked.election, asked.contest, code)
    else:
        counted = rollup.list_children(view, asked.election, asked.contest, code)
    codes = sorted(names.keys() | counted.keys())
    expected = count_each(view, asked, codes)
    lines = [
        _line(child, names.get(child, ""), counted.get(child, {}), expected[child])
        for child in codes
    ]
    if tells_votes:
        lines = [_with_tally(asked, one, counted.get(one.code, {})) for one in lines]
    # Not those of the register where this contest is not held.
    return [line for line in lines if line.listed or counted.get(line.code)]


def _stations(
    view: View, asked: QueryScope, code: str, after: str, limit: int
) -> tuple[list[answers.Station], str | UnsetType]:
    """A page of a village's stations, those without a result too."""
    rows = mapreading.list_stations(
        view, asked.election, asked.contest, code, after=after, limit=limit + 1
    )
    known: dict[str, answers.Station] = {
        row.tps: station_of(decode_row(row.row), row.claims) for row in rows
    }
    silent: dict[str, answers.Station] = {
        station.tps: silent_station(station)
        for station in list_missing(view, asked, code, after, limit + 1)
    }
    codes = sorted(silent.keys() | known.keys())
    page = [known.get(code) or silent[code] for code in codes[:limit]]
    return page, codes[limit - 1] if len(codes) > limit else UNSET
