"""What is done when a node is asked for something: a function for each request.

Rule: each answers when the work is durable. The web hands in what came over HTTP; a
command that holds the lock itself calls the same functions: both ways do the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from federation.config.peers import Peer
from federation.errors import FederationError, FormatError, NotFoundError
from federation.feeds.status import read_status
from federation.flows.ownlog import ingest
from federation.flows.ownlog.emptied import withdraw_emptied
from federation.flows.ownlog.ingest import MAX_BATCH, Verdict
from federation.flows.photos.removallist import RemovalsAnswer, list_removals
from federation.flows.refer.underway import check_none_on_the_way
from federation.node import (
    annexes,
    answers,
    handedfiles,
    handedin,
    ignoring,
    inmail,
    papers,
    people,
    reading,
    referring,
    sealedreports,
    takenphotos,
    witnessing,
)
from federation.node.gate import GATE_S
from federation.node.node import Node
from federation.records.canonical import format_time
from federation.records.logclosed import LogClosed
from federation.records.tps import parse_tps
from federation.records.withdrawal import Withdrawal
from federation.store import actions, alarms, logs, registers, tokens
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified
from federation.web.requests.partners import (
    HandedFiles,
    PeerTurnReport,
    SizeOffer,
    Sync,
    TakeFiles,
)
from federation.web.requests.photos import (
    ExpiredHere,
    ExpirePhotos,
    FetchPhotos,
    ListRemovals,
    PhotosFetched,
    RemovedHere,
    RemovePhoto,
)
from federation.web.requests.records import (
    Batch,
    Close,
    GoAlone,
    ReadRules,
    SavedRegister,
    SaveRegister,
    Verdicts,
    Withdraw,
    WithdrawEmptied,
)
from federation.web.requests.request import Request
from federation.web.requests.upkeep import AddToken, ClearAlarm, RemoveToken

A = TypeVar("A")


async def take_records(node: Node, batch: Batch) -> Verdicts:
    """Sign and publish drafts and signed leaves; see `flows/ownlog/ingest.append`.

    A draft that could not be read may stand among `records` as an `UnreadRow`.
    """
    log = node.own_log(batch.election)
    await node.gate.passed(log.origin, GATE_S)
    with node.taking_in():
        verdicts = await _take_rows(node, log, batch)
    if any(verdict.outcome == "logged" for verdict in verdicts):
        node.news()
    return Verdicts(verdicts=verdicts)


async def _take_rows(node: Node, log: ingest.OwnLog, batch: Batch) -> list[Verdict]:
    leaves = (leaf.encode(errors="surrogatepass") for leaf in batch.leaves)
    rows = [*batch.records, *leaves]
    verdicts: list[Verdict] = []
    parts = [rows[at : at + MAX_BATCH] for at in range(0, len(rows), MAX_BATCH)]
    # The next is signed in other processes while this one is judged and written.
    now = node.clocks.wall()
    begun = ingest.begin(log, parts[0], now) if parts else None
    for number, part in enumerate(parts):
        made, at = begun, now
        if number + 1 < len(parts):
            now = node.clocks.wall()
            begun = ingest.begin(log, parts[number + 1], now)
        for verdict in await node.disk.write(
            ingest.append,
            log,
            part,
            at,
            force=batch.force,
            restate=batch.restate,
            unlisted=batch.unlisted,
            begun=made,
        ):
            if number:
                row = verdict.row + number * MAX_BATCH
                verdicts.append(msgspec.structs.replace(verdict, row=row))
            else:
                verdicts.append(verdict)
    return verdicts


async def save_register(node: Node, given: SaveRegister) -> SavedRegister:
    """Replace the register; merging makes the map anew by itself."""
    register = given.register
    await node.resources.db.write(registers.save_register, register, given.source)
    node.merge_soon()
    return SavedRegister(election=register.election, digest=register.digest())


async def read_rules(node: Node, _: ReadRules) -> None:
    """Judge what comes by the rules as their files are now, and make the map anew.

    Raises:
        ConfigError: a file cannot be used; the rules stay as they were.
    """
    # Where rows are taken in and merged: never in the middle of a batch.
    await node.resources.db.run(node.resources.read_rules)
    node.merge_soon()


async def withdraw(node: Node, given: Withdraw) -> Verdict:
    """Say that our result of a polling station no longer stands.

    Raises:
        FormatError: not the code of a polling station.
        RecordError: a member is not of its form.
    """
    log = node.resources.log_of(given.election)
    statement = Withdrawal(
        contest=given.contest,
        election=given.election,
        official=given.official,
        org=node.resources.settings.org,
        reason=given.reason,
        recorded_at=format_time(node.clocks.wall()),
        round=given.round,
        tps=parse_tps(given.tps),
    )
    return await _log(node, log, statement)


async def withdraw_documents(node: Node, given: WithdrawEmptied) -> Verdicts:
    """Say that figures of KPU's no longer stand; see `flows/ownlog/emptied`."""
    log = node.own_log(given.election)
    await node.gate.passed(log.origin, GATE_S)
    verdicts: list[Verdict] = []
    for start in range(0, len(given.documents), MAX_BATCH):
        documents = given.documents[start : start + MAX_BATCH]
        verdicts += await node.disk.write(
            withdraw_emptied, log, documents, node.clocks.wall()
        )
    if verdicts:
        node.news()
    return Verdicts(verdicts=verdicts)


