"""One turn with one peer: its status vector, and every log in it.

Rule: every signed checkpoint that we see, from whomever, is compared with what we
hold, also those of our own logs. The ETag is kept only when the whole vector was taken
in; otherwise an unchanged vector would hide what is still to be done.

Source: docs/reference/protocol.md, "Pulling"
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from federation.config.peers import Peer
from federation.errors import ForkError, FormatError, RecordError, StoredError
from federation.feeds.feed import Feed
from federation.feeds.status import NO_DIGEST, StatusEntry, read_status
from federation.flows.pull.alarms import Alarms
from federation.flows.pull.chain import BAD_FEED
from federation.flows.pull.context import (
    FEED_OUTCOMES,
    HandedSource,
    LogOutcome,
    OwnCopy,
    PullContext,
    PulledLog,
    PullReport,
    PullSource,
)
from federation.flows.pull.onelog import Follower, compare
from federation.flows.pull.rejudge import rejudge_unknown
from federation.flows.pull.room import budget_of
from federation.flows.pull.shown import confirmed, knows_more
from federation.flows.pull.times import WaitedTimes
from federation.flows.verify.successor import fetch_successor
from federation.records.about import open_about_unpinned
from federation.records.keychain import encode_keys, parse_origin
from federation.records.keystatement import next_generation
from federation.store import copies, keystatements, logs, pulls
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.pulls import PeerSeen
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified

SOFT_DEADLINE_S: Final = 3600.0
# A peer can make up as many logs of a partner as it likes; each costs a request.
MAX_FAILURES: Final = 32

# Not `waiting`: what does not fit is looked at again when the rest is here, and an
# unchanged vector would hide it until then.
_DONE: Final[frozenset[LogOutcome]] = frozenset({"same", "extended", "frozen", "full"})
_CONFIRMED: Final[frozenset[LogOutcome]] = frozenset({"same", "extended"})
_UNFINISHED: Final[frozenset[LogOutcome]] = frozenset({"partial", "busy"})


async def pull(
    ctx: PullContext,
    peer: Peer,
    feed: Feed,
    now: int,
    *,
    soft_deadline_s: float = SOFT_DEADLINE_S,
) -> PullReport:
    """What one turn with this peer brought.

    Args:
        ctx: What this node is.
        peer: Whom we ask; its budgets hold for this turn.
        feed: The way to it.
        now: Unix seconds, for what is written down.
        soft_deadline_s: No new bundle is asked for after this; the rest comes next.

    Raises:
        PeerError: there is no status vector.
        FormatError: there is something else in its place.
    """
    db = ctx.db
    await rejudge_unknown(ctx, now)
    wanted = ctx.wanted_digest(peer)
    seen = await _load_seen(db, peer.org, now)
    is_asked_whole = seen.wanted != wanted or await db.read(knows_more, seen)
    etag = seen.etag if seen.etag and not is_asked_whole else None
    answer = await feed.logs(etag)
    if answer is None:
        answered = await db.read(confirmed, peer.org)
        return PullReport(
            org=peer.org, unchanged=True, answered=answered, sizes=seen.sizes
        )
    body, etag = answer
    turn = _TurnUnderWay(ctx, peer, feed, now, ctx.clock() + soft_deadline_s)
    # In a thread: it may have 16 MB, and others are waiting.
    vector = await asyncio.to_thread(read_status, body, peer.url or peer.org)
    report = await turn.take(vector.logs)
    # What we have lost is asked for again until it is back.
    is_whole = not report.own_larger and all(
        log.outcome in _DONE for log in report.logs
    )
    seen = PeerSeen(
        org=peer.org,
        etag=etag if is_whole else "",
        wanted=wanted,
        answered_at=now,
        sizes=report.sizes,
    )
    await db.write(_save, seen, report.offered)
    return report


async def _load_seen(db: Database, org: str, now: int) -> PeerSeen:
    """What the peer showed last; nothing where our row is damaged, or much is amiss.

    The row costs one more request, and is written anew at the end of the turn. So is
    whatever else was lost with it: a note about the organisation, a log's row.
    """
    alarms = Alarms(db, org, now)
    try:
        seen = await db.read(pulls.load_seen, org)
        await db.read(_check_about, org)
    except StoredError as error:
        await alarms.damaged(org, error.told)
        await db.write(_drop_about, org)
        return PeerSeen(org=org)
    return seen


def _check_about(view: View, org: str) -> None:
    note = keystatements.read_about(view, org)
    try:
        if note is not None and open_about_unpinned(note).org != org:
            raise StoredError(Sentence("held.note-of-other", org=org), "about")
    except (FormatError, RecordError) as error:
        raise StoredError(
            Sentence("held.note-because", org=org, error=error.told), "about"
        ) from error


def _drop_about(tx: Transaction, org: str) -> None:
    try:
        _check_about(tx, org)
    except StoredError:
        keystatements.drop_about(tx, org)


async def pull_files(
    ctx: PullContext,
    stick: HandedSource,
    feed: Feed,
    entries: Sequence[StatusEntry],
    now: int,
    *,
    until: float,
) -> PullReport:
    """What the logs of a folder or file brought: a turn that nothing is kept of.

    No answer, no offer and no alarm of a peer: there is none to be asked again.

    Args:
        ctx: What this node is.
        stick: What was handed over.
        feed: The way into it.
        entries: The rows of its status vector that shall be taken in.
        now: Unix seconds, for what is written down.
        until: On `ctx.clock`: no new bundle is read after this.
    """
    await rejudge_unknown(ctx, now)
    return await _TurnUnderWay(ctx, stick, feed, now, until).take(entries)


class _Held(NamedTuple):
    """A log as we hold it, the digests of its keys and of what we know of its org.

    `seen`: the largest size whose leaves never came; 0: none.
    """

    log: Log
    keys: str
    about: str
    seen: int


class _TurnUnderWay:
    """A turn whose vector has come."""

    def __init__(
        self, ctx: PullContext, peer: PullSource, feed: Feed, now: int, until: float
    ) -> None:
        self._ctx, self._peer, self._feed = ctx, peer, feed
        self._budget = budget_of(peer, until, ctx.clock)
        accuses = not isinstance(peer, HandedSource)
        url = peer.url if isinstance(peer, Peer) else None
        self._alarms = Alarms(ctx.db, peer.org, now, accuses=accuses, url=url)
        self._follower = Follower(ctx, peer, feed, self._budget, self._alarms)
        self._own_larger = list[OwnCopy]()
        self._sizes = dict[str, int]()
        self._same = list[Log]()

    async def take(self, entries: Sequence[StatusEntry]) -> PullReport:
        """Every log of the vector, compared and, where we want it, taken in."""
        await self._look_for_successors(entries)
        held = await self._ctx.db.read(_read_held)
        reports = [
            await self._compare_own(entry, held.get(entry.origin))
            for entry in entries
            if entry.origin in self._ctx.own
        ]
        wanted, offered, crowding = self._sort(entries, held)
        answered, failures = list[str](), 0
        for entry, partner in wanted:
            if failures >= MAX_FAILURES:
                break
            report = await self._take_one(entry, held.get(entry.origin), partner)
            reports.append(report)
            failures += report.outcome in FEED_OUTCOMES
            if partner.org == self._peer.org and report.outcome in _CONFIRMED:
                answered.append(entry.origin)
        await self._alarms.settle_peer(self._same, is_well=not failures)
        above = [o for o in offered if self._ctx.is_beyond(o)]
        await self._alarms.beyond([*above, *crowding])
        return PullReport(
            org=self._peer.org,
            logs=tuple(reports),
            answered=tuple(answered),
            offered=(*offered, *crowding),
            own_larger=tuple(self._own_larger),
            sizes=self._sizes,
            new_leaves=self._budget.taken_rows,
            new_bytes=self._budget.taken_bytes,
            # What is refused is not fetched any faster than by turns.
            more=any(log.outcome in _UNFINISHED for log in reports)
            and not self._budget.is_refusing,
        )

    def _sort(
        self, entries: Sequence[StatusEntry], held: Mapping[str, "_Held"]
    ) -> tuple[list[tuple[StatusEntry, Peer]], list[str], list[str]]:
        """The logs of others that we take from this peer, and those that we do not.

        And those that would be too many: each waits for another time.
        """
        wanted, offered = list[tuple[StatusEntry, Peer]](), list[str]()
        times, crowding = WaitedTimes(held), list[str]()
        for entry in entries:
            partner = self._ctx.wants(self._peer, entry.origin)
            if entry.origin in self._ctx.own or _is_ours(held.get(entry.origin)):
                continue  # also one of ours that has a successor
            if partner is None:
                offered.append(entry.origin)
            elif not times.admits(entry.origin):
                crowding.append(entry.origin)
            else:
                wanted.append((entry, partner))
        # Its own logs before those that it relays: they are what only it must have.
        # What continues a log before that: it may say by which key the old one is read.
        wanted.sort(
            key=lambda row: (
                row[1].org != self._peer.org,
                -parse_origin(row[0].origin).generation,
            )
        )
        return wanted, offered, crowding

    async def _take_one(
        self, entry: StatusEntry, held: _Held | None, partner: Peer
    ) -> PulledLog:
        is_known = held is not None and (
            entry.about in (NO_DIGEST, held.about)
            or entry.about in self._ctx.passed_over
        )
        if held and is_known and _is_same(entry, held) and not held.log.stalled:
            # Byte for byte what was verified before: nothing to verify, or to write.
            size = self._sizes[entry.origin] = held.log.size
            self._same.append(held.log)
            return PulledLog(
                origin=entry.origin, outcome="same", before=size, after=size
            )
        log = None if held is None else held.log
        report = await self._follower.follow(entry, log, partner)
        if report.outcome in _CONFIRMED:
            self._sizes[entry.origin] = read_unverified(entry.checkpoint.encode()).size
        return report

    async def _look_for_successors(self, entries: Sequence[StatusEntry]) -> None:
        """Keep the keys of what continues a log of ours and began elsewhere.

        A home out of an older backup learns by it that its log has ended.

        Raises:
            PeerError: it is listed, and its keys did not come.
        """
        ctx, listed = self._ctx, {entry.origin for entry in entries}
        for origin, chain in ctx.own.items():
            successor = next_generation(origin)
            if successor not in listed or successor in ctx.own:
                continue
            if await ctx.db.read(keystatements.counted_end, origin) is not None:
                continue
            ours = {statement.identity for statement in chain.statements}
            notes = await fetch_successor(self._feed, origin, ours)
            if notes:
                await ctx.db.write(_add_successor, successor, notes)

    async def _compare_own(self, entry: StatusEntry, held: _Held | None) -> PulledLog:
        """Our own log as the peer holds it: what reconciliation wants to know."""
        ctx, origin = self._ctx, entry.origin
        size = 0 if held is None else held.log.size
        if held is not None and held.log.frozen is not None:
            return PulledLog(origin=origin, outcome="frozen", before=size, after=size)
        log = held.log if held is not None else await ctx.db.write(_add_own, origin)
        try:
            shown = await compare(ctx, log, entry, ctx.own[origin])
        except ForkError as fork:
            await self._alarms.freeze(fork)
            return PulledLog(origin=origin, outcome="frozen", reason=fork.told)
        except StoredError as error:
            # Bytes of ours that turned round are no fault of whoever shows its own.
            await self._alarms.damaged(origin, error.told)
            return PulledLog(
                origin=origin, outcome="damaged", before=size, reason=error.told
            )
        except BAD_FEED as error:
            return await self._alarms.blame_feed(origin, size, error)
        self._sizes[origin] = shown.signed.size
        if shown.kind == "larger":
            self._own_larger.append(OwnCopy(origin, shown.signed))
        return PulledLog(origin=origin, outcome="same", before=size, after=size)


def _add_successor(tx: Transaction, origin: str, notes: Sequence[bytes]) -> None:
    log = logs.add_log(tx, origin, own=True)
    keystatements.save_keys(tx, log.id, notes)


def _read_held(view: View) -> dict[str, _Held]:
    known = {
        org: hashlib.sha256(keystatements.read_about(view, org) or b"").hexdigest()
        for org in keystatements.about_orgs(view)
    }
    seen = copies.list_sizes(view)
    return {
        log.origin: _Held(
            log, _keys_digest(view, log), known.get(log.org, ""), seen.get(log.id, 0)
        )
        for log in logs.list_logs(view)
    }


def _is_ours(held: _Held | None) -> bool:
    return held is not None and held.log.own


def _keys_digest(view: View, log: Log) -> str:
    return hashlib.sha256(
        encode_keys(keystatements.read_keys(view, log.id))
    ).hexdigest()


def _is_same(entry: StatusEntry, held: _Held) -> bool:
    log = held.log
    return (
        log.checkpoint == entry.checkpoint.encode()
        and held.keys == entry.keys
        and log.pending is None
        and log.frozen is None
        and held.seen <= log.size
    )


def _add_own(tx: Transaction, origin: str) -> Log:
    return logs.add_log(tx, origin, own=True)


def _save(tx: Transaction, seen: PeerSeen, offered: Sequence[str]) -> None:
    pulls.save_seen(tx, seen)
    pulls.save_offered(tx, seen.org, offered, seen.answered_at)
