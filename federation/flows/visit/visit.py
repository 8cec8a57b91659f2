"""The steps of a visit in their order, and what a visit is given.

Ten steps; what each needs stands beside it. A clock is compared although the key may be
another one: whoever is called by telephone is asked for both.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, TypeVar

from federation.config.peers import Peer
from federation.config.settings import Settings
from federation.errors import PeerError
from federation.feeds.feed import Feed
from federation.feeds.http import HttpFeed
from federation.feeds.introduction import Introduction
from federation.feeds.retry import Waits
from federation.feeds.sessions import Sessions
from federation.feeds.signature import RequestSigner
from federation.flows.steps import CheckStep, StepPlan, run_steps
from federation.flows.visit import back, clock, heads, identity, network
from federation.flows.visit.caller import DEADLINE_S, PeerVisit
from federation.text import Sentence
from federation.tlog.keys import VerifierKey

PLANS: Final[tuple[StepPlan[PeerVisit], ...]] = (
    StepPlan("address", (), network.read_address),
    StepPlan("dns", ("address",), network.look_up),
    StepPlan("tcp", ("dns",), network.connect_all),
    StepPlan("tls", ("tcp",), network.secure),
    StepPlan("about", ("tls",), identity.read_about),
    StepPlan("key", ("about",), identity.compare_key),
    StepPlan("clock", ("tls",), clock.compare_clocks),
    StepPlan("versions", ("about",), identity.compare_versions),
    StepPlan("heads", ("key",), heads.look_at_heads),
    StepPlan("back", ("heads",), back.look_back),
)

_WAY: Final = ("address", "dns", "tcp", "tls")
#: What is needed to see a node's clock, and who it is.
CLOCK: Final = (*_WAY, "clock")
WHO: Final = (*_WAY, "about", "key")

T = TypeVar("T")


async def visit(
    peer: Peer,
    wall: Callable[[], float],
    signer: RequestSigner,
    *,
    settings: Settings,
    identities: Mapping[str, VerifierKey],
    held: Mapping[str, int],
) -> list[CheckStep]:
    """How a visit to a partner's node went, step by step.

    Args:
        peer: The partner.
        wall: Unix seconds.
        signer: Of what is asked.
        settings: Ours: who we are, and the elections that are followed.
        identities: The pinned keys by organisation, ours among them.
        held: The sizes of the logs that we hold, by origin.
    """
    introduction = Introduction(signer, time.monotonic)
    async with Sessions() as sessions:
        given = _visit_of(peer, wall, sessions, introduction)
        given.signer, given.ours = signer, settings.org
        given.identities, given.held = identities, held
        given.elections = settings.elections
        return await run_steps(PLANS, given)


async def try_steps(
    peer: Peer, wall: Callable[[], float], codes: Collection[str]
) -> list[CheckStep]:
    """How some of the steps went, as a stranger; with all that they need."""
    async with Sessions() as sessions:
        given = _visit_of(peer, wall, sessions, None)
        return await run_steps([one for one in PLANS if one.code in codes], given)


def _visit_of(
    peer: Peer,
    wall: Callable[[], float],
    sessions: Sessions,
    introduction: Introduction | None,
) -> PeerVisit:
    session = sessions.session(allow_private=peer.allow_private)
    feed = HttpFeed(
        session,
        peer.org,
        peer.url or "",
        deadline_s=DEADLINE_S,
        waits=_waits(),
        wall=wall,
        introduction=introduction,
    )
    return PeerVisit(
        peer=peer, wall=wall, session=session, feed=feed, introduction=introduction
    )


async def with_feed(
    peer: Peer,
    use: Callable[[Feed], Awaitable[T]],
    wall: Callable[[], float],
    introduction: Introduction | None = None,
) -> T:
    """What `use` makes of a node over HTTP.

    Args:
        peer: whose node; one whose name is its address was just typed.
        use: is given the way to it.
        wall: Unix seconds.
        introduction: By which it is told who asks; None: a stranger does.

    Raises:
        PeerError: it has no address, or whatever `use` raises.
    """
    if peer.url is None:
        raise PeerError(peer.org, "", reason=Sentence("network.no-own-address"))
    async with Sessions() as sessions:
        session = sessions.session(allow_private=peer.allow_private)
        feed = HttpFeed(
            session,
            peer.org,
            peer.url,
            deadline_s=DEADLINE_S,
            waits=_waits(),
            wall=wall,
            is_typed=peer.org == peer.url,
            introduction=introduction,
        )
        return await use(feed)


def _waits() -> Waits:
    return Waits(time.monotonic, max_wait_s=DEADLINE_S, is_patient=False)