async def close(node: Node, given: Close) -> Verdict:
    """End a log of ours of an election: nothing can be added afterwards.

    Raises:
        NotFoundError: it is none of ours, or no reports are kept for it.
        ConflictError: reports are on their way to an agency: what becomes of them
            could not be said any more.
    """
    resources = node.resources
    log = resources.log_of(given.election)
    if given.incidents:
        log = resources.incidents_of(given.election)
        await resources.db.read(check_none_on_the_way, given.election)
    statement = LogClosed(
        election=given.election,
        org=node.resources.settings.org,
        origin=log.origin,
        reason=given.reason,
        recorded_at=format_time(node.clocks.wall()),
    )
    return await _log(node, log, statement)


async def remove_photo(node: Node, given: RemovePhoto) -> RemovedHere:
    """Show a photograph no longer, here and at partners that honour it.

    Raises:
        FormatError: a reason that must not be signed.
        NotFoundError: no record names it, and it is not held.
    """
    return await node.photographs.removals.remove(given)


async def list_removed(node: Node, given: ListRemovals) -> RemovalsAnswer:
    """Which photographs were removed, and who honours it."""
    return await node.resources.db.read(
        list_removals, node.photographs.removals.rules(), given.after, given.limit
    )


async def expire_photos(node: Node, _: ExpirePhotos) -> ExpiredHere:
    """Delete here the photographs that have had their time."""
    return await node.photographs.removals.expire()


async def go_alone(node: Node, _: GoAlone) -> None:
    """Sign without waiting for partners: the operator's word."""
    await node.own_logs.go_alone()


async def sync(node: Node, given: Sync) -> list[PeerTurnReport]:
    """Ask partners now; with `dry_run` only look at what they would bring.

    Raises:
        NotFoundError: an organisation is no partner with an address.
    """
    # A partner that was added a moment ago is meant, too.
    await node.refresh_peers()
    reachable = node.peers.reachable
    for org in given.orgs:
        if org not in reachable:
            raise NotFoundError(Sentence("sync.no-partner", org=org))
    orgs = given.orgs or tuple(reachable)
    if given.dry_run:
        peers = [node.peers.by_org[org] for org in orgs]
        return list(await asyncio.gather(*(_look(node, peer) for peer in peers)))
    results = await node.schedule.run_now(orgs)
    return [
        PeerTurnReport(
            org=org, outcome=turn.outcome, new=turn.new_leaves, reason=turn.reason
        )
        for org, turn in results.items()
    ]


async def take(node: Node, given: TakeFiles) -> HandedFiles:
    """Take in what a folder or bundle file brings; `more` says: ask again.

    Raises:
        NotFoundError: nothing is there.
        FormatError: not the whole path, or not a bundle file.
        OSError: a disk of ours is full.
    """
    path = Path(given.path)
    if not path.is_absolute():
        raise FormatError(
            Sentence("asked.no-absolute-path"), handedfiles.show_path(path)
        )
    # A partner that was added a moment ago is meant, too.
    await node.refresh_peers()
    if given.dry_run:
        return await handedfiles.look(node, path)
    node.disk.check()
    return await handedfiles.take(node, path, given.within_s)


