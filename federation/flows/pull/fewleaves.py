"""A larger tree that is proved by its new leaves themselves, where these are few.

Rule: no tile is asked for where all that is new comes at once in any case: its hashes
are those that the tiles would hold. Nothing is believed, and no signature looked at,
before they lead from what is held to the signed root. Whatever is in the way of that
says nothing about anybody: tiles are asked for, and they tell which bundle is wrong.

Source: docs/reference/protocol.md, "Pulling" step 3
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from federation.errors import FormatError, PeerError, ProofError
from federation.feeds.feed import Feed
from federation.flows.pull.room import Budget
from federation.flows.verify.bundle import AHEAD, LARGE_BYTES, Fetched, fetch_bundle
from federation.tlog.merkle import Frontier
from federation.tlog.mirror import Authenticated, Extension
from federation.tlog.tile import bundles_of


class Proved(NamedTuple):
    """What new leaves are proved by, and those bundles of them that came for that."""

    hashes: Authenticated
    bundles: dict[int, Fetched]


async def prove_few(
    feed: Feed,
    origin: str,
    plan: Extension,
    held: tuple[Frontier, Sequence[bytes]],
    budget: Budget,
) -> Proved | None:
    """All bundles that have a new leaf, with their proof; None: by tiles, then.

    There are too many, or one did not come, or they do not lead to the signed root.

    Args:
        feed: That showed the larger tree.
        origin: The log.
        plan: From what is held to that tree.
        held: The first two arguments of `Extension.open`.
        budget: Of the turn; what is not kept is spent here.
    """
    wanted = bundles_of(plan.old, plan.new.size)
    if len(wanted) > AHEAD:
        return None
    came = await asyncio.gather(
        *(fetch_bundle(feed, origin, bundle, LARGE_BYTES) for bundle in wanted),
        return_exceptions=True,
    )
    bundles = dict[int, Fetched]()
    for bundle, one in zip(wanted, came, strict=True):
        if isinstance(one, Fetched):
            bundles[bundle.index] = one
        elif not isinstance(one, (PeerError, FormatError)):
            raise one
    if len(bundles) == len(wanted):
        with suppress(ProofError):
            return Proved(await asyncio.to_thread(_open, plan, held, bundles), bundles)
    budget.spend(size=sum(len(one.data) for one in bundles.values()))
    return None


def _open(
    plan: Extension,
    held: tuple[Frontier, Sequence[bytes]],
    bundles: Mapping[int, Fetched],
) -> Authenticated:
    tiles = plan.tiles_over({at: one.hashes for at, one in bundles.items()})
    return plan.open(*held, tiles)
