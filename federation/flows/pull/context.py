"""What a turn is given, and what it reports.

Rule: values only. `wants` is the one place that says which logs are taken from whom.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from federation.config.peers import Peer
from federation.errors import FormatError
from federation.flows.pull.room import Bounded
from federation.flows.verify.workers import Workers
from federation.records.keychain import KeyChain, parse_origin
from federation.records.profile import Profile
from federation.records.readers import NOBODY, may_know
from federation.store.db import Database
from federation.tlog.checkpoint import SignedCheckpoint

#: A log is continued by another where its keys or its history are lost: so many times
#: in one election is a mistake, or an attack on whoever relays them.
MAX_GENERATIONS: Final = 16

#: So long a log is left to a peer that brings nothing of it, if another has it, too.
HELD_S: Final = 10.0


@dataclass
class Taking:
    """Somebody takes in a log: the work, which others may end, and its last news."""

    work: asyncio.Task[object] | None
    since: float
    is_origin: bool = False


LogOutcome = Literal[
    "same",  # nothing new
    "extended",  # taken in as far as the feed showed
    "partial",  # the budget ended; the rest follows
    # It does not fit with what another one showed us, nor is that proved; or it is not
    # for everybody, and the note that says for whom has not come.
    "waiting",
    "behind",  # the origin itself shows less than it signed before
    "mismatch",  # the feed's bytes do not lead to what the origin signed
    "other-key",  # its own organisation shows keys of another identity than is pinned
    "refused",  # keys or checkpoint do not verify
    "failed",  # the feed did not deliver
    "busy",  # another peer's turn is taking it in
    "frozen",  # the origin signed two histories
    "full",  # its partner has taken all that it may
    "damaged",  # what we hold of it ourselves is not what was written
    "crashed",  # a fault of this program, about this log
]

# Those for which the feed is at fault.
FEED_OUTCOMES: Final[frozenset[LogOutcome]] = frozenset(
    {"mismatch", "other-key", "refused", "failed"}
)
STANDING: Final[frozenset[LogOutcome]] = frozenset({"full", "damaged", "crashed"})


class PullSource(Bounded, Protocol):
    """Who brings logs, and within which bounds; every `Peer` is one."""

    @property
    def org(self) -> str:
        """Whose own word on a log counts; of files: a name that is nobody's."""

    @property
    def relay(self) -> bool:
        """Whether logs of others are taken from it."""


@dataclass(frozen=True, kw_only=True)
class HandedSource:
    """A folder or file that somebody handed over: it relays, and is no peer.

    `org` is its path, which no organisation can be called. So it never counts as the
    origin itself, whoever wrote it.
    """

    org: str
    relay: bool = True
    max_rows_per_turn: int | None = None
    max_bytes_per_turn: int | None = None
    max_refused_per_turn: int | None = None


