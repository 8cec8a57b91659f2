"""`federation election continue`: the log that goes on where one of ours has ended.

What partners hold of the ended log is asked and shown, the size that counts is
proposed and confirmed, the identity key signs for the log that continues it, and the
settings name that one. Partners follow by themselves. Done again, it goes on where it
stopped: keys first, the settings last.
"""

import asyncio
import secrets
import time
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple

import click
from msgspec import structs

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.keys.statement import make_identity, standing_still
from federation.cli.output import NEGATIVE, OK
from federation.cli.passphrase import OPTION, read_passphrase
from federation.cli.statement import check_reason
from federation.config.founding import (
    Founder,
    FoundingReport,
    load_chain_notes,
    load_identity_key,
    load_own_identity,
)
from federation.config.keychange import (
    KeyChangeFile,
    Prepared,
    load_change,
    place_identity,
    save_change,
)
from federation.config.keystore import load_signer
from federation.config.peers import Peer
from federation.config.rewrite import add_election
from federation.config.settings import Settings
from federation.errors import (
    ConfigError,
    ConflictError,
    FederationError,
    NotFoundError,
    PeerError,
)
from federation.feeds.feed import Feed
from federation.feeds.introduction import Introduction
from federation.feeds.signature import RequestSigner
from federation.flows.ownlog.successor import (
    PartnerCopy,
    find_ended,
    look_at_copy,
    proposed_size,
    undisputed_size,
)
from federation.flows.verify.successor import fetch_successor
from federation.flows.visit import with_feed
from federation.node.guards import open_guard
from federation.records.canonical import encode
from federation.records.keychain import KeyChain, open_by_first, open_chain
from federation.records.keystatement import Follows, next_generation, parse_origin
from federation.store.db import Database
from federation.store.logs import Log
from federation.text import Sentence
from federation.tlog.keys import Signer


class _AnsweredCopies(NamedTuple):
    """What the partners hold of a log of ours, and who did not say, and why.

    `ahead`: who has a log that continues it, and that was not begun here.
    """

    copies: list[PartnerCopy]
    silent: list[tuple[str, Sentence]]
    ahead: list[str]


class _Ended(NamedTuple):
    """A log that has ended, what is known of it, and the size that counts."""

    log: Log
    asked: _AnsweredCopies
    size: int


@click.command("continue", cls=Command, help="election.help-continue")
@click.argument("name", metavar="ELECTION")
@click.option("--size", type=click.IntRange(1), help="election.option-size")
@click.option("--reason", default="", help="election.option-continue-reason")
@click.option("--yes", is_flag=True, help="election.option-continue-yes")
@click.option(OPTION, "passphrase_file", help="init.option-passphrase-file")
@click.option(
    "--new-identity", type=click.Path(dir_okay=False, path_type=Path),
    help="election.option-new-identity",
)  # fmt: skip
@click.option(
    "--prepare", "prepared", type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE", help="election.option-prepare",
)  # fmt: skip
@command_options
def continue_election(  # noqa: PLR0913  one argument an option
    run: Run,
    *,
    name: str,
    size: int | None,
    reason: str,
    yes: bool,
    passphrase_file: str | None,
    new_identity: Path | None,
    prepared: Path | None,
) -> int | None:
    """Open the log that continues one of ours that has ended."""
    settings, home = run.settings, run.home
    if name not in settings.elections:
        raise NotFoundError(Sentence("election.not-ours", election=name))
    why = reason or run.t("election.continue-reason")
    check_reason(run, why)
    if prepared is not None and new_identity is not None:
        raise click.UsageError(run.t("change.begun-by-new"))
    new = None
    if new_identity is not None:
        made = make_identity(run, settings.org, new_identity, passphrase_file)
        new = made.signer
    current = current_logs(settings, name, are_all=new is not None)
    with standing_still(home):
        ended = _find_ended(run, current, size, new)
        if not ended:
            return _show_going_on(run, name, current)
        if not _is_agreed(run, ended, is_asked=not yes, is_named=size is not None):
            return NEGATIVE
        if prepared is not None:
            return _prepare(run, ended, why, prepared)
        if new is None:
            secret = read_passphrase(run, passphrase_file)
            new = load_own_identity(home, settings.org, secret)
        _continue(run, ended, why, new)
    _show(run, name, ended)
    return OK


