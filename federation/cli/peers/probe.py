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
from msgspec import UNSET

from federation.config.peers import Peer
from federation.errors import PeerError, SignatureError
from federation.feeds.connection import judge_failure
from federation.feeds.feed import Feed
from federation.feeds.http import HttpFeed
from federation.feeds.introduction import Introduction
from federation.feeds.resource import ABOUT, keys_of
from federation.feeds.retry import Waits
from federation.feeds.sessions import Sessions
from federation.feeds.signature import RequestSigner
from federation.feeds.status import read_status
from federation.records.about import About, open_about, open_about_unpinned
from federation.records.keychain import decode_keys, open_chain
from federation.records.readers import NOBODY, may_read
from federation.text import Sentence
from federation.tlog.keys import VerifierKey, parse_vkey

DEADLINE_S: Final = 15.0
# Requests are signed for at most 60 s, so a clock further off is refused by all.
MAX_SKEW_S: Final = 30

#: The members of an about note that say to whom of the audience something is given.
GIVEN: Final = ("incidents", "photos", "relays")

T = TypeVar("T")


@dataclass(frozen=True)
class PeerVisit:
    """What one visit to a partner showed.

    Attributes:
        latency_s: seconds until the about document was there.
        skew_s: their clock minus ours in whole seconds; None if they do not say.
        logs: the logs that they hold and show, own and others'.
        own: which of them are their own.
        disbelief: why they do not know, or do not believe, who we are; None: they do.
        gives: what of theirs that is not for everybody they have signed to let us have.
    """

    latency_s: float
    skew_s: int | None
    logs: tuple[str, ...]
    own: tuple[str, ...]
    disbelief: Sentence | None
    gives: tuple[str, ...]


async def with_feed(
    peer: Peer,
    use: Callable[[Feed], Awaitable[T]],
    clock: Callable[[], float],
    introduction: Introduction | None = None,
) -> T:
    """What `use` makes of the partner's node over HTTP.

    Args:
        peer: the partner; one whose name is its address was just typed.
        use: is given the way to it.
        clock: seconds since 1970.
        introduction: by which it is told who asks; None: a stranger does.

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
            introduction=introduction,
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


async def visit(
    peer: Peer, clock: Callable[[], float], signer: RequestSigner, ours: str
) -> PeerVisit:
    """Whether a pinned partner answers, knows us, and what it holds.

    Args:
        peer: the partner.
        clock: seconds since 1970, to compare clocks.
        signer: of what is asked.
        ours: our own organisation.

    Raises:
        PeerError: it has no address or does not answer.
        FormatError: it answers with something else.
        RecordError: what it says breaks a rule.
        SignatureError: it is somebody else than the pinned organisation.
    """
    introduction = Introduction(signer, time.monotonic)

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
            disbelief=introduction.refusal,
            gives=_gives(about, ours),
        )

    return await with_feed(peer, look, clock, introduction)


def _gives(about: About, ours: str) -> tuple[str, ...]:
    """What an organisation has signed to let us have, and do with it."""
    narrowed = {name: getattr(about, name) for name in GIVEN}
    if ours not in about.audience:
        return ()
    return tuple(
        name for name, orgs in narrowed.items() if orgs is UNSET or ours in orgs
    )


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
