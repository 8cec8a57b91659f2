"""The keys of a log: opened with the pinned identity, and only ever longer.

Rule: what a log's keys are is never asked of the feed, only shown by it: every
statement is signed by the identity that the operator pinned. A chain that we hold may
be continued and never replaced. Two different statements of one version, both signed,
are two histories: that freezes the origin.
"""

import asyncio
import hashlib
from contextlib import suppress
from typing import Final

from federation.errors import (
    FederationError,
    ForkError,
    FormatError,
    PeerError,
    RecordError,
    SignatureError,
    StoredError,
    VerificationError,
)
from federation.feeds.feed import Feed
from federation.feeds.resource import about_of, keys_of
from federation.feeds.status import NO_DIGEST, StatusEntry
from federation.flows.pull.context import PullContext
from federation.flows.pull.rejudge import rejudge
from federation.records.about import open_about
from federation.records.canonical import decode_as
from federation.records.keychain import KeyChain, decode_keys, open_chain
from federation.records.keystatement import KeyStatement
from federation.store import keystatements, logs
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.keys import VerifierKey, parse_vkey
from federation.tlog.note import parse_note

# What a feed can do to us: not deliver, or deliver what does not verify.
BAD_FEED: Final[tuple[type[FederationError], ...]] = (
    PeerError,
    FormatError,
    RecordError,
    VerificationError,
)


_MOST_PASSED_OVER: Final = 10_000


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
        StoredError: what we hold of it is damaged.
        ForkError: the origin signed two statements of one version.
    """
    db = ctx.db
    notes = [] if log is None else await db.read(keystatements.read_keys, log.id)
    # In a thread: a chain may have a thousand statements, a quarter of a second.
    held = await asyncio.to_thread(open_held, notes, identity) if notes else None
    if log is not None and held is not None and held.digest == entry.keys:
        return log, held
    shown = decode_keys(await feed.fetch(keys_of(entry.origin)))
    offered = await asyncio.to_thread(open_chain, shown, identity)
    if offered.origin != entry.origin:
        raise FormatError(
            Sentence("chain.keys-of", origin=offered.origin), entry.origin
        )
    if log is not None and held is not None:
        _check_continues(held, offered)
        if len(offered.notes) <= len(held.notes):
            return log, held
        # Before it is stored: if this is cut off, the next turn begins it anew. Stored
        # first, leaves would keep the verdict of a key that was revoked.
        await rejudge(db, log, held, offered, ctx.profiles[log.election], now)
    return await db.write(_save_chain, offered), offered


def open_held(notes: list[bytes], identity: VerifierKey) -> KeyChain:
    """The chain that is held, which was verified when it was saved.

    Raises:
        SignatureError: another identity is pinned since.
        StoredError: it is not what was saved.
    """
    try:
        return open_chain(notes, identity)
    except (FormatError, RecordError, SignatureError) as error:
        try:
            whose = decode_as(parse_note(notes[0]).text[:-1], KeyStatement).identity
            open_chain(notes, parse_vkey(whose))
        except (FormatError, RecordError, SignatureError):
            reason = Sentence("held.statements-held", error=error.told)
            raise StoredError(reason, "key_statement") from error
        raise


async def refresh_about(
    ctx: PullContext, feed: Feed, entry: StatusEntry, chain: KeyChain
) -> str:
    """Take in the about note behind a log if it is newer; why not, or nothing.

    It is a courtesy of the feed: without it, or with a bad one, the log goes on.
    """
    db = ctx.db
    held = await db.read(keystatements.read_about, chain.org)
    known = NO_DIGEST if held is None else hashlib.sha256(held).hexdigest()
    if entry.about in (NO_DIGEST, known) or entry.about in ctx.passed_over:
        return ""
    try:
        note = await feed.fetch(about_of(entry.origin))
        about = open_about(note, chain.node_keys())
    except BAD_FEED as error:
        return Sentence("why.about", cause=error.told)
    if held is not None and not await db.read(_is_whole, held, chain):
        # Of two notes the higher issue stays, but not one that a flipped bit has made.
        await db.write(keystatements.drop_about, chain.org)
    await db.write(keystatements.save_about, about.org, about.issue, note)
    if await db.read(keystatements.read_about, chain.org) != note:
        # What a relay has missed is not fetched again with each of its turns.
        if len(ctx.passed_over) >= _MOST_PASSED_OVER:
            ctx.passed_over.clear()
        ctx.passed_over.add(entry.about)
    return ""


def _is_whole(view: View, note: bytes, chain: KeyChain) -> bool:
    """Whether the note held is signed, by the keys of one of its organisation's logs.

    By any of them: whoever replays an old note beside an old generation of a log, which
    had other keys, would else have the newer one dropped.
    """
    held = (
        keystatements.read_keys(view, log.id)
        for log in logs.list_logs(view)
        if log.org == chain.org
    )
    for notes in held:
        with suppress(FormatError, RecordError, SignatureError, StoredError):
            keys = open_held(notes, chain.identity).node_keys()
            if open_about(note, keys).org == chain.org:
                return True
    return False


def _check_continues(held: KeyChain, offered: KeyChain) -> None:
    for ours, theirs in zip(held.notes, offered.notes, strict=False):
        if ours == theirs:
            continue
        # A second signature of the same text is no other statement, but what
        # follows it is linked to it and cannot continue what we hold.
        if parse_note(ours).text == parse_note(theirs).text:
            raise SignatureError(Sentence("chain.signed-twice", origin=held.origin))
        raise ForkError(held.origin, ours, theirs)


def _save_chain(tx: Transaction, chain: KeyChain) -> Log:
    log = logs.add_log(tx, chain.origin, own=False)
    keystatements.save_keys(tx, log.id, chain.notes)
    return log
