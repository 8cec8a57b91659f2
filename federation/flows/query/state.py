"""The node itself: its logs, who holds them, partners, alarms; the map as a whole."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from federation.config.settings import Settings
from federation.errors import FormatError, RecordError
from federation.flows.query import answers
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.region import count_expected, read_line
from federation.flows.query.scope import QueryScope, candidate_names, contests_of
from federation.records.about import About, open_about_unpinned
from federation.records.canonical import format_time
from federation.records.merge import RULES_VERSION
from federation.records.profile import Profile
from federation.records.readers import (
    Caller,
    Partner,
    may_hear,
    may_quote,
    may_read,
    may_see,
)
from federation.store import (
    alarms,
    cosignatures,
    keystatements,
    logs,
    mapstate,
    pulls,
    quarantine,
    registers,
)
from federation.store.alarms import Alarm
from federation.store.view import View
from federation.text import Sentence


def status(
    view: View,
    caller: Caller,
    settings: Settings,
    peers: Sequence[str] | None = None,
    further: Sequence[Alarm] = (),
) -> answers.StatusAnswer:
    """How this node is, as far as the caller is told.

    Who fails, and when it is asked again, would tell a stranger when to attack whom;
    reasons and details name addresses of partners, private ones too.

    Args:
        view: The snapshot.
        caller: Who asks.
        settings: Of this node.
        peers: The partners' organisations; None: those that were ever asked.
        further: Alarms that stand and may not be in the database.
    """
    held = [log for log in logs.list_logs(view) if may_read(caller, log)]
    shows_partners = may_see(caller, "partners")
    offered = pulls.list_offered(view) if shows_partners else []
    confirmed = cosignatures.load_holders(view, [log.origin for log in held])
    quorum = settings.witness.quorum
    merged: dict[str, int] = {}
    for election in {log.election for log in held}:
        merged.update(mapstate.vector(view, election))
    return answers.StatusAnswer(
        org=settings.org,
        name=settings.name,
        cursors={
            election: format_cursor(read_cursor(view, election))
            for election in settings.elections
        },
        quorum=quorum,
        logs=[
            _log(
                view, caller, log, merged.get(log.origin, 0), _HeldBy(confirmed, quorum)
            )
            for log in held
        ],
        peers=_peers(view, caller, peers) if shows_partners else [],
        you=_you(view, caller),
        offered=[log for log in offered if may_quote(caller, log.origin)],
        alarms=tell_alarms(view, caller, further),
    )


class _HeldBy(NamedTuple):
    """Who confirmed what, and how many of them are asked for."""

    confirmed: cosignatures.HolderSizes
    quorum: int


def _log(
    view: View, caller: Caller, log: logs.Log, merged: int, held: _HeldBy
) -> answers.LogStatus:
    holders = cosignatures.list_holders(held.confirmed, log.origin, log.size - 1)
    return answers.LogStatus(
        origin=log.origin,
        org=log.org,
        own=log.own,
        size=log.size,
        merged=merged,
        held_by=len(holders),
        held=len(holders) >= held.quorum,
        holders=holders if may_see(caller, "partners") else UNSET,
        witnesses=cosignatures.list_witnesses(view, log.id, log.size) or UNSET,
        unknown=quarantine.count_unknown(view, log.id),
        frozen=log.frozen is not None,
        stalled=_stalled(caller, log),
        closed=log.closed_at is not None,
        public_from=format_time(log.public_from) if log.public_from else UNSET,
    )


def _stalled(caller: Caller, log: logs.Log) -> str | UnsetType:
    """Why a log does not go on: it may name an address, or a log that is hidden."""
    if log.stalled is None:
        return UNSET
    return log.stalled if may_see(caller, "details") else Sentence("why.stands-still")


def tell_alarms(
    view: View, caller: Caller, further: Sequence[Alarm] = ()
) -> list[Alarm]:
    """What is amiss, as far as the caller is told.

    `further`: alarms that stand and may not be in the database.
    """
    held = [log for log in logs.list_logs(view) if may_read(caller, log)]
    stored = alarms.list_alarms(view)
    known = {(alarm.code, alarm.subject) for alarm in stored}
    unknown = [alarm for alarm in further if (alarm.code, alarm.subject) not in known]
    origins = {log.origin for log in held}
    return [
        _told(caller, alarm, is_of_log=alarm.subject in origins)
        for alarm in (*unknown, *stored)
        if may_hear(caller, alarm.subject, alarm.detail)
    ]


def _told(caller: Caller, alarm: Alarm, *, is_of_log: bool) -> Alarm:
    """The alarm, without the partner, folder or file that is not for the caller."""
    if may_see(caller, "details"):
        return alarm
    is_named = may_see(caller, "partners") and may_quote(caller, alarm.subject)
    subject = alarm.subject if is_of_log or is_named else ""
    return replace(alarm, subject=subject, detail="")


def _you(view: View, caller: Caller) -> answers.PeerStatus | UnsetType:
    """How our turns with a partner go that asks: it learns whether we reach it."""
    if not isinstance(caller, Partner):
        return UNSET
    [turns] = _peers(view, caller, [caller.org])
    return turns


def _peers(
    view: View, caller: Caller, peers: Sequence[str] | None
) -> list[answers.PeerStatus]:
    is_detailed = may_see(caller, "details")
    # What came of a log that is hidden would be counted with the rest.
    partly = {log.org for log in logs.list_logs(view) if not may_read(caller, log)}
    due = pulls.load_turns(view)
    peers = sorted(due) if peers is None else peers
    statuses = []
    for org in peers:
        last = next(iter(pulls.list_turns(view, org, 1)), None)
        turn = due.get(org, pulls.PeerTurn(org=org))
        statuses.append(
            answers.PeerStatus(
                org=org,
                failures=turn.failures,
                last_at=last.at if last else UNSET,
                outcome=last.outcome if last else UNSET,
                reason=(last.reason or UNSET) if last and is_detailed else UNSET,
                new=last.new_leaves if last and org not in partly else UNSET,
                next_at=int(turn.next_due) if turn.next_due else UNSET,
            )
        )
    return statuses


def elections(
    view: View,
    caller: Caller,
    profiles: Mapping[str, Profile],
    names: Sequence[str],
    settings: Settings,
) -> answers.ElectionsAnswer:
    """The elections of this node: contests, candidates, sources; the forks it knows."""
    return answers.ElectionsAnswer(
        elections=[
            _election(view, profiles[name], settings)
            for name in names
            if name in profiles
        ],
        frozen=[
            log.origin
            for log in logs.list_logs(view)
            if log.frozen is not None and may_read(caller, log)
        ],
    )


def _election(view: View, profile: Profile, settings: Settings) -> answers.ElectionInfo:
    return answers.ElectionInfo(
        election=profile.election,
        name={"en": profile.file.name.en, "id": profile.file.name.id},
        profile=profile.digest,
        register=registers.count(view, profile.election, ""),
        register_digest=registers.register_digest(view, profile.election),
        rules=RULES_VERSION,
        contests=[
            answers.ContestInfo(
                contest=contest, candidates=candidate_names(profile, contest)
            )
            for contest in contests_of(profile)
        ],
        sources=sources(view, profile.election, settings),
    )


def sources(view: View, election: str, settings: Settings) -> list[answers.Source]:
    """The logs that the map of an election is made from, and their licences.

    Ours is in our settings; a partner's is what its own signed note says, as it was
    verified when it was saved; "" where none is held yet.
    """
    listed = []
    for origin, size in sorted(mapstate.vector(view, election).items()):
        org = origin.partition("/")[0]
        of = settings if org == settings.org else _about(view, org)
        listed.append(
            answers.Source(
                org=org,
                origin=origin,
                size=size,
                name=of.name if of else "",
                licence=of.licence if of else "",
                attribution=of.attribution if of else "",
            )
        )
    return listed


def _about(view: View, org: str) -> About | None:
    """What an organisation says of itself; nothing where our copy is damaged.

    That is no fault of whoever asks, and everything else in the answer is as it was:
    the next turn with the partner says so, and asks for the note again.
    """
    note = keystatements.read_about(view, org)
    try:
        return None if note is None else open_about_unpinned(note)
    except (FormatError, RecordError):
        return None


def summary(view: View, asked: QueryScope, org: str, digest: str) -> answers.Summary:
    """One contest's whole map in one object.

    Args:
        view: The snapshot.
        asked: Election and contest.
        org: This organisation.
        digest: Of the election's whole map in this snapshot: it reads every row, so
            that the summaries of all contests share one.
    """
    nation = read_line(view, asked, "")
    return answers.Summary(
        org=org,
        election=asked.election,
        contest=asked.contest,
        digest=digest,
        register=count_expected(view, asked, ""),
        status=nation.coverage.status,
        official=nation.coverage.official,
        tally=nation.tally.votes if nation.tally else {},
        coverage={name: share.tps for name, share in nation.coverage.orgs.items()},
        vector=mapstate.vector(view, asked.election),
    )
