"""The order of writing: durable, then signed, then guarded, then visible.

Rule: an own log grows only through `commit`, and its key signs checkpoints only here.

    T1     leaves and tiles beyond the size, durable
    read   them back on another connection: a flipped bit is never signed
    sign   the checkpoint of what was read back
    T2     keep it, by compare-and-swap on the size, with all that follows from it
    guard  raise it, outside the database, synced or by compare-and-swap
    T3     make the size visible (not synced: `settle` does it again)

After a crash, or an error that leaves open what was kept, `settle` brings the log to
one of two states: as before T1, or as after T3. What is answered to an error is true:

    T1, read, sign, T2     it failed: none of it is kept (OSError)
    T2, when it commits    `settle` finds out; or else nobody knows (DoubtError)
    guard, T3              all of it is kept, and shown by `settle` (KeptError)
    guard, raised by others meanwhile      never shown: somebody else signs
                           (GuardAboveError)

What was signed and not kept by T2 was never shown to anybody, so another checkpoint of
that size may be signed.

Source: docs/reference/protocol.md, "Order of writing"
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from federation.errors import (
    ConflictError,
    DoubtError,
    FederationError,
    FencedError,
    GuardAboveError,
    GuardUnreachableError,
    KeptError,
    ProofError,
    RollbackError,
    UnknownPastError,
    VerificationError,
)
from federation.flows.verify.workers import Workers
from federation.records.companion import OwnCompanions
from federation.records.keychain import KeyChain
from federation.records.profile import Profile
from federation.store import leaves as stored
from federation.store import logs
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.refusal import (
    DoubtfulError,
    ServerLostError,
    UnreplicatedError,
)
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.text.cause import fault_of_disk
from federation.tlog.checkpoint import (
    Checkpoint,
    CompanionKey,
    open_checkpoint,
    sign_checkpoint,
)
from federation.tlog.keys import Signer
from federation.tlog.merkle import Frontier, hash_leaf, root_at


class OwnLog(NamedTuple):
    """A log that this node writes, with the keys to do it.

    `makers` (workers, shared with others) make the leaves of large batches: they sign
    with `records_signer`, and verify.
    """

    origin: str
    log_id: int
    chain: KeyChain
    log_signer: Signer
    records_signer: Signer
    profile: Profile
    companions: OwnCompanions = OwnCompanions()
    makers: Workers | None = None

    @property
    def rank(self) -> int:
        """Which of two logs of ours counts (`OriginParts.rank`)."""
        return self.chain.rank


class Head(NamedTuple):
    """Where an own log stands: the frontier of its `size` leaves."""

    size: int
    frontier: Frontier


def commit(
    db: Database,
    guard: Guard,
    log: OwnLog,
    head: Head,
    new: Sequence[bytes],
    derive: Callable[[Transaction], None],
) -> None:
    """Append leaves after `head` and make them visible; returns when they are.

    Args:
        db: The database; this is its writer thread.
        guard: The guard files.
        log: To append to.
        head: From `settle`.
        new: The leaves, at least one.
        derive: Writes, into T2, whatever follows from the leaves.

    Raises:
        ConflictError: somebody else wrote.
        VerificationError: what was read back is not what was written.
        OSError: the disk failed, and none of it is kept.
        KeptError: the disk failed, or the guard cannot be asked, and all of it is
            kept; `settle` makes it visible.
        GuardAboveError: somebody else signed meanwhile; nothing of this is shown.
        DoubtError: the disk failed, and nobody knows; `settle` will.
    """
    hashes = [hash_leaf(leaf) for leaf in new]
    frontier = head.frontier.copy()
    for digest in hashes:
        frontier.append(digest)
    # T1. Synced before anything is signed: a crash must never leave a signature over
    # leaves that are gone. Up to here it leaves leaves that nothing signs, and `settle`
    # drops them; whoever handed them in was told nothing.
    with db.transaction() as tx:
        logs.append_leaves(tx, log.log_id, head.size, new, hashes)
    # On another connection: not the pages that this one has just made.
    with db.view() as view:
        _read_back(view, log.log_id, head.size, hashes, frontier)
    checkpoint = Checkpoint(log.origin, frontier.size, frontier.root())
    # A crash with this note in memory alone: it was shown to nobody, so that another
    # checkpoint of that size is no second history.
    companion = log.companions.signer
    note = sign_checkpoint(checkpoint, log.log_signer, companion)
    # Also a signature can come out wrong, and a wrong one can give away the key.
    asked = None if companion is None else CompanionKey(companion.key, 0)
    open_checkpoint(note, log.chain.log_key(checkpoint.size), asked)
    # T2. The note and all that follows from its leaves, in one: a crash leaves both, or
    # neither. The guard comes after it: raised first, and T2 lost, it would stand above
    # a database that nobody can refill, and end the log.
    try:
        with db.transaction() as tx:
            logs.keep_signed(
                tx, log.log_id, head.size, note, checkpoint.size, checkpoint.root
            )
            derive(tx)
    except DoubtfulError as error:
        _find_out(db, guard, log, checkpoint, error)
        return
    # From here on it is kept, whatever fails: a crash, too, ends in its being shown.
    _raise_guard(db, guard, log, checkpoint, head)
    try:
        # T3. A crash leaves what is kept and not shown: `settle` shows it. So this one
        # is not synced, and what it acknowledges is not lost with it.
        with db.transaction(durable=False) as tx:
            logs.publish(
                tx, log.log_id, head.size, note, checkpoint.size, checkpoint.root
            )
    except FencedError as fenced:
        raise _taken_over(db, log, checkpoint, fenced) from fenced
    except (OSError, ConflictError) as error:
        raise _kept(error) from error


def _raise_guard(
    db: Database, guard: Guard, log: OwnLog, checkpoint: Checkpoint, head: Head
) -> None:
    """Remember outside of the database that this is signed: what was kept just now.

    Raises:
        KeptError: that failed, or who has taken over did it; `settle` does it again.
        DoubtError: who has taken over does not have it.
        GuardAboveError: somebody else has signed since `settle` looked.
    """
    origin, size, root = checkpoint
    # Where `settle` has left it: nowhere else may it be now.
    after = (head.size, head.frontier.root()) if head.size else None
    try:
        # Guard. Before T3, since what was shown must never be above it: a database
        # from a backup would sign that size again. A crash before it leaves a guard
        # below what is kept, and `settle` raises it.
        guard.raise_to(origin, size, root, after=after)
    except (OSError, GuardUnreachableError) as error:
        raise _kept(error) from error
    except (RollbackError, ProofError) as error:
        # It was where this log is when we looked, and nobody shows what is above it.
        # But whoever has taken over this database goes on from what is kept in it.
        try:
            with db.transaction():
                pass
        except FencedError as fenced:
            raise _taken_over(db, log, checkpoint, fenced) from error
        except (OSError, FederationError):
            pass
        told = Sentence("held.other-signer", origin=origin, size=size)
        raise GuardAboveError(told, origin, size) from error


def _find_out(
    db: Database,
    guard: Guard,
    log: OwnLog,
    signed: Checkpoint,
    error: DoubtfulError,
) -> None:
    """Return if a checkpoint of which T2 left open whether it is kept is visible now.

    `settle` writes, and so ends the doubt: what it drops no restart brings back.

    Raises:
        OSError: it is not kept.
        KeptError: it is, and cannot be made visible.
        DoubtError: the disk does not let us find out.
    """
    try:
        # Behind whatever a lost connection may still do, and only if nobody has taken
        # over: what is there of another writer says nothing of ours.
        with db.transaction():
            pass
        size = settle(db, guard, log.origin).size
        with db.view_of_writer() as view:
            kept = logs.root_of_size(view, log.log_id, signed.size)
    except FencedError as fenced:
        cause = fenced.cause
        raise DoubtError(Sentence("intake.in-doubt", cause=cause)) from error
    except (OSError, FederationError) as again:
        try:
            with db.view_of_writer() as view:
                kept = logs.root_of_size(view, log.log_id, signed.size)
        except (OSError, FederationError):
            kept = None
        is_whole = not isinstance(again, UnreplicatedError)
        if kept == signed.root and is_whole:
            raise _kept(again) from again
        cause = fault_of_disk(error)
        raise DoubtError(Sentence("intake.in-doubt", cause=cause)) from error
    if size < signed.size or kept != signed.root:
        kind = ServerLostError if isinstance(error, ServerLostError) else OSError
        raise kind(error.errno, error.strerror, error.filename) from error


def _taken_over(
    db: Database, log: OwnLog, signed: Checkpoint, fenced: FencedError
) -> KeptError | DoubtError:
    """What was kept in our database may not be in that of whoever writes now.

    A standby that was not waited for has taken its place, say.
    """
    try:
        with db.view() as view:
            kept = logs.root_of_size(view, log.log_id, signed.size)
    except (OSError, FederationError):
        kept = None
    if kept == signed.root:
        return _kept(fenced)
    return DoubtError(Sentence("intake.in-doubt", cause=fenced.cause))


def _kept(error: Exception) -> KeptError:
    # No path: whoever handed it in need not know how this machine is made.
    cause: Sentence | str = str(error)
    if isinstance(error, FencedError):
        cause = error.cause
    elif isinstance(error, GuardUnreachableError):
        cause = error.outside
    elif isinstance(error, OSError):
        cause = fault_of_disk(error)
    return KeptError(Sentence("intake.kept", cause=cause))


def settle(db: Database, guard: Guard, origin: str) -> Head:
    """Bring an own log into a state from which it can be appended to.

    What is decided here is read by the connection that writes (`view_of_writer`): what
    another server holds, or held, must drop nothing here.

    Raises:
        ConflictError: it must not be signed: closed, frozen, stalled, being refilled;
            the message says what to do.
        FencedError: another process has taken over the database.
        GuardAboveError: the guard is above the database.
        GuardUnreachableError: it cannot be asked.
        UnknownPastError: what was signed at most is not known here, see `knows_past`.
        VerificationError: the database does not lead to what was signed.
    """
    with db.view_of_writer() as view:
        log = logs.get_log(view, origin)
        newest = logs.newest_checkpoint(view, log.id)
    check_writable(log)
    size, root = newest[:2] if newest else (0, Frontier().root())
    if log.next_index > size:
        with db.transaction() as tx:
            logs.drop_above(tx, log.id, log.size if newest is None else size)
    held = guard.read(origin)
    if held and held[0] > size:
        # Unless somebody took over, and signed, since we looked: then it is not the
        # database that is behind, and the fence of an empty transaction says so.
        with db.transaction():
            pass
    with db.view_of_writer() as view:
        frontier = stored.frontier(view, log.id, size)
        if frontier.root() != root:
            raise VerificationError(Sentence("held.other-tree", origin=origin))
        _check_guard(view, log, size, held)
    if (held or log.size) and not knows_past(guard, log):
        raise UnknownPastError(Sentence("held.is-copy", origin=origin))
    if newest is not None:
        if log.size < size:
            # T2 may have ended in doubt: what this server shows may not be on a standby
            # that has to have it. A durable write has all before it with it; a guard
            # that knew of more than survives would end the log.
            with db.transaction() as tx:
                logs.write_again(tx, log.id)
        guard.raise_to(origin, size, root, after=held)
        if log.size < size:
            with db.transaction(durable=False) as tx:
                logs.publish(tx, log.id, log.size, newest[2], size, root)
    return Head(size, frontier)


def knows_past(guard: Guard, log: logs.Log) -> bool:
    """Whether we know all that was signed of an own log: nobody else could know more.

    Not where the guard was lost, restored or copied. A new log has none before its
    first checkpoint is kept, which is before it is visible; its mark stands for it.

    Raises:
        VerificationError: the guard file is damaged.
        OSError: what the guard has cannot be read.
    """
    if log.size == 0 and guard.read(log.origin) is None:
        return guard.is_founded(log.origin)
    return guard.is_here(log.origin)


def check_writable(log: logs.Log) -> None:
    """Refuse a log that must not be appended to.

    Raises:
        ConflictError: closed, frozen, stalled, or being refilled.
    """
    if log.closed_at is not None:
        raise ConflictError(
            Sentence("election.log-closed", origin=log.origin), log.size
        )
    reason = None
    if log.frozen is not None:
        reason = Sentence("held.own-fork", origin=log.origin)
    elif log.stalled is not None:
        reason = Sentence("held.does-not-sign", origin=log.origin, why=log.stalled)
    elif log.pending is not None:
        reason = Sentence("held.refilling", origin=log.origin)
    if reason:
        raise ConflictError(reason, log.size)


def _check_guard(
    view: View, log: logs.Log, size: int, held: tuple[int, bytes] | None
) -> None:
    if held is None:
        return
    if held[0] > size:
        raise GuardAboveError(
            Sentence("held.older-copy", origin=log.origin, held=held[0], size=size),
            log.origin,
            size,
        )
    if root_at(held[0], stored.reader(view, log.id, size)) != held[1]:
        raise VerificationError(
            Sentence("held.other-history", origin=log.origin, held=held[0])
        )


def _read_back(
    view: View, log_id: int, start: int, hashes: Sequence[bytes], frontier: Frontier
) -> None:
    end = start + len(hashes)
    again = [hash_leaf(leaf) for leaf in stored.read_leaves(view, log_id, start, end)]
    if again != list(hashes) or stored.frontier(view, log_id, end) != frontier:
        raise VerificationError(Sentence("held.not-given-back"))
