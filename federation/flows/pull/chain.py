"""The keys of a log: opened with the pinned identity, and only ever longer.

Rule: what a log's keys are is never asked of the feed, only shown by it: every
statement is signed by the identity that the operator pinned. A chain that we hold may
be continued and never replaced. Two different statements of one version, both signed,
are two histories: that freezes the origin.

    tps-federation/key-fork@v1
    <empty line>
    <signed key statement that we hold>
    <empty line>
    <another signed key statement of the same version>
"""

import hashlib
from typing import Final

from federation.errors import (
    FederationError,
    ForkError,
    FormatError,
    PeerError,
    ProofError,
    RecordError,
    SignatureError,
    VerificationError,
)
from federation.feeds.feed import NO_DIGEST, Feed, StatusEntry
from federation.flows.pull.context import PullContext
from federation.flows.pull.rejudge import rejudge
from federation.records.about import open_about
from federation.records.canonical import decode_as
from federation.records.keychain import KeyChain, decode_keys, open_chain
from federation.records.keystatement import KeyStatement
from federation.store import chains, logs
from federation.store.db import Database, Transaction
from federation.store.logs import Log
from federation.tlog.fork import format_evidence
from federation.tlog.keys import VerifierKey, parse_vkey
from federation.tlog.note import parse_note

# What a feed can do to us: not deliver, or deliver what does not verify.
BAD_FEED: Final[tuple[type[FederationError], ...]] = (
    PeerError,
    FormatError,
    RecordError,
    VerificationError,
)

_KEY_FORK: Final = b"tps-federation/key-fork@v1\n\n"


async def trust(
    ctx: PullContext,
    feed: Feed,
    entry: StatusEntry,
    log: Log | None,
    identity: VerifierKey,
    now: int,
) -> tuple[Log, KeyChain]:
    """The log and its keys, the newest that we or the feed have.

    A log that was not known is added: this is the only way one comes to be.

    Raises:
        PeerError: the feed did not deliver the statements.
        FormatError: not a chain of statements.
        RecordError: a statement that breaks a rule.
        SignatureError: not signed by the pinned identity.
        ForkError: the origin signed two statements of one version.
    """
    db = ctx.db
    notes = [] if log is None else await db.read(chains.read_keys, log.id)
    held = open_chain(notes, identity) if notes else None
    if log is not None and held is not None and held.digest == entry.keys:
        return log, held
    offered = open_chain(decode_keys(await feed.keys(entry.origin)), identity)
    if offered.origin != entry.origin:
        raise FormatError(f"the keys of {offered.origin}", entry.origin)
    if log is not None and held is not None:
        _check_continues(held, offered)
        if len(offered.notes) <= len(held.notes):
            return log, held
        await rejudge(db, log, held, offered, ctx.profiles[log.election], now)
    return await db.write(_save_chain, offered), offered


async def refresh_about(
    db: Database, feed: Feed, entry: StatusEntry, chain: KeyChain
) -> str:
    """Take in the about note behind a log if it is newer; why not, or nothing.

    It is a courtesy of the feed: without it, or with a bad one, the log goes on.
    """
    held = await db.read(chains.read_about, chain.org)
    known = NO_DIGEST if held is None else hashlib.sha256(held).hexdigest()
    if entry.about in (NO_DIGEST, known):
        return ""
    try:
        note = await feed.log_about(entry.origin)
        about = open_about(note, chain.node_keys())
        if about.org != chain.org:
            return f"an about note of {about.org}"
    except BAD_FEED as error:
        return f"about: {error}"
    await db.write(chains.save_about, about.org, about.issue, note)
    return ""


def format_fork(fork: ForkError) -> bytes:
    """The evidence of a fork, of checkpoints or of key statements."""
    # A statement is a JSON object; a checkpoint begins with its origin.
    if fork.old.startswith(b"{"):
        return _KEY_FORK + fork.old + b"\n" + fork.new
    return format_evidence(fork.old, fork.new, fork.hashes)


def open_key_fork(evidence: bytes, chain: KeyChain) -> ForkError | None:
    """The fork of the key statements of this log that the evidence proves.

    None where it is evidence of another sort.

    Raises:
        FormatError: not two signed statements.
        RecordError: a statement that breaks a rule, or another version than the other.
        SignatureError: not signed by the identity of the chain at that version.
        ProofError: twice the same statement.
    """
    if not evidence.startswith(_KEY_FORK):
        return None
    # Neither a statement's line nor a block of signatures holds an empty line.
    parts = evidence.removeprefix(_KEY_FORK).split(b"\n\n")
    if len(parts) != 4:
        raise FormatError("evidence is two signed key statements")
    old = b"%s\n\n%s\n" % tuple(parts[:2])
    new = b"%s\n\n%s" % tuple(parts[2:])
    version = decode_as(parts[0], KeyStatement).version
    # By the first key, and from there as the chain itself says: whoever could sign
    # version 5 need not be able to sign version 4.
    first = parse_vkey(chain.statements[0].identity)
    before = chain.notes[: version - 1]
    for note in (old, new):
        if open_chain([*before, note], first).origin != chain.origin:
            raise RecordError("the statement of another log", "origin")
    if parse_note(old).text == parse_note(new).text:
        raise ProofError("twice the same statement")
    return ForkError(chain.origin, old, new)


def _check_continues(held: KeyChain, offered: KeyChain) -> None:
    for ours, theirs in zip(held.notes, offered.notes, strict=False):
        if ours == theirs:
            continue
        # A second signature of the same text is no other statement, but what
        # follows it is linked to it and cannot continue what we hold.
        if parse_note(ours).text == parse_note(theirs).text:
            raise SignatureError(f"{held.origin}: one statement signed twice")
        raise ForkError(held.origin, ours, theirs)


def _save_chain(tx: Transaction, chain: KeyChain) -> Log:
    log = logs.add_log(tx, chain.origin, own=False)
    chains.save_keys(tx, log.id, chain.notes)
    return log
