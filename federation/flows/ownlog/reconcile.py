"""Whether an own log may be signed: our database, our guard and the partners' copies.

Rule: a log that signs twice for one size is lost for good, so in doubt it does not
sign. `decide` is the whole policy, pure; `reconcile` asks it on the writer thread, so
that nothing is appended between what it saw and what it stops.

    copy larger than ours, same history    refill from that partner, then ask again
    such a copy was seen, is not now       wait for it, whoever else agrees
    copy of another history                never again: two histories are signed
    guard above us and all copies          never again: a successor
    a total was seen, and nobody has it    the guard learns of it: as above
    a successor, begun elsewhere           never again: it goes on there
    told to go alone                       sign
    every partner with an address agrees   sign, unless nothing at all is here
    the guard was never away, and
        some answered, and we waited       sign
        nobody to ask                      sign
        else                               wait
    the guard was lost, restored, copied   wait, then hold: somebody must say more,
                                           unless the copy was never used (`_is_unused`)

A restored backup shows as the first row, the third or the last. Its freshest partner
may be the one that is silent, so there a wait is no answer; nor is a stick, which
brings back what is on it and cannot say that nothing is newer. Of restored keys alone
nothing is known, and who answers need not be who holds what they signed. A clone that
goes on elsewhere cannot be prevented; it is found out, by the first or second, within
one interval. What lets a suspect sign is written into the guard: the next start is an
ordinary one.

Source: docs/reference/restores.md, every cell of which is a test
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from federation.flows.ownlog.sequence import OwnLog, knows_past
from federation.store import alarms, keystatements, logs
from federation.store import copies as shown
from federation.store import leaves as stored
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.text import Sentence, join
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.fork import format_evidence
from federation.tlog.merkle import EMPTY_ROOT, prove_prefix, root_at

Action: TypeAlias = Literal["sign", "wait", "hold", "refill", "never"]

LARGER = "own-log-larger-elsewhere"
LOST = "own-log-successor-needed"
UNKNOWN = "own-log-past-unknown"
#: What is told of a log that is to be signed, and may not.
OF_SIGNING = ("own-log", LARGER, LOST, UNKNOWN)
_FIRST = Sentence("why.first-import")
PAST = Sentence("why.past", first=_FIRST)
COPIED = Sentence("why.copied", first=_FIRST)
WAITING = Sentence("why.waiting")
ENDED = Sentence("why.ended")
TWO = Sentence("why.two", ended=ENDED)
CONTINUED = Sentence("why.continued")


class Copy(NamedTuple):
    """A checkpoint of our own log as a partner shows it, and our own key has signed it.

    Verified where it was shown (`pull`): a relay may show anything. Where the partner
    is not `whole` it has seen the total, and not all records (`pending.py`).
    """

    org: str
    signed: SignedCheckpoint
    whole: bool = True


class PeersAsked(NamedTuple):
    """How far the partners were asked: `peers` are those that have an address.

    `is_sole`: nobody is a partner, with or without an address.
    """

    peers: int
    answered: int
    waited: bool = False
    alone: bool = False
    is_sole: bool = False

    @property
    def are_all(self) -> bool:
        """Whether everybody answered, and there is somebody."""
        return self.answered >= self.peers > 0

    @property
    def is_enough(self) -> bool:
        """Whether what they said will do to judge by, where our guard is sound."""
        return self.answered >= self.peers or (self.waited and self.answered > 0)


class Decision(NamedTuple):
    """What to do, and why (None: nothing is amiss); `copy` to refill from.

    `is_behind`: more was signed than is here, whoever may have it.
    """

    action: Action
    reason: Sentence | None
    copy: Copy | None = None
    is_behind: bool = False


def decide(
    size: int,
    guard_size: int,
    copies: Iterable[Copy],
    asked: PeersAsked,
    *,
    knows_past: bool,
) -> Decision:
    """Whether to sign; all copies are of the history that we hold.

    Args:
        size: Of our log as the database has it.
        guard_size: That was signed at most, as the guard has it; 0 for a new log.
        copies: What partners hold of it.
        asked: Whom we could ask.
        knows_past: Whether the guard is sound, see `sequence.knows_past`.
    """
    best = max(copies, key=lambda copy: copy.signed.size, default=None)
    if best is not None and best.signed.size > size:
        held = Sentence("why.refill", org=best.org, theirs=best.signed.size, ours=size)
        return Decision("refill", held, best, is_behind=True)
    if not (size or guard_size or knows_past or asked.alone):
        return Decision("hold", PAST)
    if guard_size > size:
        return _fetch_or_end(size, guard_size, asked)
    if asked.alone or (asked.is_enough if knows_past else asked.are_all):
        return Decision("sign", None)
    is_vain = not knows_past and (asked.waited or not asked.peers)
    return Decision("hold", COPIED) if is_vain else Decision("wait", WAITING)


def _fetch_or_end(size: int, guard_size: int, asked: PeersAsked) -> Decision:
    above = Sentence("why.signed-above", signed=guard_size, size=size)
    if asked.is_enough:
        never = Sentence("why.no-partner-more", above=above, ended=ENDED)
        return Decision("never", never)
    return Decision("wait", join([above, WAITING]), is_behind=True)


def reconcile(
    db: Database,
    guard: Guard,
    log: OwnLog,
    copies: Sequence[Copy],
    asked: PeersAsked,
    now: float,
) -> Decision:
    """Decide, and stop or allow signing accordingly; on the writer thread.

    Args:
        db: The database.
        guard: The guard files.
        log: Of our own.
        copies: Of it, from any partner.
        asked: Whom we could ask.
        now: Unix time in seconds, for alarms.

    Raises:
        VerificationError: the guard file is damaged.
        OSError: what the guard has cannot be read.
    """
    with db.transaction() as tx:
        own = logs.get_log(tx, log.origin)
        if own.frozen is not None:
            return Decision("never", TWO)
        if evidence := _find_fork(tx, own, copies):
            end(tx, own, evidence, int(now))
            return Decision("never", TWO)
        if (counted := keystatements.counted_end(tx, own.origin)) is not None:
            # Ours, begun elsewhere: what is signed here now would count nowhere. What
            # counts of it and is not here is taken back.
            decision = Decision("never", CONTINUED)
            having = (copy for copy in copies if copy.whole)
            best = max(having, key=lambda copy: copy.signed.size, default=None)
            if best is not None and own.size < min(counted, best.signed.size):
                decision = Decision("refill", CONTINUED, best, is_behind=True)
            _apply(tx, own, decision, int(now))
            return decision
        newest = logs.newest_checkpoint(tx, own.id)
        size = newest[0] if newest else 0
        whole = [copy for copy in copies if copy.whole]
        _learn(guard, log.origin, size, copies)
        held = guard.read(log.origin)
        guard_size = held[0] if held else 0
        knows = knows_past(guard, own)
        is_unused = asked.is_sole and _is_unused(tx, guard, log.origin)
        knows_enough = knows or is_unused
        decision = decide(size, guard_size, whole, asked, knows_past=knows_enough)
        decision = _remember(tx, own, size, decision)
        if decision.action == "sign" and not knows:
            # Within the transaction, so that nothing is appended in between. A crash
            # after it leaves a log that is stalled, and a guard that may be believed:
            # the next start asks once more and signs.
            guard.confirm(log.origin, size, newest[1] if newest else EMPTY_ROOT)
        _apply(tx, own, decision, int(now))
    return decision


def _learn(guard: Guard, origin: str, size: int, copies: Iterable[Copy]) -> None:
    """Keep what was signed, and is neither here nor at who has seen it."""
    for copy in copies:
        if not copy.whole and copy.signed.size > size:
            guard.learn(origin, copy.signed.size, copy.signed.root)


def _is_unused(view: View, guard: Guard, origin: str) -> bool:
    """Whether this is a home that was copied after it was made and before it was used.

    Homes are made in one place for another. Where nobody is a partner and no log is
    mirrored, nobody holds what the other copy may have signed since, and nobody can be
    asked; of a home that has signed anything this is not enough.
    """
    held = logs.list_logs(view)
    is_empty = all(log.own and log.next_index == 0 for log in held)
    return is_empty and guard.read(origin) is None and guard.was_founded(origin)


def _remember(tx: Transaction, own: Log, size: int, decision: Decision) -> Decision:
    """The decision, in the light of what any partner has ever shown of this log.

    One that showed more than we hold may be silent now, and others may know less: then
    nobody contradicts us, and signing would still be a second history.
    """
    if decision.copy is not None:
        best = decision.copy
        shown.save_copy(tx, own.id, best.signed.size, best.org, best.signed.note)
    known = shown.read_copy(tx, own.id)
    waits = decision.action not in {"sign", "hold"}
    if waits or known is None or known[0] <= size:
        return decision
    told = Sentence("why.fetch-back", org=known[1], theirs=known[0], ours=size)
    return Decision("wait", told, is_behind=True)


def end(tx: Transaction, own: Log, evidence: bytes, now: int) -> None:
    """Keep the proof that we signed two histories; to wait is of no use any more."""
    logs.freeze(tx, own.id, evidence)
    for code in (LARGER, UNKNOWN):
        alarms.clear_alarm(tx, code, own.origin)
    alarms.raise_alarm(tx, LOST, own.origin, TWO, now)


def _apply(tx: Transaction, own: Log, decision: Decision, now: int) -> None:
    logs.stall(tx, own.id, decision.reason)
    if decision.action == "sign":
        alarms.clear_alarm(tx, LOST, own.origin)
    if decision.action != "hold":
        alarms.clear_alarm(tx, UNKNOWN, own.origin)
    if decision.action != "wait" and not decision.is_behind:
        alarms.clear_alarm(tx, LARGER, own.origin)  # it is here, or nobody has it
    if decision.reason is None:
        return
    if decision.is_behind:
        alarms.raise_alarm(tx, LARGER, own.origin, decision.reason, now)
    if decision.action == "hold":
        alarms.raise_alarm(tx, UNKNOWN, own.origin, decision.reason, now)
    elif decision.action == "never":
        alarms.raise_alarm(tx, LOST, own.origin, decision.reason, now)


def _find_fork(view: View, own: Log, copies: Iterable[Copy]) -> bytes | None:
    """The evidence that we signed another history than the one that we hold."""
    newest = logs.newest_checkpoint(view, own.id)
    if newest is None:
        return None
    size, root, note = newest
    read = stored.reader(view, own.id, size)
    for copy in copies:
        seen = copy.signed
        if seen.size == size and seen.root != root:
            return format_evidence(note, seen.note)
        if 0 < seen.size < size and root_at(seen.size, read) != seen.root:
            hashes = prove_prefix(seen.size, size, read)
            return format_evidence(seen.note, note, hashes)
    return None
