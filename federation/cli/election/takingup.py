"""`federation election take-up`: a log of ours goes on elsewhere, its keys are lost.

A home out of an older backup lacks the log that continues one of ours. Partners show
it: its key statements, and how far it goes. The identity key names new keys from there
on, the settings name the log, and the node takes its records back before it signs.

Rule: the size from which the new keys sign must be the last that the lost ones signed:
what they signed above it would be a second history. So every partner has to answer, or
the operator names the size. Done again, it goes on where it stopped.
"""

import asyncio
import secrets
import time
from random import SystemRandom
from typing import NamedTuple

import click

from federation.cli.context import Run, command_options
from federation.cli.election.successor import current_logs
from federation.cli.help import Command
from federation.cli.keys.statement import standing_still
from federation.cli.output import NEGATIVE, OK
from federation.cli.passphrase import OPTION, read_passphrase
from federation.cli.statement import check_reason
from federation.config.disk import replace_file
from federation.config.founding import (
    NODE_ROLES,
    Founder,
    FoundingReport,
    load_chain_notes,
    load_own_identity,
)
from federation.config.home import Home
from federation.config.keystore import load_signer
from federation.config.peers import Peer
from federation.config.rewrite import add_election
from federation.errors import ConflictError, FederationError, NotFoundError, PeerError
from federation.feeds.feed import Feed
from federation.feeds.introduction import Introduction
from federation.feeds.resource import checkpoint_of
from federation.feeds.signature import RequestSigner
from federation.flows.verify.successor import fetch_successor
from federation.flows.visit import with_feed
from federation.node.guards import open_guard
from federation.records.canonical import format_time
from federation.records.keychain import (
    LAST,
    KeyChain,
    encode_keys,
    open_by_first,
    open_chain,
)
from federation.records.keychange import KeyChange, next_statement
from federation.records.keysigning import sign_statement
from federation.records.keystatement import Role, next_generation
from federation.store import logs
from federation.text import Sentence
from federation.tlog.keys import ALG_ED25519, Signer, VerifierKey


class _Shown(NamedTuple):
    """What a partner shows of a log of ours: its key statements, and its size."""

    org: str
    notes: list[bytes]
    size: int


class _Lost(NamedTuple):
    """A log of ours that goes on elsewhere, and what partners show of it."""

    origin: str
    shown: list[_Shown]
    silent: list[tuple[str, Sentence]]

    @property
    def size(self) -> int:
        """How far anybody has it."""
        return max(one.size for one in self.shown)

    @property
    def notes(self) -> list[bytes]:
        """Its key statements, as far as anybody has them."""
        return max((one.notes for one in self.shown), key=len)


@click.command("take-up", cls=Command, help="election.help-take-up")
@click.argument("name", metavar="ELECTION")
@click.option("--size", type=click.IntRange(1), help="election.option-take-up-size")
@click.option("--reason", default="", help="election.option-take-up-reason")
@click.option("--yes", is_flag=True, help="election.option-continue-yes")
@click.option(OPTION, "passphrase_file", help="init.option-passphrase-file")
@command_options
def take_up(
    run: Run,
    *,
    name: str,
    size: int | None,
    reason: str,
    yes: bool,
    passphrase_file: str | None,
) -> int:
    """Take up what goes on elsewhere, with new keys."""
    settings, home = run.settings, run.home
    if name not in settings.elections:
        raise NotFoundError(Sentence("election.not-ours", election=name))
    why = reason or run.t("election.take-up-reason")
    check_reason(run, why)
    with standing_still(home):
        current = current_logs(settings, name, are_all=False)
        asked = [asyncio.run(_ask_all(run, origin)) for origin in current]
        lost = [one for one in asked if one.shown]
        if not lost:
            return _show_none(run, name, current, asked)
        for one in lost:
            _check_whole(run, one)
            _tell(run, one)
        if yes and size is None and any(one.silent for one in lost):
            raise ConflictError(Sentence("election.take-up-silent"))
        if not yes and not run.confirm(run.t("election.take-up-sure")):
            return NEGATIVE
        secret = read_passphrase(run, passphrase_file)
        identity = load_own_identity(home, settings.org, secret)
        for one in lost:
            _take_up(run, one, one.size if size is None else size, why, identity)
        # Last: a node that starts in between must find the keys of what is named.
        for one in lost:
            add_election(home.settings, one.origin.partition("/")[2], "successors")
    _show(run, name, lost)
    return OK


def _show_none(run: Run, name: str, current: list[str], asked: list[_Lost]) -> int:
    """Done already, or there is nothing to be taken up."""
    later = [one for one in current if one.rpartition("/")[2].isdigit()]
    if not later:
        silent = ", ".join(org for one in asked for org, _ in one.silent)
        told = {"election": name, "silent": silent or "-"}
        raise ConflictError(Sentence("election.take-up-none", **told))
    sentence = run.t("election.continue-done", origin=", ".join(later))
    value = {"election": name, "taken_up": [], "origins": later}
    run.out.show(value, lambda: run.out.line(sentence))
    return OK