async def fetch_photos(node: Node, given: FetchPhotos) -> PhotosFetched:
    """Ask partners for photos that somebody wants to see.

    Raises:
        OSError: a disk of ours is full or failed.
    """
    # A partner that was added a moment ago is meant, too.
    await node.refresh_peers()
    node.disk.check()
    await node.index_photos()
    return await node.photographs.fetching.answer(given)


async def add_token(node: Node, given: AddToken) -> None:
    """Accept a token from now on.

    Raises:
        ConflictError: the name is in use.
    """
    now = int(node.clocks.wall())
    await node.resources.db.write(
        tokens.save_token, given.name, given.secret, (given.scope,), now
    )


async def remove_token(node: Node, given: RemoveToken) -> None:
    """Accept a token no longer.

    Raises:
        NotFoundError: there is none of that name.
    """
    await node.resources.db.write(tokens.remove_token, given.name)


async def clear_alarm(node: Node, given: ClearAlarm) -> list[str]:
    """Take alarms away that were seen to; what still holds is raised again.

    Raises:
        NotFoundError: no such alarm stands.
    """
    now = int(node.clocks.wall())
    cleared = await node.resources.db.write(_clear, given, now)
    if not cleared:
        raise NotFoundError(Sentence("machine.no-alarm", code=given.code))
    return cleared


def _clear(tx: Transaction, given: ClearAlarm, now: int) -> list[str]:
    seen_to = [
        alarm
        for alarm in alarms.list_alarms(tx)
        if alarm.code == given.code and given.subject in {None, alarm.subject}
    ]
    who = actions.MACHINE
    if given.person is not None:
        who = given.person.name, given.person.role
    for alarm in seen_to:
        alarms.clear_alarm(tx, given.code, alarm.subject)
        actions.note_action(tx, *who, "settle", f"{alarm.code} {alarm.subject}", now)
    alarms.note_settled(tx, seen_to, now, *who)
    return [alarm.subject for alarm in seen_to]


async def _look(node: Node, peer: Peer) -> PeerTurnReport:
    try:
        answer = await node.feed(peer).logs(None)
        assert answer is not None, "asked without an ETag"
        vector = read_status(answer[0], peer.url or peer.org)
    except FederationError as error:
        return PeerTurnReport(org=peer.org, outcome=error.code, reason=error.told)
    held = await node.resources.db.read(_sizes)
    context = node.pull_context()
    offers = []
    for entry in vector.logs:
        theirs = read_unverified(entry.checkpoint.encode()).size
        ours = held.get(entry.origin, 0)
        if context.wants(peer, entry.origin) and theirs > ours:
            offers.append(SizeOffer(origin=entry.origin, ours=ours, theirs=theirs))
    new = sum(offer.theirs - offer.ours for offer in offers)
    return PeerTurnReport(org=peer.org, outcome="ok", new=new, offers=tuple(offers))


async def _log(
    node: Node, log: ingest.OwnLog, statement: Withdrawal | LogClosed
) -> Verdict:
    await node.gate.passed(log.origin, GATE_S)
    verdicts = await node.disk.write(
        ingest.append_statements, log, [statement], node.clocks.wall()
    )
    node.news()
    return verdicts[0]


def _sizes(view: View) -> dict[str, int]:
    return {log.origin: log.size for log in logs.list_logs(view)}


_WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    Batch: take_records,
    SaveRegister: save_register,
    ReadRules: read_rules,
    GoAlone: go_alone,
    Withdraw: withdraw,
    WithdrawEmptied: withdraw_documents,
    RemovePhoto: remove_photo,
    ExpirePhotos: expire_photos,
    ListRemovals: list_removed,
    Close: close,
    Sync: sync,
    TakeFiles: take,
    ClearAlarm: clear_alarm,
    AddToken: add_token,
    RemoveToken: remove_token,
    FetchPhotos: fetch_photos,
    **annexes.WORK,
    **answers.WORK,
    **handedin.WORK,
    **sealedreports.WORK,
    **ignoring.WORK,
    **inmail.WORK,
    **papers.WORK,
    **people.WORK,
    **reading.WORK,
    **referring.WORK,
    **takenphotos.WORK,
    **witnessing.WORK,
}


async def run(node: Node, request: Request[A]) -> A:
    """Do what a request asks, and answer it.

    Raises:
        FederationError: it cannot be done; see the function of its kind.
        OSError: a disk is full or failed.
    """
    answer: A = await _WORK[type(request)](node, request)
    return answer
