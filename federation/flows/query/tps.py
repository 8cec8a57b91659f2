"""One polling station: who says what, side by side, KPU apart."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from federation.errors import NotFoundError
from federation.flows.query import answers
from federation.flows.query.cited import cited_by
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.forked import undisputed_sizes
from federation.flows.query.scope import candidate_names, places
from federation.records.claim import Claim, read_counts
from federation.records.merge import decode_row
from federation.records.profile import Profile
from federation.records.tps import parse_tps, regions_of
from federation.store import cosignatures, mapreading, registers
from federation.store.view import View
from federation.text import Sentence

_VILLAGE: Final = 10


def tps(
    view: View, profiles: Mapping[str, Profile], election: str, code: str
) -> answers.TpsAnswer:
    """Everything said about a polling station, in every contest.

    Raises:
        FormatError: `code` is not the code of a polling station.
        NotFoundError: no such election here; or a register is known, it does not have
            the station, and nobody ever said anything about it.
    """
    station = parse_tps(code)
    profile = profiles.get(election)
    if profile is None:
        raise NotFoundError(Sentence("asked.no-election", election=f"{election!r}"))
    merged = mapreading.read_tps(view, election, station)
    backing = read_backing(view, merged)
    contests = [
        _with_credits(view, row, contest_of(row, profile, backing)) for row in merged
    ]
    line = registers.look_up(view, election, station)
    if not contests and line.is_known and not line.in_register:
        raise NotFoundError(
            Sentence("asked.no-station", station=station, election=election)
        )
    return answers.TpsAnswer(
        election=election,
        cursor=format_cursor(view.keep(read_cursor, election)),
        tps=station,
        places=view.keep(_places_around, election, station[:_VILLAGE]),
        in_register=line.in_register if line.is_known else UNSET,
        voters=UNSET if line.voters is None else line.voters,
        contests=contests,
    )


def _places_around(view: View, election: str, village: str) -> list[answers.Place]:
    """All regions that a village lies in, the nation first, itself last."""
    return places(view, election, regions_of(village))


class Backing(NamedTuple):
    """What stands behind statements, and against them.

    Attributes:
        holders: Who holds their logs, as far as they confirmed it.
        undisputed: Below which index a log stands that was signed twice, by origin.
    """

    holders: cosignatures.HolderSizes
    undisputed: Mapping[str, int]


#: Of statements of which nobody asks that.
NO_BACKING: Final = Backing({}, {})


def read_backing(view: View, merged: Iterable[mapreading.MergedTps]) -> Backing:
    """What is known of the logs of these claims."""
    origins = {origin for station in merged for origin, _ in station.claims}
    return Backing(
        cosignatures.load_holders(view, origins), undisputed_sizes(view, origins)
    )


def contest_of(
    merged: mapreading.MergedTps, profile: Profile, backing: Backing
) -> answers.Contest:
    """One contest at one station, out of its stored row and claims."""
    row = decode_row(merged.row)
    statements = [
        said_of(origin, claim, row.round, backing)
        for origin, claim in sorted(merged.claims, key=lambda p: (p[1].org, p[1].round))
    ]
    files = {
        f
        for statement in statements
        if statement.counted
        for f in statement.files or ()
    }
    return answers.Contest(
        contest=row.contest,
        tps=row.tps,
        status=row.status,
        official=row.official,
        round=row.round,
        flags=row.flags,
        files=len(files),
        groups=row.groups,
        monitors=[statement for statement in statements if not statement.official],
        kpu=[statement for statement in statements if statement.official],
        earlier=[
            answers.Entry(origin=origin, index=index)
            for origin, index in merged.history
        ],
        candidates=candidate_names(profile, row.contest, row.tps),
    )


def _with_credits(
    view: View, merged: mapreading.MergedTps, contest: answers.Contest
) -> answers.Contest:
    """The contest with what each monitor's statement was read or copied from."""
    if not any(said.derived for said in contest.monitors):
        return contest
    claims = {(origin, claim.index): claim for origin, claim in merged.claims}
    monitors = []
    for said in contest.monitors:
        place = said.origin, said.index
        cites = (
            cited_by(view, merged, said.origin, claims[place]) if said.derived else None
        )
        monitors.append(replace(said, cites=cites) if cites else said)
    return replace(contest, monitors=monitors)


def kpu_beside(contest: answers.Contest) -> list[answers.Said]:
    """KPU's figures that stand beside the groups: those of the counted round.

    Where no monitor has been there is no counted round: then all that KPU says.
    """
    any_round = contest.status == "missing"
    return [
        statement
        for statement in contest.kpu
        if statement.votes and (statement.counted or any_round)
    ]


def said_of(
    origin: str,
    claim: Claim,
    counted: str | msgspec.UnsetType,
    backing: Backing,
) -> answers.Said:
    """A claim as a statement that is told.

    Args:
        origin: Of its log.
        claim: What it says.
        counted: The round that counts.
        backing: Of its log, among others.
    """
    undisputed = backing.undisputed.get(origin)
    return answers.Said(
        org=claim.org,
        origin=origin,
        index=claim.index,
        record=claim.record,
        kind=claim.kind,
        round=claim.round,
        official=claim.official,
        counted=claim.round == counted and claim.kind != "withdrawal",
        complete=claim.complete,
        derived=claim.derived,
        review=claim.review,
        held_by=cosignatures.count_holders(backing.holders, origin, claim.index),
        votes=read_counts(claim.votes) if claim.votes else UNSET,
        figures=read_counts(claim.figures) if claim.figures else UNSET,
        rules=claim.rules or UNSET,
        files=claim.files or UNSET,
        forked=(undisputed is not None and claim.index >= undisputed) or UNSET,
    )
