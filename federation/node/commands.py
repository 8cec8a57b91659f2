"""What another command of this machine may ask of the running node, by name.

Rule: each command is a type for its arguments and a function that answers when the
work is durable. The web hands them in under `/v1/control/<name>`; a command that holds
the lock itself calls the same functions, so both ways do the same.

    register   {"register": "<base64>", "source": "…"}   replace a register
    rules      {}                                            rules of elections changed
    alone      {}                                            sign, ask nobody first
    withdraw   {"election", "contest", "tps", "round", "official", "reason"}
    close      {"election", "reason"}                        end our log
    sync       {"orgs": [], "dry_run": false}                ask partners now
    take       {"path", "dry_run": false, "within_s": 5}     a folder or bundle file
    clear-alarm   {"code", "subject"?}                       it was looked at
    add-token, remove-token   {"name", "secret"}, {"name"}   who may hand in records
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from federation.config.peers import Peer
from federation.errors import FederationError, FormatError, NotFoundError
from federation.feeds.feed import read_status
from federation.flows.ownlog import ingest
from federation.flows.ownlog.ingest import Verdict
from federation.node import handedfiles
from federation.node.node import Node
from federation.records.canonical import ShortText
from federation.records.logclosed import LogClosed
from federation.records.profile import ContestId, Round
from federation.records.register import decode_register
from federation.records.tps import parse_tps
from federation.records.withdrawal import Withdrawal
from federation.store import alarms, logs, registers, tokens
from federation.store.db import Transaction, View
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified

GATE_S = 20.0


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of a command without any."""


class SaveRegister(Arguments, frozen=True, kw_only=True):
    """A register, as `records.register.encode_register` writes it."""

    register: bytes
    source: str


class Withdraw(Arguments, frozen=True, kw_only=True):
    """What of ours shall no longer stand."""

    election: str
    contest: ContestId
    tps: str
    round: Round
    reason: str
    official: Literal[0, 1] = 0


class Close(Arguments, frozen=True, kw_only=True):
    """Which of our logs ends, and why."""

    election: str
    reason: str


class SyncCommand(Arguments, frozen=True, kw_only=True):
    """Which partners to ask; none named: all."""

    orgs: tuple[str, ...] = ()
    dry_run: bool = False


class Take(Arguments, frozen=True, kw_only=True):
    """A folder or bundle file on this machine; the node reads it by itself."""

    path: str
    dry_run: bool = False
    within_s: Annotated[float, Meta(gt=0, le=300)] = 5.0


class AddToken(Arguments, frozen=True, kw_only=True):
    """A secret by which a platform of ours may hand in records."""

    name: ShortText
    secret: Annotated[str, Meta(min_length=tokens.MIN_TOKEN_CHARS, max_length=200)]


class RemoveToken(Arguments, frozen=True, kw_only=True):
    """Which token is accepted no longer."""

    name: ShortText


class ClearAlarm(Arguments, frozen=True, kw_only=True):
    """Which alarms somebody has looked at; without a subject: all of that code."""

    code: str
    subject: str | None = None


class SizeOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner would bring: its size of a log beside ours."""

    origin: str
    ours: int
    theirs: int


class PeerTurnReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How asking one partner went."""

    org: str
    outcome: str
    new: int = 0
    reason: str = ""
    offers: tuple[SizeOffer, ...] = ()


async def save_register(node: Node, given: SaveRegister) -> dict[str, Any]:
    """Replace the register; merging makes the map anew by itself."""
    register = decode_register(given.register)
    await node.resources.db.write(registers.save_register, register, given.source)
    node.merge_soon()
    return {"election": register.election, "digest": register.digest()}


async def read_rules(node: Node, _: Arguments) -> None:
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
        recorded_at=_stamp(node),
        round=given.round,
        tps=parse_tps(given.tps),
    )
    return await _log(node, log, statement)


async def close(node: Node, given: Close) -> Verdict:
    """End our log of an election: nothing can be added afterwards."""
    log = node.resources.log_of(given.election)
    statement = LogClosed(
        election=given.election,
        org=node.resources.settings.org,
        origin=log.origin,
        reason=given.reason,
        recorded_at=_stamp(node),
    )
    return await _log(node, log, statement)


async def alone(node: Node, _: Arguments) -> None:
    """Sign without waiting for partners: the operator's word."""
    await node.own_logs.go_alone()


async def sync(node: Node, given: SyncCommand) -> list[PeerTurnReport]:
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
            org=org, outcome=one.outcome, new=one.new_leaves, reason=one.reason
        )
        for org, one in results.items()
    ]


async def take(node: Node, given: Take) -> handedfiles.HandedFiles:
    """Take in what a folder or bundle file brings; `more` says: ask again.

    Raises:
        NotFoundError: nothing is there.
        FormatError: not the whole path, or not a bundle file.
        OSError: a disk of ours is full.
    """
    path = Path(given.path)
    if not path.is_absolute():
        raise FormatError("not an absolute path", handedfiles.show_path(path))
    # A partner that was added a moment ago is meant, too.
    await node.refresh_peers()
    if given.dry_run:
        return await handedfiles.look(node, path)
    node.disk.check()
    return await handedfiles.take(node, path, given.within_s)


async def add_token(node: Node, given: AddToken) -> None:
    """Accept a token of scope `intake` from now on.

    Raises:
        ConflictError: the name is in use.
    """
    now = int(node.clocks.wall())
    await node.resources.db.write(
        tokens.save_token, given.name, given.secret, ("intake",), now
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
    cleared = await node.resources.db.write(_clear, given)
    if not cleared:
        raise NotFoundError(Sentence("machine.no-alarm", code=given.code))
    return cleared


def _clear(tx: Transaction, given: ClearAlarm) -> list[str]:
    subjects = [
        alarm.subject
        for alarm in alarms.list_alarms(tx)
        if alarm.code == given.code and given.subject in {None, alarm.subject}
    ]
    for subject in subjects:
        alarms.clear_alarm(tx, given.code, subject)
    return subjects


async def _look(node: Node, peer: Peer) -> PeerTurnReport:
    try:
        answer = await node.feed(peer).logs(None)
        assert answer is not None, "asked without an ETag"
        vector = read_status(answer[0], peer.url or peer.org)
    except FederationError as error:
        return PeerTurnReport(org=peer.org, outcome=error.code, reason=str(error))
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
        ingest.append_statements,
        log,
        [statement],
        node.clocks.wall(),
    )
    node.news()
    return verdicts[0]


def _stamp(node: Node) -> str:
    now = datetime.fromtimestamp(node.clocks.wall(), UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sizes(view: View) -> dict[str, int]:
    return {log.origin: log.size for log in logs.list_logs(view)}


CommandWork = Callable[[Node, Any], Awaitable[object]]

COMMANDS: dict[str, tuple[type[Arguments], CommandWork]] = {
    "register": (SaveRegister, save_register),
    "rules": (Arguments, read_rules),
    "alone": (Arguments, alone),
    "withdraw": (Withdraw, withdraw),
    "close": (Close, close),
    "sync": (SyncCommand, sync),
    "take": (Take, take),
    "clear-alarm": (ClearAlarm, clear_alarm),
    "add-token": (AddToken, add_token),
    "remove-token": (RemoveToken, remove_token),
}
