"""What a visit is given, and what its steps find for those behind them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from federation.config.peers import Peer
from federation.errors import FederationError, FormatError, PeerError, RecordError
from federation.feeds.address import AddrInfo
from federation.feeds.feed import Feed
from federation.feeds.introduction import Introduction
from federation.feeds.signature import RequestSigner
from federation.feeds.status import StatusEntry
from federation.records.about import About
from federation.text import Sentence
from federation.tlog.keys import VerifierKey

#: Until when each question has to be answered.
DEADLINE_S: Final = 15.0


@dataclass(kw_only=True)
class PeerVisit:
    """One visit.

    Attributes:
        peer: Whom.
        wall: Unix seconds.
        session: By which it is asked.
        feed: The way to its node.
        introduction: By which it is told who asks; None: a stranger does.
        signer: Of what is asked; None: nothing is signed.
        ours: Our own organisation.
        identities: The pinned keys by organisation, ours among them.
        held: The sizes of the logs that we hold, by origin.
        elections: Ours: histories of others are not fetched.
    """

    peer: Peer
    wall: Callable[[], float]
    session: aiohttp.ClientSession
    feed: Feed
    introduction: Introduction | None = None
    signer: RequestSigner | None = None
    ours: str = ""
    identities: Mapping[str, VerifierKey] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    elections: Collection[str] = ()

    # What the steps found.
    scheme: str = ""
    host: str = ""
    port: int = 0
    infos: list[AddrInfo] = field(default_factory=list)
    about: About | None = None
    identity: VerifierKey | None = None
    entries: tuple[StatusEntry, ...] = ()
    program: str = ""
    is_plain_to_tls: bool = False


def cause_of(error: FederationError) -> Sentence:
    """Why a step failed, with the address where there was one.

    What is told in English only, for programmers, is not repeated here: it stands in
    the facts of the step.
    """
    if isinstance(error, PeerError):
        key = "steps.answered" if error.status else "steps.silent"
        return Sentence(
            key, url=error.url, status=error.status or "", reason=error.reason
        )
    reason: object = error.args[0] if error.args else ""
    if isinstance(error, FormatError):
        reason = error.what
    elif isinstance(error, RecordError):
        reason = error.rule
    return reason if isinstance(reason, Sentence) else Sentence("steps.not-in-form")
