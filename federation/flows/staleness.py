"""What has grown too old: confirmations of our logs, and signs of life of partners'.

Rule: a checkpoint carries no time, only cosignatures do, and one is repeated only while
the log's own organisation answers (`cosign.py`). So the newest of a log says when its
organisation was last seen to show it: to us, or to a partner whose line came to us.
A time that lies ahead is somebody's wrong clock, and counts for nothing.

    not-held          ours     too few hold all of what we signed long ago, or have for
                               long confirmed any of a log that grows all the time
    confirmation-old  partner  it confirmed a log of ours, and has not for long
    log-silent        log      for long nobody has seen its organisation show it
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from federation.config.peers import Peer
from federation.config.witness import WitnessSettings
from federation.records.canonical import format_time
from federation.records.readers import Partner, may_read
from federation.records.timezones import tell_moment
from federation.store import cosignatures, keystatements, logs
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence

NOT_HELD: Final = "not-held"
OLD: Final = "confirmation-old"
SILENT: Final = "log-silent"
CODES: Final = frozenset({NOT_HELD, OLD, SILENT})

_HOUR_S: Final = 3_600
#: So far two right clocks may be apart, in seconds.
_APART_S: Final = 60

#: (Code, subject) → why.
StaleAlarms: TypeAlias = Mapping[tuple[str, str], Sentence]


class StaleInput(NamedTuple):
    """What is asked of the node.

    Attributes:
        settings: How many are needed, and how old is too old.
        peers: The partners that are asked, or heard of through others.
        signed_at: When the newest total of a log of ours was signed, in Unix seconds.
        now: In Unix seconds.
    """

    settings: WitnessSettings
    peers: Collection[Peer]
    signed_at: Callable[[str], float | None]
    now: int

    @property
    def since(self) -> int:
        """What is older than this moment is too old."""
        return self.now - self.settings.stale_h * _HOUR_S

    def when(self, at: float) -> Sentence:
        """A moment, as people read it."""
        return tell_moment(int(at), self.now, "")


def find_stale(view: View, asked: StaleInput) -> StaleAlarms:
    """What is too old now."""
    found: dict[tuple[str, str], Sentence] = {}
    orgs = {peer.org for peer in asked.peers}
    for log in logs.list_logs(view):
        if _has_ended(view, log):
            continue
        if log.own and log.size:
            found.update(_of_ours(view, asked, log))
        elif log.org in orgs and log.checkpoint and not _is_closed(log):
            found.update(_of_partner(view, asked, log))
    return found


def _of_ours(
    view: View, asked: StaleInput, log: Log
) -> Iterator[tuple[tuple[str, str], Sentence]]:
    may = [peer for peer in asked.peers if _may_hold(peer, log, asked.now)]
    confirmed = cosignatures.confirmations(view, log.id, log.org)
    held = sum(one.size >= log.size for one in confirmed.values())
    # Never more than there are: with one partner nobody is told so for ever.
    needed = min(asked.settings.quorum, len(may))
    signed_at = asked.signed_at(log.origin)
    told = {"needed": needed, "size": log.size}
    if held < needed and signed_at is not None and signed_at < asked.since:
        when = asked.when(signed_at)
        why = Sentence("witness.not-held", held=held, when=when, **told)
        yield (NOT_HELD, log.origin), why
    elif held < needed and _is_older(view, log, asked.since):
        # What is signed anew all the time is held whole by nobody for a moment.
        fresh = sum(one.last_at >= asked.since for one in confirmed.values())
        if fresh < needed:
            hours = asked.settings.stale_h
            why = Sentence("witness.not-followed", held=fresh, hours=hours, **told)
            yield (NOT_HELD, log.origin), why
    if _is_closed(log):
        return
    for peer in may:
        one = confirmed.get(peer.org)
        if one is not None and one.last_at < asked.since:
            when = asked.when(one.last_at)
            why = Sentence("witness.old", origin=log.origin, when=when)
            yield (OLD, peer.org), why


def _of_partner(
    view: View, asked: StaleInput, log: Log
) -> Iterator[tuple[tuple[str, str], Sentence]]:
    confirmed = cosignatures.confirmations(view, log.id, log.org).values()
    until = asked.now + _APART_S
    times = [one.last_at for one in confirmed if one.last_at <= until]
    newest = max(times, default=None)
    if newest is not None and newest < asked.since:
        why = Sentence("witness.silent", when=asked.when(newest), size=log.size)
        yield (SILENT, log.origin), why


def _has_ended(view: View, log: Log) -> bool:
    """Whether nobody confirms it any more: signed twice, or continued by another."""
    continued = keystatements.counted_end(view, log.origin)
    return log.frozen is not None or continued is not None


def _is_older(view: View, log: Log, since: int) -> bool:
    """Whether a log was begun before this moment, in Unix seconds."""
    begun = keystatements.begun_at(view, log.id)
    return begun is not None and begun < format_time(since)


def _is_closed(log: Log) -> bool:
    """Whether nothing comes to it any more: its organisation may be gone since."""
    return log.closed_at is not None


def _may_hold(peer: Peer, log: Log, now: int) -> bool:
    """Whether we let a partner have this log of ours."""
    logs_let = frozenset(peer.logs)
    return may_read(Partner(org=peer.org, asked=log.org, logs=logs_let, at=now), log)
