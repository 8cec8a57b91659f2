"""One polling station of a list: what monitors say, and KPU's figures beside it."""

from collections.abc import Iterable

from msgspec import UNSET

from federation.flows.query import answers
from federation.records.claim import Claim, read_counts
from federation.records.merge import Group, Row
from federation.store import registers


def spread_of(station: answers.Station) -> int:
    """How far apart two figures for one candidate are, KPU's among them."""
    charts = [group.votes for group in (*station.groups, *station.kpu)]
    numbers = {number for chart in charts for number in chart}
    spreads = [0]
    for number in numbers:
        read = [chart[number] for chart in charts if number in chart]
        spreads.append(max(read) - min(read))
    return max(spreads)


def station_of(row: Row, claims: Iterable[tuple[str, Claim]]) -> answers.Station:
    """A station of a list: what monitors say, and KPU's figures beside it."""
    official: dict[str, Group] = {}
    for _, claim in claims:
        is_beside = row.round is UNSET or claim.round == row.round
        if claim.official and claim.votes and is_beside:
            said = Group(orgs=[], votes=read_counts(claim.votes))
            official.setdefault(claim.votes, said).orgs.append(claim.org)
    return answers.Station(
        tps=row.tps,
        status=row.status,
        official=row.official,
        flags=row.flags,
        groups=row.groups,
        kpu=list(official.values()),
    )


def silent_station(missing: registers.Missing) -> answers.Station:
    """A station that nobody has a result from."""
    return answers.Station(
        tps=missing.tps,
        status="missing",
        flags=[],
        groups=[],
        voters=UNSET if missing.voters is None else missing.voters,
    )