def current_logs(settings: Settings, election: str, *, are_all: bool) -> list[str]:
    """The logs that are meant; one identity key speaks for all of ours."""
    if are_all:
        return list(settings.origins)
    current = [settings.origin_of(election)]
    if election in settings.incidents:
        current.append(settings.incidents_origin_of(election))
    return current


def _is_agreed(
    run: Run, ended: list[_Ended], *, is_asked: bool, is_named: bool
) -> bool:
    """Whether what is proposed shall be.

    Raises:
        ConflictError: nobody is asked, no size is named, and a partner was silent.
    """
    for one in ended:
        _tell(run, one)
    if not is_asked and not is_named and any(one.asked.silent for one in ended):
        raise ConflictError(Sentence("election.continue-silent"))
    return not is_asked or run.confirm(run.t("election.continue-sure"))


def _find_ended(
    run: Run, origins: list[str], size: int | None, new: Signer | None
) -> list[_Ended]:
    """Those of these logs that go on no further.

    With a `new` identity key in the place of a lost one: all that it has not signed.
    """
    db = run.open_database()
    with db.view() as view:
        logs = find_ended(view, origins, are_all=new is not None)
    ended = []
    for log in logs:
        chain = open_by_first(load_chain_notes(run.home, log.origin))
        if new is not None and chain.identity == new.key:
            continue
        known = {statement.identity for statement in chain.statements}
        known |= set() if new is None else {str(new.key)}
        asked = asyncio.run(_ask_all(run, db, log, chain, known))
        if asked.ahead:
            orgs = ", ".join(asked.ahead)
            begun = {"orgs": orgs, "origin": next_generation(log.origin)}
            begun["election"] = parse_origin(log.origin).election
            raise ConflictError(Sentence("election.continue-begun-elsewhere", **begun))
        counts = proposed_size(log, asked.copies) if size is None else size
        most = undisputed_size(log.size, asked.copies)
        if counts > most:
            told = {"size": counts, "origin": log.origin, "most": most}
            raise ConflictError(Sentence("election.continue-above", **told))
        ended.append(_Ended(log, asked, counts))
    return ended


async def _ask_all(
    run: Run, db: Database, log: Log, chain: KeyChain, identities: set[str]
) -> _AnsweredCopies:
    """All at once: a dead partner must not make the others wait."""
    asked = _AnsweredCopies([], [], [])
    successor = next_generation(log.origin)
    is_begun = run.home.chain(successor).exists()
    begun = load_chain_notes(run.home, successor) if is_begun else []
    key = load_signer(run.home.role_key("node"), f"{run.settings.org}/node")
    signer = RequestSigner(key, run.clock, SystemRandom())

    async def ask(peer: Peer) -> None:
        async def look(feed: Feed) -> PartnerCopy:
            notes = await fetch_successor(feed, log.origin, identities)
            if notes[:1] != begun[:1] and notes:
                asked.ahead.append(peer.org)
            return await look_at_copy(db, log, chain, feed, peer.org)

        try:
            introduction = Introduction(signer, time.monotonic)
            asked.copies.append(await with_feed(peer, look, run.clock, introduction))
        except PeerError as error:
            if not error.is_absent:
                asked.silent.append((peer.org, error.told))
        except FederationError as error:
            asked.silent.append((peer.org, error.told))

    await asyncio.gather(*(ask(peer) for peer in run.peers))
    asked.copies.sort()
    asked.silent.sort(key=lambda one: one[0])
    asked.ahead.sort()
    return asked


def _tell(run: Run, ended: _Ended) -> None:
    """What is known, and what is proposed; before anybody is asked."""
    note, t, log = run.out.note, run.t, ended.log
    note(t("election.continue-here", origin=log.origin, size=log.size))
    for copy in ended.asked.copies:
        is_other = copy.alike < min(copy.size, log.size)
        key = "election.continue-other" if is_other else "election.continue-same"
        note("  " + t(key, org=copy.org, size=copy.size, alike=copy.alike))
    for org, why in ended.asked.silent:
        note("  " + t("election.continue-unsaid", org=org, why=why))
    key = "election.continue-size"
    note(t(key, size=ended.size, left=log.size - ended.size, origin=log.origin))


