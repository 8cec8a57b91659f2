"""Forks that a peer has proved: fetched, checked, and believed only for their proof.

Rule: a node that heard one side of a fork would go on for ever with the history that
it holds. Whoever heard both publishes the evidence; it convinces by itself, whoever
hands it over, and freezes that log alone. What does not convince accuses nobody.

Source: docs/reference/protocol.md, "Pulling" step 6; the evidence: `tlog/fork.py`
"""

from collections.abc import Iterable
from typing import Final

from federation.errors import FederationError, NotFoundError
from federation.feeds.feed import Feed
from federation.feeds.resource import fork_of
from federation.flows.pull.alarms import Alarms, find_log
from federation.flows.pull.chain import BAD_FEED
from federation.flows.pull.context import PullContext
from federation.records.evidence import open_evidence
from federation.records.keychain import KeyChain, open_chain
from federation.store import keystatements
from federation.store.view import View

MAX_UNPROVED: Final = 32

#: What makes evidence unconvincing, or keeps it from us: nothing follows from it.
_UNPROVED: Final[tuple[type[FederationError], ...]] = (*BAD_FEED, NotFoundError)


async def import_forks(
    ctx: PullContext, feed: Feed, org: str, frozen: Iterable[str], now: int
) -> list[str]:
    """Freeze the logs of which this peer can prove a fork; which they are.

    Args:
        ctx: As for a turn.
        feed: The way to the peer.
        org: The peer.
        frozen: The logs that it says are forked.
        now: Unix seconds.
    """
    adopted, unproved = [], 0
    # Each log once, and few in vain: the list is anybody's word, and each a request.
    for origin in dict.fromkeys(frozen):
        chain = await ctx.db.read(_going_on, ctx, origin)
        if chain is None or unproved >= MAX_UNPROVED:
            continue
        try:
            evidence = await feed.fetch(fork_of(origin))
            fork = open_evidence(evidence, chain)
        except _UNPROVED:
            unproved += 1
            continue
        await Alarms(ctx.db, org, now).freeze(fork)
        adopted.append(origin)
    return adopted


def _going_on(view: View, ctx: PullContext, origin: str) -> KeyChain | None:
    """The keys of a log that we hold and that is not frozen here; else None."""
    log = find_log(view, origin)
    if log is None or log.frozen is not None:
        return None
    if origin in ctx.own:
        return ctx.own[origin]
    partner = ctx.peers.get(log.org)
    notes = keystatements.read_keys(view, log.id)
    if partner is None or not notes:
        return None
    try:
        return open_chain(notes, partner.identity)
    except _UNPROVED:
        return None  # pinned anew since: the next turn says so
