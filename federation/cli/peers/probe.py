"""How a partner's node introduces itself, and what is wrong with it.

Rule: what comes back is proved to be signed by the identity it names; whether that is
the organisation one means, only people can compare (`fingerprint`).

    about note  ── names ──▶ identity ── signs ──▶ key chain ── names ──▶ node key
         ▲                                                                  │
         └───────────────────────────── signs ──────────────────────────────┘
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import aiohttp

from federation.config.peers import Peer
from federation.errors import PeerError, SignatureError
from federation.feeds.connection import judge_failure
from federation.feeds.feed import Feed
from federation.feeds.http import HttpFeed
from federation.feeds.resource import ABOUT, keys_of
from federation.feeds.retry import Waits
from federation.feeds.sessions import Sessions
from federation.feeds.status import read_status
from federation.records.about import About, open_about, open_about_unpinned
from federation.records.keychain import decode_keys, open_chain
from federation.records.readers import NOBODY, may_read
from federation.text import Sentence
from federation.tlog.keys import VerifierKey, parse_vkey

DEADLINE_S: Final = 15.0
# Requests are signed for at most 60 s, so a clock further off is refused by all.
MAX_SKEW_S: Final = 30

T = TypeVar("T")


@dataclass(frozen=True)
class PeerVisit:
    """What one visit to a partner showed.

    Attributes:
        latency_s: seconds until the about document was there.
        skew_s: their clock minus ours in whole seconds; None if they do not say.
        logs: the logs that they hold and show, own and others'.
        own: which of them are their own.
    """

    latency_s: float
    skew_s: int | None
    logs: tuple[str, ...]
    own: tuple[str, ...]


async def with_feed(
    peer: Peer, use: Callable[[Feed], Awaitable[T]], clock: Callable[[], float]
) -> T:
    """What `use` makes of the partner's node over HTTP.

    Args:
        peer: the partner; one whose name is its address was just typed.
        use: is given the way to it.
        clock: seconds since 1970.

    Raises:
        PeerError: the partner has no address, or whatever `use` raises.
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
            waits=Waits(time.monotonic, max_wait_s=DEADLINE_S, is_patient=False),
            wall=clock,
            is_typed=peer.org == peer.url,
        )
        return await use(feed)


async def introduce(feed: Feed) -> tuple[About, VerifierKey]:
    """What a node says of its organisation, and the identity key that vouches for it.

    Raises:
        PeerError: it does not answer.
        FormatError: it answers with something else.
        RecordError: what it says breaks a rule.
        SignatureError: it is not signed by a key of the identity it names.
    """
    note = await feed.fetch(ABOUT)
    claimed = open_about_unpinned(note)
    identity = parse_vkey(claimed.identity)
    # Whoever introduces itself to nobody yet is a stranger there.
    public = [log.origin for log in claimed.logs if may_read(NOBODY, log)]
    if not public:
        raise SignatureError(f"{claimed.org} has no log yet, so no key is vouched for")
    origin = public[0]
    chain = open_chain(decode_keys(await feed.fetch(keys_of(origin))), identity)
    if chain.origin != origin or chain.identity != identity:
        raise SignatureError(f"the keys of {chain.origin} were shown for {origin}")
    return open_about(note, chain.node_keys()), identity


async def visit(peer: Peer, clock: Callable[[], float]) -> PeerVisit:
    """Whether a pinned partner answers, and what it holds.

    Args:
        peer: the partner.
        clock: seconds since 1970, to compare clocks.

    Raises:
        PeerError: it has no address or does not answer.
        FormatError: it answers with something else.
        RecordError: what it says breaks a rule.
        SignatureError: it is somebody else than the pinned organisation.
    """

    async def look(feed: Feed) -> PeerVisit:
        begin = time.perf_counter()
        about, identity = await introduce(feed)
        latency = time.perf_counter() - begin
        if identity != peer.identity:
            raise SignatureError(f"another identity answers: {identity}")
        answer = await feed.logs(None)
        entries = read_status(answer[0], peer.url or "").logs if answer else ()
        return PeerVisit(
            latency_s=latency,
            skew_s=await read_skew(peer, clock),
            logs=tuple(entry.origin for entry in entries),
            own=tuple(log.origin for log in about.logs),
        )

    return await with_feed(peer, look, clock)


async def read_skew(peer: Peer, clock: Callable[[], float]) -> int | None:
    """Their clock minus ours in whole seconds, as the `Date` of an answer says.

    Raises:
        PeerError: it does not answer.

    Source: RFC 9110 section 6.6.1
    """
    url = f"{peer.url}/logs"
    try:
        async with Sessions() as sessions:
            session = sessions.session(allow_private=peer.allow_private)
            timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
            before = clock()
            async with session.head(
                url, timeout=timeout, allow_redirects=False
            ) as answer:
                date = answer.headers.get("Date", "")
            ours = (before + clock()) / 2
        # The header has whole seconds: half of one is their share of the error.
        return round(parsedate_to_datetime(date).timestamp() + 0.5 - ours)
    except (aiohttp.ClientError, OSError) as error:
        failure = judge_failure(error, url, seconds=DEADLINE_S, now=clock())
        raise PeerError(peer.org, url, None, failure.reason, failure.cause) from error
    except ValueError:
        return None