def _continue(run: Run, ended: list[_Ended], why: str, identity: Signer) -> None:
    home, org = run.home, run.settings.org
    mark = open_guard(home).found
    founder = Founder(home, org, secrets.token_bytes, FoundingReport(), mark)
    for one in ended:
        new = next_generation(one.log.origin)
        follows = Follows(origin=one.log.origin, reason=why, size=one.size)
        founder.found_keys([new])
        founder.found_chain(new, identity, run.now(), follows)
        chain = open_chain(load_chain_notes(home, new), identity.key)
        if _size_of(chain) != one.size:
            # Begun before, and broken off; nobody has seen it, as nothing named it.
            reason = Sentence("election.continue-begun", size=_size_of(chain))
            raise ConfigError(str(home.chain(new)), "", reason)
    place_identity(home, org, identity.key)
    # Last: a node that starts in between must find the keys of what is named.
    for one in ended:
        name = next_generation(one.log.origin).partition("/")[2]
        add_election(home.settings, name, "successors")


def _prepare(run: Run, ended: list[_Ended], why: str, file: Path) -> int:
    """Make the keys of the successors; what names them is signed elsewhere."""
    home, org = run.home, run.settings.org
    mark = open_guard(home).found
    founder = Founder(home, org, secrets.token_bytes, FoundingReport(), mark)
    identity = load_identity_key(home, org)
    statements = []
    for one in ended:
        new = next_generation(one.log.origin)
        if home.chain(new).exists():
            begun = open_chain(load_chain_notes(home, new), identity)
            reason = Sentence("election.continue-begun", size=_size_of(begun))
            raise ConfigError(str(home.chain(new)), "", reason)
        follows = Follows(origin=one.log.origin, reason=why, size=one.size)
        founder.found_keys([new])
        first = founder.state_first(new, identity, run.now(), follows)
        line = encode(first).decode()
        statements.append(
            Prepared(origin=new, size=one.size, before="", statement=line)
        )
    change = KeyChangeFile(org=org, statements=tuple(statements))
    # Signed twice it would be two statements of one version, which ends the log.
    if not (file.exists() and _is_alike(load_change(file), change)):
        save_change(file, change)
    told = [run.t.say(sentence) for sentence in change.tell()]

    def human() -> None:
        for sentence in (*told, run.t("change.prepared", file=file)):
            run.out.line(sentence)

    run.out.show({"file": str(file), "changes": told, "signed": False}, human)
    return OK


def _is_alike(one: KeyChangeFile, other: KeyChangeFile) -> bool:
    """Whether two files say the same, but for when."""
    ours, theirs = (
        [structs.replace(each.read(), recorded_at="") for each in file.statements]
        for file in (one, other)
    )
    return (one.org, ours) == (other.org, theirs)


def _size_of(chain: KeyChain) -> int:
    follows = chain.follows()
    return 0 if follows is None else follows.size


def _show(run: Run, name: str, ended: list[_Ended]) -> None:
    rows = [
        {
            "ended": one.log.origin,
            "origin": next_generation(one.log.origin),
            "size": one.size,
            "left_out": one.log.size - one.size,
            "partners": {copy.org: copy.alike for copy in one.asked.copies},
            "silent": [org for org, _ in one.asked.silent],
        }
        for one in ended
    ]

    def human() -> None:
        for row in rows:
            run.out.line(run.t("election.continued", **row))
        run.out.line(run.t("election.continue-next"))

    run.out.show({"election": name, "continued": rows}, human)


def _show_going_on(run: Run, name: str, current: list[str]) -> int:
    """Nothing has ended: done already, or not needed."""
    later = [one for one in current if one.rpartition("/")[2].isdigit()]
    if not later:
        raise ConflictError(Sentence("election.continue-not-ended", election=name))
    sentence = run.t("election.continue-done", origin=", ".join(later))
    value = {"election": name, "continued": [], "origins": later}
    run.out.show(value, lambda: run.out.line(sentence))
    return OK