async def _ask_all(run: Run, origin: str) -> _Lost:
    """Who shows a log that continues this one of ours, and who did not say."""
    chain = open_by_first(load_chain_notes(run.home, origin))
    known = {statement.identity for statement in chain.statements}
    lost = _Lost(next_generation(origin), [], [])
    key = load_signer(run.home.role_key("node"), f"{run.settings.org}/node")
    signer = RequestSigner(key, run.clock, SystemRandom())

    async def ask(peer: Peer) -> None:
        async def look(feed: Feed) -> tuple[list[bytes], int]:
            return await _look(feed, origin, known)

        introduction = Introduction(signer, time.monotonic)
        try:
            notes, size = await with_feed(peer, look, run.clock, introduction)
        except ConflictError:
            raise
        except FederationError as error:
            if not (isinstance(error, PeerError) and error.is_absent):
                lost.silent.append((peer.org, error.told))
        else:
            lost.shown.extend([_Shown(peer.org, notes, size)] if notes else [])

    await asyncio.gather(*(ask(peer) for peer in run.peers))
    lost.shown.sort()
    lost.silent.sort(key=lambda one: one[0])
    return lost


async def _look(
    feed: Feed, origin: str, identities: set[str]
) -> tuple[list[bytes], int]:
    """What a partner has of the log that continues this one: key statements, size.

    Raises:
        ConflictError: that one is continued, too.
        FederationError: it did not say, or shows something else.
    """
    successor = next_generation(origin)
    notes = await fetch_successor(feed, origin, identities)
    if not notes:
        return [], 0
    if await fetch_successor(feed, successor, identities):
        told = {"origin": next_generation(successor)}
        raise ConflictError(Sentence("election.take-up-further", **told))
    signed = await feed.fetch(checkpoint_of(successor))
    return notes, open_by_first(notes).open_checkpoint(signed).size


def _check_whole(run: Run, lost: _Lost) -> None:
    """That what counts of the log before is here: only while it is ours is it fetched.

    Raises:
        ConflictError: some of it is not.
    """
    follows = open_by_first(lost.notes).follows()
    assert follows is not None, "it continues one of ours"
    with run.open_database().view() as view:
        size = logs.get_log(view, follows.origin).size
    if size < follows.size:
        told = {"origin": follows.origin, "size": size, "counted": follows.size}
        raise ConflictError(Sentence("election.take-up-behind", **told))


def _tell(run: Run, lost: _Lost) -> None:
    note, t = run.out.note, run.t
    for one in lost.shown:
        told = {"org": one.org, "origin": lost.origin, "size": one.size}
        note(t("election.take-up-shown", **told))
    for org, why in lost.silent:
        note("  " + t("election.continue-unsaid", org=org, why=why))


def _take_up(run: Run, lost: _Lost, size: int, why: str, identity: Signer) -> None:
    """Put the keys and what names them in their places; nothing says: made here.

    So the node takes it for a log whose past it does not know, and asks every partner.
    """
    home, org, path = run.home, run.settings.org, run.home.chain(lost.origin)
    mark = open_guard(home).found
    founder = Founder(home, org, secrets.token_bytes, FoundingReport(), mark)
    founder.found_keys([lost.origin])
    notes = lost.notes
    if path.exists():
        # Of a command that was broken off, or of a newer backup.
        held = load_chain_notes(home, lost.origin)
        notes = max(held, notes, key=len)
    chain = open_chain(notes, identity.key)
    if new := _unnamed(home, org, chain):
        now = format_time(run.now().timestamp())
        after = next_statement(chain, size, KeyChange(new, reason=why), now)
        notes = [*notes, sign_statement(after, identity)]
        open_chain(notes, identity.key)
    replace_file(path, encode_keys(notes))


def _unnamed(home: Home, org: str, chain: KeyChain) -> list[tuple[Role, VerifierKey]]:
    """The keys of this home that no statement names as valid now."""
    valid: dict[Role, set[VerifierKey]] = {
        "log": {chain.log_key(LAST)},
        "records": set(chain.record_keys(LAST).values()),
        "node": set(chain.node_keys()),
        "mirror": set(chain.mirror_keys()),
    }
    origin = chain.origin
    log = load_signer(home.log_key(origin), origin, ALG_ED25519)
    held: list[tuple[Role, VerifierKey]] = [("log", log.key)]
    held += [
        (role, load_signer(home.role_key(role), f"{org}/{role}", alg).key)
        for role, alg in NODE_ROLES
    ]
    return [(role, key) for role, key in held if key not in valid[role]]


def _show(run: Run, name: str, lost: list[_Lost]) -> None:
    rows = [
        {
            "origin": one.origin,
            "size": one.size,
            "partners": {shown.org: shown.size for shown in one.shown},
            "silent": [org for org, _ in one.silent],
        }
        for one in lost
    ]

    def human() -> None:
        for row in rows:
            run.out.line(run.t("election.taken-up", **row))
        run.out.line(run.t("election.take-up-next"))

    run.out.show({"election": name, "taken_up": rows}, human)