@dataclass(frozen=True, kw_only=True)
class PullContext:
    """Everything that a turn uses beside its peer and its feed.

    Args:
        db: Of this node.
        profiles: Of the elections of this node, by name: others are not fetched.
        peers: Every configured partner by organisation, also those without URL.
        own: The key chains of our own logs by origin.
        workers: For large pulls; None: always in threads.
        clock: Monotonic seconds.
        busy: The origins that some turn is taking in now. One for a node, whichever
            context a turn has: contexts come and go with every change of the partners,
            and two partners may bring one log at once.
        passed_over: Digests of about notes that were looked at and are not newer; as
            `busy`, one for a node.
        stored: Called on the event loop when leaves of a log are durable, and more of
            the same checkpoint are to come: the map may follow them meanwhile.
    """

    db: Database
    profiles: Mapping[str, Profile]
    peers: Mapping[str, Peer]
    own: Mapping[str, KeyChain]
    workers: Workers | None
    clock: Callable[[], float]
    busy: dict[str, Taking] = field(default_factory=dict)
    passed_over: set[str] = field(default_factory=set)
    stored: Callable[[], None] = lambda: None

    async def take_over(self, origin: str, *, is_origin: bool) -> None:
        """End another's taking in of a log, where that must not wait for it.

        A relay that hands over a byte now and then would else keep out whoever has the
        log: the origin itself never waits, others not for one that brings nothing.
        What was verified so far is kept.
        """
        held = self.busy.get(origin)
        if held is None or held.work is None or held.is_origin:
            return
        if is_origin or self.clock() - held.since >= HELD_S:
            held.work.cancel()
            await asyncio.wait([held.work])

    def wants(self, peer: PullSource, origin: str) -> Peer | None:
        """The partner whose log this is, if we take it from `peer`; else None."""
        try:
            parts = parse_origin(origin)
        except FormatError:
            return None
        if parts.generation > MAX_GENERATIONS:
            return None
        partner = self.peers.get(parts.org)
        # A partner shows us what is not for everybody only if it is for us: we have
        # said who asks. Files go from hand to hand, and say nothing of that.
        is_ours = isinstance(peer, Peer) or may_know(NOBODY, parts)
        if partner is None or partner.paused or not is_ours:
            return None
        if parts.election not in self.profiles:
            return None
        if partner.elections is not None and parts.election not in partner.elections:
            return None
        # Its own logs a peer may always bring; those of others only as a relay.
        return partner if parts.org == peer.org or peer.relay else None

    def is_beyond(self, origin: str) -> bool:
        """Whether it is of a generation that is taken from nobody."""
        try:
            return parse_origin(origin).generation > MAX_GENERATIONS
        except FormatError:
            return False

    def wanted_digest(self, peer: Peer) -> str:
        """Changes whenever `wants` could say something else of this peer's logs."""
        wanted = [_terms(partner) for _, partner in sorted(self.peers.items())]
        own = [(origin, chain.digest) for origin, chain in sorted(self.own.items())]
        wishes = (peer.relay, wanted, sorted(self.profiles), own)
        return hashlib.sha256(msgspec.json.encode(wishes)).hexdigest()


def _terms(peer: Peer) -> tuple[object, ...]:
    # A log that stopped at a bound goes on where the operator has raised it.
    bounds = peer.max_rows, peer.max_bytes, peer.max_refused
    return peer.org, str(peer.identity), peer.paused, peer.elections, *bounds


class OwnCopy(NamedTuple):
    """A peer holds a larger tree of one of our own logs, signed by our own key."""

    origin: str
    signed: SignedCheckpoint


class PulledLog(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one log: sizes held before and after, and why not more."""

    origin: str
    outcome: LogOutcome
    before: int = 0
    after: int = 0
    reason: str = ""


class PullReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn brought.

    `answered` are the origins for which the peer, being their organisation itself,
    confirmed what we hold: the ones to cosign anew. `sizes` are those that our own
    logs, and the others' that we wholly hold, have at the peer. `more` says that the
    budget ended before the logs did.
    """

    org: str
    unchanged: bool = False
    logs: tuple[PulledLog, ...] = ()
    answered: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    own_larger: tuple[OwnCopy, ...] = ()
    sizes: Mapping[str, int] = msgspec.field(default_factory=dict)
    new_leaves: int = 0
    new_bytes: int = 0
    more: bool = False

    @property
    def extended(self) -> tuple[str, ...]:
        """The origins whose held checkpoint grew."""
        return tuple(log.origin for log in self.logs if log.after > log.before)

    @property
    def failures(self) -> tuple[PulledLog, ...]:
        """The logs for which the feed, not the origin, is at fault."""
        return tuple(log for log in self.logs if log.outcome in FEED_OUTCOMES)

    @property
    def standing(self) -> tuple[PulledLog, ...]:
        """The logs that do not go on, for a reason that is here and not at the feed."""
        return tuple(log for log in self.logs if log.outcome in STANDING)
